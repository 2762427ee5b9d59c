//! What becomes of squared distances, fused into the last pass.

use core::marker::PhantomData;

use bytemuck::Pod;

use super::cost::Cost;
use crate::lanes::Real;
use crate::level::{Kernel, Level};
use crate::maps::{Label, Labels};

/// What a pixel is given for its squared distance and its label.
pub(crate) trait Finish<E: Label>: Copy + Send + Sync {
    type Out: Pod + Send;
    /// Whether every pixel is written.
    const ALL: bool = true;

    fn value<S: Labels<Label = E>, C: Cost>(self, cost: C, label: E) -> Self::Out;

    /// Whether this pixel is written.
    fn chooses<S: Labels<Label = E>>(self, _: E) -> bool {
        true
    }
}

/// Ignored pixels are as without a distance.
#[derive(Clone, Copy)]
pub(crate) struct Known<F, E> {
    pub(crate) finish: F,
    pub(crate) ignored: E,
}

impl<E: Label, F: Finish<E>> Finish<E> for Known<F, E> {
    type Out = F::Out;

    #[inline(always)]
    fn value<S: Labels<Label = E>, C: Cost>(self, cost: C, label: E) -> F::Out {
        let cost = if label == self.ignored { C::NONE } else { cost };
        self.finish.value::<S, C>(cost, label)
    }
}

/// Writes the pixels of one label, and the ignored ones.
#[derive(Clone, Copy)]
pub(crate) struct Only<F, E> {
    pub(crate) known: Known<F, E>,
    pub(crate) label: E,
}

impl<E: Label, F: Finish<E>> Finish<E> for Only<F, E> {
    type Out = F::Out;
    const ALL: bool = false;

    #[inline(always)]
    fn value<S: Labels<Label = E>, C: Cost>(self, cost: C, label: E) -> F::Out {
        self.known.value::<S, C>(cost, label)
    }

    fn chooses<S: Labels<Label = E>>(self, label: E) -> bool {
        label == self.known.ignored || S::same(label, self.label)
    }
}

/// A row of them.
pub(crate) struct Finished<'a, S: Labels, C, F: Finish<S::Label>> {
    pub(crate) finish: F,
    pub(crate) costs: &'a [C],
    pub(crate) labels: &'a [S::Label],
    pub(crate) out: &'a mut [F::Out],
}

impl<S: Labels, C: Cost, F: Finish<S::Label>> Kernel for Finished<'_, S, C, F> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.out.len();
        let (costs, labels) = (&self.costs[..n], &self.labels[..n]);
        for x in 0..n {
            self.out[x] = self.finish.value::<S, C>(costs[x], labels[x]);
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

impl<E: Label, Q: Squared> Finish<E> for AsSquared<Q> {
    type Out = Q;

    #[inline(always)]
    fn value<S: Labels<Label = E>, C: Cost>(self, cost: C, _: E) -> Q {
        if cost >= C::NONE { Q::NONE } else { Q::of(cost.integer()) }
    }
}

/// The distance.
#[derive(Clone, Copy)]
pub(crate) struct AsDistance<T>(pub(crate) PhantomData<T>);

impl<E: Label, T: Real + Pod> Finish<E> for AsDistance<T> {
    type Out = T;

    #[inline(always)]
    fn value<S: Labels<Label = E>, C: Cost>(self, cost: C, _: E) -> T {
        cost.distance()
    }
}

/// The distance, negative at background pixels.
#[derive(Clone, Copy)]
pub(crate) struct AsSigned<T>(pub(crate) PhantomData<T>);

impl<E: Label, T: Real + Pod> Finish<E> for AsSigned<T> {
    type Out = T;

    #[inline(always)]
    fn value<S: Labels<Label = E>, C: Cost>(self, cost: C, label: E) -> T {
        let distance: T = cost.distance();
        if S::is_background(label) { -distance } else { distance }
    }
}
