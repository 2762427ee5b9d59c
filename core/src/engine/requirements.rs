//! Whether a loss fits a call: of everything but numbers.

use super::call::Link;
use super::workspace::{Needs, Rows};
use crate::error::Error;
use crate::lanes::Real;
use crate::region::Pool;
use crate::summation::Accumulator;
use crate::tile::{Kind, Program, Spec};
use crate::view::Shape;

/// The largest number of classes: labels up to here are exact as `f32`.
const CLASSES: usize = 1 << 24;

/// What is known of a call without reading any of its arrays, wherever they lie.
#[derive(Clone, Copy, Debug)]
pub struct CallShape {
    /// How logits become probabilities.
    pub link: Link,
    /// The logits' shape.
    pub logits: Shape,
    /// The targets' shape.
    pub targets: Shape,
    /// Whether the call has weights of pixels.
    pub by_call: bool,
    /// The number of its maps.
    pub maps: usize,
    /// Whether its scale is one number a sample.
    pub by_sample: bool,
}

/// A loss and a call that fit together: what that decides.
#[derive(Clone, Copy, Debug)]
pub struct Requirements {
    pub(super) rows: Rows,
    pub(super) needs: Needs,
    /// Whether any term is evaluated.
    pub is_active: bool,
    /// Whether any term is a region term.
    pub has_region: bool,
    /// Whether a mean is divided by something else than the number of valid pixels.
    pub has_denominator: bool,
    /// Whether region sums take weights.
    pub region_is_weighted: bool,
    /// Whether weights of pixels and maps may not be negative.
    pub needs_positive: bool,
}

impl CallShape {
    /// The shape that the link asks of targets.
    pub fn planes(&self) -> Shape {
        match self.link {
            Link::Sigmoid => self.logits,
            Link::Softmax => self.logits.with_channels(1),
        }
    }

    /// Checks that logits and targets fit each other.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Channels`], [`Error::Shape`].
    pub fn check_shapes(&self) -> Result<(), Error> {
        let (shape, channels) = (self.logits, self.logits.channels);
        if shape.with_batch(1).is_empty() {
            return Err(Error::Empty { argument: "logits", shape });
        }
        if self.link == Link::Softmax && !(2..=CLASSES).contains(&channels) {
            return Err(Error::Channels { channels, expected: "2 to 2^24 classes" });
        }
        let (given, expected) = (self.targets, self.planes());
        if given == expected {
            return Ok(());
        }
        Err(Error::Shape { argument: "targets", shape: given, expected })
    }

    /// Checks that the terms of `program` fit the call, and each other.
    ///
    /// # Errors
    /// The first term that does not, by name and value.
    pub fn fit<T: Real, A: Accumulator>(
        &self,
        program: &dyn Program<T, A>,
    ) -> Result<Requirements, Error> {
        let channels = self.logits.channels;
        let (mut has_region, mut is_active, mut has_denominator) = (false, false, false);
        let mut needs =
            Needs { weights: false, class_weights: false, sample_factors: self.by_sample };
        let mut needs_positive = false;
        let mut weighted_region = None;
        let mut uses_weights = false;
        for index in 0..program.len() {
            let spec = program.spec(index, channels);
            spec.check()?;
            check_link(&spec, self.link)?;
            check_weights(&spec, self)?;
            if self.by_sample {
                check_per_sample(&spec)?;
            }
            uses_weights |= spec.uses_weights();
            has_region |= spec.is_region();
            is_active |= spec.is_active();
            has_denominator |= spec.has_denominator();
            needs.weights |=
                spec.is_weighted(self.by_call) || program.weighting(index, self.by_call).is_some();
            needs.class_weights |= !spec.is_region() && spec.options.class_weights.is_some();
            needs_positive |= spec.divides_by_weights();
            if spec.is_region() {
                let weighted = spec.options.weighted;
                needs_positive |= weighted;
                if *weighted_region.get_or_insert(weighted) != weighted {
                    return Err(Error::MixedRegions { term: spec.name, weighted });
                }
            }
        }
        if self.by_call && !uses_weights {
            let expected = "a pixel or class term, or a region term with `weighted=true`";
            return Err(Error::Unused { argument: "weights", expected });
        }
        let terms = program.len();
        let rows = Rows {
            terms,
            denominators: if has_denominator { terms } else { 0 },
            regions: if has_region { channels } else { 0 },
        };
        Ok(Requirements {
            rows,
            needs,
            is_active,
            has_region,
            has_denominator,
            region_is_weighted: weighted_region == Some(true),
            needs_positive,
        })
    }
}

fn check_link(spec: &Spec<'_>, link: Link) -> Result<(), Error> {
    match expected_link(spec.kind, link) {
        Some(expected) => Err(Error::Link { term: spec.name, expected }),
        None => Ok(()),
    }
}

/// The link that a term of this kind has a meaning for, if that is not `link`.
#[inline]
pub(crate) fn expected_link(kind: Kind, link: Link) -> Option<&'static str> {
    match (kind, link) {
        (Kind::Pixel, Link::Softmax) => Some("the sigmoid link"),
        (Kind::Class, Link::Sigmoid) => Some("the softmax link"),
        _ => None,
    }
}

fn check_weights(spec: &Spec<'_>, call_shape: &CallShape) -> Result<(), Error> {
    let term = spec.name;
    if spec.is_weighted(call_shape.by_call) && !spec.is_weighable {
        return Err(Error::NotWeighted { term });
    }
    let (maps, classes) = (call_shape.maps, call_shape.logits.channels);
    if let Some(place) = spec.options.maps.iter().find(|&place| place >= maps) {
        return Err(Error::Map { place, maps });
    }
    if spec.is_region() && spec.options.weighted && !call_shape.by_call {
        return Err(Error::NoWeights { term });
    }
    let classes = if spec.is_region() {
        spec.options.classes.check(term, classes)?;
        spec.options.classes.count(classes)
    } else {
        classes
    };
    match (spec.options.class_weights, spec.class_weights) {
        (Some(list), Some(declared)) if list.len() != classes => {
            let (name, length) = (declared.name, list.len());
            Err(Error::ClassWeights { term, name, length, classes })
        }
        _ => Ok(()),
    }
}

/// Whether the term has a loss of each sample by itself.
pub(super) fn check_per_sample(spec: &Spec<'_>) -> Result<(), Error> {
    match spec.kind {
        Kind::Region(Pool::Batch) if spec.is_active() => Err(Error::Pooled { term: spec.name }),
        _ => Ok(()),
    }
}
