use std::cell::RefCell;

use segloss_core::lanes::Real;
use segloss_simd::Buffers;

/// A format with storage that each thread keeps for its calls: none is allocated once it has grown
/// to the largest call. It is freed when the thread ends.
pub(crate) trait Scratch: Real {
    /// Lends it out.
    fn lend<X>(use_it: impl FnOnce(&mut Buffers<Self>) -> X) -> X;
}

macro_rules! scratch {
    ($($float:ident),*) => {$(
        impl Scratch for $float {
            fn lend<X>(use_it: impl FnOnce(&mut Buffers<Self>) -> X) -> X {
                thread_local! {
                    static BUFFERS: RefCell<Buffers<$float>> = RefCell::default();
                }
                // Nothing in a call calls back, so it is never lent twice.
                BUFFERS.with_borrow_mut(use_it)
            }
        }
    )*};
}
scratch!(f32, f64);
