//! The figure: what each loss sees in the same prediction.
//!
//! A grid of cells, each an image and its zoom. First the inputs: picture, mask, prediction, and the weight maps
//! of the mask. Then the losses: how each pulls every pixel of that prediction, on one scale. The zoom is where
//! the losses disagree most. Of a batch it shows the first image.

use segloss_core::compose::{SHORTHANDS, Shorthand};

use crate::canvas::{Canvas, Face};
use crate::colour::{self, FAINT, FOCUS, INK};
use crate::labels::Labels;
use crate::legend::Legend;
use crate::maps::WeightMap;
use crate::metrics::decide;
use crate::panel::{Aside, Content, HEADING, Key, Panel};
use crate::picture::Picture;
use crate::pull::disagreement;
use crate::scene::{Scene, View, foreground};
use crate::shape::{IGNORED, Shape};
use crate::zoom::{Window, window};

const MARGIN: usize = 16;
/// Between the two images of a cell.
const GAP: usize = 8;
/// Between cells.
const SPACE: usize = 24;
/// The larger side of an image.
const SIDE: usize = 226;
/// Cells in a row.
const CELLS: usize = 2;
/// Width of a cell.
const ROOM: usize = 2 * SIDE + GAP;
/// Height of the title, of the lines that say how losses are drawn, and of one line.
const TITLE: usize = 56;
const EXPLANATION: usize = 92;
const LINE: usize = 20;

/// The pull that gets full colour, in means. Colours go with the root of the pull, so that small ones show.
const LIMIT: f32 = 16.0;
/// Pulls that the key names.
const TICKS: [f32; 7] = [-16.0, -4.0, -1.0, 0.0, 1.0, 4.0, 16.0];
/// Width of the key of pulls.
const BAR: usize = 300;
/// The zoom is this part of the image's sides.
const PART: usize = 6;

/// What the figure shows besides the losses.
pub struct Setting<'a> {
    pub picture: Option<&'a Picture>,
    pub labels: &'a Labels,
    pub maps: Vec<WeightMap>,
    pub scene: &'a Scene,
}

/// Draws the figure.
pub fn figure(setting: Setting, views: &[View]) -> Canvas {
    let shape = setting.scene.shape;
    let labels = &setting.labels.labels[..shape.area()];
    let grid = Grid::new(shape, labels, views);
    let inputs = inputs(&setting, labels);
    let maps: Vec<Panel> = setting.maps.into_iter().map(|map| weights(map, labels)).collect();

    let top = MARGIN + TITLE;
    let explanation = top + grid.height(inputs.len() + maps.len().div_ceil(2));
    let losses = explanation + EXPLANATION;
    let mut canvas = Canvas::new(
        2 * MARGIN + CELLS * ROOM + (CELLS - 1) * SPACE,
        losses + grid.height(views.len()) - SPACE + MARGIN,
    );
    title(&mut canvas, &setting.scene.origin);
    for (i, panel) in inputs.iter().enumerate() {
        grid.zoomed(&mut canvas, top, i, panel);
    }
    for (i, pair) in maps.chunks(2).enumerate() {
        grid.pair(&mut canvas, top, inputs.len() + i, pair);
    }
    explain(&mut canvas, explanation, shape);
    for (i, view) in views.iter().enumerate() {
        grid.zoomed(&mut canvas, losses, i, &pull(view));
    }
    canvas
}

/// Where cells are, and what their images have in common.
struct Grid {
    /// Of the image in pixels of its own.
    width: usize,
    /// Of a panel.
    size: (usize, usize),
    zoom: Window,
}

impl Grid {
    fn new(shape: Shape, labels: &[i32], views: &[View]) -> Self {
        let Shape { height, width, .. } = shape;
        let scale = SIDE as f64 / height.max(width) as f64;
        let side = |side: usize| ((side as f64 * scale).round() as usize).max(1);
        let pulls: Vec<_> = views.iter().map(|view| &view.pull).collect();
        let mut weights = disagreement(&pulls, LIMIT);
        weights.resize(shape.area(), 0.0);
        let zoom = window(&weights, |i| labels[i] > 0, width, PART);
        Self { width, size: (side(width), side(height)), zoom }
    }

