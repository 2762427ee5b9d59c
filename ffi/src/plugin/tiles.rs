//! What plugins of tiles have in common: the author's functions in both formats, and how they are called.

use core::ffi::c_void;

use super::Plugin;
use segloss_core::summation::TILE;
use segloss_core::term::Arguments;

/// A function that computes losses and slopes of a tile `T` in the format `E`.
pub(super) type Tile<T, E> =
    unsafe extern "C" fn(*mut c_void, *const f64, *const T, value: *mut E, slope: *mut E);

/// The author's functions, of tiles `D` in double and `S` in single precision.
#[derive(Clone, Copy, Debug)]
pub(super) struct TileFunctions<D, S> {
    pub(super) double: Tile<D, f64>,
    pub(super) single: Option<Tile<S, f32>>,
}

impl Plugin {
    /// Calls the author's function on a tile.
    ///
    /// # Safety
    /// The tile's arrays are as long as it says, and the function does what its field says.
    pub(super) unsafe fn call<T, E>(
        &self,
        function: Tile<T, E>,
        arguments: Arguments<'_>,
        tile: &T,
        value: &mut [E; TILE],
        slope: &mut [E; TILE],
    ) {
        let values = self.declared.values(arguments);
        let (value, slope) = (value.as_mut_ptr(), slope.as_mut_ptr());
        // SAFETY: the caller's word.
        unsafe { function(self.context.place, values.as_ptr(), tile, value, slope) };
    }
}
