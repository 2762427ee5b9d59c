//! Terms that compute tiles, of pixels or of true classes: the author's functions in both formats, and how
//! they are called.

use core::ffi::c_void;
use core::ptr;

use super::author::Author;
use crate::fault::Fault;
use segloss_c_boundary::BadArgument;
use segloss_core::lanes::Real;
use segloss_core::summation::TILE;
use segloss_core::term::Arguments;

/// Numbers of a tile, as C counts them.
pub(super) const COUNT: u32 = TILE as u32;

/// A function that computes losses and slopes of a tile `T` in the format `E`.
pub(super) type Function<T, E> =
    unsafe extern "C" fn(*mut c_void, *const f64, *const T, value: *mut E, slope: *mut E);

/// The `N` arrays that a term reads, and where pixels count.
#[derive(Clone, Copy)]
pub(super) struct Arrays<'a, E, const N: usize> {
    pub(super) inputs: [&'a [E; TILE]; N],
    pub(super) valid: Option<&'a [E; TILE]>,
}

impl<E, const N: usize> Arrays<'_, E, N> {
    /// Returns the inputs' addresses.
    pub(super) fn inputs(&self) -> [*const E; N] {
        self.inputs.map(|input| input.as_ptr())
    }

    /// Returns the address of what says where pixels count; NULL if all do.
    pub(super) fn valid(&self) -> *const E {
        self.valid.map_or(ptr::null(), |valid| valid.as_ptr())
    }
}

/// A term whose functions compute tiles: C's tile is `D` in double, and `S` in single precision.
#[derive(Debug)]
pub(super) struct TileTerm<D, S> {
    pub(super) author: Author,
    double: Function<D, f64>,
    single: Option<Function<S, f32>>,
}

impl<D, S> TileTerm<D, S> {
    /// Makes a term of its author's functions, of which the one in double precision has to be there.
    pub(super) fn new(
        author: Author,
        double: Option<Function<D, f64>>,
        single: Option<Function<S, f32>>,
    ) -> Result<Self, Fault> {
        let double = double.ok_or(BadArgument::Null { argument: "term", field: ".tile_f64" })?;
        Ok(TileTerm { author, double, single })
    }

    /// Calls a function of the author's on a tile.
    ///
    /// # Safety
    /// The tile's arrays are as long as it says, and the function does what its field says.
    unsafe fn call<T, E>(
        &self,
        function: Function<T, E>,
        arguments: Arguments<'_>,
        tile: &T,
        value: &mut [E; TILE],
        slope: &mut [E; TILE],
    ) {
        let values = self.author.values(arguments);
        let (value, slope) = (value.as_mut_ptr(), slope.as_mut_ptr());
        // SAFETY: the caller's word.
        unsafe { function(self.author.context, values.as_ptr(), tile, value, slope) };
    }
}

/// A format that tiles are computed in.
pub(super) trait Format: Real {
    /// Writes the losses and slopes of a tile, of which `D` and `S` are made for C.
    fn compute<D, S, const N: usize>(
        term: &TileTerm<D, S>,
        arguments: Arguments<'_>,
        arrays: Arrays<'_, Self, N>,
        value: &mut [Self; TILE],
        slope: &mut [Self; TILE],
    ) where
        D: for<'a> From<Arrays<'a, f64, N>>,
        S: for<'a> From<Arrays<'a, f32, N>>;
}

impl Format for f64 {
    fn compute<D, S, const N: usize>(
        term: &TileTerm<D, S>,
        arguments: Arguments<'_>,
        arrays: Arrays<'_, f64, N>,
        value: &mut [f64; TILE],
        slope: &mut [f64; TILE],
    ) where
        D: for<'a> From<Arrays<'a, f64, N>>,
        S: for<'a> From<Arrays<'a, f32, N>>,
    {
        // SAFETY: the arrays are as long as the tile says, and the author's word for the rest.
        unsafe { term.call(term.double, arguments, &D::from(arrays), value, slope) };
    }
}

impl Format for f32 {
    fn compute<D, S, const N: usize>(
        term: &TileTerm<D, S>,
        arguments: Arguments<'_>,
        arrays: Arrays<'_, f32, N>,
        value: &mut [f32; TILE],
        slope: &mut [f32; TILE],
    ) where
        D: for<'a> From<Arrays<'a, f64, N>>,
        S: for<'a> From<Arrays<'a, f32, N>>,
    {
        if let Some(single) = term.single {
            // SAFETY: the arrays are as long as the tile says, and the author's word for the rest.
            unsafe { term.call(single, arguments, &S::from(arrays), value, slope) };
            return;
        }
        let wide = |from: &[f32; TILE]| from.map(f64::from);
        let (inputs, valid) = (arrays.inputs.map(wide), arrays.valid.map(wide));
        let arrays = Arrays { inputs: inputs.each_ref(), valid: valid.as_ref() };
        let (mut values, mut slopes) = ([0.0; TILE], [0.0; TILE]);
        f64::compute(term, arguments, arrays, &mut values, &mut slopes);
        *value = values.map(|value| value as f32);
        *slope = slopes.map(|slope| slope as f32);
    }
}
