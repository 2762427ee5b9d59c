//! The figure: a grid of panels. First the image, the mask and the weight maps
//! of the mask, then a cell for each loss: its prediction and its gradient at
//! the logits. Of a batch it shows the first image.

use crate::canvas::{Canvas, Face};
use crate::colour::{self, FAINT, INK};
use crate::maps::WeightMap;
use crate::metrics::decide;
use crate::panel::{CAPTION, Content, Key, Panel};
use crate::picture::Picture;
use crate::run::{Outcome, State};
use crate::shape::{IGNORED, Shape};
use crate::table::{link, score};

const MARGIN: usize = 16;
/// Between the panels of a cell.
const GAP: usize = 12;
/// Between cells.
const SPACE: usize = 28;
/// The larger side of a panel.
const SIDE: usize = 252;
/// Height of a loss's title, two lines.
const TITLE: usize = 44;
/// Cells in a row, of two panels each.
const CELLS: usize = 2;

/// What the figure shows besides the losses.
pub struct Setting<'a> {
    pub picture: Option<&'a Picture>,
    /// Labels of the batch.
    pub labels: &'a [u8],
    pub maps: Vec<WeightMap>,
}

/// Draws the figure.
pub fn figure(setting: Setting, outcomes: &[Outcome]) -> Canvas {
    let Some(first) = outcomes.first() else { return Canvas::new(1, 1) };
    let Shape { height, width, .. } = first.shape;
    let scale = SIDE as f64 / height.max(width) as f64;
    let size = [width, height].map(|side| ((side as f64 * scale).round() as usize).max(1));
    let size = (size[0], size[1]);
    let labels = &setting.labels[..first.shape.area()];

    let inputs = inputs(setting, labels, first.shape);
    let panel = CAPTION + size.1;
    let (top, above) = (inputs.len().div_ceil(2 * CELLS), panel + SPACE);
    let below = TITLE + panel + SPACE;
    let rows = outcomes.len().div_ceil(CELLS);
    let mut canvas = Canvas::new(
        2 * MARGIN + CELLS * (2 * SIDE + GAP) + (CELLS - 1) * SPACE,
        2 * MARGIN + top * above + rows * below - SPACE,
    );
    // A panel's column has the left one or the right one of a cell.
    let left =
        |column: usize| MARGIN + column / 2 * (2 * SIDE + GAP + SPACE) + column % 2 * (SIDE + GAP);
    for (i, input) in inputs.into_iter().enumerate() {
        let (row, column) = (i / (2 * CELLS), i % (2 * CELLS));
        input.draw(&mut canvas, (left(column), MARGIN + row * above), width, size, SIDE);
    }
    for (i, outcome) in outcomes.iter().enumerate() {
        let (row, cell) = (i / CELLS, i % CELLS);
        let y = MARGIN + top * above + row * below;
        title(&mut canvas, (left(2 * cell), y), outcome);
        for (side, panel) in panels(labels, outcome).into_iter().enumerate() {
            let at = (left(2 * cell + side), y + TITLE);
            panel.draw(&mut canvas, at, width, size, SIDE);
        }
    }
    canvas
}

fn title(canvas: &mut Canvas, (x, y): (usize, usize), outcome: &Outcome) {
    let pair = |show: &dyn Fn(State) -> String| match outcome.after {
        Some(after) => format!("{} > {}", show(outcome.before), show(after)),
        None => show(outcome.before),
    };
    let last = outcome.after.unwrap_or(outcome.before);
    let text = format!(
        "{}   value {}   Dice {}   IoU {}",
        link(outcome.shape.channels),
        pair(&|state| format!("{:.3}", state.value)),
        score(last.overlap.map(|overlap| overlap.dice)),
        score(last.overlap.map(|overlap| overlap.iou)),
    );
    let room = 2 * SIDE + GAP;
    canvas.text(x, y, &Face::Head.fit(&outcome.name, room), Face::Head, INK);
    canvas.text(x, y + 20, &Face::Text.fit(&text, room), Face::Text, FAINT);
}

/// Image, mask and maps.
fn inputs(setting: Setting, labels: &[u8], shape: Shape) -> Vec<Panel> {
    let name = match shape.batch {
        1 => "image".to_owned(),
        count => format!("image 1 of {count}"),
    };
    let image = setting.picture.map(|picture| Panel {
        name,
        key: None,
        content: Content::Colours(picture.colours()),
    });
    let binary = labels.iter().all(|&label| label < 2 || label == IGNORED);
    let mask = Panel {
        name: "mask (grey: ignored)".into(),
        key: None,
        content: if binary {
            let numbers = labels.iter().map(|&label| f32::from(label)).zip(labels);
            Content::Numbers(numbers.map(valid).collect(), colour::sequential)
        } else {
            coloured(labels)
        },
    };
    let maps = setting.maps.into_iter().map(|map| weights(map, labels));
    image.into_iter().chain([mask]).chain(maps).collect()
}

/// A weight map, from its smallest to its largest weight.
fn weights(map: WeightMap, labels: &[u8]) -> Panel {
    let WeightMap { name, weights } = map;
    let counted = || weights.iter().zip(labels).filter(|(_, l)| **l != IGNORED).map(|(w, _)| *w);
    let (low, high) = (counted().fold(f32::INFINITY, f32::min), counted().fold(0.0, f32::max));
    let span = if high > low { high - low } else { 1.0 };
    let numbers = weights.iter().map(|w| (w - low) / span).zip(labels).map(valid).collect();
    let number = |x: f32| {
        if x.is_finite() { format!("{}", (x * 100.0).round() / 100.0) } else { "-".into() }
    };
    Panel {
        name: format!("weights: {name}"),
        key: Some(Key { from: number(low), to: number(high), colour: colour::sequential }),
        content: Content::Numbers(numbers, colour::sequential),
    }
}

