//! Value and gradient of each loss at each level: read from text, and some also composed at compile time.
//! Beside them a streaming pass over the same arrays: logits and targets read, the gradient written, nothing
//! computed. That pass is the limit.
//!
//! `cargo bench -p segloss-simd --bench losses` runs all. A regular expression after it picks some by shape,
//! kind, loss and level: `cargo bench -p segloss-simd --bench losses -- '^8x1x512x512/text/focal/avx'`

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use segloss_core::class::Ce;
use segloss_core::compose::{At, PRESETS, Parts, class, pixel, region};
use segloss_core::engine::{Call, Link, Problem, evaluate};
use segloss_core::level::Level;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::view::{Layout, Shape, View, ViewMut};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs, with_level};
use std::hint::black_box;

/// Inputs and a gradient buffer, channels first.
struct Arrays {
    shape: Shape,
    logits: Vec<f32>,
    targets: Vec<u8>,
    gradient: Vec<f32>,
}

impl Arrays {
    fn new(batch: usize, classes: usize, side: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(1);
        let pixels = batch * side * side;
        let shape = Shape::new(batch, classes, &[side, side]).expect("a shape of two axes");
        let labels = classes.max(2) as u8;
        Arrays {
            shape,
            logits: (0..pixels * classes).map(|_| rng.f32() * 16.0 - 8.0).collect(),
            targets: (0..pixels).map(|_| rng.u8(0..labels)).collect(),
            gradient: vec![0.0; pixels * classes],
        }
    }

    fn bytes(&self) -> u64 {
        (self.logits.len() * 8 + self.targets.len()) as u64
    }

    /// Reads everything there is to read and writes everything there is to write.
    fn stream(&mut self) {
        let plane = self.shape.pixels();
        let samples = self.logits.chunks(plane * self.shape.channels);
        let gradients = self.gradient.chunks_mut(plane * self.shape.channels);
        for ((z, g), y) in samples.zip(gradients).zip(self.targets.chunks(plane)) {
            for (k, (z, g)) in z.chunks(plane).zip(g.chunks_mut(plane)).enumerate() {
                if k == 0 {
                    for ((z, g), y) in z.iter().zip(g).zip(y) {
                        *g = z + f32::from(*y);
                    }
                } else {
                    z.iter().zip(g).for_each(|(z, g)| *g = z + 1.0);
                }
            }
        }
    }

    fn evaluate_text(&mut self, loss: &Loss<'_, f32>, buffers: &mut Buffers<f32>) -> f64 {
        let packed = |shape| Layout::channels_first(shape).expect("a packed layout fits");
        let logits = View::new(&self.logits, packed(self.shape)).expect("all logits");
        let targets =
            View::new(&self.targets, packed(self.shape.with_channels(1))).expect("all targets");
        let mut sink =
            ViewMut::new(&mut self.gradient, packed(self.shape)).expect("a packed gradient");
        let call = Call::of(loss.link());
        loss.evaluate(call, logits, targets, &[], Outputs::gradient(&mut sink), buffers)
            .expect("valid targets")
            .value
    }

    fn evaluate<Lv: Level, P: Parts>(
        &mut self,
        call: Call,
        program: &At<Lv, P>,
        buffers: &mut Buffers<f32>,
    ) -> f64 {
        let packed = |shape| Layout::channels_first(shape).expect("a packed layout fits");
        let logits = View::new(&self.logits, packed(self.shape)).expect("all logits");
        let targets =
            View::new(&self.targets, packed(self.shape.with_channels(1))).expect("all targets");
        let problem = Problem::new(call, program, logits, targets).expect("shapes fit");
        let mut sink =
            ViewMut::new(&mut self.gradient, packed(self.shape)).expect("a packed gradient");
        let mut workspace = buffers.lend(&problem.sizes()).expect("memory");
        evaluate(&problem, Some(&mut sink), &mut workspace).expect("valid targets").value
    }
}

/// A loss composed at compile time, at every level.
macro_rules! fixed {
    ($group:expr, $arrays:expr, $call:expr, $name:literal, $loss:expr) => {{
        let mut buffers = Buffers::new();
        for level in AnyLevel::available() {
            $group.bench_function(format!("fixed/{}/{}", $name, level.name()), |b| {
                with_level!(level, l => b.iter(|| {
                    black_box(&mut *$arrays).evaluate($call, &At::new(l, $loss), &mut buffers)
                }));
            });
        }
    }};
}

/// Losses read from text, at every level.
fn texts(
    group: &mut BenchmarkGroup<'_, WallTime>,
    arrays: &mut Arrays,
    link: Link,
    texts: &[String],
) {
    for level in AnyLevel::available() {
        let library = Library::new(level);
        let mut buffers = Buffers::new();
        for text in texts {
            let loss = Loss::new(&library, text, link).expect("a loss");
            group.bench_function(format!("text/{text}/{}", level.name()), |b| {
                b.iter(|| black_box(&mut *arrays).evaluate_text(&loss, &mut buffers));
            });
        }
    }
}

/// Every term of the library that `link` gives a meaning, every map with cross-entropy, and every preset.
fn every_text(link: Link) -> Vec<String> {
    let library = Library::<f32>::default();
    let registry = library.registry();
    let terms = registry.terms().filter(|term| term.link().is_none_or(|own| own == link));
    let entropy = if link == Link::Sigmoid { "bce" } else { "ce" };
    (terms.map(|term| term.name.to_owned()))
        .chain(registry.maps().map(|map| format!("{entropy} @ {}", map.name)))
        .chain(PRESETS.iter().map(|preset| format!("preset:{}", preset.name)))
        .chain([format!("0.5*{entropy} + 0.5*dice")])
        .collect()
}

fn group<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    arrays: &mut Arrays,
) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    let (elements, bytes) = (arrays.targets.len() as u64, arrays.bytes());
    group.throughput(Throughput::ElementsAndBytes { elements, bytes });
    group.bench_function("stream", |b| b.iter(|| black_box(&mut *arrays).stream()));
    group
}

fn binary(criterion: &mut Criterion) {
    // 19 MB, which a large last-level cache holds, and 151 MB, which none does.
    for (batch, side) in [(8, 512), (16, 1024)] {
        binary_of(criterion, batch, side);
    }
}

fn binary_of(criterion: &mut Criterion, batch: usize, side: usize) {
    let arrays = &mut Arrays::new(batch, 1, side);
    let mut group = group(criterion, &format!("{batch}x1x{side}x{side}"), arrays);
    let (call, dice) = (Call::sigmoid(), Dice::default());
    fixed!(group, arrays, call, "bce", pixel(1.0, Bce::default()));
    fixed!(group, arrays, call, "dice", region(1.0, dice));
    fixed!(
        group,
        arrays,
        call,
        "0.5*bce + 0.5*dice",
        (pixel(0.5, Bce::default()), region(0.5, dice))
    );
    texts(&mut group, arrays, Link::Sigmoid, &every_text(Link::Sigmoid));
}

fn classes(criterion: &mut Criterion) {
    let arrays = &mut Arrays::new(4, 19, 512);
    let mut group = group(criterion, "4x19x512x512", arrays);
    let (call, dice) = (Call::softmax(), Dice::default());
    fixed!(group, arrays, call, "ce", class(1.0, Ce::default()));
    fixed!(group, arrays, call, "dice", region(1.0, dice));
    fixed!(
        group,
        arrays,
        call,
        "0.5*ce + 0.5*dice",
        (class(0.5, Ce::default()), region(0.5, dice))
    );
    texts(&mut group, arrays, Link::Softmax, &every_text(Link::Softmax));
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = binary, classes
}
criterion_main!(benches);
