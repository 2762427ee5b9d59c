//! Losses that the source does not have: their formulas' values and gradients in arithmetic of 50 digits, rounded once, as
//! recorded in `tests/golden/regions.json`, `sums.json` and `pixels.json`.

use std::collections::BTreeMap;

use segloss_core::engine::Link;
use segloss_core::view::Shape;
use serde::Deserialize;
use serde_json::Value;

use super::read::{json, numbers};

/// One file of losses.
#[derive(Clone, Debug, Deserialize)]
pub struct Recorded {
    /// By name.
    pub inputs: BTreeMap<String, RecordedInput>,
    /// In the order of the file.
    pub cases: Vec<RecordedCase>,
}

/// What a loss is computed of.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedInput {
    link: String,
    shape: Vec<usize>,
    /// Channels first, packed; each is an `f32`.
    pub logits: Vec<f64>,
    targets: Option<Vec<f64>>,
    soft: Option<Vec<f64>>,
    /// Weights of pixels.
    pub map: Option<Vec<f64>>,
}

/// One loss of one input.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedCase {
    /// Loss, parameters and input in one line.
    pub id: String,
    /// A key of [`Recorded::inputs`].
    pub input: String,
    loss: String,
    params: BTreeMap<String, Value>,
    /// The value.
    pub exact_value: f64,
    /// The gradient.
    #[serde(deserialize_with = "numbers")]
    pub exact_grad: Vec<f64>,
}

/// Losses of regions.
pub fn regions() -> Recorded {
    json(include_str!("../../golden/regions.json"))
}

/// Losses with names of their own that are sums of terms: asymmetric focal, asymmetric focal Tversky, unified focal.
pub fn sums() -> Recorded {
    json(include_str!("../../golden/sums.json"))
}

/// Losses of pixels.
pub fn pixels() -> Recorded {
    json(include_str!("../../golden/pixels.json"))
}

impl Recorded {
    /// The input of a case.
    pub fn input(&self, case: &RecordedCase) -> &RecordedInput {
        &self.inputs[&case.input]
    }
}

impl RecordedInput {
    /// The link that probabilities come through.
    pub fn link(&self) -> Link {
        match self.link.as_str() {
            "sigmoid" => Link::Sigmoid,
            _ => Link::Softmax,
        }
    }

    /// The logits' shape.
    ///
    /// # Panics
    /// If it has no spatial axis.
    pub fn shape(&self) -> Shape {
        let [batch, channels, spatial @ ..] = &self.shape[..] else { panic!("{:?}", self.shape) };
        Shape::new(*batch, *channels, spatial).unwrap()
    }

    /// Masks or shares, or labels, of which 255 is ignored.
    ///
    /// # Panics
    /// If it has none.
    pub fn targets(&self) -> &[f64] {
        self.targets.as_ref().or(self.soft.as_ref()).expect("targets")
    }
}

impl RecordedCase {
    /// The loss as text.
    pub fn text(&self) -> String {
        let argument = |(name, value): (&String, &Value)| match (name.as_str(), value) {
            ("use_map", _) => Some("weighted=true".to_owned()),
            // The only way so far.
            ("soft", Value::String(way)) if way == "product" => None,
            // The one rule that has another name there.
            ("absent", Value::String(rule)) if rule == "max" => Some("absent=keep".to_owned()),
            (_, Value::String(word)) => Some(format!("{name}={word}")),
            _ => Some(format!("{name}={value}")),
        };
        if self.params.is_empty() {
            return self.loss.clone();
        }
        let arguments: Vec<_> = self.params.iter().filter_map(argument).collect();
        format!("{}({})", self.loss, arguments.join(", "))
    }
}
