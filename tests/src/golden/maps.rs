use std::collections::BTreeMap;

use serde::Deserialize;

use super::read::{json, numbers};

#[derive(Deserialize)]
struct File<T> {
    cases: Vec<T>,
}

/// Distances from each 1 to the nearest 0, by brute force.
#[derive(Clone, Debug, Deserialize)]
pub struct Distances {
    /// Shape and kind of mask.
    pub id: String,
    /// One to three axes.
    pub shape: Vec<usize>,
    /// A digit a pixel.
    pub mask: String,
    /// Distances of neighbours along each axis, where not 1.
    pub sampling: Option<Vec<f64>>,
    /// Squared distances, 0 at a 0; none where the mask has no 0.
    pub d2: Option<Vec<f64>>,
    /// What SciPy gives for a mask without a 0: squared distances to a pixel outside.
    pub scipy_d2: Option<Vec<f64>>,
}

/// Bands and decay of one mask.
#[derive(Clone, Debug, Deserialize)]
pub struct Morphology {
    /// Shape and kind of mask.
    pub id: String,
    /// Height and width.
    pub shape: Vec<usize>,
    /// A row a string, a digit a pixel; as all masks here.
    pub mask: Vec<String>,
    /// Erosion by the cross, once.
    pub eroded: Vec<String>,
    /// Dilation by the cross, once.
    pub dilated: Vec<String>,
    /// Bands by `theta`; that of 0 is the source's (the whole image, if it has a boundary).
    pub region: BTreeMap<u32, Vec<String>>,
    /// Squared distances to the nearest pixel of the other label; SciPy's where there is none.
    pub signed_d2_abs: Vec<f64>,
    /// The decay at sigma 5; not of large masks.
    pub distance_weight_sigma5: Option<Vec<f64>>,
}

/// Class weights of a data set.
#[derive(Clone, Debug, Deserialize)]
pub struct ClassWeights {
    /// What is special.
    pub id: String,
    /// Labels of each image.
    pub masks: Vec<Vec<i64>>,
    /// `K`.
    pub num_classes: usize,
    /// Pixels of each class.
    pub counts: Vec<u64>,
    /// The source's formula in `f64`; NaN without pixels.
    #[serde(deserialize_with = "numbers")]
    pub weights_f64: Vec<f64>,
}

/// A mask written as digits.
pub fn mask(digits: &str) -> Vec<bool> {
    digits.bytes().map(|digit| digit == b'1').collect()
}

/// A mask written as rows of digits.
pub fn mask_of_rows(rows: &[String]) -> Vec<bool> {
    rows.iter().flat_map(|row| mask(row)).collect()
}

/// Squared distances.
pub fn distances() -> Vec<Distances> {
    json::<File<_>>(include_str!("../../golden/edt.json")).cases
}

/// Bands and decay.
pub fn morphology() -> Vec<Morphology> {
    json::<File<_>>(include_str!("../../golden/morph.json")).cases
}

/// Class weights.
pub fn class_weights() -> Vec<ClassWeights> {
    json::<File<_>>(include_str!("../../golden/class_weights.json")).cases
}
