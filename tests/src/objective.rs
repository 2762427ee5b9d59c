//! A loss as a weighted sum of terms: its text form, and its value by the oracle.

use core::fmt;

use crate::oracle::maps::{Border, Empty, band_weights, decay_weights};
use crate::oracle::{
    Absent, Dense, Formula, Labelled, Loss, Memberships, Number, Pixels, Pool, Reduction, Region,
    bce_pixels, ce_pixels, class_focal_pixels, class_poly1_focal_pixels, focal_pixels, gce_pixels,
    mae_pixels, poly1_focal_pixels, reweighted_bce_pixels, sce_pixels,
};

/// Inputs under either link.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Sigmoid.
    Dense(Dense<'a>),
    /// Softmax.
    Labelled(Labelled<'a>),
}

/// Weights of binary focal's targets, or of classes.
#[derive(Clone, Debug, PartialEq)]
pub enum Alpha {
    /// 0.25 of foreground under sigmoid, none under softmax.
    Default,
    /// None under sigmoid either.
    Off,
    /// The weight of foreground; background has the rest to 1.
    Foreground(f64),
    /// One a class.
    Classes(Vec<f64>),
}

/// Weights of pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum Map {
    /// `weight` within `theta` of a boundary, 1 elsewhere.
    Band {
        /// Steps.
        theta: u32,
        /// In the band.
        weight: f64,
        /// What lies outside the image.
        border: Border,
    },
    /// `e^(-d / sigma)`, `d` the distance to the nearest pixel of another label.
    Decay {
        /// In pixels.
        sigma: f64,
        /// The weight in an image with one label.
        empty: Empty,
    },
}

/// One term.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the parameters are those of the text form")]
pub enum Term {
    Bce,
    /// `bce` with parameters.
    ReweightedBce {
        pos_weight: f64,
        smoothing: f64,
    },
    Ce {
        weights: Option<Vec<f64>>,
    },
    /// `ce` with a power.
    PowerCe {
        weights: Option<Vec<f64>>,
        power: f64,
    },
    Focal {
        alpha: Alpha,
        gamma: f64,
    },
    Boundary {
        theta: u32,
        weight: f64,
    },
    Distance {
        sigma: f64,
    },
    Dice {
        smooth: f64,
        pool: Option<Pool>,
        reduction: Reduction,
    },
    Tversky {
        fp: f64,
        fn_: f64,
        smooth: f64,
        pool: Option<Pool>,
    },
    FocalTversky {
        fp: f64,
        fn_: f64,
        gamma: f64,
        smooth: f64,
        pool: Option<Pool>,
    },
    Poly1 {
        epsilon: f64,
    },
    Poly1Focal {
        epsilon: f64,
        gamma: f64,
    },
    Sce {
        alpha: f64,
        beta: f64,
        floor: f64,
    },
    Gce {
        power: f64,
    },
    Mae,
    Jaccard {
        smooth: f64,
    },
    LogCoshDice {
        smooth: f64,
    },
    GeneralizedDice {
        smooth: f64,
    },
    Mapped(Box<Term>, Map),
}

/// The source's combinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the source's names")]
pub enum Preset {
    Balanced,
    Imbalanced,
    Boundary,
    Medical,
}

/// A whole loss.
#[derive(Clone, Debug, PartialEq)]
pub enum Objective {
    /// Coefficients and terms.
    Sum(Vec<(f64, Term)>),
    /// By name.
    Preset(Preset),
}

impl Term {
    /// Dice with the reference's smoothing, pooling and mean.
    pub const DICE: Term = Term::Dice { smooth: 1e-6, pool: None, reduction: Reduction::Mean };

    /// Focal loss with the reference's parameters.
    pub const FOCAL: Term = Term::Focal { alpha: Alpha::Default, gamma: 2.0 };

    /// The boundary loss with the reference's parameters.
    pub const BOUNDARY: Term = Term::Boundary { theta: 3, weight: 5.0 };

