//! What becomes of squared distances, fused into the last pass.

use core::marker::PhantomData;

use bytemuck::Pod;

use super::cost::Cost;
use crate::lanes::Real;
use crate::level::{Kernel, Level};
use crate::maps::labels::{Code, Codes, Same, Sides};

/// What a pixel is given for its squared distance.
pub(crate) trait Finish: Copy + Send + Sync {
    type Out: Pod + Send + Sync;
    /// Whether it depends on which side of a boundary the pixel is.
    const BY_SIDE: bool = false;

    fn value<C: Cost>(self, cost: C, is_background: bool) -> Self::Out;
}

/// Which pixels are written, and which have no distance.
#[derive(Clone, Copy)]
pub(crate) struct Written<E> {
    /// Pixels of this code have no distance.
    pub(crate) ignored: Option<E>,
    /// Pixels of this label alone are written, and those that are ignored.
    pub(crate) label: Option<Only<E>>,
}

/// A label of which all pixels are meant.
#[derive(Clone, Copy)]
pub(crate) struct Only<E> {
    pub(crate) code: E,
    /// Whether all codes but 0 are one label.
    pub(crate) is_mask: bool,
}

impl<E: Code> Only<E> {
    fn has(self, code: E) -> bool {
        if self.is_mask { Sides.same(code, self.code) } else { Codes.same(code, self.code) }
    }
}

/// A finish of rows of one kind of cost, whatever it writes: elements as bytes.
pub(crate) trait FinishRow<E: Code, C: Cost>: Sync {
    fn row(&self, row: Row<'_, E, C>);
}

/// A row to finish, by way of a stage that stays in the first-level cache: copying from there writes to
/// memory at full width, past the cache where that is faster.
pub(crate) struct Row<'a, E, C> {
    pub(crate) costs: &'a [C],
    pub(crate) codes: &'a [E],
    pub(crate) written: Written<E>,
    /// A stage of the row's bytes, or more.
    pub(crate) stage: &'a mut [u64],
    pub(crate) out: &'a mut [u8],
}

/// A finish of rows of all kinds of costs.
pub(crate) trait FinishRows<E: Code>:
    FinishRow<E, i32> + FinishRow<E, i64> + FinishRow<E, f64>
{
    /// Bytes of an element that it writes.
    fn size(&self) -> usize;
}

/// A finish at a level.
pub(crate) struct At<Lv, F> {
    pub(crate) level: Lv,
    pub(crate) finish: F,
}

impl<Lv: Level, F: Finish, E: Code> FinishRows<E> for At<Lv, F> {
    fn size(&self) -> usize {
        size_of::<F::Out>()
    }
}

impl<Lv: Level, F: Finish, E: Code, C: Cost> FinishRow<E, C> for At<Lv, F> {
    fn row(&self, Row { costs, codes, written, stage, out }: Row<'_, E, C>) {
        let At { level, finish } = *self;
        let out: &mut [F::Out] = bytemuck::cast_slice_mut(out);
        let row: &mut [F::Out] = &mut bytemuck::cast_slice_mut(stage)[..out.len()];
        match written.ignored {
            Some(ignored) => level.enter(Known { finish, costs, codes, ignored, out: row }),
            None if F::BY_SIDE => level.enter(Sided { finish, costs, codes, out: row }),
            None => level.enter(Plain { finish, costs, out: row }),
        }
        match written.label {
            None => out.copy_from_slice(row),
            Some(only) => choose(row, codes, only, written.ignored, out),
        }
    }
}

/// Copies the pixels of a label, and those that are ignored.
#[inline(never)]
fn choose<O: Pod, E: Code>(
    row: &[O],
    codes: &[E],
    only: Only<E>,
    ignored: Option<E>,
    out: &mut [O],
) {
    for ((place, &value), &code) in out.iter_mut().zip(row).zip(codes) {
        if ignored == Some(code) || only.has(code) {
            *place = value;
        }
    }
}

struct Plain<'a, C, F: Finish> {
    finish: F,
    costs: &'a [C],
    out: &'a mut [F::Out],
}

impl<C: Cost, F: Finish> Kernel for Plain<'_, C, F> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (out, &cost) in self.out.iter_mut().zip(self.costs) {
            *out = self.finish.value(cost, false);
        }
    }
}

struct Sided<'a, E, C, F: Finish> {
    finish: F,
    costs: &'a [C],
    codes: &'a [E],
    out: &'a mut [F::Out],
}

impl<E: Code, C: Cost, F: Finish> Kernel for Sided<'_, E, C, F> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.out.len();
        let (costs, codes) = (&self.costs[..n], &self.codes[..n]);
        for x in 0..n {
            self.out[x] = self.finish.value(costs[x], codes[x] == E::BACKGROUND);
        }
    }
}

struct Known<'a, E, C, F: Finish> {
    finish: F,
    costs: &'a [C],
    codes: &'a [E],
    ignored: E,
    out: &'a mut [F::Out],
}

impl<E: Code, C: Cost, F: Finish> Kernel for Known<'_, E, C, F> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.out.len();
        let (costs, codes) = (&self.costs[..n], &self.codes[..n]);
        for x in 0..n {
            let cost = if codes[x] == self.ignored { C::NONE } else { costs[x] };
            self.out[x] = self.finish.value(cost, codes[x] == E::BACKGROUND);
        }
    }
}

/// An unsigned integer that squared distances are written as, its largest value standing for none.
pub trait Squared: Pod + Send + Sync {
    /// The largest value.
    const NONE: Self;
    /// The low bits of a number, all of it where it fits.
    fn of(squared: u64) -> Self;
    /// The largest value, to compare with.
    fn largest() -> u64;
}

macro_rules! squared {
    ($($int:ident),*) => {$(
        impl Squared for $int {
            const NONE: Self = Self::MAX;

            #[inline(always)]
            fn of(squared: u64) -> Self {
                squared as Self
            }

            fn largest() -> u64 {
                Self::MAX.into()
            }
        }
    )*};
}
squared!(u32, u64);

/// The squared distance itself.
#[derive(Clone, Copy)]
pub(crate) struct AsSquared<Q>(pub(crate) PhantomData<Q>);

impl<Q: Squared> Finish for AsSquared<Q> {
    type Out = Q;

    #[inline(always)]
    fn value<C: Cost>(self, cost: C, _: bool) -> Q {
        if cost >= C::NONE { Q::NONE } else { Q::of(cost.integer()) }
    }
}

/// The distance.
#[derive(Clone, Copy)]
pub(crate) struct AsDistance<T>(pub(crate) PhantomData<T>);

impl<T: Real> Finish for AsDistance<T> {
    type Out = T;

    #[inline(always)]
    fn value<C: Cost>(self, cost: C, _: bool) -> T {
        cost.distance()
    }
}

/// The distance, negative at background pixels.
#[derive(Clone, Copy)]
pub(crate) struct AsSigned<T>(pub(crate) PhantomData<T>);

impl<T: Real> Finish for AsSigned<T> {
    type Out = T;
    const BY_SIDE: bool = true;

    #[inline(always)]
    fn value<C: Cost>(self, cost: C, is_background: bool) -> T {
        let distance: T = cost.distance();
        if is_background { -distance } else { distance }
    }
}