    /// Height of so many cells.
    fn height(&self, cells: usize) -> usize {
        cells.div_ceil(CELLS) * (HEADING + self.size.1 + SPACE)
    }

    /// The upper left corner of a cell.
    fn corner(&self, top: usize, cell: usize) -> (usize, usize) {
        let row = HEADING + self.size.1 + SPACE;
        (MARGIN + cell % CELLS * (ROOM + SPACE), top + cell / CELLS * row)
    }

    /// A panel and on its right the zoom.
    fn zoomed(&self, canvas: &mut Canvas, top: usize, cell: usize, panel: &Panel) {
        let (x, y) = self.corner(top, cell);
        panel.heading(canvas, (x, y), ROOM);
        let y = y + HEADING;
        panel.image(canvas, (x, y), self.width, self.size);
        self.mark(canvas, (x, y));
        panel.zoom(canvas, (x + SIDE + GAP, y), self.width, self.size, self.zoom);
    }

    /// One panel or two.
    fn pair(&self, canvas: &mut Canvas, top: usize, cell: usize, panels: &[Panel]) {
        let (left, y) = self.corner(top, cell);
        for (i, panel) in panels.iter().enumerate() {
            let x = left + i * (SIDE + GAP);
            panel.heading(canvas, (x, y), SIDE);
            panel.image(canvas, (x, y + HEADING), self.width, self.size);
            self.mark(canvas, (x, y + HEADING));
        }
    }

    /// Frames what the zoom shows.
    fn mark(&self, canvas: &mut Canvas, (x, y): (usize, usize)) {
        let scaled = |length: usize| length * self.size.0 / self.width;
        let Window { left, top, width, height } = self.zoom;
        let (x, y) = (x + scaled(left), y + scaled(top));
        let size = (scaled(width).max(1), scaled(height).max(1));
        canvas.frame(x, y, size, FOCUS);
        canvas.frame(x - 1, y - 1, (size.0 + 2, size.1 + 2), FOCUS);
    }
}

fn title(canvas: &mut Canvas, origin: &str) {
    let text = "What each loss sees in the same prediction";
    canvas.text(MARGIN, MARGIN, text, Face::Head, INK);
    let text = format!("All losses below are taken at one prediction: {origin}.");
    canvas.text(MARGIN, MARGIN + LINE, &text, Face::Text, FAINT);
}

/// How losses are drawn.
fn explain(canvas: &mut Canvas, y: usize, shape: Shape) {
    let [pull, colours] = meaning(shape.channels);
    canvas.text(MARGIN, y, pull, Face::Head, INK);
    let text = format!("{colours} Black: left alone. Grey: ignored.");
    canvas.text(MARGIN, y + LINE, &text, Face::Text, FAINT);
    let text =
        "Scale: 1 is the loss's own mean |pull|; beside its name the share of red and that mean.";
    let end = canvas.text(MARGIN, y + 2 * LINE, text, Face::Text, FAINT);
    let (x, y) = (end + 24, y + 2 * LINE);
    canvas.bar(x, y, (BAR, 14), colour::diverging);
    for tick in TICKS {
        let text = tick.to_string();
        let place = x + (share(tick) * BAR as f32) as usize;
        canvas.text(place - Face::Text.width(&text) / 2, y + LINE - 3, &text, Face::Text, FAINT);
    }
}

/// Whose logit is pulled, and what red and blue are, for so many channels.
fn meaning(channels: usize) -> [&'static str; 2] {
    match channels {
        1 => [
            "The pull of each loss on each pixel's logit, -dL/dz",
            "Red: towards foreground. Blue: towards background.",
        ],
        2 => [
            "The pull of each loss on each pixel's logit of the foreground, -dL/dz1",
            "Red: towards foreground. Blue: towards background.",
        ],
        _ => [
            "The pull of each loss on each pixel's logit of class 1, -dL/dz1",
            "Red: towards class 1. Blue: away from it.",
        ],
    }
}

