use super::call::{Call, Link};
use super::workspace::Rows;
use super::{sigmoid, softmax};
use crate::compose::Program;
use crate::lanes::Real;
use crate::level::{Kernel, Level};
use crate::summation::{Accumulator, BLOCK, Partial, TILE};
use crate::view::{GradientSink, LogitSource, TargetSource};
use core::ops::Range;

/// What a sweep needs to write the gradient of its sample.
#[derive(Debug)]
pub struct Gradient<'s, T, G> {
    /// Where it goes.
    pub sink: &'s mut G,
    /// One a term, from [`super::Problem::finish`].
    pub factors: &'s [T],
    /// One pair a class of this sample, from [`super::Problem::finish`]; none without region terms.
    pub slopes: &'s [[T; 2]],
}

/// One pass over a run of one sample's pixels: sums, gradient, or both. The unit of work, run by
/// [`Level::enter`].
#[derive(Debug)]
pub struct Sweep<'s, T, A, P, Z, Y, G> {
    pub(super) call: Call<'s>,
    pub(super) rows: Rows,
    pub(super) program: &'s P,
    pub(super) logits: &'s Z,
    pub(super) targets: &'s Y,
    pub(super) sample: usize,
    pub(super) pixels: Range<usize>,
    pub(super) partials: &'s mut [Partial<T>],
    /// A tile of weights a term, if any is weighted, and one for region terms.
    pub(super) weights: &'s mut [[T; TILE]],
    pub(super) class_weights: &'s [T],
    /// Whether region sums take weights.
    pub(super) region_is_weighted: bool,
    /// A row that the sums are added to.
    pub(super) sums: Option<&'s mut [A]>,
    pub(super) gradient: Option<Gradient<'s, T, G>>,
}

impl<T, A, P, Z, Y, G> Kernel for Sweep<'_, T, A, P, Z, Y, G>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    G: GradientSink<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        match P::LINK.unwrap_or(self.call.link) {
            Link::Sigmoid => sigmoid::sweep::<Lv, _, _, _, _, _, _>(self),
            Link::Softmax => softmax::sweep::<Lv, _, _, _, _, _, _>(self),
        }
    }
}

/// The blocks of `pixels`; the last may be shorter.
///
/// An iterator, and not a function that is given what to do with a tile: a closure that is not inlined
/// is compiled without the level's instructions.
#[inline(always)]
pub(super) fn blocks(pixels: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = pixels.end;
    pixels.step_by(BLOCK).map(move |start| start..end.min(start + BLOCK))
}

/// First pixel and number of pixels of each tile of a block.
#[inline(always)]
pub(super) fn tiles(block: Range<usize>) -> impl Iterator<Item = (usize, usize)> {
    let end = block.end;
    block.step_by(TILE).map(move |first| (first, TILE.min(end - first)))
}

/// Tiles for [`Scratch`](crate::compose::Scratch), each a variable of its own, so that those that the program
/// has no use for take no stack.
macro_rules! scratch {
    ($format:ty) => {
        Scratch {
            p: &mut Aligned([<$format>::default(); TILE]).0,
            q: &mut Aligned([<$format>::default(); TILE]).0,
            decay: &mut Aligned([<$format>::default(); TILE]).0,
            tail: &mut Aligned([<$format>::default(); TILE]).0,
            value: &mut Aligned([<$format>::default(); TILE]).0,
            slope: &mut Aligned([<$format>::default(); TILE]).0,
        }
    };
}
pub(super) use scratch;
