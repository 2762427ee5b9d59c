//! The maps that a text can name: [`Band`] and [`Decay`], of the targets of a call.

use super::band::{self, Band};
use super::decay::{self, Decay, Empty};
use super::morphology::Border;
use super::planes::{Plane, PlaneLabels};
use super::source::LabelSource;
use super::{MapLevel, Serial};
use crate::error::Error;
use crate::lanes::Real;
use crate::parameter::{Arguments, Parameter};

/// A weight map of this crate, which runs at any level. What it writes is all of the weights, each finite
/// and at least 0.
pub(crate) trait NamedMap: Sized {
    /// Its name in the text form.
    const NAME: &'static str;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];

    /// The map with these parameters.
    fn new(arguments: Arguments<'_>) -> Result<Self, Error>;

    /// Words of scratch that a plane takes.
    fn scratch(&self, labels: &dyn LabelSource) -> Result<usize, Error>;

    /// Writes the weight of each pixel of a plane.
    fn weigh<Lv: MapLevel, T: Real>(
        &self,
        level: Lv,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error>;
}

impl Band {
    /// Its name in the text form.
    pub const NAME: &'static str = band::NAME;
    /// Its parameters, in the order of [`Arguments`]: `band(theta=3, weight=5, border=zero|keep)`.
    pub const PARAMETERS: &'static [Parameter] =
        &[band::THETA, band::WEIGHT, Parameter::choice("border", &["zero", "keep"])];

    /// The band with the parameters of a text.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    pub fn of(arguments: Arguments<'_>) -> Result<Self, Error> {
        let border = if arguments.get(2) == 0.0 { Border::Zero } else { Border::Keep };
        Band::new(arguments.get(0) as i64, arguments.get(1), border)
    }
}

impl Decay {
    /// Its name in the text form.
    pub const NAME: &'static str = decay::NAME;
    /// Its parameters, in the order of [`Arguments`]: `decay(sigma=5, empty=zero|one)`.
    pub const PARAMETERS: &'static [Parameter] =
        &[decay::SIGMA, Parameter::choice("empty", &["zero", "one"])];

    /// The map with the parameters of a text.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    pub fn of(arguments: Arguments<'_>) -> Result<Self, Error> {
        let empty = if arguments.get(1) == 0.0 { Empty::Zero } else { Empty::One };
        Decay::new(arguments.get(0), empty)
    }
}

impl NamedMap for Band {
    const NAME: &'static str = Band::NAME;
    const PARAMETERS: &'static [Parameter] = Band::PARAMETERS;

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        Band::of(arguments)
    }

    fn scratch(&self, labels: &dyn LabelSource) -> Result<usize, Error> {
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => Band::weights_scratch_words(&labels, Serial),
            PlaneLabels::Words(labels) => Band::weights_scratch_words(&labels, Serial),
        }
    }

    fn weigh<Lv: MapLevel, T: Real>(
        &self,
        level: Lv,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => self.weights(level, Serial, &labels, weights, scratch),
            PlaneLabels::Words(labels) => self.weights(level, Serial, &labels, weights, scratch),
        }
    }
}

impl NamedMap for Decay {
    const NAME: &'static str = Decay::NAME;
    const PARAMETERS: &'static [Parameter] = Decay::PARAMETERS;

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        Decay::of(arguments)
    }

    fn scratch(&self, labels: &dyn LabelSource) -> Result<usize, Error> {
        let spacing = labels.spacing();
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => Decay::scratch_words(&labels, spacing, Serial),
            PlaneLabels::Words(labels) => Decay::scratch_words(&labels, spacing, Serial),
        }
    }

    fn weigh<Lv: MapLevel, T: Real>(
        &self,
        level: Lv,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        let spacing = labels.spacing();
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => {
                self.weights(level, Serial, &labels, spacing, weights, scratch)
            }
            PlaneLabels::Words(labels) => {
                self.weights(level, Serial, &labels, spacing, weights, scratch)
            }
        }
    }
}
