use core::fmt;
use std::sync::Arc;

use segloss_core::Error;
use segloss_core::compose::Listed;
use segloss_core::engine::{Call, Link, Problem, Report};
use segloss_core::lanes::Real;
use segloss_core::summation::Accumulator;
use segloss_core::text::TextError;
use segloss_core::view::{
    GradientSink, Layout, LogitSource, NoGradient, Shape, TargetSource, View, Weights,
};

use crate::computed_maps::trusted;
use crate::evaluate::run;
use crate::listing::{Held, Listing, MAPS};
use crate::sink::MemorySink;
use crate::{Buffers, Library, with_level};

/// A loss read from text ([`segloss_core::text`]), ready for any number of calls from any thread.
///
/// ```
/// use segloss_core::{engine::{Call, Link}, view::*};
/// use segloss_simd::{Buffers, Library, Loss, Outputs};
///
/// let (logits, mask, mut gradient) = ([0.5f32, -1.0], [1u8, 0], [0f32; 2]);
/// let packed = Layout::channels_first(Shape::new(1, 1, &[2])?)?;
/// let (z, y) = (View::new(&logits, packed)?, View::new(&mask, packed)?);
///
/// let library = Library::<f32>::default();
/// let loss = Loss::new(&library, "0.5*bce + 0.5*dice(smooth=1)", Link::Sigmoid)?;
/// let mut sink = ViewMut::new(&mut gradient, packed)?;
/// let outputs = Outputs::gradient(&mut sink);
/// let report = loss.evaluate(Call::sigmoid(), &z, &y, &[], outputs, &mut Buffers::new())?;
/// assert_eq!(report.valid, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Loss<'l, T: Real, A: Accumulator = f64> {
    listing: Listing<'l, T, A>,
    link: Link,
}

/// Where the results of a call go besides the value. What is none is not computed.
#[derive(Debug)]
pub struct Outputs<'o, R, G, M = NoGradient> {
    /// The gradient with respect to the logits, of their shape.
    pub gradient: Option<&'o mut G>,
    /// The loss of each sample by itself; see [`Problem::sample_values`].
    pub samples: Option<&'o mut [R]>,
    /// The loss of each pixel, of the targets' shape; see [`Problem::loss_map`].
    pub loss_map: Option<&'o mut M>,
}

impl<R> Outputs<'_, R, NoGradient> {
    /// The value alone.
    pub fn none() -> Self {
        Outputs { gradient: None, samples: None, loss_map: None }
    }
}

impl<'o, R, G> Outputs<'o, R, G> {
    /// The gradient.
    pub fn gradient(gradient: &'o mut G) -> Self {
        Outputs { gradient: Some(gradient), samples: None, loss_map: None }
    }
}