/// Picture, mask and prediction.
fn inputs(setting: &Setting, labels: &[i32]) -> Vec<Panel> {
    let name = match setting.scene.shape.batch {
        1 => "image".to_owned(),
        count => format!("image 1 of {count}"),
    };
    let image = setting.picture.map(|picture| Panel {
        name,
        note: "on the right the part in the white frame".into(),
        aside: Aside::Nothing,
        content: Content::Colours(picture.colours()),
    });
    image
        .into_iter()
        .chain([mask(setting.labels, labels), prediction(setting.scene, labels)])
        .collect()
}

fn mask(Labels { classes, reading, .. }: &Labels, labels: &[i32]) -> Panel {
    let (name, note) = ("mask".to_owned(), reading.clone());
    if *classes > 2 {
        return Panel {
            name,
            note,
            aside: Aside::Legend(Legend(*classes)),
            content: coloured(labels),
        };
    }
    let numbers = labels.iter().map(|&label| label as f32).zip(labels).map(valid).collect();
    let (from, to) = ("background".into(), "foreground".into());
    Panel {
        name,
        note,
        aside: Aside::Key(Key { from, to, colour: |t| colour::sequential(t.round()) }),
        content: Content::Numbers(numbers, colour::sequential),
    }
}

fn prediction(scene: &Scene, labels: &[i32]) -> Panel {
    let shape = Shape { batch: 1, ..scene.shape };
    let logits = &scene.logits[..shape.logits()];
    let (name, note) = ("prediction".to_owned(), scene.origin.clone());
    if shape.channels > 2 {
        let mut classes = decide(logits, shape);
        (classes.iter_mut().zip(labels)).filter(|(_, l)| **l == IGNORED).for_each(|(c, l)| *c = *l);
        let aside = Aside::Legend(Legend(shape.channels));
        return Panel { name, note, aside, content: coloured(&classes) };
    }
    let numbers = probability(logits, shape).zip(labels).map(valid).collect();
    Panel {
        name,
        note,
        aside: Aside::Key(Key { from: "p = 0".into(), to: "1".into(), colour: colour::sequential }),
        content: Content::Numbers(numbers, colour::sequential),
    }
}

/// A weight map, from its smallest to its largest weight.
fn weights(map: WeightMap, labels: &[i32]) -> Panel {
    let WeightMap { name, weights } = map;
    let counted = || weights.iter().zip(labels).filter(|(_, l)| **l != IGNORED).map(|(w, _)| *w);
    let (low, high) = (counted().fold(f32::INFINITY, f32::min), counted().fold(0.0, f32::max));
    let span = if high > low { high - low } else { 1.0 };
    let numbers = weights.iter().map(|w| (w - low) / span).zip(labels).map(valid).collect();
    let is_of = |shorthand: &&Shorthand| shorthand.map == name;
    let shorthand = SHORTHANDS.iter().find(is_of);
    let number = |x: f32| {
        if x.is_finite() { format!("{}", (x * 100.0).round() / 100.0) } else { "-".into() }
    };
    Panel {
        name,
        note: shorthand
            .map_or_else(String::new, |loss| format!("weighs the pixels of {}", loss.name)),
        aside: Aside::Key(Key { from: number(low), to: number(high), colour: colour::sequential }),
        content: Content::Numbers(numbers, colour::sequential),
    }
}

/// Where a pull is between the ends of the colours, 0 to 1.
fn share(pull: f32) -> f32 {
    0.5 + 0.5 * (pull.abs() / LIMIT).clamp(0.0, 1.0).sqrt().copysign(pull)
}

fn pull(view: &View) -> Panel {
    let numbers = view.pull.pixels.iter().map(|&pull| share(pull)).collect();
    Panel {
        name: view.name.clone(),
        note: view.note.unwrap_or_default().to_owned(),
        aside: Aside::Text(format!(
            "{:.0} % red, mean {:.1e}",
            100.0 * view.pull.up,
            view.pull.mean
        )),
        content: Content::Numbers(numbers, colour::diverging),
    }
}

/// NaN where the pixel is ignored.
fn valid((x, &label): (f32, &i32)) -> f32 {
    if label == IGNORED { f32::NAN } else { x }
}

fn coloured(labels: &[i32]) -> Content {
    Content::Colours(labels.iter().map(|&label| colour::label(label)).collect())
}

