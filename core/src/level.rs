//! Where a kernel runs: which vectors it computes with, and which instructions it may use.

use crate::lanes::Vector;

/// A piece of work that is generic over the vectors it computes with.
///
/// A struct of borrowed parameters takes the place of a closure, because a closure cannot be
/// generic. `run` must be `#[inline(always)]`, and so must everything it calls per pixel: only code
/// inlined into [`Level::enter`] is compiled for the level's instructions.
pub trait Kernel {
    /// What it gives back.
    type Output;
    /// Does the work with the vectors of `Lv`.
    fn run<Lv: Level>(self) -> Self::Output;
}

/// A way to execute kernels. All levels give the same bits.
pub trait Level: Copy + Send + Sync + 'static {
    /// The vector of `f32` lanes.
    type Single: Vector<Elem = f32>;
    /// The vector of `f64` lanes.
    type Double: Vector<Elem = f64>;
    /// The level, if this machine has its instructions.
    fn detect() -> Option<Self>;
    /// Runs `kernel` with this level's instructions.
    fn enter<K: Kernel>(self, kernel: K) -> K::Output;
    /// Runs `kernel` with this level's instructions, or on a machine without them at a level that every
    /// machine has.
    #[inline(always)]
    fn enter_if_there<K: Kernel>(kernel: K) -> K::Output {
        match Self::detect() {
            Some(level) => level.enter(kernel),
            None => Scalar.enter(kernel),
        }
    }
}

/// Plain scalar code, compiled for the build's own target: what core offers by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scalar;

impl Level for Scalar {
    type Single = f32;
    type Double = f64;

    fn detect() -> Option<Self> {
        Some(Scalar)
    }

    #[inline(always)]
    fn enter<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run::<Scalar>()
    }
}

/// Runs `kernel` at `Lv` without a token of it.
///
/// Within a kernel, this makes a function of its own of what would else be inlined into its loops.
pub(crate) fn enter<Lv: Level, K: Kernel>(kernel: K) -> K::Output {
    Lv::enter_if_there(kernel)
}
