use super::definition::Definition;
use super::spec::Kind;
use crate::lanes::Real;
use crate::region::Pool;
use crate::summation::Accumulator;
use crate::term::{Missing, Normalise, Options, Reduction};

/// An option of a term in text: one of two words.
#[derive(Clone, Copy, Debug)]
pub struct CallOption {
    /// Its name.
    pub name: &'static str,
    /// The words; the first is the default, except that a pool is the term's own unless given.
    pub words: [&'static str; 2],
    /// Whether region terms have it, or pixel and class terms; both if none.
    of_regions: Option<bool>,
    /// Sets it to the first word or the second.
    pub(crate) set: fn(&mut Options<'_>, bool),
    /// Whether it is set to the second word; none if it is not set.
    pub(crate) get: fn(&Options<'_>) -> Option<bool>,
}

impl CallOption {
    /// Whether region terms have it, or else pixel and class terms.
    pub(crate) fn is_of(&self, is_region: bool) -> bool {
        self.of_regions.is_none_or(|own| own == is_region)
    }
}

impl<T: Real, A: Accumulator> Definition<'_, T, A> {
    /// The options that the term has in text, besides its parameters and class weights.
    pub fn options(&self) -> impl Iterator<Item = &'static CallOption> + use<T, A> {
        let is_region = self.link().is_none();
        OPTIONS.iter().filter(move |option| option.is_of(is_region))
    }
}

/// All of them.
pub(crate) const OPTIONS: &[CallOption] = &[
    CallOption {
        name: "reduction",
        words: ["mean", "sum"],
        of_regions: None,
        set: |options, second| {
            options.reduction = if second { Reduction::Sum } else { Reduction::Mean };
        },
        get: |options| (options.reduction == Reduction::Sum).then_some(true),
    },
    CallOption {
        name: "normalise",
        words: ["valid", "weights"],
        of_regions: Some(false),
        set: |options, second| {
            options.normalise = if second { Normalise::Weights } else { Normalise::Valid };
        },
        get: |options| (options.normalise == Normalise::Weights).then_some(true),
    },
    CallOption {
        name: "pool",
        words: ["sample", "batch"],
        of_regions: Some(true),
        set: |options, second| {
            options.pool = Some(if second { Pool::Batch } else { Pool::Sample });
        },
        get: |options| options.pool.map(|pool| pool == Pool::Batch),
    },
    CallOption {
        name: "empty",
        words: ["keep", "skip"],
        of_regions: Some(true),
        set: |options, second| options.empty = missing(second),
        get: |options| (options.empty == Missing::Skip).then_some(true),
    },
    CallOption {
        name: "absent",
        words: ["keep", "skip"],
        of_regions: Some(true),
        set: |options, second| options.absent = missing(second),
        get: |options| (options.absent == Missing::Skip).then_some(true),
    },
    CallOption {
        name: "weighted",
        words: ["false", "true"],
        of_regions: Some(true),
        set: |options, second| options.weighted = second,
        get: |options| options.weighted.then_some(true),
    },
];

fn missing(is_skipped: bool) -> Missing {
    if is_skipped { Missing::Skip } else { Missing::Keep }
}

/// What is set in `options` that a term of this kind does not have.
pub(crate) fn foreign(kind: Kind, options: &Options<'_>) -> Option<&'static str> {
    let is_region = matches!(kind, Kind::Region(_));
    let is_foreign =
        |option: &&CallOption| !option.is_of(is_region) && (option.get)(options).is_some();
    let foreign = OPTIONS.iter().find(is_foreign).map(|option| option.name);
    foreign.or((is_region && !options.maps.is_empty()).then_some("maps"))
}
