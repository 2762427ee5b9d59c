use super::definition::Definition;
use crate::lanes::Real;
use crate::region::{ClassUse, Pool};
use crate::summation::Accumulator;
use crate::term::{
    Absent, Average, CLASSES, ClassNorm, ClassesInUse, Missing, Normalise, Options, Reduction,
};

/// An option of a term in text: one of some words.
#[derive(Clone, Copy, Debug)]
pub struct CallOption {
    /// Its name.
    pub name: &'static str,
    /// The words; the first is the default, except that a pool is the term's own unless given.
    pub words: &'static [&'static str],
    of: Has,
    /// Sets it to the word of this place.
    pub(crate) set: fn(&mut Options<'_>, usize),
    /// The place of its word; none if it is not set.
    pub(crate) get: fn(&Options<'_>) -> Option<usize>,
}

/// The terms that have an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Has {
    /// All.
    Every,
    /// Those of pixels and classes.
    Pixels,
    /// Those of regions.
    Regions,
    /// Those of regions that average over classes.
    Averages,
}

impl CallOption {
    /// Whether a term has it whose classes are joined as `classes` says; none for a term of pixels.
    fn is_of(&self, classes: Option<ClassUse>) -> bool {
        match self.of {
            Has::Every => true,
            Has::Pixels => classes.is_none(),
            Has::Regions => classes.is_some(),
            Has::Averages => classes == Some(ClassUse::Averaged),
        }
    }
}

impl<T: Real, A: Accumulator> Definition<'_, T, A> {
    /// The options that the term has in text, besides its parameters, class weights and classes.
    pub fn options(&self) -> impl Iterator<Item = &'static CallOption> + use<T, A> {
        let classes = self.classes;
        OPTIONS.iter().filter(move |option| option.is_of(classes))
    }

    /// Whether it can be told which classes it sees.
    pub fn chooses_classes(&self) -> bool {
        self.classes.is_some_and(ClassUse::is_chosen)
    }
}

/// All of them.
pub(crate) const OPTIONS: &[CallOption] = &[
    CallOption {
        name: "reduction",
        words: &["mean", "sum"],
        of: Has::Every,
        set: |options, place| {
            options.reduction = if place == 1 { Reduction::Sum } else { Reduction::Mean };
        },
        get: |options| (options.reduction == Reduction::Sum).then_some(1),
    },
    CallOption {
        name: "normalise",
        words: &["valid", "weights"],
        of: Has::Pixels,
        set: |options, place| {
            options.normalise = if place == 1 { Normalise::Weights } else { Normalise::Valid };
        },
        get: |options| (options.normalise == Normalise::Weights).then_some(1),
    },
    CallOption {
        name: "average",
        words: &["macro", "micro"],
        of: Has::Averages,
        set: |options, place| {
            options.average = if place == 1 { Average::Micro } else { Average::Macro };
        },
        get: |options| (options.average == Average::Micro).then_some(1),
    },
    CallOption {
        name: "normalise",
        words: &["weights", "classes"],
        of: Has::Averages,
        set: |options, place| {
            options.class_norm = if place == 1 { ClassNorm::Classes } else { ClassNorm::Weights };
        },
        get: |options| (options.class_norm == ClassNorm::Classes).then_some(1),
    },
    CallOption {
        name: "pool",
        words: &["sample", "batch"],
        of: Has::Regions,
        set: |options, place| {
            options.pool = Some(if place == 1 { Pool::Batch } else { Pool::Sample });
        },
        get: |options| options.pool.map(|pool| usize::from(pool == Pool::Batch)),
    },
    CallOption {
        name: "empty",
        words: &["keep", "skip"],
        of: Has::Regions,
        set: |options, place| {
            options.empty = if place == 1 { Missing::Skip } else { Missing::Keep };
        },
        get: |options| (options.empty == Missing::Skip).then_some(1),
    },
    CallOption {
        name: "absent",
        words: &["keep", "zero", "skip"],
        of: Has::Regions,
        set: |options, place| options.absent = ABSENT[place.min(2)],
        get: |options| {
            let place = ABSENT.iter().position(|absent| *absent == options.absent);
            place.filter(|&place| place > 0)
        },
    },
    CallOption {
        name: "weighted",
        words: &["false", "true"],
        of: Has::Regions,
        set: |options, place| options.weighted = place == 1,
        get: |options| options.weighted.then_some(1),
    },
];

/// In the order of their words.
const ABSENT: [Absent; 3] = [Absent::Keep, Absent::Zero, Absent::Skip];

/// What is set in `options` that a term does not have whose classes are joined as `classes` says; none for a term of
/// pixels.
pub(crate) fn foreign(classes: Option<ClassUse>, options: &Options<'_>) -> Option<&'static str> {
    let is_foreign =
        |option: &&CallOption| !option.is_of(classes) && (option.get)(options).is_some();
    let foreign = OPTIONS.iter().find(is_foreign).map(|option| option.name);
    let chooses = options.classes != ClassesInUse::All;
    let has_no_choice = chooses && !classes.is_some_and(ClassUse::is_chosen);
    let is_zero = options.absent == Absent::Zero && classes == Some(ClassUse::Whole);
    foreign
        .or(has_no_choice.then_some(CLASSES))
        .or(is_zero.then_some("absent=zero"))
        .or((classes.is_some() && !options.maps.is_empty()).then_some("maps"))
}