    /// The term of this name with its defaults, if the oracle has it.
    pub fn named(name: &str) -> Option<Term> {
        let (fp, fn_, smooth, pool) = (0.5, 0.5, 1e-6, None);
        Some(match name {
            "bce" => Term::Bce,
            "ce" => Term::Ce { weights: None },
            "focal" => Term::FOCAL,
            "dice" => Term::DICE,
            "tversky" => Term::Tversky { fp, fn_, smooth, pool },
            "jaccard" => Term::Jaccard { smooth },
            "fbeta" => Term::Tversky { fp: 4.0 / 13.0, fn_: 9.0 / 13.0, smooth, pool },
            "recall" => Term::Tversky { fp: 0.0, fn_: 1.0, smooth, pool },
            "log_cosh_dice" => Term::LogCoshDice { smooth },
            "generalized_dice" => Term::GeneralizedDice { smooth },
            "focal_tversky" => Term::FocalTversky { fp, fn_, gamma: 1.0, smooth, pool },
            "poly1" => Term::Poly1 { epsilon: 1.0 },
            "poly1_focal" => Term::Poly1Focal { epsilon: 1.0, gamma: 2.0 },
            "sce" => Term::Sce { alpha: 0.1, beta: 1.0, floor: -4.0 },
            "gce" => Term::Gce { power: 0.7 },
            "mae" => Term::Mae,
            _ => return None,
        })
    }

    /// Value and gradient.
    pub fn evaluate<N: Number>(&self, input: &Input) -> Loss<N> {
        if let Term::GeneralizedDice { smooth } = *self {
            return Region::generalized_dice(smooth, &input.memberships());
        }
        match self.region(input) {
            Some(region) => region.evaluate(&input.memberships()),
            None => self.pixels(input).mean(),
        }
    }

    /// The region loss that this is, if it is one.
    pub fn region(&self, input: &Input) -> Option<Region> {
        let (formula, pool, reduction) = match *self {
            Term::Dice { smooth, pool, reduction } => {
                (Formula::Dice { smooth }, pool.unwrap_or(input.dice_pool()), reduction)
            }
            Term::Jaccard { smooth } => {
                let formula =
                    Formula::Tversky { fp_weight: 1.0, fn_weight: 1.0, smooth, gamma: 1.0 };
                (formula, input.dice_pool(), Reduction::Mean)
            }
            Term::LogCoshDice { smooth } => {
                (Formula::LogCoshDice { smooth }, input.dice_pool(), Reduction::Mean)
            }
            Term::Tversky { fp, fn_, smooth, pool } => {
                let formula =
                    Formula::Tversky { fp_weight: fp, fn_weight: fn_, smooth, gamma: 1.0 };
                (formula, pool.unwrap_or(Pool::Batch), Reduction::Mean)
            }
            Term::FocalTversky { fp, fn_, gamma, smooth, pool } => {
                let formula = Formula::Tversky { fp_weight: fp, fn_weight: fn_, smooth, gamma };
                (formula, pool.unwrap_or(Pool::Batch), Reduction::Mean)
            }
            _ => return None,
        };
        Some(Region { formula, pool, reduction, absent: Absent::Average })
    }

