//! Scaling a panel: each pixel is the mean of what it covers.

/// Scales rows of `width` to `size` (width, height). Numbers that are NaN do
/// not count, unless more than half of what a pixel covers is NaN: so is it
/// then.
pub fn scale<const N: usize>(
    image: &[[f32; N]],
    width: usize,
    size: (usize, usize),
) -> Vec<[f32; N]> {
    let columns = spans(width, size.0);
    let mut scaled = Vec::with_capacity(size.0 * size.1);
    for row in spans(image.len() / width, size.1) {
        for column in &columns {
            let (mut sum, mut counted, mut covered) = ([0.0; N], [0.0; N], 0.0);
            for &(y, height) in &row {
                for &(x, breadth) in column {
                    let weight = height * breadth;
                    covered += weight;
                    for (c, value) in image[y * width + x].into_iter().enumerate() {
                        if !value.is_nan() {
                            sum[c] += weight * value;
                            counted[c] += weight;
                        }
                    }
                }
            }
            let mean = |c: usize| {
                if 2.0 * counted[c] < covered { f32::NAN } else { sum[c] / counted[c] }
            };
            scaled.push(std::array::from_fn(mean));
        }
    }
    scaled
}

/// For each of `to` pixels, the ones of `from` that it covers and how much.
fn spans(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let scale = from as f64 / to as f64;
    (0..to)
        .map(|i| {
            let (start, end) = (i as f64 * scale, (i + 1) as f64 * scale);
            (start as usize..from.min(end.ceil() as usize))
                .map(|j| (j, (end.min((j + 1) as f64) - start.max(j as f64)) as f32))
                .filter(|&(_, weight)| weight > 1e-6)
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_every_pixel_once() {
        for (from, to) in [(480, 240), (7, 3), (3, 7), (1, 5), (5, 1), (1411, 240)] {
            let mut cover = vec![0.0; from];
            for span in spans(from, to) {
                assert!(!span.is_empty(), "{from} to {to}");
                span.iter().for_each(|&(j, weight)| cover[j] += weight);
            }
            assert!(cover.iter().all(|c: &f32| (c - 1.0).abs() < 1e-3), "{cover:?}");
        }
    }

    #[test]
    fn means_without_the_undefined() {
        let image = [[1.0], [3.0], [f32::NAN], [f32::NAN], [5.0], [f32::NAN]];
        assert_eq!(scale(&image[..2], 2, (1, 1)), [[2.0]]);
        let halves = scale(&image, 6, (2, 1));
        assert_eq!(halves[0], [2.0]);
        assert!(halves[1][0].is_nan());
        assert_eq!(scale(&[[1.0], [2.0]], 1, (2, 2)), [[1.0], [1.0], [2.0], [2.0]]);
    }
}
