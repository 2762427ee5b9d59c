use segloss_core::Error;
use segloss_core::lanes::Real;
use segloss_core::maps::band::Band;
use segloss_core::maps::decay::Decay;
use segloss_core::maps::edt::{self, Spacing, Squared};
use segloss_core::maps::{Fork, Labels, bits};

use crate::workspace::grow;
use crate::{AnyLevel, with_level};

/// Maps at a level chosen at run time, with storage that grows to what the largest image needs and
/// stays.
///
/// ```
/// use segloss_simd::AnyLevel;
/// use segloss_simd::maps::{Mask, MapBuffers, Serial};
/// use segloss_simd::maps::band::Band;
/// use segloss_simd::maps::morphology::Border;
///
/// let mask = [0u8, 0, 0, 0, 1, 1, 1, 1];
/// let labels = Mask::new(&mask, &[8])?;
/// let mut buffers = MapBuffers::new(AnyLevel::best(), Serial);
/// let mut weights = [0f32; 8];
/// let band = Band::new(1, 5.0, Border::Keep)?;
/// buffers.band_weights(&band, &labels, &mut weights)?;
/// assert_eq!(weights, [1.0, 1.0, 5.0, 5.0, 5.0, 5.0, 1.0, 1.0]);
/// # Ok::<(), segloss_core::Error>(())
/// ```
#[derive(Debug)]
pub struct MapBuffers<F> {
    level: AnyLevel,
    fork: F,
    scratch: Vec<u64>,
}

macro_rules! distances {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Those of the function of this name in [`edt`]; [`Error::Memory`] if the system does not give
        /// the storage.
        pub fn $name<S: Labels, T: Real>(
            &mut self,
            labels: &S,
            spacing: Spacing,
            out: &mut [T],
        ) -> Result<(), Error> {
            let words = edt::scratch_words(labels, spacing, self.fork)?;
            let (level, fork, scratch) = self.lend(words)?;
            with_level!(level, level => edt::$name(level, fork, labels, spacing, out, scratch))
        }
    )*};
}

macro_rules! squares {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// Those of the function of this name in [`edt`]; [`Error::Memory`] if the system does not give
        /// the storage.
        pub fn $name<S: Labels, Q: Squared>(
            &mut self,
            labels: &S,
            out: &mut [Q],
        ) -> Result<(), Error> {
            let words = edt::scratch_words(labels, Spacing::UNIT, self.fork)?;
            let (level, fork, scratch) = self.lend(words)?;
            with_level!(level, level => edt::$name(level, fork, labels, out, scratch))
        }
    )*};
}

impl<F: Fork> MapBuffers<F> {
    /// Nothing allocated yet.
    pub fn new(level: AnyLevel, fork: F) -> Self {
        MapBuffers { level, fork, scratch: Vec::new() }
    }

    fn lend(&mut self, words: usize) -> Result<(AnyLevel, F, &mut [u64]), Error> {
        grow("scratch", &mut self.scratch, words)?;
        Ok((self.level, self.fork, &mut self.scratch))
    }

    /// Computes [`Band::weights`].
    ///
    /// # Errors
    /// Those of [`Band::weights`]; [`Error::Memory`] if the system does not give the storage.
    pub fn band_weights<S: Labels, T: Real>(
        &mut self,
        band: &Band,
        labels: &S,
        out: &mut [T],
    ) -> Result<(), Error> {
        let words = band.weights_scratch_words(labels, self.fork)?;
        let (level, fork, scratch) = self.lend(words)?;
        with_level!(level, level => band.weights(level, fork, labels, out, scratch))
    }

    /// Computes [`Band::bits`], of which there are [`bits::words`].
    ///
    /// # Errors
    /// Those of [`Band::bits`]; [`Error::Memory`] if the system does not give the storage.
    pub fn band_bits<S: Labels>(&mut self, band: &Band, labels: &S) -> Result<Vec<u64>, Error> {
        let mut packed = Vec::new();
        grow("bits", &mut packed, bits::words(labels.spatial())?)?;
        let words = band.bits_scratch_words(labels, self.fork)?;
        let (level, fork, scratch) = self.lend(words)?;
        with_level!(level, level => band.bits(level, fork, labels, &mut packed, scratch))?;
        Ok(packed)
    }

    /// Computes [`Decay::weights`].
    ///
    /// # Errors
    /// Those of [`Decay::weights`]; [`Error::Memory`] if the system does not give the storage.
    pub fn decay_weights<S: Labels, T: Real>(
        &mut self,
        decay: &Decay,
        labels: &S,
        spacing: Spacing,
        out: &mut [T],
    ) -> Result<(), Error> {
        let words = decay.scratch_words(labels, spacing, self.fork)?;
        let (level, fork, scratch) = self.lend(words)?;
        with_level!(level, level => decay.weights(level, fork, labels, spacing, out, scratch))
    }

    distances! {
        /// [`edt::distance_to_background`].
        distance_to_background;
        /// [`edt::distance_to_other`].
        distance_to_other;
        /// [`edt::signed_distance`].
        signed_distance;
    }

    squares! {
        /// [`edt::squared_distance_to_background`].
        squared_distance_to_background;
        /// [`edt::squared_distance_to_other`].
        squared_distance_to_other;
    }
}