    /// The loss of each pixel, before the mean.
    ///
    /// # Panics
    /// At a region term, or one that the input's link does not have.
    pub fn pixels<N: Number>(&self, input: &Input) -> Pixels<N> {
        match (self, input) {
            (Term::Bce, Input::Dense(dense)) => bce_pixels(dense),
            (Term::Bce, Input::Labelled(labelled)) => ce_pixels(labelled, None, 1.0),
            (Term::ReweightedBce { pos_weight, smoothing }, Input::Dense(dense)) => {
                reweighted_bce_pixels(dense, *pos_weight, *smoothing)
            }
            (Term::Ce { weights }, Input::Labelled(labelled)) => {
                ce_pixels(labelled, weights.as_deref(), 1.0)
            }
            (Term::PowerCe { weights, power }, Input::Labelled(labelled)) => {
                ce_pixels(labelled, weights.as_deref(), *power)
            }
            (Term::Focal { alpha, gamma }, Input::Dense(dense)) => match alpha {
                Alpha::Default => focal_pixels(dense, Some(0.25), *gamma),
                Alpha::Off => focal_pixels(dense, None, *gamma),
                Alpha::Foreground(alpha) => focal_pixels(dense, Some(*alpha), *gamma),
                Alpha::Classes(_) => panic!("{self} of masks"),
            },
            (Term::Focal { alpha, gamma }, Input::Labelled(labelled)) => match alpha {
                Alpha::Default => class_focal_pixels(labelled, None, *gamma),
                Alpha::Classes(alpha) => class_focal_pixels(labelled, Some(alpha), *gamma),
                Alpha::Off | Alpha::Foreground(_) => panic!("{self} of classes"),
            },
            (Term::Poly1 { epsilon }, Input::Dense(dense)) => {
                poly1_focal_pixels(dense, *epsilon, 0.0)
            }
            (Term::Poly1 { epsilon }, Input::Labelled(labelled)) => {
                class_poly1_focal_pixels(labelled, *epsilon, 0.0)
            }
            (Term::Poly1Focal { epsilon, gamma }, Input::Dense(dense)) => {
                poly1_focal_pixels(dense, *epsilon, *gamma)
            }
            (Term::Poly1Focal { epsilon, gamma }, Input::Labelled(labelled)) => {
                class_poly1_focal_pixels(labelled, *epsilon, *gamma)
            }
            (Term::Sce { alpha, beta, floor }, Input::Labelled(labelled)) => {
                sce_pixels(labelled, *alpha, *beta, *floor)
            }
            (Term::Gce { power }, Input::Labelled(labelled)) => gce_pixels(labelled, *power),
            (Term::Mae, Input::Labelled(labelled)) => mae_pixels(labelled),
            (Term::Boundary { theta, weight }, input) => {
                let border = match input {
                    Input::Dense(_) => Border::Zero,
                    Input::Labelled(_) => Border::Keep,
                };
                let map = Map::Band { theta: *theta, weight: *weight, border };
                Term::Bce.pixels(input).weighted(&map.weights(input))
            }
            (Term::Distance { sigma }, _) => {
                let map = Map::Decay { sigma: *sigma, empty: Empty::Zero };
                Term::Bce.pixels(input).weighted(&map.weights(input))
            }
            (Term::Mapped(term, map), _) => term.pixels(input).weighted(&map.weights(input)),
            _ => panic!("{self} has no loss per pixel here"),
        }
    }
}

impl Map {
    /// One weight a target: channels of masks are masks of their own.
    pub fn weights<N: Number>(&self, input: &Input) -> Vec<N> {
        let (extents, labels) = match input {
            Input::Dense(dense) => (&dense.extents, dense.labels()),
            Input::Labelled(labelled) => (&labelled.extents, labelled.labels.clone()),
        };
        let spatial = &extents.spatial;
        let masks = labels.chunks(extents.pixels());
        let of = |mask: &[Option<usize>]| match *self {
            Map::Band { theta, weight, border } => {
                band_weights(mask, spatial, theta, weight, border)
            }
            Map::Decay { sigma, empty } => {
                decay_weights(mask, spatial, &vec![1.0; spatial.len()], sigma, empty)
            }
        };
        masks.flat_map(of).collect()
    }
}

impl Input<'_> {
    /// What Dice is formed over unless told otherwise.
    fn dice_pool(&self) -> Pool {
        match self {
            Input::Dense(dense) if dense.extents.channels == 1 => Pool::Sample,
            _ => Pool::Batch,
        }
    }

    /// Probabilities and targets, for [`Region`]s.
    pub fn memberships<N: Number>(&self) -> Memberships<N> {
        match self {
            Input::Dense(dense) => dense.into(),
            Input::Labelled(labelled) => labelled.into(),
        }
    }
}

