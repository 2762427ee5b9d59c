//! Value and gradient of each loss at each level, beside a streaming pass over the same arrays:
//! logits and targets read, the gradient written, nothing computed. That pass is the limit.
//!
//! `cargo bench -p segloss-simd --bench losses` (a regular expression picks some)

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use segloss_core::class::Ce;
use segloss_core::compose::{Definition, Listed, Program, Term, class, pixel, region};
use segloss_core::engine::{Call, Problem, evaluate};
use segloss_core::level::Level;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::term::Options;
use segloss_core::view::{Layout, Shape, View, ViewMut};
use segloss_simd::{AnyLevel, Buffers, with_level};
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

    fn evaluate<Lv: Level, P: Program<f32, f64>>(
        &mut self,
        level: Lv,
        call: Call,
        program: &P,
        buffers: &mut Buffers<f32>,
    ) -> f64 {
        let packed = |shape| Layout::channels_first(shape).expect("a packed layout fits");
        let logits = View::new(&self.logits, packed(self.shape)).expect("all logits");
        let targets =
            View::new(&self.targets, packed(self.shape.with_channels(1))).expect("all targets");
        let problem = Problem::new(call, program, &logits, &targets).expect("shapes fit");
        let mut sink =
            ViewMut::new(&mut self.gradient, packed(self.shape)).expect("a packed gradient");
        let mut workspace = buffers.lend(&problem.sizes()).expect("memory");
        evaluate(level, &problem, Some(&mut sink), &mut workspace).expect("valid targets").value
    }
}

/// One loss composed at compile time at every level, and at run time at the best.
macro_rules! loss {
    ($group:expr, $arrays:expr, $call:expr, $name:literal, $fixed:expr,
     $($kind:ident::<$term:ty>),+) => {{
        let mut buffers = Buffers::new();
        for level in AnyLevel::available() {
            $group.bench_function(format!("{}/{}", $name, level.name()), |b| {
                with_level!(level, l => b.iter(|| {
                    black_box(&mut *$arrays).evaluate(l, $call, &$fixed, &mut buffers)
                }));
            });
            fn definitions<Lv: Level>(_: Lv) -> Vec<Definition<'static, f32>> {
                vec![$(definition!($kind, $term, Lv)),+]
            }
            let definitions = with_level!(level, l => definitions(l));
            let share = 1.0 / definitions.len() as f64;
            let terms: Vec<_> = definitions
                .iter()
                .map(|definition| Term::new(share, definition, &[], Options::default()).expect("default parameters"))
                .collect();
            $group.bench_function(format!("{}-listed/{}", $name, level.name()), |b| {
                with_level!(level, l => b.iter(|| {
                    black_box(&mut *$arrays)
                        .evaluate(l, $call, &Listed::new(&terms), &mut buffers)
                }));
            });
        }
    }};
}

macro_rules! definition {
    (region, $term:ty, $level:ty) => {
        Definition::region::<$term>()
    };
    ($kind:ident, $term:ty, $level:ty) => {
        Definition::$kind::<$term, $level>()
    };
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
    loss!(group, arrays, call, "bce", pixel(1.0, Bce), pixel::<Bce>);
    loss!(group, arrays, call, "dice", region(1.0, dice), region::<Dice>);
    loss!(
        group,
        arrays,
        call,
        "bce+dice",
        (pixel(0.5, Bce), region(0.5, dice)),
        pixel::<Bce>,
        region::<Dice>
    );
}

fn classes(criterion: &mut Criterion) {
    let arrays = &mut Arrays::new(4, 19, 512);
    let mut group = group(criterion, "4x19x512x512", arrays);
    let (call, dice) = (Call::softmax(), Dice::default());
    loss!(group, arrays, call, "ce", class(1.0, Ce), class::<Ce>);
    loss!(group, arrays, call, "dice", region(1.0, dice), region::<Dice>);
    loss!(
        group,
        arrays,
        call,
        "ce+dice",
        (class(0.5, Ce), region(0.5, dice)),
        class::<Ce>,
        region::<Dice>
    );
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