/// Prediction and gradient.
fn panels(labels: &[u8], outcome: &Outcome) -> [Panel; 2] {
    let shape = Shape { batch: 1, ..outcome.shape };
    let (logits, gradient) = (&outcome.logits[..shape.logits()], channel(&outcome.gradient, shape));
    let prediction = if shape.channels < 3 {
        let numbers = foreground(logits, shape).zip(labels).map(valid).collect();
        Panel {
            name: "prediction".into(),
            key: Some(Key { from: "p = 0".into(), to: "1".into(), colour: colour::sequential }),
            content: Content::Numbers(numbers, colour::sequential),
        }
    } else {
        let mut classes = decide(logits, shape);
        (classes.iter_mut().zip(labels)).filter(|(_, l)| **l == IGNORED).for_each(|(c, l)| *c = *l);
        Panel { name: "prediction".into(), key: None, content: coloured(&classes) }
    };
    let limit = gradient_scale(outcome, labels);
    let numbers = gradient.iter().map(|g| 0.5 + 0.5 * (g / limit).clamp(-1.0, 1.0));
    let gradient = Panel {
        name: if shape.channels > 1 { "dL/dz1" } else { "dL/dz" }.into(),
        key: Some(Key {
            from: format!("{:.1e}", -limit),
            to: format!("{limit:.1e}"),
            colour: colour::diverging,
        }),
        content: Content::Numbers(numbers.zip(labels).map(valid).collect(), colour::diverging),
    };
    [prediction, gradient]
}

/// NaN where the pixel is ignored.
fn valid((x, &label): (f32, &u8)) -> f32 {
    if label == IGNORED { f32::NAN } else { x }
}

fn coloured(labels: &[u8]) -> Content {
    Content::Colours(labels.iter().map(|&label| colour::label(label)).collect())
}

/// The channel of the foreground: the only one, or that of class 1.
fn channel(values: &[f32], shape: Shape) -> &[f32] {
    let start = shape.area() * shape.channels.min(2).saturating_sub(1);
    &values[start..start + shape.area()]
}

/// Probability of the foreground, for one channel or two.
fn foreground(logits: &[f32], shape: Shape) -> impl Iterator<Item = f32> {
    let area = shape.area();
    (0..area).map(move |i| {
        let margin = if shape.channels == 1 { logits[i] } else { logits[area + i] - logits[i] };
        1.0 / (1.0 + (-margin).exp())
    })
}

/// The gradient that gets full colour: few pixels (1 %) go beyond it, so that
/// a single large one does not pale the rest.
fn gradient_scale(outcome: &Outcome, labels: &[u8]) -> f32 {
    let gradient = channel(&outcome.gradient, Shape { batch: 1, ..outcome.shape });
    let mut sizes: Vec<f32> = (gradient.iter().zip(labels))
        .filter(|&(g, &label)| label != IGNORED && g.is_finite())
        .map(|(g, _)| g.abs())
        .collect();
    sizes.sort_unstable_by(f32::total_cmp);
    match sizes.get(sizes.len() * 99 / 100) {
        Some(&size) if size > 0.0 => size,
        _ => sizes.last().copied().filter(|&size| size > 0.0).unwrap_or(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(channels: usize, after: bool) -> Outcome {
        let shape = Shape { batch: 1, channels, height: 6, width: 4 };
        let state = State { value: 0.5, gradient_norm: 1.0, valid: 24, overlap: None };
        Outcome {
            name: "bce".into(),
            shape,
            before: state,
            after: after.then_some(state),
            nanoseconds_per_pixel: 1.0,
            logits: (0..shape.logits()).map(|i| i as f32 - 12.0).collect(),
            gradient: (0..shape.logits()).map(|i| (i as f32 - 12.0) * 1e-5).collect(),
        }
    }

    #[test]
    fn every_kind_of_outcome_is_drawn() {
        let picture = Picture { height: 6, width: 4, planes: vec![vec![0.5; 24]] };
        for channels in [1, 2, 5] {
            let outcomes = [outcome(channels, true), outcome(channels, false)];
            let map = WeightMap { name: "band".into(), weights: vec![1.5; 24] };
            let setting = Setting { picture: Some(&picture), labels: &[1; 24], maps: vec![map] };
            let whole = figure(setting, &outcomes);
            let map = WeightMap { name: "band".into(), weights: vec![f32::NAN; 24] };
            let setting = Setting { picture: None, labels: &[IGNORED; 24], maps: vec![map] };
            let bare = figure(setting, &outcomes);
            assert_eq!((bare.width, bare.height), (whole.width, whole.height));
            assert!(whole.png().is_ok() && bare.png().is_ok());
        }
    }

    #[test]
    fn the_foreground_of_two_channels_is_the_second() {
        let pair = outcome(2, true);
        assert_eq!(channel(&pair.logits, pair.shape), &pair.logits[24..]);
        let p: Vec<f32> = foreground(&pair.logits, pair.shape).collect();
        assert!((p[0] - 1.0).abs() < 1e-6 && p.len() == 24);
    }

    #[test]
    fn scale_is_of_valid_and_finite_pixels() {
        let mut one = outcome(1, true);
        one.gradient = vec![0.25; 24];
        one.gradient[0] = f32::NAN;
        one.gradient[1] = 9.0;
        let mut labels = [0; 24];
        labels[1] = IGNORED;
        assert_eq!(gradient_scale(&one, &labels), 0.25);
        assert_eq!(gradient_scale(&one, &[IGNORED; 24]), 1.0);
    }
}
