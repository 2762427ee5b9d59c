//! Boundary and distance losses with their maps computed in the call, value and gradient, beside
//! cross-entropy alone: 8 masks of 512 x 512 of discs, as bytes and as floats.
//!
//! `cargo bench -p segloss-simd --bench mapped_losses` (a regular expression picks some)

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use segloss_core::engine::{Call, Link};
use segloss_core::view::{Layout, Shape, Targets, View, ViewMut};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs};

const BATCH: usize = 8;
const SIDE: usize = 512;

/// Discs of radii from 4 to 64.
fn discs() -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut masks = vec![0; BATCH * SIDE * SIDE];
    for mask in masks.chunks_mut(SIDE * SIDE) {
        for _ in 0..12 {
            let (x, y) = (rng.usize(0..SIDE) as i64, rng.usize(0..SIDE) as i64);
            let radius = (4.0 * 16f64.powf(rng.f64())) as i64;
            for (i, pixel) in mask.iter_mut().enumerate() {
                let (dx, dy) = ((i % SIDE) as i64 - x, (i / SIDE) as i64 - y);
                *pixel |= u8::from(dx * dx + dy * dy <= radius * radius);
            }
        }
    }
    masks
}

fn mapped(criterion: &mut Criterion) {
    let layout = Shape::new(BATCH, 1, &[SIDE, SIDE]).and_then(Layout::channels_first);
    let layout = layout.expect("a shape of two axes");
    let mut rng = fastrand::Rng::with_seed(2);
    let logits: Vec<f32> = (0..layout.span()).map(|_| rng.f32() * 16.0 - 8.0).collect();
    let bytes = discs();
    let floats: Vec<f32> = bytes.iter().map(|&y| f32::from(y)).collect();
    let view = View::new(&logits, layout).expect("all logits");
    let targets = [
        ("u8", Targets::U8(View::new(&bytes, layout).expect("all masks"))),
        ("f32", Targets::F32(View::new(&floats, layout).expect("all masks"))),
    ];
    let mut gradient = vec![0f32; layout.span()];
    let mut group = criterion.benchmark_group("8x1x512x512");
    group.throughput(Throughput::Elements(layout.span() as u64));
    for level in AnyLevel::available() {
        let library = Library::<f32>::new(level);
        for text in ["bce", "boundary", "distance", "preset:boundary"] {
            let loss = Loss::new(&library, text, Link::Sigmoid).expect("a loss");
            for (stored, targets) in &targets {
                let mut buffers = Buffers::new();
                group.bench_function(format!("{text}/{stored}/{}", level.name()), |b| {
                    b.iter(|| {
                        let mut sink = ViewMut::new(&mut gradient, layout).expect("packed");
                        let outputs = Outputs::gradient(&mut sink);
                        let call = Call::of(loss.link());
                        let report = loss.evaluate(call, view, targets, &[], outputs, &mut buffers);
                        report.expect("valid targets").value
                    });
                });
            }
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = mapped
}
criterion_main!(benches);
