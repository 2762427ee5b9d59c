use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use segloss_core::level::{Kernel, Level};

use super::Portable;

/// Whether a machine has a level's instructions.
const UNKNOWN: u8 = 0;
const THERE: u8 = 1;
const MISSING: u8 = 2;

macro_rules! level {
    ($(#[$doc:meta])* $name:ident, $entry:ident, $($feature:tt),*) => {
        $(#[$doc])*
        ///
        /// Its vectors are single numbers: the kernels' loops are of fixed length and straight, so
        /// the compiler makes vectors of them, as wide as the instructions it may use.
        #[derive(Clone, Copy, Debug)]
        pub struct $name(());

        impl Level for $name {
            type Single = f32;
            type Double = f64;

            #[inline]
            fn detect() -> Option<Self> {
                // Every leaf asks: one load and one comparison.
                static FOUND: AtomicU8 = AtomicU8::new(UNKNOWN);
                #[cold]
                fn find() -> u8 {
                    let has_all = true $(&& is_x86_feature_detected!($feature))*;
                    let found = if has_all { THERE } else { MISSING };
                    FOUND.store(found, Relaxed);
                    found
                }
                let found = match FOUND.load(Relaxed) {
                    UNKNOWN => find(),
                    found => found,
                };
                (found == THERE).then_some($name(()))
            }

            #[inline(always)]
            fn enter<K: Kernel>(self, kernel: K) -> K::Output {
                // SAFETY: only `detect` makes this level, after finding every feature of `entry`.
                unsafe { $entry(kernel) }
            }

            #[inline(always)]
            fn enter_if_there<K: Kernel>(kernel: K) -> K::Output {
                match $name::detect() {
                    Some(level) => level.enter(kernel),
                    None => Portable.enter(kernel),
                }
            }
        }

        $(#[target_feature(enable = $feature)])*
        fn $entry<K: Kernel>(kernel: K) -> K::Output {
            kernel.run::<$name>()
        }
    };
}

level!(
    /// Vectors of 256 bits.
    Avx2, enter_avx2, "avx2"
);
level!(
    /// Vectors of 512 bits.
    Avx512, enter_avx512, "avx512f", "avx512bw", "avx512dq", "avx512vl"
);
