//! The maps that a text can name: [`Band`] and [`Decay`], of the targets of a call.

use super::band::{self, Band};
use super::decay::{self, Decay, Empty};
use super::morphology::Border;
use super::planes::{Plane, PlaneLabels};
use super::source::LabelSource;
use super::void::VOID;
use super::{MapLevel, Void, Workers};
use crate::error::Error;
use crate::lanes::Real;
use crate::link::Link;
use crate::parameter::{Arguments, Parameter};

/// A weight map of this crate, which runs at any level. What it writes is all of the weights, each finite
/// and at least 0.
pub(crate) trait NamedMap: Sized {
    /// Its name in the text form.
    const NAME: &'static str;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];

    /// The map with these parameters, of labels as a link reads them.
    fn new(arguments: Arguments<'_>, link: Link) -> Result<Self, Error>;

    /// Whether it measures distances, so that a spacing says something.
    fn measures(&self) -> bool;

    /// Words of scratch that a plane takes with so many workers.
    fn scratch(&self, labels: &dyn LabelSource, workers: Workers<'_>) -> Result<usize, Error>;

    /// Writes the weight of each pixel of a plane.
    fn weigh<Lv: MapLevel, T: Real>(
        &self,
        level: Lv,
        labels: &dyn LabelSource,
        workers: Workers<'_>,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error>;
}

/// A named map of two weights.
pub(crate) trait NamedBits: NamedMap {
    /// Returns the weights where a bit is 1, and where it is 0.
    fn two_weights(&self) -> [f64; 2];

    /// Writes a bit for each pixel of a plane, as in [`bits`](super::bits), with the scratch of
    /// [`NamedMap::scratch`].
    fn mark<Lv: MapLevel>(
        &self,
        level: Lv,
        labels: &dyn LabelSource,
        workers: Workers<'_>,
        scratch: &mut [u64],
        bits: &mut [u64],
    ) -> Result<(), Error>;
}

impl Band {
    /// Its name in the text form.
    pub const NAME: &'static str = band::NAME;
    /// Its parameters, in the order of [`Arguments`]:
    /// `band(theta=3, weight=5, border=auto|zero|keep, void=nearest|cut)`.
    pub const PARAMETERS: &'static [Parameter] =
        &[band::THETA, band::WEIGHT, Parameter::choice("border", &["auto", "zero", "keep"]), VOID];

    /// The band with the parameters of a text. `border=auto` is [`Border::Zero`] for masks, that is under
    /// the sigmoid link, and [`Border::Keep`] for label maps.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    pub fn of(arguments: Arguments<'_>, link: Link) -> Result<Self, Error> {
        let border = match (arguments.get(2), link) {
            (1.0, _) | (0.0, Link::Sigmoid) => Border::Zero,
            _ => Border::Keep,
        };
        let band = Band::new(arguments.get(0) as i64, arguments.get(1), border)?;
        Ok(band.with_void(Void::of(arguments.get(3))))
    }
}

impl Decay {
    /// Its name in the text form.
    pub const NAME: &'static str = decay::NAME;
    /// Its parameters, in the order of [`Arguments`]: `decay(sigma=5, empty=zero|one, void=nearest|cut)`.
    pub const PARAMETERS: &'static [Parameter] =
        &[decay::SIGMA, Parameter::choice("empty", &["zero", "one"]), VOID];

    /// The map with the parameters of a text.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    pub fn of(arguments: Arguments<'_>) -> Result<Self, Error> {
        let empty = if arguments.get(1) == 0.0 { Empty::Zero } else { Empty::One };
        Ok(Decay::new(arguments.get(0), empty)?.with_void(Void::of(arguments.get(2))))
    }
}

impl NamedMap for Band {
    const NAME: &'static str = Band::NAME;
    const PARAMETERS: &'static [Parameter] = Band::PARAMETERS;

    fn new(arguments: Arguments<'_>, link: Link) -> Result<Self, Error> {
        Band::of(arguments, link)
    }

    fn measures(&self) -> bool {
        self.void() == Void::Nearest
    }

    fn scratch(&self, labels: &dyn LabelSource, workers: Workers<'_>) -> Result<usize, Error> {
        let band = self.with_spacing(labels.spacing());
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => band.weights_scratch_words(&labels, workers),
            PlaneLabels::Words(labels) => band.weights_scratch_words(&labels, workers),
        }
    }

    fn weigh<Lv: MapLevel, T: Real>(
        &self,
        level: Lv,
        labels: &dyn LabelSource,
        workers: Workers<'_>,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        let band = self.with_spacing(labels.spacing());
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => band.weights(level, workers, &labels, weights, scratch),
            PlaneLabels::Words(labels) => band.weights(level, workers, &labels, weights, scratch),
        }
    }
}

impl NamedBits for Band {
    fn two_weights(&self) -> [f64; 2] {
        [self.weight(), 1.0]
    }

    fn mark<Lv: MapLevel>(
        &self,
        level: Lv,
        labels: &dyn LabelSource,
        workers: Workers<'_>,
        scratch: &mut [u64],
        bits: &mut [u64],
    ) -> Result<(), Error> {
        let band = self.with_spacing(labels.spacing());
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => band.bits(level, workers, &labels, bits, scratch),
            PlaneLabels::Words(labels) => band.bits(level, workers, &labels, bits, scratch),
        }
    }
}

impl NamedMap for Decay {
    const NAME: &'static str = Decay::NAME;
    const PARAMETERS: &'static [Parameter] = Decay::PARAMETERS;

    fn new(arguments: Arguments<'_>, _: Link) -> Result<Self, Error> {
        Decay::of(arguments)
    }

    fn measures(&self) -> bool {
        true
    }

    fn scratch(&self, labels: &dyn LabelSource, workers: Workers<'_>) -> Result<usize, Error> {
        let spacing = labels.spacing();
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => self.scratch_words(&labels, spacing, workers),
            PlaneLabels::Words(labels) => self.scratch_words(&labels, spacing, workers),
        }
    }

    fn weigh<Lv: MapLevel, T: Real>(
        &self,
        level: Lv,
        labels: &dyn LabelSource,
        workers: Workers<'_>,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        let spacing = labels.spacing();
        match Plane::of(labels)?.labels() {
            PlaneLabels::Bytes(labels) => {
                self.weights(level, workers, &labels, spacing, weights, scratch)
            }
            PlaneLabels::Words(labels) => {
                self.weights(level, workers, &labels, spacing, weights, scratch)
            }
        }
    }
}
