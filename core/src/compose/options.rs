use super::definition::Definition;
use crate::lanes::Real;
use crate::region::Pool;
use crate::summation::Accumulator;
use crate::term::{Missing, Normalise, Options, Reduction};

/// An option of a term in text: an argument that takes one of some words.
#[derive(Clone, Copy, Debug)]
pub struct CallOption {
    /// Its name.
    pub name: &'static str,
    /// The words that it takes.
    pub choices: &'static [&'static str],
    /// What holds if it is not given; none if the term decides.
    pub default: Option<&'static str>,
    is_for_regions: Option<bool>,
    /// Sets the option to the choice of this place.
    pub(super) set: fn(&mut Options<'_>, usize),
    /// The place of what it is set to; none if it is at its default.
    pub(super) get: fn(&Options<'_>) -> Option<usize>,
}

/// All that any term has.
pub(super) const OPTIONS: [CallOption; 6] = [
    CallOption {
        name: "reduction",
        choices: &["mean", "sum"],
        default: Some("mean"),
        is_for_regions: None,
        set: |options, i| options.reduction = [Reduction::Mean, Reduction::Sum][i.min(1)],
        get: |options| (options.reduction == Reduction::Sum).then_some(1),
    },
    CallOption {
        name: "normalise",
        choices: &["valid", "weights"],
        default: Some("valid"),
        is_for_regions: Some(false),
        set: |options, i| options.normalise = [Normalise::Valid, Normalise::Weights][i.min(1)],
        get: |options| (options.normalise == Normalise::Weights).then_some(1),
    },
    CallOption {
        name: "pool",
        choices: &["sample", "batch"],
        default: None,
        is_for_regions: Some(true),
        set: |options, i| options.pool = Some([Pool::Sample, Pool::Batch][i.min(1)]),
        get: |options| options.pool.map(|pool| usize::from(pool == Pool::Batch)),
    },
    CallOption {
        name: "empty",
        choices: &["keep", "skip"],
        default: Some("keep"),
        is_for_regions: Some(true),
        set: |options, i| options.empty = [Missing::Keep, Missing::Skip][i.min(1)],
        get: |options| (options.empty == Missing::Skip).then_some(1),
    },
    CallOption {
        name: "absent",
        choices: &["keep", "skip"],
        default: Some("keep"),
        is_for_regions: Some(true),
        set: |options, i| options.absent = [Missing::Keep, Missing::Skip][i.min(1)],
        get: |options| (options.absent == Missing::Skip).then_some(1),
    },
    CallOption {
        name: "weighted",
        choices: &["false", "true"],
        default: Some("false"),
        is_for_regions: Some(true),
        set: |options, i| options.weighted = i == 1,
        get: |options| options.weighted.then_some(1),
    },
];

impl<T: Real, A: Accumulator> Definition<'_, T, A> {
    /// The options that the term has in text, besides its parameters and class weights.
    pub fn options(&self) -> impl Iterator<Item = &'static CallOption> + use<T, A> {
        let is_region = self.link().is_none();
        OPTIONS
            .iter()
            .filter(move |option| option.is_for_regions.is_none_or(|own| own == is_region))
    }
}
