use super::{AlphaParameter, Case, Input};
use crate::objective::{Input as Oracle, Objective, Term};

/// Why `segloss` does not give what the source's code gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Departure {
    /// Nothing is averaged: NaN there, 0 with gradient 0 here.
    AllIgnored,
    /// No pixel has another label: distances to a pixel outside the image there, weight 0 here.
    OneLabel,
    /// An axis of extent 1 is lost, and the map is that of a line or a point there; here the axis
    /// has an outside.
    LostAxis,
    /// `theta = 0` there dilates until nothing changes, here not at all.
    Flooded,
    /// A class whose label is ignored counts as one that is wrong everywhere there; here it has no part in the mean over
    /// classes.
    IgnoredClass,
    /// Fewer alphas than classes: the last serves the rest there, an error here.
    ShortAlpha,
}

impl Case {
    /// The departure in this case, if the source's result is not to be expected.
    pub fn departure(&self, input: &Input) -> Option<Departure> {
        let call = self.call();
        let kept = match call.input(input) {
            Oracle::Dense(dense) => dense.targets.iter().flatten().count(),
            Oracle::Labelled(labelled) => labelled.labels.iter().flatten().count(),
        };
        if kept == 0 && matches!(self.loss.as_str(), "ce" | "wce") {
            return Some(Departure::AllIgnored);
        }
        if let Some(AlphaParameter::Classes(alpha)) = &self.params.alpha
            && alpha.len() < input.shape[1]
        {
            return Some(Departure::ShortAlpha);
        }
        let Objective::Sum(terms) = &call.objective else { return None };
        let read = call.input(input);
        let is_region = |(_, term): &(f64, Term)| term.region(&read).is_some();
        if call.ignored_class(input.shape[1]).is_some() && terms.iter().any(is_region) {
            return Some(Departure::IgnoredClass);
        }
        terms.iter().find_map(|(_, term)| match term {
            Term::Boundary { theta: 0, .. } => Some(Departure::Flooded),
            // Where the source raises, what is recorded is the image's.
            Term::Boundary { .. } if self.loss == "boundary" && self.raises.is_none() => {
                let [.., height, width] = input.shape;
                (height == 1 || width == 1).then_some(Departure::LostAxis)
            }
            Term::Distance { .. } => has_one_label(input).then_some(Departure::OneLabel),
            _ => None,
        })
    }
}

/// Whether some sample has no boundary.
fn has_one_label(input: &Input) -> bool {
    let [.., height, width] = input.shape;
    let one = |mask: &[f64]| mask.iter().all(|&y| (y > 0.5) == (mask[0] > 0.5));
    input.targets.chunks(height * width).any(one)
}
