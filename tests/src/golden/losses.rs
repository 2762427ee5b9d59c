use std::collections::BTreeMap;

use segloss_core::view::Shape;
use serde::Deserialize;

use super::read::{json, one_or_more, some_numbers};

/// One file of losses.
#[derive(Clone, Debug, Deserialize)]
pub struct Losses {
    /// By name.
    pub inputs: BTreeMap<String, Input>,
    /// In the order of the file.
    pub cases: Vec<Case>,
}

/// What a loss is computed of.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Batch, channels, height, width of the logits.
    pub shape: [usize; 4],
    /// Channels first, packed.
    pub logits: Vec<f64>,
    /// One a logit (binary), or a label a pixel.
    pub targets: Vec<f64>,
}

/// One loss of one input.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Loss, parameters and input in one line.
    pub id: String,
    /// A key of [`Losses::inputs`].
    pub input: String,
    /// The source's loss: `bce`, `dice`, `tversky`, `focal_tversky`, `focal`, `boundary`,
    /// `distmap` (the last two also with `_2d`: without the source's loss of axes of extent 1),
    /// `preset`, `combined`; `ce`, `wce`, `mcdice`, `mcfocal`.
    pub loss: String,
    /// The source's parameters; those left out have the source's defaults.
    pub params: Parameters,
    /// The source's value in `f64`; one a sample where the reduction is `none`.
    #[serde(default, deserialize_with = "one_or_more")]
    pub value: Option<Vec<f64>>,
    /// The derivative of the sum of `value`.
    #[serde(default, deserialize_with = "some_numbers")]
    pub grad: Option<Vec<f64>>,
    /// The formula's value, rounded once.
    #[serde(default, deserialize_with = "one_or_more")]
    pub exact_value: Option<Vec<f64>>,
    /// The formula's gradient, where `grad` is not it.
    #[serde(default, deserialize_with = "some_numbers")]
    pub exact_grad: Option<Vec<f64>>,
    /// What the source's code raises.
    pub raises: Option<String>,
    /// What is special.
    pub note: Option<String>,
}

/// The source's parameters.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the source's names")]
pub struct Parameters {
    pub smooth: Option<f64>,
    pub reduction: Option<String>,
    pub alpha: Option<AlphaParameter>,
    pub beta: Option<f64>,
    pub gamma: Option<f64>,
    pub theta: Option<u32>,
    pub weight_factor: Option<f64>,
    pub sigma: Option<f64>,
    pub name: Option<String>,
    pub ce_weight: Option<f64>,
    pub dice_weight: Option<f64>,
    pub focal_weight: Option<f64>,
    pub boundary_weight: Option<f64>,
    pub ignore_index: Option<i64>,
    pub class_weights: Option<Vec<f64>>,
}

/// A number, or one a class.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "said above")]
pub enum AlphaParameter {
    One(f64),
    Classes(Vec<f64>),
}

impl Losses {
    /// The input of `case`.
    pub fn input(&self, case: &Case) -> &Input {
        &self.inputs[&case.input]
    }
}

impl Input {
    /// Returns the shape of the logits.
    pub fn logit_shape(&self) -> Shape {
        let [batch, channels, height, width] = self.shape;
        Shape::new(batch, channels, &[height, width]).expect("a small shape")
    }
}

impl Case {
    /// The value to expect: exact where recorded.
    pub fn expected_value(&self) -> Option<&[f64]> {
        self.exact_value.as_deref().or(self.value.as_deref())
    }

    /// The gradient to expect: exact where recorded, else good to 1e-13 of the largest.
    pub fn expected_gradient(&self) -> Option<&[f64]> {
        self.exact_grad.as_deref().or(self.grad.as_deref())
    }
}

/// Losses of one channel.
pub fn binary() -> Losses {
    json(include_str!("../../golden/binary.json"))
}

/// Losses of classes.
pub fn multiclass() -> Losses {
    json(include_str!("../../golden/multiclass.json"))
}
