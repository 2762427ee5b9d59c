//! Weights of pixels made of labels: by definition, pixel against pixel.
//!
//! A map is made of one sample's labels, `None` where ignored, packed over `spatial`.

use super::number::Number;

/// What lies outside the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Label 0: a region that reaches the edge of the image ends there.
    Zero,
    /// More of the same: the edge is no boundary.
    Keep,
}

/// The weight where an image has one label only, so that no boundary is at any distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// The limit of an infinite distance.
    Zero,
    /// 1, which no map would have too.
    One,
}

/// The labels with each ignored one replaced by that of the nearest pixel that is not, the smallest of
/// several as near; 0 if all are ignored.
pub fn filled(labels: &[Option<usize>], spatial: &[usize], spacing: &[f64]) -> Vec<usize> {
    let places: Vec<_> = (0..labels.len()).map(|i| coordinates(i, spatial)).collect();
    let squared = |i: usize, j: usize| {
        let pairs = places[i].iter().zip(&places[j]).zip(spacing);
        pairs.map(|((&a, &b), s)| (a.abs_diff(b) as f64 * s).powi(2)).sum::<f64>()
    };
    let nearest = |i: usize| {
        let known = labels.iter().enumerate().filter_map(|(j, label)| Some((j, (*label)?)));
        let all = known.map(|(j, label)| (squared(i, j), label));
        all.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map_or(0, |(_, label)| label)
    };
    (0..labels.len()).map(|i| labels[i].unwrap_or_else(|| nearest(i))).collect()
}

/// Pixels of a boundary of the [`filled`] labels (a neighbour along an axis has another one), and all
/// within `theta` steps along axes of one.
pub fn band(labels: &[Option<usize>], spatial: &[usize], theta: u32, border: Border) -> Vec<bool> {
    let labels = filled(labels, spatial, &vec![1.0; spatial.len()]);
    let is_boundary = |i: usize| {
        neighbours(i, spatial).into_iter().any(|neighbour| match neighbour {
            Some(j) => labels[j] != labels[i],
            None => border == Border::Zero && labels[i] != 0,
        })
    };
    let mut region: Vec<bool> = (0..labels.len()).map(is_boundary).collect();
    for _ in 0..theta {
        let within = |i: usize| neighbours(i, spatial).into_iter().flatten().any(|j| region[j]);
        region = (0..labels.len()).map(|i| region[i] || within(i)).collect();
    }
    region
}

/// `weight` in the [`band`], 1 elsewhere.
pub fn band_weights<N: Number>(
    labels: &[Option<usize>],
    spatial: &[usize],
    theta: u32,
    weight: f64,
    border: Border,
) -> Vec<N> {
    let weigh = |inside: bool| N::of(if inside { weight } else { 1.0 });
    band(labels, spatial, theta, border).into_iter().map(weigh).collect()
}

/// `e^(-d / sigma)`, `d` the distance to the nearest pixel of another of the [`filled`] labels; see
/// [`squared_distances`].
pub fn decay_weights<N: Number>(
    labels: &[Option<usize>],
    spatial: &[usize],
    spacing: &[f64],
    sigma: f64,
    empty: Empty,
) -> Vec<N> {
    let weigh = |squared: Option<N>| match (squared, empty) {
        (Some(squared), _) => (-squared.sqrt() / N::of(sigma)).exp(),
        (None, Empty::Zero) => N::of(0.0),
        (None, Empty::One) => N::of(1.0),
    };
    let labels: Vec<_> = filled(labels, spatial, spacing).into_iter().map(Some).collect();
    squared_distances(&labels, spatial, spacing).into_iter().map(weigh).collect()
}

/// The squared distance from the centre of each pixel to that of the nearest pixel with another
/// label; `None` where there is no such pixel, and at ignored pixels. `spacing` is the distance of
/// neighbours along each axis.
///
/// The nearest is chosen in `f64`, exactly where the spacing is integral.
pub fn squared_distances<N: Number>(
    labels: &[Option<usize>],
    spatial: &[usize],
    spacing: &[f64],
) -> Vec<Option<N>> {
    let places: Vec<_> = (0..labels.len()).map(|i| coordinates(i, spatial)).collect();
    let steps = |i: usize, j: usize| {
        let pairs = places[i].iter().zip(&places[j]);
        pairs.map(|(&a, &b)| a.abs_diff(b) as f64).zip(spacing.iter().copied())
    };
    let squared = |i, j| steps(i, j).map(|(n, spacing)| (n * spacing) * (n * spacing)).sum::<f64>();
    let nearest = |i: usize| {
        let label = labels[i]?;
        let others = (0..labels.len()).filter(|&j| labels[j].is_some_and(|other| other != label));
        others.min_by(|&a, &b| squared(i, a).total_cmp(&squared(i, b)))
    };
    let exactly = |i: usize, j: usize| {
        steps(i, j).fold(N::of(0.0), |sum, (n, spacing)| {
            let length = N::of(n) * N::of(spacing);
            sum + length.clone() * length
        })
    };
    (0..labels.len()).map(|i| nearest(i).map(|j| exactly(i, j))).collect()
}

fn coordinates(mut index: usize, spatial: &[usize]) -> Vec<usize> {
    let mut place = vec![0; spatial.len()];
    for (axis, &extent) in spatial.iter().enumerate().rev() {
        place[axis] = index % extent;
        index /= extent;
    }
    place
}

/// The two neighbours along each axis, `None` outside.
fn neighbours(index: usize, spatial: &[usize]) -> Vec<Option<usize>> {
    let mut all = Vec::new();
    let mut stride = 1;
    for (axis, &extent) in spatial.iter().enumerate().rev() {
        let at = coordinates(index, spatial)[axis];
        all.push((at > 0).then(|| index - stride));
        all.push((at + 1 < extent).then(|| index + stride));
        stride *= extent;
    }
    all
}