impl<'l, T: Real, A: Accumulator> Loss<'l, T, A> {
    /// The loss that `text` describes under `link`, with the terms and maps of `library`.
    ///
    /// # Errors
    /// The first mistake in the text: where it is, and what was expected there.
    pub fn new<'t>(
        library: &'l Library<T, A>,
        text: &'t str,
        link: Link,
    ) -> Result<Self, TextError<'t>> {
        Ok(Loss { listing: Listing::read(Held::Borrowed(library), text, link)?, link })
    }

    /// The link that it was read for.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Calls `use_it` with the loss's terms.
    pub fn with<R>(&self, use_it: impl FnOnce(&Listed<'_, T, A>) -> R) -> R {
        use_it(&self.listing.listed())
    }

    /// Computes the loss of a call, and what `outputs` asks for. `call.link` is the loss's;
    /// `call.maps` are set here.
    ///
    /// `given` are maps by name: those that are not computed, and any that is to be used again, as the
    /// weights of the same masks, instead of being computed. `buffers` serve any number of calls; once
    /// they have grown to the largest, nothing is allocated.
    ///
    /// # Errors
    /// [`Error::CallLink`] for a call under another link: what it ignores would be the other link's
    /// too. Inputs or outputs that do not fit the loss or one another, by name and value; or no memory for
    /// the buffers. Outputs are then untouched.
    pub fn evaluate<Z, Y, G, M>(
        &self,
        call: Call<'_>,
        logits: &Z,
        targets: &Y,
        given: &[(&str, Weights<'_>)],
        outputs: Outputs<'_, A::Real, G, M>,
        buffers: &mut Buffers<T, A>,
    ) -> Result<Report<A::Real>, Error>
    where
        Z: LogitSource<T>,
        Y: TargetSource,
        G: MemorySink<T>,
        M: GradientSink<T>,
    {
        if call.link != self.link {
            return Err(Error::CallLink { call: call.link, loss: self.link });
        }
        self.with(|loss| {
            // Taken out while they are read, so that the rest of the buffers can be written.
            let mut own = core::mem::take(&mut buffers.maps);
            let result = own.compute(loss.map_calls(), given, &call, targets).and_then(|()| {
                let (calls, shape, mut places) =
                    (loss.map_calls(), *targets.layout().shape(), None);
                if !calls.is_empty() {
                    let maps = places.insert([Weights::F32(View::new(&[], nothing()?)?); MAPS]);
                    for ((place, map), weights) in calls.iter().enumerate().zip(maps) {
                        *weights = own.weights(place, map, shape, given)?;
                    }
                }
                let maps = places.as_ref().map_or(&[][..], |maps| &maps[..calls.len()]);
                let call = Call { maps, ..call };
                let trusted = trusted(calls, given)?;
                let problem = Problem::new(call, loss, logits, targets)?.trusting(trusted);
                self.run(&problem, outputs, buffers)
            });
            buffers.maps = own;
            result
        })
    }

    fn run<Z, Y, G, M>(
        &self,
        problem: &Problem<'_, T, A, Listed<'_, T, A>, Z, Y>,
        outputs: Outputs<'_, A::Real, G, M>,
        buffers: &mut Buffers<T, A>,
    ) -> Result<Report<A::Real>, Error>
    where
        Z: LogitSource<T>,
        Y: TargetSource,
        G: MemorySink<T>,
        M: GradientSink<T>,
    {
        let Outputs { gradient, samples, loss_map } = outputs;
        if let Some(samples) = &samples {
            problem.check_sample_values(samples)?;
        }
        if let Some(loss_map) = &loss_map {
            problem.check_loss_map(&**loss_map)?;
        }
        let mut workspace = buffers.workspace.lend(&problem.sizes())?;
        with_level!(self.listing.library().level(), level => {
            let report = run(
                level,
                problem,
                gradient,
                &mut workspace,
                #[cfg(feature = "rayon")]
                buffers.at_once.then_some(&mut buffers.threads),
            )?;
            if let Some(samples) = samples {
                problem.sample_values(workspace.sums, samples)?;
            }
            if let Some(loss_map) = loss_map {
                problem.loss_map(level, &mut workspace, loss_map)?;
            }
            Ok(report)
        })
    }
}

impl<T: Real, A: Accumulator> Loss<'static, T, A> {
    /// As [`Loss::new`], with a share of the library instead of a reference to it.
    ///
    /// # Errors
    /// As [`Loss::new`].
    pub fn shared<'t>(
        library: &Arc<Library<T, A>>,
        text: &'t str,
        link: Link,
    ) -> Result<Self, TextError<'t>> {
        Ok(Loss { listing: Listing::read(Held::Shared(library.clone()), text, link)?, link })
    }
}

/// The text that reads back as this loss.
impl<T: Real, A: Accumulator> fmt::Display for Loss<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|loss| loss.fmt(f))
    }
}

/// The layout of no elements.
fn nothing() -> Result<Layout, Error> {
    Layout::channels_first(Shape { batch: 0, channels: 0, spatial: [0; 3], axes: 1 })
}
