use super::call::{Call, Link};
use super::workspace::{Rows, Sizes, cut};
use crate::compose::{Kind, Program};
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::{Accumulator, SEGMENT};
use crate::view::{GradientSink, LogitSource, Shape, TargetSource};
use core::marker::PhantomData;

/// The largest number of classes: labels up to here are exact as `f32`.
const CLASSES: usize = 1 << 24;

/// A loss, its inputs and options, known to fit together.
#[derive(Debug)]
pub struct Problem<'a, T, A, P, Z, Y> {
    pub(super) call: Call,
    pub(super) program: &'a P,
    pub(super) logits: &'a Z,
    pub(super) targets: &'a Y,
    pub(super) rows: Rows,
    pub(super) is_active: bool,
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
    pub fn new(call: Call, program: &'a P, logits: &'a Z, targets: &'a Y) -> Result<Self, Error> {
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
        if !call.scale.is_finite() {
            return Err(Error::Scale { value: call.scale });
        }
        let (mut has_region, mut is_active) = (false, false);
        for index in 0..program.len() {
            let spec = program.spec(index, channels);
            spec.check()?;
            has_region |= spec.is_region();
            is_active |= spec.coefficient != 0.0;
            let expected = match (spec.kind, call.link) {
                (Kind::Pixel(_), Link::Softmax) => "the sigmoid link",
                (Kind::Class(_), Link::Sigmoid) => "the softmax link",
                _ => continue,
            };
            return Err(Error::Link { term: spec.name, expected });
        }
        let regions = if has_region { channels } else { 0 };
        let rows = Rows { terms: program.len(), regions };
        let strides = *logits.layout().strides();
        let sizes = Sizes::of(call.link, rows, shape).ok_or(Error::Extent {
            shape,
            strides,
            length: usize::MAX,
        })?;
        let format = PhantomData;
        Ok(Problem { call, program, logits, targets, rows, is_active, sizes, format })
    }

    /// Lengths of the storage the stages need.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// The logits' shape.
    pub fn shape(&self) -> Shape {
        *self.logits.layout().shape()
    }

    /// Segments of each sample, the units that are summed by themselves.
    pub fn segments(&self) -> usize {
        self.shape().pixels().div_ceil(SEGMENT)
    }

    /// Checks that `gradient` has the logits' shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if not.
    pub fn check_gradient<G: GradientSink<T>>(&self, gradient: &G) -> Result<(), Error> {
        let (shape, expected) = (*gradient.layout().shape(), self.shape());
        if shape == expected {
            return Ok(());
        }
        Err(Error::Shape { argument: "gradient", shape, expected })
    }

    /// Validates every target, adds the number of valid ones to each sample's row of `sums`, and
    /// gives their number over all samples.
    ///
    /// # Errors
    /// The first target in logical order that does not fit, `sums` being of no use then; or
    /// [`Error::Workspace`] if it is too short.
    pub fn check(&self, sums: &mut [A]) -> Result<u64, Error> {
        let sums = cut("sums", sums, self.sizes().sums)?;
        let Shape { channels, .. } = self.shape();
        let ignore_index = self.call.ignore_index;
        let mut total = 0;
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            match self.call.link {
                Link::Sigmoid => {
                    for channel in 0..channels {
                        let checked = self.targets.check_shares(sample, channel, ignore_index);
                        let valid = checked.map_err(|bad| Error::Share {
                            target: bad.target,
                            sample,
                            channel,
                            pixel: bad.pixel,
                        })?;
                        row[self.rows.valid()].count(valid);
                        total += valid;
                    }
                }
                Link::Softmax => {
                    let checked = self.targets.check_labels(sample, channels as u32, ignore_index);
                    let valid = checked.map_err(|bad| Error::Label {
                        label: bad.target,
                        sample,
                        pixel: bad.pixel,
                        classes: channels,
                    })?;
                    row[self.rows.valid()].count(valid);
                    total += valid;
                }
            }
        }
        Ok(total)
    }
}
