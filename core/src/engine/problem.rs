use super::call::{Call, Scale};
use super::requirements::CallShape;
use super::workspace::{Rows, Sizes};
use crate::error::Error;
use crate::ignore::Ignore;
use crate::lanes::Real;
use crate::summation::{Accumulator, SEGMENT};
use crate::term::Maps;
use crate::tile::{Kernels, Program, Spec};
use crate::view::{GradientSink, Logits, Shape, Targets, Weights};

/// A loss, its inputs and options, known to fit together.
pub struct Problem<'a, T: Real, A: Accumulator> {
    /// It says what it ignores.
    pub(super) call: Call<'a>,
    /// Whether that was said by the caller.
    pub(super) says_ignored: bool,
    pub(super) program: &'a dyn Program<T, A>,
    pub(super) logits: Logits<'a, T>,
    pub(super) targets: Targets<'a>,
    pub(super) rows: Rows,
    /// Whether any term is evaluated.
    pub(super) is_active: bool,
    /// Whether region sums take weights.
    pub(super) region_is_weighted: bool,
    /// Whether weights of pixels and maps may not be negative.
    pub(super) needs_positive: bool,
    /// Maps of the call that need no check.
    pub(super) trusted: Maps,
    sizes: Sizes,
}

impl<T: Real, A: Accumulator> core::fmt::Debug for Problem<'_, T, A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Problem { call, logits, targets, .. } = self;
        let mut shown = f.debug_struct("Problem");
        shown.field("call", call).field("logits", logits).field("targets", targets);
        shown.finish_non_exhaustive()
    }
}

impl<'a, T: Real, A: Accumulator> Problem<'a, T, A> {
    /// `program` on `logits` (batch x channels x pixels) and `targets`: of the same shape under the
    /// sigmoid link, with one channel under softmax.
    ///
    /// # Errors
    /// Shapes, channels, terms or options that do not fit, by name and value.
    #[inline]
    pub fn new(
        call: Call<'a>,
        program: &'a dyn Program<T, A>,
        logits: impl Into<Logits<'a, T>>,
        targets: impl Into<Targets<'a>>,
    ) -> Result<Self, Error> {
        Problem::posed(&call, program, &logits.into(), &targets.into())
    }

    fn posed(
        call: &Call<'a>,
        program: &'a dyn Program<T, A>,
        logits: &Logits<'a, T>,
        targets: &Targets<'a>,
    ) -> Result<Self, Error> {
        let shape = *logits.layout().shape();
        let call_shape = CallShape {
            link: call.link,
            logits: shape,
            targets: *targets.layout().shape(),
            by_call: call.weights.is_some(),
            maps: call.maps.len(),
            by_sample: matches!(call.scale, Scale::Samples(_)),
        };
        call_shape.check_shapes()?;
        call.ignore_index.check()?;
        call.spacing.check(shape.axes)?;
        check_shapes(call, call_shape.planes())?;
        check_scale(call.scale, shape.batch)?;
        let fit = call_shape.fit(program)?;
        let rows = fit.rows;
        let strides = *logits.layout().strides();
        let sizes = Sizes::of(call.link, rows, shape, fit.needs).ok_or(Error::Extent {
            shape,
            strides,
            length: usize::MAX,
        })?;
        Ok(Problem {
            call: call.for_classes(shape.channels),
            says_ignored: call.ignore_index != Ignore::Default,
            program,
            logits: *logits,
            targets: *targets,
            rows,
            is_active: fit.is_active,
            region_is_weighted: fit.region_is_weighted,
            needs_positive: fit.needs_positive,
            trusted: Maps::NONE,
            sizes,
        })
    }

    /// Names maps that [`Problem::check`] need not read: their weights are known to be finite and
    /// at least 0, as those of [`MapCall::is_trusted`](crate::compose::MapCall::is_trusted) are.
    #[must_use]
    pub fn trusting(self, trusted: Maps) -> Self {
        Problem { trusted, ..self }
    }

    /// Lengths of the storage the stages need.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Whether any term is evaluated: one whose coefficient is not 0.
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// The logits' shape.
    pub fn shape(&self) -> Shape {
        *self.logits.layout().shape()
    }

    /// Segments of each sample, the units that are summed by themselves.
    pub fn segments(&self) -> usize {
        self.shape().pixels().div_ceil(SEGMENT)
    }

    /// The leaves that the loss runs with.
    pub(super) fn kernels(&self) -> &'static Kernels<T> {
        self.program.kernels()
    }

    /// Planes of targets: channels under the sigmoid link, one under softmax.
    pub(super) fn planes(&self) -> usize {
        self.targets.layout().shape().channels
    }

    /// Checks that `gradient` has the logits' shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if not.
    pub fn check_gradient(&self, gradient: &dyn GradientSink<T>) -> Result<(), Error> {
        expect_shape("gradient", *gradient.layout().shape(), self.shape())
    }

    /// The terms that are evaluated: those whose coefficient is not 0.
    pub(super) fn active(&self) -> impl Iterator<Item = usize> + use<'a, T, A> {
        let program = self.program;
        (0..program.len()).filter(|&index| program.is_active(index))
    }

    /// Describes a term.
    #[inline]
    pub(super) fn spec(&self, index: usize) -> Spec<'a> {
        self.program.spec(index, self.shape().channels)
    }
}

pub(super) fn expect_shape(
    argument: &'static str,
    shape: Shape,
    expected: Shape,
) -> Result<(), Error> {
    if shape == expected { Ok(()) } else { Err(Error::Shape { argument, shape, expected }) }
}

/// Mask, weights and maps: shaped as the targets, or with one channel for all.
fn check_shapes(call: &Call<'_>, targets: Shape) -> Result<(), Error> {
    check_mask(call, targets)?;
    let shape = |weights: &Weights<'_>| *weights.layout().shape();
    if let Some(weights) = &call.weights {
        expect_plane("weights", shape(weights), targets)?;
    }
    call.maps.iter().try_for_each(|map| expect_plane("map", shape(map), targets))
}

/// Checks that a call's mask, if it has one, is of the targets' shape, or of one channel.
///
/// # Errors
/// [`Error::Shape`] if not.
pub fn check_mask(call: &Call<'_>, targets: Shape) -> Result<(), Error> {
    match &call.mask {
        None => Ok(()),
        Some(mask) => expect_plane("mask", *mask.layout().shape(), targets),
    }
}

fn expect_plane(argument: &'static str, shape: Shape, targets: Shape) -> Result<(), Error> {
    let expected = if shape.channels == 1 { targets.with_channels(1) } else { targets };
    expect_shape(argument, shape, expected)
}

fn check_scale(scale: Scale<'_>, batch: usize) -> Result<(), Error> {
    let finite = |value: f64| if value.is_finite() { Ok(()) } else { Err(Error::Scale { value }) };
    match scale {
        Scale::Batch(scale) => finite(scale),
        Scale::Samples(scales) if scales.len() == batch => {
            scales.iter().try_for_each(|&scale| finite(scale))
        }
        Scale::Samples(scales) => {
            Err(Error::Samples { argument: "scale", length: scales.len(), expected: batch })
        }
    }
}