impl Preset {
    fn name(self) -> &'static str {
        match self {
            Preset::Balanced => "balanced",
            Preset::Imbalanced => "imbalanced",
            Preset::Boundary => "boundary",
            Preset::Medical => "medical",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Preset::Balanced, Preset::Imbalanced, Preset::Boundary, Preset::Medical];
        all.into_iter().find(|preset| preset.name() == name)
    }

    /// What the name stands for.
    pub fn terms(self) -> Vec<(f64, Term)> {
        let tversky = Term::Tversky { fp: 0.3, fn_: 0.7, smooth: 1e-6, pool: None };
        match self {
            Preset::Balanced => vec![(0.5, Term::Bce), (0.5, Term::DICE)],
            Preset::Imbalanced => vec![(0.5, Term::DICE), (0.5, Term::FOCAL)],
            Preset::Boundary => {
                vec![(0.3, Term::Bce), (0.4, Term::DICE), (0.3, Term::BOUNDARY)]
            }
            Preset::Medical => vec![(0.5, Term::DICE), (0.5, tversky)],
        }
    }
}

impl From<Term> for Objective {
    fn from(term: Term) -> Self {
        Objective::Sum(vec![(1.0, term)])
    }
}

impl Objective {
    /// Coefficients and terms.
    pub fn terms(&self) -> Vec<(f64, Term)> {
        match self {
            Objective::Sum(terms) => terms.clone(),
            Objective::Preset(preset) => preset.terms(),
        }
    }

    /// Value and gradient.
    ///
    /// # Panics
    /// If the inputs are not those of a term's link, or there is no term.
    pub fn evaluate<N: Number>(&self, input: &Input) -> Loss<N> {
        let terms = self.terms();
        let scaled = terms.iter().map(|(c, term)| term.evaluate::<N>(input).times(*c));
        scaled.reduce(|sum, term| sum.plus(1.0, &term, 1.0)).expect("some term")
    }

    /// One value a sample, of a single region term.
    pub fn samples<N: Number>(&self, input: &Input) -> Option<Vec<N>> {
        match self.terms().as_slice() {
            [(1.0, term)] => Some(term.region(input)?.samples(&input.memberships())),
            _ => None,
        }
    }
}

