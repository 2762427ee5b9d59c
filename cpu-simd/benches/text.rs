//! Reading a loss from text.
//!
//! `cargo bench -p segloss-simd --bench text`

use criterion::{Criterion, criterion_group, criterion_main};
use segloss_core::engine::Link;
use segloss_simd::{Library, Loss};
use std::hint::black_box;

fn text(criterion: &mut Criterion) {
    let library = Library::<f32>::default();
    let mut group = criterion.benchmark_group("text");
    for text in [
        "bce",
        "preset:medical",
        "0.3*bce + 0.4*dice(smooth=1e-6) + 0.3*boundary(theta=3, weight=5)",
    ] {
        group.bench_function(text, |b| {
            b.iter(|| Loss::new(&library, black_box(text), Link::Sigmoid).expect("a loss"))
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = text
}
criterion_main!(benches);