/// Probability of the foreground, for one channel or two.
fn probability(logits: &[f32], shape: Shape) -> impl Iterator<Item = f32> {
    let area = shape.area();
    let background = move |i: usize| if shape.channels == 1 { 0.0 } else { logits[i] };
    let foreground = foreground(logits, shape);
    (0..area).map(move |i| 1.0 / (1.0 + (background(i) - foreground[i]).exp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::Pull;

    fn scene(channels: usize) -> Scene {
        let shape = Shape { batch: 1, channels, height: 6, width: 4 };
        let logits = (0..shape.logits()).map(|i| i as f32 - 12.0).collect();
        Scene { logits, shape, origin: "somewhere".into() }
    }

    fn view(labels: &[i32]) -> View {
        let gradient: Vec<f32> = (0..24).map(|i| (i as f32 - 12.0) * 1e-5).collect();
        View { name: "bce".into(), note: Some("note"), pull: Pull::new(&gradient, labels) }
    }

    #[test]
    fn every_kind_of_scene_is_drawn() {
        let picture = Picture { height: 6, width: 4, planes: vec![vec![0.5; 24]] };
        for (channels, label) in [(1, 1), (2, 1), (5, 4), (1, IGNORED)] {
            let labels = vec![label; 24];
            let views = [view(&labels), view(&labels), view(&labels)];
            let reading = "0 background".to_owned();
            let labels = Labels { labels, classes: channels.max(2), link: None, reading };
            let draw = |picture, weight, views: &[View]| {
                let maps = ["band", "decay"]
                    .map(|name| WeightMap { name: name.into(), weights: vec![weight; 24] });
                let maps = maps.into();
                let scene = &scene(channels);
                figure(Setting { picture, labels: &labels, maps, scene }, views)
            };
            let whole = draw(Some(&picture), 1.5, &views);
            let bare = draw(None, f32::NAN, &views);
            assert_eq!((bare.width, bare.height), (whole.width, whole.height));
            assert!(whole.png().is_ok() && bare.png().is_ok());
            assert!(draw(None, 1.0, &[]).height < draw(None, 1.0, &views[..1]).height);
        }
    }

    #[test]
    fn red_is_class_1_where_there_are_several() {
        assert_eq!(meaning(1)[1], "Red: towards foreground. Blue: towards background.");
        assert_eq!(meaning(2)[1], meaning(1)[1]);
        assert!(meaning(2)[0].ends_with("-dL/dz1") && meaning(1)[0].ends_with("-dL/dz"));
        let [pull, colours] = meaning(3);
        assert!(pull.contains("class 1") && colours.starts_with("Red: towards class 1."));
    }

    /// The mask and the prediction of several classes have a key to their colours.
    #[test]
    fn classes_have_a_legend() {
        let labels = vec![4; 24];
        let of = |classes| Labels {
            labels: labels.clone(),
            classes,
            link: None,
            reading: String::new(),
        };
        assert!(matches!(mask(&of(5), &labels).aside, Aside::Legend(Legend(5))));
        assert!(matches!(mask(&of(2), &labels).aside, Aside::Key(_)));
        assert!(matches!(prediction(&scene(5), &labels).aside, Aside::Legend(Legend(5))));
        assert!(matches!(prediction(&scene(2), &labels).aside, Aside::Key(_)));
    }

    #[test]
    fn the_probability_of_two_channels_is_of_their_difference() {
        let pair = scene(2);
        let p: Vec<f32> = probability(&pair.logits, pair.shape).collect();
        assert!((p[0] - 1.0).abs() < 1e-6 && p.len() == 24);
        let one = scene(1);
        assert_eq!(probability(&one.logits, one.shape).nth(12), Some(0.5));
    }

    #[test]
    fn pulls_are_coloured_on_one_scale() {
        let pixels = vec![0.0, 2.0 * LIMIT, -0.25 * LIMIT, f32::NAN];
        let view =
            View { name: "bce".into(), note: None, pull: Pull { pixels, mean: 1.0, up: 0.5 } };
        let Content::Numbers(numbers, _) = pull(&view).content else { panic!("no numbers") };
        assert_eq!(numbers[..3], [0.5, 1.0, 0.25]);
        assert_eq!(TICKS.map(share), [0.0, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0]);
        assert!(numbers[3].is_nan());
    }
}
