use super::call::{Call, Link, Scale};
use super::workspace::{Needs, Rows, Sizes};
use crate::compose::{Kind, Program, Spec};
use crate::error::Error;
use crate::lanes::Real;
use crate::region::Pool;
use crate::summation::{Accumulator, SEGMENT};
use crate::term::Maps;
use crate::view::{GradientSink, LogitSource, Shape, TargetSource, Weights};
use core::marker::PhantomData;

/// The largest number of classes: labels up to here are exact as `f32`.
const CLASSES: usize = 1 << 24;

/// A loss, its inputs and options, known to fit together.
#[derive(Debug)]
pub struct Problem<'a, T, A, P, Z, Y> {
    pub(super) call: Call<'a>,
    pub(super) program: &'a P,
    pub(super) logits: &'a Z,
    pub(super) targets: &'a Y,
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
    format: PhantomData<(T, A)>,
}

impl<'a, T, A, P, Z, Y> Problem<'a, T, A, P, Z, Y>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    /// `program` on `logits` (batch x channels x pixels) and `targets`: of the same shape under the
    /// sigmoid link, with one channel under softmax.
    ///
    /// # Errors
    /// Shapes, channels, terms or options that do not fit, by name and value.
    pub fn new(
        call: Call<'a>,
        program: &'a P,
        logits: &'a Z,
        targets: &'a Y,
    ) -> Result<Self, Error> {
        let shape = *logits.layout().shape();
        if shape.is_empty() {
            return Err(Error::Empty { argument: "logits", shape });
        }
        let channels = shape.channels;
        let expected = match call.link {
            Link::Sigmoid => shape,
            Link::Softmax if (2..=CLASSES).contains(&channels) => shape.with_channels(1),
            Link::Softmax => {
                return Err(Error::Channels { channels, expected: "2 to 2^24 classes" });
            }
        };
        let given = *targets.layout().shape();
        if given != expected {
            return Err(Error::Shape { argument: "targets", shape: given, expected });
        }
        check_shapes(&call, expected)?;
        check_scale(call.scale, shape.batch)?;

        let by_call = call.weights.is_some();
        let (mut has_region, mut is_active, mut has_denominator) = (false, false, false);
        let mut needs = Needs {
            weights: false,
            class_weights: false,
            sample_factors: matches!(call.scale, Scale::Samples(_)),
        };
        let mut needs_positive = false;
        let mut weighted_region = None;
        for index in 0..program.len() {
            let spec = program.spec(index, channels);
            spec.check()?;
            check_link(&spec, call.link)?;
            check_weights(&spec, &call, channels)?;
            if let Scale::Samples(_) = call.scale {
                check_per_sample(&spec)?;
            }
            has_region |= spec.is_region();
            is_active |= spec.is_active();
            has_denominator |= spec.has_denominator();
            needs.weights |=
                spec.is_weighted(by_call) || program.weighting(index, by_call).is_some();
            needs.class_weights |= spec.options.class_weights.is_some();
            needs_positive |= spec.divides_by_weights();
            if spec.is_region() {
                let weighted = spec.options.weighted;
                needs_positive |= weighted;
                if *weighted_region.get_or_insert(weighted) != weighted {
                    return Err(Error::MixedRegions { term: spec.name, weighted });
                }
            }
        }
        let terms = program.len();
        let rows = Rows {
            terms,
            denominators: if has_denominator { terms } else { 0 },
            regions: if has_region { channels } else { 0 },
        };
        let strides = *logits.layout().strides();
        let sizes = Sizes::of(call.link, rows, shape, needs).ok_or(Error::Extent {
            shape,
            strides,
            length: usize::MAX,
        })?;
        Ok(Problem {
            call,
            program,
            logits,
            targets,
            rows,
            is_active,
            region_is_weighted: weighted_region == Some(true),
            needs_positive,
            trusted: Maps::NONE,
            sizes,
            format: PhantomData,
        })
    }

    /// The same with maps that [`Problem::check`] need not read: their weights are known to be finite and
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

    /// Planes of targets: channels under the sigmoid link, one under softmax.
    pub(super) fn planes(&self) -> usize {
        self.targets.layout().shape().channels
    }

    /// Checks that `gradient` has the logits' shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if not.
    pub fn check_gradient<G: GradientSink<T>>(&self, gradient: &G) -> Result<(), Error> {
        expect_shape("gradient", *gradient.layout().shape(), self.shape())
    }

    /// The terms that are evaluated: those whose coefficient is not 0.
    pub(super) fn active(&self) -> impl Iterator<Item = (usize, Spec<'a>)> {
        let (program, channels) = (self.program, self.shape().channels);
        let spec = move |index| (index, program.spec(index, channels));
        (0..program.len()).map(spec).filter(|(_, spec)| spec.is_active())
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

/// The mask alone.
pub(crate) fn check_mask(call: &Call<'_>, targets: Shape) -> Result<(), Error> {
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

fn check_link(spec: &Spec<'_>, link: Link) -> Result<(), Error> {
    match expected_link(spec.kind, link) {
        Some(expected) => Err(Error::Link { term: spec.name, expected }),
        None => Ok(()),
    }
}

/// The link that a term of this kind has a meaning for, if that is not `link`.
#[inline]
pub(crate) fn expected_link(kind: Kind, link: Link) -> Option<&'static str> {
    match (kind, link) {
        (Kind::Pixel, Link::Softmax) => Some("the sigmoid link"),
        (Kind::Class, Link::Sigmoid) => Some("the softmax link"),
        _ => None,
    }
}

fn check_weights(spec: &Spec<'_>, call: &Call<'_>, classes: usize) -> Result<(), Error> {
    let term = spec.name;
    if spec.is_weighted(call.weights.is_some()) && !spec.is_weighable {
        return Err(Error::NotWeighted { term });
    }
    let maps = call.maps.len();
    if let Some(place) = spec.options.maps.iter().find(|&place| place >= maps) {
        return Err(Error::Map { place, maps });
    }
    if spec.is_region() && spec.options.weighted && call.weights.is_none() {
        return Err(Error::NoWeights { term });
    }
    match (spec.options.class_weights, spec.class_weights) {
        (Some(list), Some(declared)) if list.len() != classes => {
            let (name, length) = (declared.name, list.len());
            Err(Error::ClassWeights { term, name, length, classes })
        }
        _ => Ok(()),
    }
}

/// Whether the term has a loss of each sample by itself.
pub(super) fn check_per_sample(spec: &Spec<'_>) -> Result<(), Error> {
    match spec.kind {
        Kind::Region(Pool::Batch) if spec.is_active() => Err(Error::Pooled { term: spec.name }),
        _ => Ok(()),
    }
}
