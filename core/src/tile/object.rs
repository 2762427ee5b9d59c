//! Terms that compute whole tiles by themselves: objects, from another language or written by hand,
//! that have no generic formula. They run on processors only.

use super::inputs::{ClassTile, PixelArrays};
use crate::error::Error;
use crate::lanes::Dual;
use crate::region::{Pool, SeededSums};
use crate::summation::{Accumulator, TILE};
use crate::term::Arguments;

/// A pixel term of tiles.
pub trait TilePixelTerm<T>: Sync {
    /// Accepts or refuses parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        let _ = arguments;
        Ok(())
    }

    /// Writes each pixel's loss and its derivative in the logit. What is written where a pixel does
    /// not count is not read; the inputs there may be anything.
    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: PixelArrays<'_, T>,
        value: &mut [T; TILE],
        slope: &mut [T; TILE],
    );
}

/// A class term of tiles.
pub trait TileClassTerm<T>: Sync {
    /// Accepts or refuses parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        let _ = arguments;
        Ok(())
    }

    /// Writes each pixel's loss and its derivative in `ln p_t`. What is written where a pixel does not
    /// count is not read; the inputs there may be anything.
    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: ClassTile<'_, T>,
        value: &mut [T; TILE],
        slope: &mut [T; TILE],
    );
}

/// A region term of sums as plain numbers.
pub trait TileRegionTerm<A: Accumulator>: Sync {
    /// Accepts or refuses parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        let _ = arguments;
        Ok(())
    }

    /// How it pools unless told otherwise.
    fn pool(&self, arguments: Arguments<'_>, classes: usize) -> Pool {
        let _ = (arguments, classes);
        Pool::Batch
    }

    /// The loss of the sums ([`SeededSums::total`]), and its derivative in the one that
    /// [`SeededSums::seed`] names. [`Options::absent`](crate::term::Options::absent) of [`SeededSums::options`] says what to do with classes without a target.
    fn loss(&self, arguments: Arguments<'_>, sums: SeededSums<'_, A>) -> Dual<A::Real>;
}
