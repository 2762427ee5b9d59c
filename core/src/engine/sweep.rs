use super::call::Call;
use super::workspace::Rows;
use crate::lanes::Real;
use crate::summation::{Accumulator, BLOCK, Partial, TILE};
use crate::tile::Program;
use crate::view::{GradientSink, Logits, Targets};
use core::ops::Range;

/// One pass over a run of one sample's pixels: sums, gradient, or both. The unit of work.
pub(super) struct Sweep<'s, T: Real, A: Accumulator> {
    pub(super) call: &'s Call<'s>,
    pub(super) rows: Rows,
    pub(super) program: &'s dyn Program<T, A>,
    pub(super) logits: &'s Logits<'s, T>,
    pub(super) targets: &'s Targets<'s>,
    pub(super) sample: usize,
    pub(super) pixels: Range<usize>,
    pub(super) partials: &'s mut [Partial<T>],
    /// A tile of weights a term, if any is weighted, and one for region terms; or several times as many.
    pub(super) weights: &'s mut [[T; TILE]],
    pub(super) class_weights: &'s [T],
    /// Whether region sums take weights.
    pub(super) region_is_weighted: bool,
    pub(super) purpose: Purpose,
    /// Whether targets that do not fit are to be found.
    pub(super) checks: bool,
    /// A row that the sums are added to.
    pub(super) sums: Option<&'s mut [A]>,
    /// Where the gradient goes.
    pub(super) sink: Option<&'s mut dyn GradientSink<T>>,
    /// With a gradient, one a term, from [`super::Problem::finish`].
    pub(super) factors: &'s [T],
    /// With a gradient, one pair a class of this sample, from [`super::Problem::finish`]; none without region
    /// terms.
    pub(super) slopes: &'s [[T; 2]],
}

/// What a sweep is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sums.
    Sums,
    /// Sums, a sweep for the gradient to follow: what it needs of each pixel may be left in the gradient's place, which
    /// is not read before and holds nothing of use until then.
    SumsFirst,
    /// Sums and gradient, of a loss without region terms.
    Both,
    /// The gradient.
    Gradient,
    /// The gradient, after [`Purpose::SumsFirst`] on the same inputs and gradient.
    GradientNext,
    /// The gradient, after a [`Purpose::SumsFirst`] that found all targets to count and to be 0 or 1.
    GradientOfHard,
}

/// What a sweep found, besides what it added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Whether all targets count and are shares of 0 or 1.
    pub all_hard: bool,
}

impl Swept {
    /// Nothing has been seen yet.
    pub const NOTHING: Self = Swept { all_hard: true };

    /// What two sweeps found.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Swept { all_hard: self.all_hard && other.all_hard }
    }
}

impl Purpose {
    /// Whether sums are added up.
    pub fn has_sums(self) -> bool {
        matches!(self, Purpose::Sums | Purpose::SumsFirst | Purpose::Both)
    }

    /// Whether the gradient is written.
    pub fn has_gradient(self) -> bool {
        !matches!(self, Purpose::Sums | Purpose::SumsFirst)
    }

    /// Whether it goes on from [`Purpose::SumsFirst`].
    pub(super) fn is_next(self) -> bool {
        matches!(self, Purpose::GradientNext | Purpose::GradientOfHard)
    }

    /// Whether the gradient's place is written.
    pub fn writes(self) -> bool {
        self != Purpose::Sums
    }
}

/// Returns the blocks of `pixels`; the last may be shorter.
pub(super) fn blocks(pixels: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = pixels.end;
    pixels.step_by(BLOCK).map(move |start| start..end.min(start + BLOCK))
}

/// Returns first pixel and number of pixels of each tile of a block.
pub(super) fn tiles(block: Range<usize>) -> impl Iterator<Item = (usize, usize)> {
    let end = block.end;
    block.step_by(TILE).map(move |first| (first, TILE.min(end - first)))
}

/// Tiles for [`Scratch`](crate::tile::Scratch), each a variable of its own.
macro_rules! scratch {
    ($format:ty) => {
        Scratch {
            p: &mut Aligned([<$format>::default(); TILE]).0,
            q: &mut Aligned([<$format>::default(); TILE]).0,
            exp_neg_abs: &mut Aligned([<$format>::default(); TILE]).0,
            smaller: &mut Aligned([<$format>::default(); TILE]).0,
            softplus_tail: &mut Aligned([<$format>::default(); TILE]).0,
            value: &mut Aligned([<$format>::default(); TILE]).0,
            slope: &mut Aligned([<$format>::default(); TILE]).0,
        }
    };
}
pub(super) use scratch;
