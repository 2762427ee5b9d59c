//! What a loss says of each of its terms.

use super::options::foreign;
use crate::error::Error;
use crate::region::{ClassUse, Pool};
use crate::term::{ClassWeights, Maps, Normalise, Options};

/// What a term sums over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pixels of dense targets.
    Pixel,
    /// Pixels of a label map.
    Class,
    /// Regions. The pool is what the term chooses for the number of classes, unless overridden.
    Region(Pool),
}

/// The largest class that a list can hold, while the number of classes is not known.
const MOST_CLASSES: usize = 1 << 30;

/// One term of a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec<'a> {
    /// The term's name.
    pub name: &'static str,
    /// Its weight in the sum.
    pub coefficient: f64,
    /// What it sums over.
    pub kind: Kind,
    /// What the loss says of it.
    pub options: Options<'a>,
    /// The list of class weights that it takes.
    pub class_weights: Option<ClassWeights>,
    /// How a region term makes one number of its classes; none for one of pixels.
    pub classes: Option<ClassUse>,
    /// What is added to the number that a mean is divided by.
    pub denominator_offset: f64,
    /// Whether its loop multiplies by weights, if there are any.
    pub is_weighable: bool,
}

impl Spec<'_> {
    /// Whether it is evaluated: its coefficient is not 0.
    pub fn is_active(&self) -> bool {
        self.coefficient != 0.0
    }

    /// Whether it sums over regions.
    pub fn is_region(&self) -> bool {
        matches!(self.kind, Kind::Region(_))
    }

    /// Whether something multiplies the loss of its pixels, given whether the call has weights.
    pub(crate) fn is_weighted(&self, by_call: bool) -> bool {
        Weighting::of(&self.options, self.is_region(), by_call).is_some()
    }

    /// Whether weights of the call multiply it.
    pub(crate) fn uses_weights(&self) -> bool {
        !self.is_region() || self.options.weighted
    }

    /// What it is multiplied by, if it is evaluated and by anything.
    pub fn weighting(&self, by_call: bool) -> Option<Weighting> {
        let weighting = Weighting::of(&self.options, self.is_region(), by_call);
        weighting.filter(|_| self.is_active())
    }

    /// Whether its mean is divided by a sum of class weights.
    pub fn divides_by_class_weights(&self) -> bool {
        let normalised = self.class_weights.is_some_and(|weights| weights.normalised);
        !self.is_region() && normalised && self.options.class_weights.is_some()
    }

    /// Whether its mean is divided by a sum of weights of pixels and maps.
    pub fn divides_by_weights(&self) -> bool {
        !self.is_region() && self.options.normalise == Normalise::Weights
    }

    /// Whether its mean is divided by something other than the number of valid pixels.
    pub fn has_denominator(&self) -> bool {
        self.divides_by_class_weights() || self.divides_by_weights()
    }

    /// The term by itself: its coefficient, options and class weights.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let value = self.coefficient;
        if !(value.is_finite() && value >= 0.0) {
            return Err(Error::Coefficient { value });
        }
        if let Some(option) = foreign(self.classes, &self.options) {
            return Err(Error::NoOption { term: self.name, option });
        }
        if self.is_region() {
            self.options.classes.check(self.name, MOST_CLASSES + 1)?;
        }
        let Some(list) = self.options.class_weights else { return Ok(()) };
        let Some(declared) = self.class_weights else {
            return Err(Error::NoClassWeights { term: self.name });
        };
        for (class, value) in list.iter().enumerate() {
            if !(value.is_finite() && value >= 0.0) {
                let (term, name) = (self.name, declared.name);
                return Err(Error::ClassWeight { term, name, class, value });
            }
        }
        Ok(())
    }
}

/// What the losses of a term are multiplied by.
#[derive(Clone, Copy, Debug)]
pub struct Weighting {
    /// Whether it is a region term, of which all take the same weights.
    pub is_region: bool,
    /// Maps of the call.
    pub maps: Maps,
    /// Whether by the weight of each pixel's class.
    pub by_class: bool,
}

impl Weighting {
    /// Nothing multiplies the term, hence 1 does.
    pub(crate) const NONE: Self = Weighting { is_region: false, maps: Maps::NONE, by_class: false };

    /// Tells what multiplies a term with these options, if anything does.
    pub(crate) fn of(options: &Options<'_>, is_region: bool, by_call: bool) -> Option<Self> {
        let by_class = !is_region && options.class_weights.is_some();
        let is_weighted = match is_region {
            true => options.weighted,
            false => by_call || !options.maps.is_empty() || by_class,
        };
        is_weighted.then_some(Weighting { is_region, maps: options.maps, by_class })
    }
}
