use core::fmt;

use super::MaskStatistics;
use crate::error::Error;

/// Imbalance is severe if [`MaskStatistics::balance`] is below this: the rarest class has less than
/// 1/50 of the pixels it would have if all were equally frequent.
///
/// For two classes that is a share of 1 %, below which imbalance is commonly called extreme (e.g.
/// Google's machine-learning course, "Imbalanced datasets"). Measuring by the balanced share keeps
/// 150 even classes, of 0.67 % each, from being taken for imbalanced.
pub const SEVERE_IMBALANCE: f64 = 0.02;

/// Objects are mostly small if [`MaskStatistics::small_share`] is above this: a loss that serves
/// the small ones serves most.
pub const MOSTLY_SMALL: f64 = 0.5;

/// What matters most of a segmentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// Nothing in particular: the masks decide.
    #[default]
    Balanced,
    /// Little computation, few parameters.
    Speed,
    /// Exact boundaries.
    Boundary,
    /// Missing no foreground, as in medical imaging.
    Recall,
    /// The overlap that Dice and IoU measure.
    Overlap,
}

impl Priority {
    /// All of them.
    pub const ALL: [Priority; 5] = [
        Priority::Balanced,
        Priority::Speed,
        Priority::Boundary,
        Priority::Recall,
        Priority::Overlap,
    ];

    /// Its name in text: `balanced`, `speed`, `boundary`, `recall` or `overlap`.
    pub fn name(self) -> &'static str {
        match self {
            Priority::Balanced => "balanced",
            Priority::Speed => "speed",
            Priority::Boundary => "boundary",
            Priority::Recall => "recall",
            Priority::Overlap => "overlap",
        }
    }

    /// The priority of this name.
    ///
    /// # Errors
    /// [`UnknownPriority`], which lists the names, for any other text.
    pub fn from_name(name: &str) -> Result<Self, UnknownPriority<'_>> {
        let found = Priority::ALL.into_iter().find(|priority| priority.name() == name);
        found.ok_or(UnknownPriority { name })
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no [`Priority`]'s name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPriority<'n> {
    /// The text.
    pub name: &'n str,
}

impl fmt::Display for UnknownPriority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`priority` is {:?}, expected one of", self.name)?;
        Priority::ALL.iter().enumerate().try_for_each(|(i, priority)| {
            write!(f, "{} `{priority}`", if i == 0 { "" } else { "," })
        })
    }
}

impl core::error::Error for UnknownPriority<'_> {}

/// A row of the selection guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// Balanced classes: cross-entropy and Dice.
    Balanced,
    /// Severe imbalance: focal and Dice.
    Imbalanced,
    /// Small objects: Dice alone.
    SmallObjects,
    /// Boundary precision: cross-entropy, plain and weighted near boundaries. Both parts count
    /// alike, as they do in the preset `boundary`; that has Dice besides, which the guide's row
    /// has not.
    Boundary,
    /// Medical imaging: Dice, and Tversky with a miss weighing more than a false alarm.
    Medical,
    /// Real-time or simple: cross-entropy alone.
    Simple,
}