/// The text form; it reads back as the same numbers.
impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Objective::Preset(preset) => write!(f, "preset:{}", preset.name()),
            Objective::Sum(terms) => {
                for (i, (coefficient, term)) in terms.iter().enumerate() {
                    let plus = if i == 0 { "" } else { " + " };
                    match coefficient {
                        1.0 => write!(f, "{plus}{term}")?,
                        _ => write!(f, "{plus}{}*{term}", number(*coefficient))?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = |f: &mut fmt::Formatter<'_>, name: &str, arguments: Vec<String>| match arguments
            .is_empty()
        {
            true => write!(f, "{name}"),
            false => write!(f, "{name}({})", arguments.join(", ")),
        };
        match self {
            Term::Bce => call(f, "bce", vec![]),
            Term::ReweightedBce { pos_weight, smoothing } => {
                let arguments =
                    [argument("pos_weight", *pos_weight), argument("smoothing", *smoothing)];
                call(f, "bce", arguments.into())
            }
            Term::Ce { weights: None } => call(f, "ce", vec![]),
            Term::Ce { weights: Some(weights) } => {
                call(f, "ce", vec![format!("weights={}", list(weights))])
            }
            Term::PowerCe { weights, power } => {
                let weights = weights.as_ref().map(|weights| format!("weights={}", list(weights)));
                call(f, "ce", weights.into_iter().chain([argument("power", *power)]).collect())
            }
            Term::Focal { alpha, gamma } => {
                let mut arguments = match alpha {
                    Alpha::Default => vec![],
                    Alpha::Off => vec!["alpha=off".into()],
                    Alpha::Foreground(alpha) => vec![argument("alpha", *alpha)],
                    Alpha::Classes(alpha) => vec![format!("alpha={}", list(alpha))],
                };
                arguments.push(argument("gamma", *gamma));
                call(f, "focal", arguments)
            }
            Term::Boundary { theta, weight } => {
                call(f, "boundary", vec![format!("theta={theta}"), argument("weight", *weight)])
            }
            Term::Distance { sigma } => call(f, "distance", vec![argument("sigma", *sigma)]),
            Term::Dice { smooth, pool: pooled, reduction } => {
                let mut arguments = vec![argument("smooth", *smooth)];
                arguments.extend(pooled.map(pool));
                if *reduction == Reduction::Sum {
                    arguments.push("reduction=sum".into());
                }
                call(f, "dice", arguments)
            }
            Term::Tversky { fp, fn_, smooth, pool: pooled } => {
                let mut arguments =
                    vec![argument("fp", *fp), argument("fn", *fn_), argument("smooth", *smooth)];
                arguments.extend(pooled.map(pool));
                call(f, "tversky", arguments)
            }
            Term::FocalTversky { fp, fn_, gamma, smooth, pool: pooled } => {
                let mut arguments = vec![argument("fp", *fp), argument("fn", *fn_)];
                arguments.extend([argument("gamma", *gamma), argument("smooth", *smooth)]);
                arguments.extend(pooled.map(pool));
                call(f, "focal_tversky", arguments)
            }
            Term::Jaccard { smooth } => call(f, "jaccard", vec![argument("smooth", *smooth)]),
            Term::LogCoshDice { smooth } => {
                call(f, "log_cosh_dice", vec![argument("smooth", *smooth)])
            }
            Term::GeneralizedDice { smooth } => {
                call(f, "generalized_dice", vec![argument("smooth", *smooth)])
            }
            Term::Poly1 { epsilon } => call(f, "poly1", vec![argument("epsilon", *epsilon)]),
            Term::Poly1Focal { epsilon, gamma } => call(
                f,
                "poly1_focal",
                vec![argument("epsilon", *epsilon), argument("gamma", *gamma)],
            ),
            Term::Sce { alpha, beta, floor } => {
                let numbers = [("alpha", *alpha), ("beta", *beta), ("floor", *floor)];
                call(f, "sce", numbers.map(|(name, x)| argument(name, x)).into())
            }
            Term::Gce { power } => call(f, "gce", vec![argument("power", *power)]),
            Term::Mae => call(f, "mae", vec![]),
            Term::Mapped(term, map) => write!(f, "{term} @ {map}"),
        }
    }
}

impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Map::Band { theta, weight, border } => {
                write!(f, "band(theta={theta}, {}", argument("weight", *weight))?;
                match border {
                    Border::Zero => write!(f, ", border=zero)"),
                    Border::Keep => write!(f, ", border=keep)"),
                }
            }
            Map::Decay { sigma, empty } => {
                write!(f, "decay({}", argument("sigma", *sigma))?;
                match empty {
                    Empty::Zero => write!(f, ")"),
                    Empty::One => write!(f, ", empty=one)"),
                }
            }
        }
    }
}

fn pool(pool: Pool) -> String {
    match pool {
        Pool::Sample => "pool=sample".into(),
        Pool::Batch => "pool=batch".into(),
    }
}

fn argument(name: &str, x: f64) -> String {
    format!("{name}={}", number(x))
}

fn list(xs: &[f64]) -> String {
    format!("[{}]", xs.iter().copied().map(number).collect::<Vec<_>>().join(", "))
}

/// The shortest digits that read back as `x`, without a tail of zeros.
fn number(x: f64) -> String {
    let plain = x == 0.0 || (1e-5..1e16).contains(&x.abs());
    if plain { format!("{x}") } else { format!("{x:e}") }
}
