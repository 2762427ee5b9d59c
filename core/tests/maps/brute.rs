//! Distances by looking at every pair of pixels.

use bytemuck::Zeroable;
use segloss_core::maps::{Code, Labels};

/// The labels of all pixels, in row-major order.
fn pixels<S: Labels>(labels: &S) -> Vec<S::Code> {
    let [d, h, w] = labels.spatial();
    let mut all = Vec::new();
    for row in 0..d * h {
        let mut stage = vec![S::Code::zeroed(); w];
        all.extend_from_slice(labels.read(row, &mut stage));
    }
    all
}

/// The least of `measure` between each pixel and those that are `sources` for it.
fn nearest<S: Labels>(
    labels: &S,
    spacing: [f64; 3],
    sources: impl Fn(S::Code, S::Code) -> bool,
) -> Vec<f64> {
    let [_, h, w] = labels.spatial();
    let all = pixels(labels);
    let place = |i: usize| [i / (h * w), i / w % h, i % w];
    let known = |code: S::Code| labels.ignored() != Some(code);
    let squared = |a: usize, b: usize| -> f64 {
        let axes = place(a).into_iter().zip(place(b)).zip(spacing);
        axes.map(|((a, b), s)| (a.abs_diff(b) as f64 * s).powi(2)).sum()
    };
    (0..all.len())
        .map(|p| {
            let others = (0..all.len()).filter(|&q| known(all[q]) && sources(all[p], all[q]));
            let least = others.map(|q| squared(p, q)).fold(f64::INFINITY, f64::min);
            if known(all[p]) { least } else { f64::INFINITY }
        })
        .collect()
}

pub fn squared_to_background<S: Labels>(labels: &S, spacing: [f64; 3]) -> Vec<f64> {
    nearest(labels, spacing, |_, q| q == S::Code::BACKGROUND)
}

pub fn squared_to_other<S: Labels>(labels: &S, spacing: [f64; 3]) -> Vec<f64> {
    nearest(labels, spacing, |p, q| !labels.same(p, q))
}

/// 1 for background, -1 for everything else.
pub fn side<S: Labels>(labels: &S) -> Vec<bool> {
    pixels(labels).into_iter().map(|code| code == S::Code::BACKGROUND).collect()
}
