//! Maps at each level, in bytes (labels read and maps written) and in pixels a second.
//!
//! `cargo bench -p segloss-simd --bench maps` (a regular expression picks some)

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use segloss_simd::AnyLevel;
use segloss_simd::maps::band::Band;
use segloss_simd::maps::decay::{Decay, Empty};
use segloss_simd::maps::edt::Spacing;
use segloss_simd::maps::morphology::Border;
use segloss_simd::maps::{Classes, Labels, MapBuffers, Mask, Serial};
use std::hint::black_box;

const SIDE: usize = 1024;

/// Discs, in which distances are long, and noise, in which they are short.
fn masks() -> [(&'static str, Vec<u8>); 2] {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut discs = vec![0; SIDE * SIDE];
    for _ in 0..24 {
        let (x, y) = (rng.i32(0..SIDE as i32), rng.i32(0..SIDE as i32));
        let radius = 5.0 * 30f32.powf(rng.f32());
        for (pixel, place) in discs.iter_mut().enumerate() {
            let (dx, dy) = ((pixel % SIDE) as i32 - x, (pixel / SIDE) as i32 - y);
            *place |= u8::from(((dx * dx + dy * dy) as f32) < radius * radius);
        }
    }
    let noise = (0..SIDE * SIDE).map(|_| rng.u8(0..2)).collect();
    [("discs", discs), ("noise", noise)]
}

fn group<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    throughput: Throughput,
) -> BenchmarkGroup<'c, WallTime> {
    let unit = if matches!(throughput, Throughput::Bytes(_)) { "bytes" } else { "pixels" };
    let mut group = criterion.benchmark_group(format!("{name}/{unit}"));
    group.throughput(throughput);
    group
}

fn maps(criterion: &mut Criterion) {
    let pixels = SIDE * SIDE;
    let throughputs = [Throughput::Elements(pixels as u64), Throughput::Bytes(5 * pixels as u64)];
    for (kind, labels) in masks() {
        let mask = Mask::new(&labels, &[SIDE, SIDE]).expect("a square");
        let classes = Classes::new(&labels, &[SIDE, SIDE]).expect("a square");
        for throughput in throughputs.clone() {
            each_map(&mut group(criterion, &format!("maps/{kind}"), throughput), &mask, &classes);
        }
    }
}

fn each_map(group: &mut BenchmarkGroup<'_, WallTime>, mask: &Mask<'_>, classes: &Classes<'_, u8>) {
    let unit = Spacing::UNIT;
    let spacing = Spacing::new(&[1.0, 0.5]).expect("positive");
    let band = Band::new(3, 5.0, Border::Zero).expect("in range");
    let decay = Decay::new(5.0, Empty::Zero).expect("in range");
    let mut out = vec![0f32; mask.spatial().iter().product()];
    for level in AnyLevel::available() {
        let name = level.name();
        let mut buffers = MapBuffers::new(level, Serial);
        let out = &mut out;
        let mut bench = |map: &str, run: &mut dyn FnMut(&mut MapBuffers<Serial>, &mut [f32])| {
            group.bench_function(format!("{map}/{name}"), |bencher| {
                bencher.iter(|| run(black_box(&mut buffers), out));
            });
        };
        bench("band", &mut |b, out| b.band_weights(&band, mask, out).expect("fits"));
        bench("decay", &mut |b, out| b.decay_weights(&decay, mask, unit, out).expect("fits"));
        bench("to_background", &mut |b, out| {
            b.distance_to_background(mask, unit, out).expect("fits");
        });
        bench("signed", &mut |b, out| b.signed_distance(mask, unit, out).expect("fits"));
        bench("to_other", &mut |b, out| b.distance_to_other(classes, unit, out).expect("fits"));
        bench("spaced", &mut |b, out| b.distance_to_other(classes, spacing, out).expect("fits"));
    }
}

criterion_group!(benches, maps);
criterion_main!(benches);