impl Situation {
    /// All of them.
    pub const ALL: [Situation; 6] = [
        Situation::Balanced,
        Situation::Imbalanced,
        Situation::SmallObjects,
        Situation::Boundary,
        Situation::Medical,
        Situation::Simple,
    ];

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Situation::Balanced => "balanced classes",
            Situation::Imbalanced => "severe imbalance",
            Situation::SmallObjects => "small objects",
            Situation::Boundary => "boundary precision",
            Situation::Medical => "medical imaging",
            Situation::Simple => "real-time or simple",
        }
    }

    /// The loss of this row in text form, for binary masks (the sigmoid link) or for label maps
    /// (softmax).
    pub fn loss(self, is_binary: bool) -> &'static str {
        match (self, is_binary) {
            (Situation::Balanced, true) => "0.5*bce + 0.5*dice",
            (Situation::Balanced, false) => "0.5*ce + 0.5*dice",
            (Situation::Imbalanced, _) => "0.5*focal + 0.5*dice",
            (Situation::SmallObjects, _) => "dice",
            (Situation::Boundary, true) => "0.5*bce + 0.5*boundary(theta=3, weight=5)",
            (Situation::Boundary, false) => "0.5*ce + 0.5*boundary(theta=3, weight=5)",
            (Situation::Medical, _) => "0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)",
            (Situation::Simple, true) => "bce",
            (Situation::Simple, false) => "ce",
        }
    }

    /// Why that loss.
    pub fn reason(self) -> &'static str {
        match self {
            Situation::Balanced => {
                "the standard combination: cross-entropy for each pixel, Dice for the overlap"
            }
            Situation::Imbalanced => {
                "focal keeps the many easy pixels of the common classes from outweighing the rare \
                 ones"
            }
            Situation::SmallObjects => {
                "Dice is relative to an object's size, so that a small foreground counts as much \
                 as a large one"
            }
            Situation::Boundary => {
                "pixels near a boundary weigh more, while plain cross-entropy keeps the rest in \
                 view"
            }
            Situation::Medical => {
                "Dice for the overlap, and Tversky to weigh a missed pixel more than a false alarm"
            }
            Situation::Simple => "cross-entropy is the least computation and has no parameters",
        }
    }
}

/// A loss for given masks, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// The loss in text form, for the sigmoid link if the masks were binary, else for softmax.
    pub loss: &'static str,
    /// The row of the guide that applies.
    pub situation: Situation,
    /// Why this loss.
    pub reason: &'static str,
}

impl fmt::Display for Recommendation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}: {})", self.loss, self.situation.name(), self.reason)
    }
}

/// The loss to start from for masks like these. A stated priority decides first, the masks next:
///
/// | priority | masks | recommended |
/// |---|---|---|
/// | speed | any | cross-entropy |
/// | boundary | a pixel that counts is within 3 steps of a boundary | cross-entropy + boundary |
/// | boundary | others | as for balanced |
/// | recall | any | Dice + Tversky |
/// | overlap | objects mostly small | Dice |
/// | overlap | others | Dice + Tversky |
/// | balanced | objects mostly small | Dice |
/// | balanced | others, severe imbalance | focal + Dice |
/// | balanced | others | cross-entropy + Dice |
///
/// Small objects come before imbalance because they nearly always bring it along: the other way
/// round their row would hardly be reached. [`MOSTLY_SMALL`] and [`SEVERE_IMBALANCE`] are the
/// limits.
///
/// # Errors
/// [`Error::NothingCounted`] if no pixel counts, [`Error::OneClass`] if all are of one class: such
/// masks say nothing about a loss.
pub fn recommend(
    statistics: &MaskStatistics<'_>,
    priority: Priority,
) -> Result<Recommendation, Error> {
    let situation = situation(statistics, priority)?;
    Ok(Recommendation {
        loss: situation.loss(statistics.is_binary()),
        situation,
        reason: situation.reason(),
    })
}

fn situation(statistics: &MaskStatistics<'_>, priority: Priority) -> Result<Situation, Error> {
    let (Some(balance), Some(rarest)) = (statistics.balance(), statistics.rarest()) else {
        return Err(Error::NothingCounted { classes: statistics.counts().len() });
    };
    if statistics.present() == 1 {
        return Err(Error::OneClass { class: rarest.class });
    }
    let mostly_small = statistics.small_share().is_some_and(|share| share > MOSTLY_SMALL);
    Ok(match priority {
        Priority::Speed => Situation::Simple,
        // A band that holds no pixel that counts would weigh nothing.
        Priority::Boundary if statistics.band_pixels() > 0 => Situation::Boundary,
        Priority::Recall => Situation::Medical,
        _ if mostly_small => Situation::SmallObjects,
        Priority::Overlap => Situation::Medical,
        _ if balance < SEVERE_IMBALANCE => Situation::Imbalanced,
        _ => Situation::Balanced,
    })
}
