//! Which way a loss pulls each pixel, on a scale that losses share.
//!
//! Descent moves a logit against its gradient: the pull is `-dL/dz`, above 0 where the prediction is to go up.
//! Losses differ in scale, which an optimiser like Adam takes out, so pulls are in multiples of the loss's mean
//! `|dL/dz|`: what is left is how a loss shares its attention out.

use crate::shape::IGNORED;

/// Pulls on the pixels of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Pull {
    /// In multiples of the mean, NaN where the pixel is ignored.
    pub pixels: Vec<f32>,
    /// The mean `|dL/dz|` of pixels that count.
    pub mean: f64,
    /// The share of all pull that is above 0, 0 to 1.
    pub up: f64,
}

impl Pull {
    /// `gradient` and `labels` have one entry a pixel.
    pub fn new(gradient: &[f32], labels: &[i32]) -> Self {
        let counted = || gradient.iter().zip(labels).filter(|(_, label)| **label != IGNORED);
        let sum: f64 = counted().map(|(g, _)| f64::from(g.abs())).sum();
        let mean = sum / counted().count().max(1) as f64;
        let up: f64 = counted().map(|(g, _)| f64::from((-g).max(0.0))).sum();
        let unit = if mean > 0.0 { mean.recip() } else { 0.0 };
        let pull = |(&g, &label): (&f32, &i32)| match label {
            IGNORED => f32::NAN,
            // Adding 0 turns -0 into 0.
            _ => (-f64::from(g) * unit) as f32 + 0.0,
        };
        let up = if sum > 0.0 { up / sum } else { 0.0 };
        Pull { pixels: gradient.iter().zip(labels).map(pull).collect(), mean, up }
    }
}

/// How much losses differ at each pixel: the standard deviation of their pulls, cut off at `limit` as the
/// colours are. Of one loss, the size of its pull. 0 where the pixel is ignored.
pub fn disagreement(pulls: &[&Pull], limit: f32) -> Vec<f64> {
    let count = pulls.len() as f64;
    let pixels = pulls.first().map_or(0, |pull| pull.pixels.len());
    let at = |i: usize| {
        let values = || pulls.iter().map(|pull| f64::from(pull.pixels[i].clamp(-limit, limit)));
        let mean = if pulls.len() > 1 { values().sum::<f64>() / count } else { 0.0 };
        let spread = (values().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
        if spread.is_nan() { 0.0 } else { spread }
    };
    (0..pixels).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulls_are_against_the_gradient_and_in_means() {
        let pull = Pull::new(&[1.0, -3.0, 9.0, 0.0, 4.0], &[0, 1, IGNORED, 0, 0]);
        assert_eq!((pull.mean, &pull.pixels[..2]), (2.0, &[-0.5, 1.5][..]));
        assert_eq!(pull.up, 3.0 / 8.0);
        assert!(pull.pixels[2].is_nan());
        assert_eq!(pull.pixels[3..], [0.0, -2.0]);
        assert_eq!(Pull::new(&[0.0; 2], &[0, 1]).pixels, [0.0; 2]);
        assert!(Pull::new(&[1.0], &[IGNORED]).pixels[0].is_nan());
    }

    #[test]
    fn losses_disagree_where_their_pulls_differ() {
        let of = |pixels: [f32; 3]| Pull { pixels: pixels.to_vec(), mean: 1.0, up: 0.5 };
        let (a, b) = (of([1.0, 2.0, f32::NAN]), of([1.0, -9.0, f32::NAN]));
        assert_eq!(disagreement(&[&a, &b], 4.0), [0.0, 3.0, 0.0]);
        assert_eq!(disagreement(&[&b], 4.0), [1.0, 4.0, 0.0]);
        assert!(disagreement(&[], 4.0).is_empty());
    }
}
