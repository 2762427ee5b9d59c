//! The figure: one row for each loss with the image, the mask, the prediction
//! and the gradient at the logits. Of a batch it shows the first image.

use crate::canvas::{Canvas, Face};
use crate::colour::{self, FAINT, FRAME, INK, Rgb};
use crate::loss::{IGNORED, Shape};
use crate::metrics::decide;
use crate::picture::Picture;
use crate::run::{Outcome, State};
use crate::scale::scale;
use crate::table::{link, score};

const MARGIN: usize = 16;
const GAP: usize = 12;
/// The larger side of a panel.
const SIDE: usize = 252;
const HEAD: usize = 28;
const TITLE: usize = 30;

/// One panel, in the resolution of the image.
struct Panel {
    head: Head,
    content: Content,
}

enum Content {
    Colours(Vec<Rgb>),
    /// Numbers and their colours. NaN stands for ignored.
    Numbers(Vec<f32>, fn(f32) -> Rgb),
}

/// What stands over a column: a name, and a key to its colours.
struct Head {
    name: String,
    key: Option<Key>,
}

struct Key {
    from: &'static str,
    to: &'static str,
    colour: fn(f32) -> Rgb,
}

/// Draws the figure. `labels` are those of the batch.
pub fn figure(picture: Option<&Picture>, labels: &[u8], outcomes: &[Outcome]) -> Canvas {
    let Some(first) = outcomes.first() else { return Canvas::new(1, 1) };
    let Shape { height, width, .. } = first.shape;
    let scale = SIDE as f64 / height.max(width) as f64;
    let size = [width, height].map(|side| ((side as f64 * scale).round() as usize).max(1));
    let (size, pitch) = ((size[0], size[1]), SIDE + GAP);
    let columns = 3 + usize::from(picture.is_some());

    let mut canvas = Canvas::new(
        2 * MARGIN + columns * pitch - GAP,
        2 * MARGIN + HEAD + outcomes.len() * (TITLE + size.1 + GAP) - GAP,
    );
    let labels = &labels[..first.shape.area()];
    for (row, outcome) in outcomes.iter().enumerate() {
        let top = MARGIN + HEAD + row * (TITLE + size.1 + GAP);
        let limit = gradient_scale(outcome, labels);
        title(&mut canvas, top, outcome, limit);
        for (column, panel) in panels(picture, labels, outcome, limit).into_iter().enumerate() {
            let left = MARGIN + column * pitch;
            if row == 0 {
                head(&mut canvas, left, &panel.head);
            }
            canvas.frame(left, top + TITLE, size, FRAME);
            let pixels = scaled(panel.content, width, size);
            canvas.image(left, top + TITLE, size.0, pixels.into_iter());
        }
    }
    canvas
}

fn head(canvas: &mut Canvas, left: usize, head: &Head) {
    canvas.text(left, MARGIN, &head.name, Face::Head, INK);
    if let Some(Key { from, to, colour }) = &head.key {
        const BAR: usize = 64;
        let text = Face::Text;
        let wide = text.width(from) + BAR + text.width(to) + 12;
        let x = left + SIDE - wide;
        let x = canvas.text(x, MARGIN, from, text, FAINT) + 6;
        canvas.bar(x, MARGIN + 3, (BAR, 11), colour);
        canvas.text(x + BAR + 6, MARGIN, to, text, FAINT);
    }
}

fn title(canvas: &mut Canvas, top: usize, outcome: &Outcome, limit: f32) {
    let pair = |show: &dyn Fn(State) -> String| match outcome.after {
        Some(after) => format!("{} > {}", show(outcome.before), show(after)),
        None => show(outcome.before),
    };
    let x = canvas.text(MARGIN, top + 4, &outcome.name, Face::Title, INK) + 12;
    let text = format!(
        "{}   value {}   Dice {}   IoU {}",
        link(outcome.shape.channels),
        pair(&|state| format!("{:.3}", state.value)),
        pair(&|state| score(state.overlap.map(|overlap| overlap.dice))),
        pair(&|state| score(state.overlap.map(|overlap| overlap.iou))),
    );
    canvas.text(x, top + 7, &text, Face::Text, INK);
    let class = if outcome.shape.channels > 1 { "class 1, " } else { "" };
    let text = format!("{class}full colour at {limit:.1e}");
    let right = canvas.width - MARGIN - Face::Text.width(&text);
    canvas.text(right, top + 7, &text, Face::Text, FAINT);
}

fn scaled(content: Content, width: usize, size: (usize, usize)) -> Vec<Rgb> {
    match content {
        Content::Colours(colours) => {
            let colours: Vec<_> = colours.iter().map(|colour| colour.map(f32::from)).collect();
            let byte = |x: f32| x.round() as u8;
            scale(&colours, width, size).into_iter().map(|colour| colour.map(byte)).collect()
        }
        Content::Numbers(numbers, colour) => {
            let numbers: Vec<_> = numbers.into_iter().map(|x| [x]).collect();
            scale(&numbers, width, size).into_iter().map(|[x]| colour(x)).collect()
        }
    }
}

fn panels(picture: Option<&Picture>, labels: &[u8], outcome: &Outcome, limit: f32) -> Vec<Panel> {
    let shape = Shape { batch: 1, ..outcome.shape };
    let (logits, gradient) = (&outcome.logits[..shape.logits()], channel(&outcome.gradient, shape));
    let valid = |(x, &label)| if label == IGNORED { f32::NAN } else { x };
    let coloured =
        |labels: &[u8]| Content::Colours(labels.iter().map(|&l| colour::label(l)).collect());
    let binary = labels.iter().all(|&label| label < 2 || label == IGNORED);

    let image = match outcome.shape.batch {
        1 => "image".to_owned(),
        count => format!("image 1 of {count}"),
    };
    let image = picture.map(|picture| Panel {
        head: Head { name: image, key: None },
        content: Content::Colours(picture.colours()),
    });
    let mask = Panel {
        head: Head { name: "mask (grey: ignored)".into(), key: None },
        content: if binary && shape.channels < 3 {
            let numbers = labels.iter().map(|&label| f32::from(label)).zip(labels);
            Content::Numbers(numbers.map(valid).collect(), colour::sequential)
        } else {
            coloured(labels)
        },
    };
    let prediction = if shape.channels < 3 {
        let key = Key { from: "p = 0", to: "1", colour: colour::sequential };
        let numbers = foreground(logits, shape).zip(labels).map(valid).collect();
        Panel {
            head: Head { name: "prediction".into(), key: Some(key) },
            content: Content::Numbers(numbers, colour::sequential),
        }
    } else {
        let mut classes = decide(logits, shape);
        (classes.iter_mut().zip(labels)).filter(|(_, l)| **l == IGNORED).for_each(|(c, l)| *c = *l);
        Panel { head: Head { name: "prediction".into(), key: None }, content: coloured(&classes) }
    };
    let key = Key { from: "-", to: "+", colour: colour::diverging };
    let numbers = gradient.iter().map(|g| 0.5 + 0.5 * (g / limit).clamp(-1.0, 1.0)).collect();
    let gradient = Panel {
        head: Head { name: "dL/dlogit".into(), key: Some(key) },
        content: Content::Numbers(numbers, colour::diverging),
    };
    image.into_iter().chain([mask, prediction, gradient]).collect()
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
            let whole = figure(Some(&picture), &[1; 24], &outcomes);
            let bare = figure(None, &[IGNORED; 24], &outcomes);
            assert!(bare.width < whole.width && bare.height == whole.height);
            assert!(whole.png().is_ok());
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
