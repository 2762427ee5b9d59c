//! A linear layer over the features: one logit per pixel and channel. Its
//! only teacher is the gradient of a loss with respect to these logits.

use crate::features::Features;
use crate::shape::Shape;

/// Pixels handled at a time, so that their logits stay in the cache while the
/// features go by.
const TILE: usize = 4096;

/// Weights and bias of each channel, all 0 at first, and Adam's averages.
pub struct Predictor {
    shape: Shape,
    /// `channels` rows: one weight per feature, then the bias.
    weights: Vec<f64>,
    mean: Vec<f64>,
    square: Vec<f64>,
    steps: i32,
}

impl Predictor {
    pub fn new(features: &Features, shape: Shape) -> Self {
        let count = shape.channels * (features.planes.len() + 1);
        let zeros = vec![0.0; count];
        Self { shape, weights: zeros.clone(), mean: zeros.clone(), square: zeros, steps: 0 }
    }

    /// Writes the logits, `[batch, channels, height, width]`.
    pub fn predict(&self, features: &Features, logits: &mut [f32]) {
        self.tiles(features, |plane, row, pixels, at| {
            let weight = self.weights[row] as f32;
            let out = &mut logits[at..at + pixels.len()];
            match plane {
                None => out.fill(weight),
                Some(plane) => {
                    for (z, x) in out.iter_mut().zip(&plane[pixels]) {
                        *z += weight * x;
                    }
                }
            }
        });
    }

    /// One step of gradient descent (Adam) for the gradient at the logits.
    pub fn descend(&mut self, features: &Features, gradient: &[f32], rate: f64) {
        let mut slope = vec![0.0; self.weights.len()];
        self.tiles(features, |plane, row, pixels, at| {
            let gradient = &gradient[at..at + pixels.len()];
            slope[row] += match plane {
                None => gradient.iter().map(|&g| f64::from(g)).sum(),
                Some(plane) => dot(gradient, &plane[pixels]),
            };
        });
        self.steps = self.steps.saturating_add(1);
        let unbias = |decay: f64| 1.0 - decay.powi(self.steps);
        let (fresh_mean, fresh_square) = (unbias(0.9), unbias(0.999));
        for (i, &g) in slope.iter().enumerate() {
            self.mean[i] = 0.9 * self.mean[i] + 0.1 * g;
            self.square[i] = 0.999 * self.square[i] + 0.001 * g * g;
            let size = (self.square[i] / fresh_square).sqrt() + 1e-12;
            self.weights[i] -= rate * self.mean[i] / fresh_mean / size;
        }
    }

    /// Visits each tile of each channel with the bias (no plane), then with
    /// every feature: its plane, the index of the weight, the tile's pixels in
    /// the plane and where their logits start.
    fn tiles(
        &self,
        features: &Features,
        mut visit: impl FnMut(Option<&[f32]>, usize, std::ops::Range<usize>, usize),
    ) {
        let (area, channels) = (self.shape.area(), self.shape.channels);
        let stride = features.planes.len() + 1;
        for sample in 0..self.shape.batch {
            for start in (0..area).step_by(TILE) {
                let end = (start + TILE).min(area);
                let pixels = sample * area + start..sample * area + end;
                for channel in 0..channels {
                    let at = (sample * channels + channel) * area + start;
                    let row = channel * stride;
                    visit(None, row + stride - 1, pixels.clone(), at);
                    for (index, plane) in features.planes.iter().enumerate() {
                        visit(Some(plane), row + index, pixels.clone(), at);
                    }
                }
            }
        }
    }
}

/// Eight sums side by side, so that the compiler can use vectors.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() + f64::from(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two samples, wider than a tile, so that every index is exercised.
    fn setting() -> (Features, Shape) {
        let shape = Shape { batch: 2, channels: 2, height: 3, width: 1500 };
        let plane = |k: usize| (0..shape.pixels()).map(|i| ((i * k) % 17) as f32 - 8.0).collect();
        (Features { planes: vec![plane(3), plane(5)] }, shape)
    }

    #[test]
    fn logits_are_the_weighted_features() {
        let (features, shape) = setting();
        let mut predictor = Predictor::new(&features, shape);
        predictor.weights = vec![1.0, 2.0, 0.5, -1.0, 3.0, 0.25];
        let mut logits = vec![f32::NAN; shape.logits()];
        predictor.predict(&features, &mut logits);
        for pixel in [0, 4095, 4096, 4500, shape.pixels() - 1] {
            let (sample, place) = (pixel / shape.area(), pixel % shape.area());
            let x = [features.planes[0][pixel], features.planes[1][pixel]];
            let at = |channel| logits[(sample * 2 + channel) * shape.area() + place];
            assert_eq!(at(0), x[0] + 2.0 * x[1] + 0.5);
            assert_eq!(at(1), -x[0] + 3.0 * x[1] + 0.25);
        }
    }

    #[test]
    fn descent_finds_the_weights_of_a_linear_target() {
        let (features, shape) = setting();
        let mut truth = Predictor::new(&features, shape);
        truth.weights = vec![0.4, -0.2, 0.1, -0.3, 0.5, 0.0];
        let (mut wanted, mut logits) = (vec![0.0; shape.logits()], vec![0.0; shape.logits()]);
        truth.predict(&features, &mut wanted);
        let mut predictor = Predictor::new(&features, shape);
        for _ in 0..400 {
            predictor.predict(&features, &mut logits);
            let gradient: Vec<f32> = logits.iter().zip(&wanted).map(|(z, t)| z - t).collect();
            predictor.descend(&features, &gradient, 0.02);
        }
        for (found, wanted) in predictor.weights.iter().zip(&truth.weights) {
            assert!((found - wanted).abs() < 1e-3, "{found} {wanted}");
        }
    }
}
