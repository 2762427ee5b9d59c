//! Numbers that describe a pixel by its neighbourhood, the predictor's input.

use crate::picture::Picture;

/// Standard deviations, in pixels, at which an image is smoothed.
const SCALES: [f32; 3] = [1.0, 2.0, 4.0];

/// One plane per feature over the pixels of the whole batch; each has mean 0
/// and standard deviation 1, or is 0 where the feature does not vary.
pub struct Features {
    pub planes: Vec<Vec<f32>>,
}

impl Features {
    /// Pictures must agree in size and number of planes.
    pub fn new(pictures: &[Picture]) -> Self {
        let mut planes: Vec<Vec<f32>> = Vec::new();
        for picture in pictures {
            for (index, plane) in describe(picture).into_iter().enumerate() {
                match planes.get_mut(index) {
                    Some(whole) => whole.extend(plane),
                    None => planes.push(plane),
                }
            }
        }
        planes.iter_mut().for_each(|plane| standardise(plane));
        Self { planes }
    }
}

/// Computes features: every plane and its mean at each scale, and of the planes' average the Laplacian, the
/// size of its slope and its standard deviation at each scale.
fn describe(picture: &Picture) -> Vec<Vec<f32>> {
    let (width, count) = (picture.width, picture.planes.len() as f32);
    let mut features = picture.planes.clone();
    for scale in SCALES {
        features.extend(picture.planes.iter().map(|plane| blur(plane, width, scale)));
    }
    let grey: Vec<f32> = (0..picture.height * width)
        .map(|i| picture.planes.iter().map(|plane| plane[i]).sum::<f32>() / count)
        .collect();
    let squares: Vec<f32> = grey.iter().map(|x| x * x).collect();
    for scale in SCALES {
        let mean = blur(&grey, width, scale);
        let (laplacian, slope) = differences(&mean, width);
        let deviation = (blur(&squares, width, scale).iter().zip(&mean))
            .map(|(square, mean)| (square - mean * mean).max(0.0).sqrt())
            .collect();
        features.extend([laplacian, slope, deviation]);
    }
    features
}

/// Gaussian smoothing; the image is mirrored at its edges.
fn blur(plane: &[f32], width: usize, sigma: f32) -> Vec<f32> {
    let radius = (3.0 * sigma).ceil() as usize;
    let bell: Vec<f32> = (0..=radius).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
    let total = bell[0] + 2.0 * bell[1..].iter().sum::<f32>();
    let bell: Vec<f32> = bell.iter().map(|weight| weight / total).collect();

    // Rows are blurred and transposed; twice is the whole image upright.
    let height = plane.len() / width;
    let columns = blur_rows_transposed(plane, width, &bell);
    blur_rows_transposed(&columns, height, &bell)
}

fn blur_rows_transposed(plane: &[f32], width: usize, bell: &[f32]) -> Vec<f32> {
    let height = plane.len() / width;
    let radius = bell.len() - 1;
    let mut out = vec![0.0; plane.len()];
    let mut padded = vec![0.0; width + 2 * radius];
    for (y, row) in plane.chunks_exact(width).enumerate() {
        for (i, sample) in padded.iter_mut().enumerate() {
            *sample = row[mirror(i as isize - radius as isize, width)];
        }
        for x in 0..width {
            let centre = x + radius;
            let sides: f32 =
                (1..=radius).map(|i| bell[i] * (padded[centre - i] + padded[centre + i])).sum();
            out[x * height + y] = bell[0] * padded[centre] + sides;
        }
    }
    out
}

/// The index that `i` falls on when the axis is mirrored as often as needed.
fn mirror(i: isize, length: usize) -> usize {
    let i = i.rem_euclid(2 * length as isize) as usize;
    if i < length { i } else { 2 * length - 1 - i }
}

/// Laplacian and gradient magnitude from the four neighbours.
fn differences(plane: &[f32], width: usize) -> (Vec<f32>, Vec<f32>) {
    let height = plane.len() / width;
    let at = |y: usize, x: usize| plane[y * width + x];
    (0..plane.len())
        .map(|i| {
            let (y, x) = (i / width, i % width);
            let (up, down) = (at(y.saturating_sub(1), x), at((y + 1).min(height - 1), x));
            let (left, right) = (at(y, x.saturating_sub(1)), at(y, (x + 1).min(width - 1)));
            (up + down + left + right - 4.0 * at(y, x), (down - up).hypot(right - left))
        })
        .unzip()
}

fn standardise(plane: &mut [f32]) {
    let n = plane.len() as f64;
    let mean = plane.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let variance = plane.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
    // Rounding alone leaves a little variance in a feature that is constant.
    let scale = if variance > 1e-12 { variance.sqrt().recip() } else { 0.0 };
    plane.iter_mut().for_each(|x| *x = ((f64::from(*x) - mean) * scale) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(height: usize, width: usize, planes: usize) -> Picture {
        let plane =
            |c| (0..height * width).map(|i| ((i * 7 + c * 13) % 31) as f32 / 31.0).collect();
        Picture { height, width, planes: (0..planes).map(plane).collect() }
    }

    #[test]
    fn features_are_standardised_over_the_batch() {
        let features = Features::new(&[ramp(9, 14, 3), ramp(9, 14, 3)]);
        assert_eq!(features.planes.len(), 3 + 6 * SCALES.len());
        for plane in &features.planes {
            assert_eq!(plane.len(), 2 * 9 * 14);
            let mean = plane.iter().sum::<f32>() / plane.len() as f32;
            let square = plane.iter().map(|x| x * x).sum::<f32>() / plane.len() as f32;
            assert!(mean.abs() < 1e-4 && (square - 1.0).abs() < 1e-3, "{mean} {square}");
        }
    }

    #[test]
    fn an_even_image_has_no_features() {
        let picture = Picture { height: 3, width: 2, planes: vec![vec![0.7; 6]] };
        let features = Features::new(&[picture]);
        assert!(features.planes.iter().flatten().all(|&x| x == 0.0));
    }

    #[test]
    fn blur_keeps_the_sum_and_the_orientation() {
        let (height, width) = (15, 21);
        let mut plane = vec![0.0; height * width];
        plane[7 * width + 10] = 1.0;
        let blurred = blur(&plane, width, 1.0);
        assert!((blurred.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!((blurred[7 * width + 10] - 0.159_5).abs() < 1e-3);
        assert_eq!(blurred[6 * width + 10], blurred[7 * width + 11]);
    }

    #[test]
    fn mirror_reaches_past_a_small_image() {
        let wanted = [1, 0, 0, 1, 2, 2, 1, 0, 0];
        assert_eq!((-2..7).map(|i| mirror(i, 3)).collect::<Vec<_>>(), wanted);
    }
}
