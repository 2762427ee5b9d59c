//! Random inputs: channels-first logits and targets with a share of ignored pixels.

use fastrand::Rng;
use segloss_core::view::Shape;

/// Inputs of one call.
#[derive(Clone, Debug)]
pub struct Case {
    /// The logits' shape; targets have it too, or one channel where they are labels.
    pub shape: Shape,
    /// Channels first, packed.
    pub logits: Vec<f64>,
    /// Labels below the number of classes (softmax) or 0 and 1 (sigmoid), and `ignored`.
    pub targets: Vec<u8>,
}

/// The target of pixels that do not count.
pub const IGNORED: u8 = 255;

impl Case {
    /// Dense targets, one a logit. Logits are exact in `f32`.
    pub fn sigmoid(seed: u64, shape: Shape, span: f64, ignored: f64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let count = shape.batch * shape.channels * shape.pixels();
        let targets = (0..count).map(|_| draw(&mut rng, 2, ignored)).collect();
        Case { shape, logits: logits(&mut rng, count, span), targets }
    }

    /// A label map.
    pub fn softmax(seed: u64, shape: Shape, span: f64, ignored: f64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let pixels = shape.batch * shape.pixels();
        let classes = shape.channels.min(200) as u8;
        let targets = (0..pixels).map(|_| draw(&mut rng, classes, ignored)).collect();
        Case { shape, logits: logits(&mut rng, pixels * shape.channels, span), targets }
    }

    /// The logits as `f32`.
    pub fn single(&self) -> Vec<f32> {
        self.logits.iter().map(|&z| z as f32).collect()
    }
}

/// Inputs of one call with shares of foreground for targets.
#[derive(Clone, Debug)]
pub struct SoftCase {
    /// The shape of logits and targets.
    pub shape: Shape,
    /// Channels first, packed.
    pub logits: Vec<f64>,
    /// From 0 to 1, a third of them 0 or 1, and [`IGNORED`]. Exact in `f32`, as the logits.
    pub targets: Vec<f64>,
}

impl SoftCase {
    /// Logits up to `span` on both sides, and a share of `ignored` pixels.
    pub fn new(seed: u64, shape: Shape, span: f64, ignored: f64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let count = shape.batch * shape.channels * shape.pixels();
        let share = |rng: &mut Rng| f64::from(((rng.f64() * 1.5 - 0.25) as f32).clamp(0.0, 1.0));
        let targets = (0..count)
            .map(|_| if rng.f64() < ignored { f64::from(IGNORED) } else { share(&mut rng) })
            .collect();
        SoftCase { shape, logits: logits(&mut rng, count, span), targets }
    }
}

fn logits(rng: &mut Rng, count: usize, span: f64) -> Vec<f64> {
    (0..count).map(|_| f64::from(((rng.f64() * 2.0 - 1.0) * span) as f32)).collect()
}

fn draw(rng: &mut Rng, classes: u8, ignored: f64) -> u8 {
    if rng.f64() < ignored { IGNORED } else { rng.u8(0..classes) }
}
