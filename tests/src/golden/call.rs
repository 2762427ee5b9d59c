use super::{AlphaParameter, Case, Input};
use crate::objective::{Alpha, Input as Oracle, Objective, Preset, Term};
use crate::oracle::{Dense, Extents, Labelled, Reduction};

/// A case as it is put to `segloss`. The loss's text form is `objective.to_string()`.
#[derive(Clone, Debug)]
pub struct Call {
    /// The loss.
    pub objective: Objective,
    /// Softmax with labels; sigmoid with dense targets if not.
    pub softmax: bool,
    /// The label that does not count.
    pub ignore_index: Option<i64>,
    /// Whether the value is one number a sample. The gradient is that of their sum.
    pub per_sample: bool,
}

impl Case {
    /// What to ask `segloss` for. Where the result is not to be compared see
    /// [`Case::departure`].
    ///
    /// # Panics
    /// At a loss that no recorded case has.
    pub fn call(&self) -> Call {
        let softmax = matches!(self.loss.as_str(), "ce" | "wce" | "mcdice" | "mcfocal");
        Call {
            objective: self.objective(),
            softmax,
            ignore_index: self.params.ignore_index,
            per_sample: self.params.reduction.as_deref() == Some("none"),
        }
    }

    fn objective(&self) -> Objective {
        let p = &self.params;
        let smooth = p.smooth.unwrap_or(1e-6);
        let fp = match p.alpha {
            Some(AlphaParameter::One(alpha)) => alpha,
            _ => 0.5,
        };
        let fn_ = p.beta.unwrap_or(0.5);
        let term = match self.loss.as_str() {
            "bce" => Term::Bce,
            "dice" => {
                let reduction = match p.reduction.as_deref() {
                    None | Some("mean") => Reduction::Mean,
                    Some("sum" | "none") => Reduction::Sum,
                    Some(other) => panic!("{}: reduction {other}", self.id),
                };
                Term::Dice { smooth, pool: None, reduction }
            }
            "mcdice" => Term::Dice { smooth, pool: None, reduction: Reduction::Mean },
            "tversky" => Term::Tversky { fp, fn_, smooth, pool: None },
            "focal_tversky" => {
                let gamma = p.gamma.unwrap_or(1.0);
                Term::FocalTversky { fp, fn_, gamma, smooth, pool: None }
            }
            "focal" | "mcfocal" => {
                let alpha = match &p.alpha {
                    None => Alpha::Default,
                    Some(AlphaParameter::One(alpha)) => Alpha::Foreground(*alpha),
                    Some(AlphaParameter::Classes(alpha)) => Alpha::Classes(alpha.clone()),
                };
                Term::Focal { alpha, gamma: p.gamma.unwrap_or(2.0) }
            }
            "boundary" | "boundary_2d" => Term::Boundary {
                theta: p.theta.unwrap_or(3),
                weight: p.weight_factor.unwrap_or(5.0),
            },
            "distmap" | "distmap_2d" => Term::Distance { sigma: p.sigma.unwrap_or(5.0) },
            "ce" | "wce" => Term::Ce { weights: p.class_weights.clone() },
            "preset" => {
                let name = p.name.as_deref().unwrap_or_default();
                let preset = Preset::named(name);
                return Objective::Preset(preset.unwrap_or_else(|| panic!("preset {name}")));
            }
            "combined" => {
                let weights = [p.ce_weight, p.dice_weight, p.focal_weight, p.boundary_weight];
                let terms = [Term::Bce, Term::DICE, Term::FOCAL, Term::BOUNDARY];
                let weighted = weights.into_iter().zip(terms);
                return Objective::Sum(weighted.filter_map(|(c, term)| Some((c?, term))).collect());
            }
            other => panic!("{}: loss {other}", self.id),
        };
        term.into()
    }
}

impl Call {
    /// The class whose label is ignored, if one is.
    pub fn ignored_class(&self, classes: usize) -> Option<usize> {
        let index = usize::try_from(self.ignore_index?).ok()?;
        (self.softmax && index < classes).then_some(index)
    }

    /// `input` as the oracle reads it.
    pub fn input<'a>(&self, input: &'a Input) -> Oracle<'a> {
        let [batch, channels, height, width] = input.shape;
        let extents = Extents { batch, channels, spatial: vec![height, width] };
        let logits = &input.logits;
        let kept = |y: &f64| self.ignore_index.is_none_or(|index| *y != index as f64);
        if self.softmax {
            let labels = input.targets.iter().map(|y| kept(y).then_some(*y as usize));
            let labels = labels.collect();
            Oracle::Labelled(Labelled {
                extents,
                logits,
                labels,
                ignored_class: self.ignored_class(channels),
            })
        } else {
            let targets = input.targets.iter().map(|y| kept(y).then_some(*y)).collect();
            Oracle::Dense(Dense { extents, logits, targets })
        }
    }
}
