use core::fmt;
use std::sync::Arc;

use segloss_core::Error;
use segloss_core::compose::{MapCall, Plan};
use segloss_core::engine::{Call, Link, Problem, Report};
use segloss_core::lanes::Real;
use segloss_core::maps::Serial;
use segloss_core::summation::Accumulator;
use segloss_core::text::TextError;
use segloss_core::view::{GradientSink, Layout, Logits, Shape, Targets, View, Weights};

use crate::computed_maps::trusted;
use crate::evaluate::run;
#[cfg(feature = "rayon")]
use crate::maps::Threads;
use crate::parsed_loss::{LibraryRef, MAPS, ParsedLoss};
#[cfg(feature = "rayon")]
use crate::threads::is_worthwhile;
use crate::{Buffers, Library};

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
    parsed: ParsedLoss<'l, T, A>,
    link: Link,
}

/// Where the results of a call go besides the value. What is none is not computed.
pub struct Outputs<'o, T, R> {
    /// The gradient with respect to the logits, of their shape.
    pub gradient: Option<&'o mut dyn GradientSink<T>>,
    /// The loss of each sample by itself; see [`Problem::sample_values`].
    pub samples: Option<&'o mut [R]>,
    /// The loss of each pixel, of the targets' shape; see [`Problem::loss_map`].
    pub loss_map: Option<&'o mut dyn GradientSink<T>>,
}

impl<T, R> fmt::Debug for Outputs<'_, T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outputs").finish_non_exhaustive()
    }
}

impl<'o, T, R> Outputs<'o, T, R> {
    /// The value alone.
    pub fn none() -> Self {
        Outputs { gradient: None, samples: None, loss_map: None }
    }

    /// The gradient.
    pub fn gradient(gradient: &'o mut dyn GradientSink<T>) -> Self {
        Outputs { gradient: Some(gradient), ..Outputs::none() }
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
        Ok(Loss { parsed: ParsedLoss::read(LibraryRef::Borrowed(library), text, link)?, link })
    }

    /// The link that it was read for.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Calls `use_it` with the loss's terms.
    pub fn with<R>(&self, use_it: impl FnOnce(&Plan<'_, T, A>) -> R) -> R {
        use_it(self.parsed.plan())
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
    /// the buffers. Outputs are then untouched, but for a gradient that is overwritten, which may hold anything.
    #[inline]
    pub fn evaluate<'i>(
        &self,
        call: Call<'_>,
        logits: impl Into<Logits<'i, T>>,
        targets: impl Into<Targets<'i>>,
        given: &[(&str, Weights<'_>)],
        outputs: Outputs<'_, T, A::Real>,
        buffers: &mut Buffers<T, A>,
    ) -> Result<Report<A::Real>, Error> {
        self.call(&call, &logits.into(), &targets.into(), given, outputs, buffers)
    }

    fn call(
        &self,
        call: &Call<'_>,
        logits: &Logits<'_, T>,
        targets: &Targets<'_>,
        given: &[(&str, Weights<'_>)],
        outputs: Outputs<'_, T, A::Real>,
        buffers: &mut Buffers<T, A>,
    ) -> Result<Report<A::Real>, Error> {
        if call.link != self.link {
            return Err(Error::CallLink { call: call.link, loss: self.link });
        }
        let loss = self.parsed.plan();
        let calls = loss.map_calls();
        if !given.iter().all(|(name, _)| names_map(calls, name)) {
            let expected = "the names of maps that the loss has";
            return Err(Error::Unused { argument: "given", expected });
        }
        MapCall::check_spacing(calls, call.spacing)?;
        if calls.is_empty() {
            let problem = Problem::new(Call { maps: &[], ..*call }, loss, *logits, targets);
            // Where it lies: on a small tile, moving it takes long.
            return run_outputs(problem.as_ref().map_err(|&error| error)?, outputs, buffers);
        }
        // Taken out while they are read, so that the rest of the buffers can be written.
        let mut own = core::mem::take(&mut buffers.maps);
        let of_maps = call.for_classes(logits.layout().shape().channels);
        #[cfg(feature = "rayon")]
        let computed = if buffers.is_parallel && is_worthwhile(*targets.layout().shape()) {
            own.compute(Threads, calls, given, &of_maps, targets)
        } else {
            own.compute(Serial, calls, given, &of_maps, targets)
        };
        #[cfg(not(feature = "rayon"))]
        let computed = own.compute(Serial, calls, given, &of_maps, targets);
        let result = computed.and_then(|()| {
            let shape = *targets.layout().shape();
            let mut maps = [Weights::F32(View::new(&[], nothing()?)?); MAPS];
            for ((place, map), weights) in calls.iter().enumerate().zip(&mut maps) {
                *weights = own.weights(place, map, shape, given)?;
            }
            let call = Call { maps: &maps[..calls.len()], ..*call };
            let trusted = trusted(calls, given)?;
            let problem = Problem::new(call, loss, *logits, targets)?.trusting(trusted);
            run_outputs(&problem, outputs, buffers)
        });
        buffers.maps = own;
        result
    }
}

/// Computes what `outputs` asks for.
fn run_outputs<T: Real, A: Accumulator>(
    problem: &Problem<'_, T, A>,
    outputs: Outputs<'_, T, A::Real>,
    buffers: &mut Buffers<T, A>,
) -> Result<Report<A::Real>, Error> {
    let Outputs { gradient, samples, loss_map } = outputs;
    if let Some(samples) = &samples {
        problem.check_sample_values(samples)?;
    }
    if let Some(loss_map) = &loss_map {
        problem.check_loss_map(&**loss_map)?;
    }
    let mut workspace = buffers.workspace.lend(&problem.sizes())?;
    let report = run(
        problem,
        gradient,
        &mut workspace,
        #[cfg(feature = "rayon")]
        buffers.is_parallel.then_some(&mut buffers.threads),
    )?;
    if let Some(samples) = samples {
        problem.sample_values(workspace.sums, samples)?;
    }
    if let Some(loss_map) = loss_map {
        problem.loss_map(&mut workspace, loss_map)?;
    }
    Ok(report)
}

impl<T: Real, A: Accumulator> Loss<'static, T, A> {
    /// Reads the loss that `text` describes under `link`, and keeps a share of `library` instead of a
    /// reference to it.
    ///
    /// # Errors
    /// The first mistake in the text: where it is, and what was expected there.
    pub fn shared<'t>(
        library: &Arc<Library<T, A>>,
        text: &'t str,
        link: Link,
    ) -> Result<Self, TextError<'t>> {
        Ok(Loss {
            parsed: ParsedLoss::read(LibraryRef::Shared(library.clone()), text, link)?,
            link,
        })
    }
}

/// The text that reads back as this loss.
impl<T: Real, A: Accumulator> fmt::Display for Loss<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|loss| loss.fmt(f))
    }
}

/// Whether one of a loss's maps has this name.
fn names_map<T: Real>(calls: &[MapCall<'_, T>], name: &str) -> bool {
    calls.iter().filter_map(MapCall::definition).any(|map| map.name == name)
}

/// The layout of no elements.
fn nothing() -> Result<Layout, Error> {
    Layout::channels_first(Shape { batch: 0, channels: 0, spatial: [0; 3], axes: 1 })
}
