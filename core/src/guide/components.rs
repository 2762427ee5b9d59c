//! Connected components by union-find.
//!
//! Source: Rosenfeld & Pfaltz, "Sequential operations in digital picture processing", J. ACM 1966;
//! path halving after Tarjan & van Leeuwen, "Worst-case analysis of set union algorithms", J. ACM
//! 1984.

use super::grid::Grid;

/// The components of each class of `labels`, neighbours being pixels that share a face. Pixels that
/// `is_object` refuses belong to none.
///
/// `labels` becomes sizes: at the first pixel of each component the number of its pixels, 0
/// elsewhere. `parents` is working storage of the same length, at most `u32::MAX`.
pub(super) fn into_sizes(
    grid: Grid,
    labels: &mut [u32],
    parents: &mut [u32],
    is_object: impl Fn(u32) -> bool,
) {
    grid.scan(|pixel, neighbours| {
        parents[pixel] = pixel as u32;
        let label = labels[pixel];
        if is_object(label) {
            for other in neighbours.before.into_iter().flatten() {
                if labels[other] == label {
                    join(parents, pixel, other);
                }
            }
        }
    });
    for pixel in 0..labels.len() {
        if !is_object(labels[pixel]) {
            labels[pixel] = 0;
            continue;
        }
        // Parents come before their children, so this one's parent is a root already.
        let root = parents[parents[pixel] as usize];
        parents[pixel] = root;
        labels[pixel] = 0;
        labels[root as usize] += 1;
    }
}

/// Joins the components of two pixels under the root that comes first.
fn join(parents: &mut [u32], one: usize, other: usize) {
    let (one, other) = (root(parents, one), root(parents, other));
    parents[one.max(other)] = one.min(other) as u32;
}

/// The first pixel of a component as known so far; halves the way to it.
fn root(parents: &mut [u32], mut pixel: usize) -> usize {
    while parents[pixel] as usize != pixel {
        let beyond = parents[parents[pixel] as usize];
        parents[pixel] = beyond;
        pixel = beyond as usize;
    }
    pixel
}
