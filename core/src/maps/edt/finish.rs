//! What becomes of squared distances, fused into the last pass.

use core::marker::PhantomData;

use bytemuck::Pod;

use super::cost::Cost;
use crate::lanes::Real;
use crate::level::{Kernel, Level, enter};
use crate::maps::labels::{self, Code, Codes, Same};

/// What a pixel is given for its squared distance.
pub(crate) trait Finish: Copy + Send + Sync {
    type Out: Pod + Send + Sync;
    /// Whether background pixels are given something else, by [`Finish::of_background`].
    const BY_SIDE: bool = false;

    /// What a pixel is given.
    fn value<C: Cost>(self, cost: C) -> Self::Out;

    /// What a background pixel is given in place of `value`.
    fn of_background(value: Self::Out) -> Self::Out {
        value
    }
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
        if self.is_mask { labels::Sides.same(code, self.code) } else { Codes.same(code, self.code) }
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

/// A finish at a level: a loop a kind of cost, and loops over codes that do not know of costs.
pub(crate) struct At<E: Code, F: Finish> {
    finish: F,
    narrow: fn(F, &[i32], &mut [F::Out]),
    wide: fn(F, &[i64], &mut [F::Out]),
    spaced: fn(F, &[f64], &mut [F::Out]),
    by_code: ByCode<E, F>,
}

/// Loops over the codes of a row.
struct ByCode<E, F: Finish> {
    /// Gives `none` to pixels of code `ignored`.
    blank: fn(codes: &[E], ignored: E, none: F::Out, row: &mut [F::Out]),
    /// Gives background pixels what is theirs.
    sides: fn(codes: &[E], row: &mut [F::Out]),
}

impl<E: Code, F: Finish> At<E, F> {
    pub(crate) fn new<Lv: Level>(_: Lv, finish: F) -> Self {
        At {
            finish,
            narrow: |finish, costs, out| enter::<Lv, _>(Plain { finish, costs, out }),
            wide: |finish, costs, out| enter::<Lv, _>(Plain { finish, costs, out }),
            spaced: |finish, costs, out| enter::<Lv, _>(Plain { finish, costs, out }),
            by_code: ByCode::new::<Lv>(),
        }
    }
}

impl<E: Code, F: Finish> ByCode<E, F> {
    fn new<Lv: Level>() -> Self {
        ByCode {
            blank: |codes, ignored, none, row| {
                enter::<Lv, _>(Blank { codes, ignored, none, row });
            },
            sides: |codes, row| {
                if F::BY_SIDE {
                    enter::<Lv, _>(Sides::<E, F> { codes, row });
                }
            },
        }
    }
}

impl<E: Code, F: Finish> FinishRows<E> for At<E, F> {
    fn size(&self) -> usize {
        size_of::<F::Out>()
    }
}

macro_rules! finish_row {
    ($($cost:ident $plain:ident),*) => {$(
        impl<E: Code, F: Finish> FinishRow<E, $cost> for At<E, F> {
            fn row(&self, row: Row<'_, E, $cost>) {
                finish_row(self.finish, self.$plain, &self.by_code, row);
            }
        }
    )*};
}
finish_row!(i32 narrow, i64 wide, f64 spaced);

fn finish_row<E: Code, C: Cost, F: Finish>(
    finish: F,
    plain: fn(F, &[C], &mut [F::Out]),
    by_code: &ByCode<E, F>,
    Row { costs, codes, written, stage, out }: Row<'_, E, C>,
) {
    let out: &mut [F::Out] = bytemuck::cast_slice_mut(out);
    let row: &mut [F::Out] = &mut bytemuck::cast_slice_mut(stage)[..out.len()];
    plain(finish, costs, row);
    if let Some(ignored) = written.ignored {
        (by_code.blank)(codes, ignored, finish.value(C::NONE), row);
    }
    (by_code.sides)(codes, row);
    match written.label {
        None => out.copy_from_slice(row),
        Some(only) => choose(row, codes, only, written.ignored, out),
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
            *out = self.finish.value(cost);
        }
    }
}

struct Blank<'a, E, O> {
    codes: &'a [E],
    ignored: E,
    none: O,
    row: &'a mut [O],
}

impl<E: Code, O: Pod> Kernel for Blank<'_, E, O> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (place, &code) in self.row.iter_mut().zip(self.codes) {
            *place = if code == self.ignored { self.none } else { *place };
        }
    }
}

struct Sides<'a, E, F: Finish> {
    codes: &'a [E],
    row: &'a mut [F::Out],
}

impl<E: Code, F: Finish> Kernel for Sides<'_, E, F> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (place, &code) in self.row.iter_mut().zip(self.codes) {
            *place = if code == E::BACKGROUND { F::of_background(*place) } else { *place };
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
    fn value<C: Cost>(self, cost: C) -> Q {
        if cost >= C::NONE { Q::NONE } else { Q::of(cost.integer()) }
    }
}

/// The distance.
#[derive(Clone, Copy)]
pub(crate) struct AsDistance<T>(pub(crate) PhantomData<T>);

impl<T: Real> Finish for AsDistance<T> {
    type Out = T;

    #[inline(always)]
    fn value<C: Cost>(self, cost: C) -> T {
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
    fn value<C: Cost>(self, cost: C) -> T {
        cost.distance()
    }

    #[inline(always)]
    fn of_background(distance: T) -> T {
        -distance
    }
}
