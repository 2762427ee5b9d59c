//! Streaming a large image, joining workers, and the fixed shape of sums.

use segloss_conformance::case::Case;
use segloss_core::class::Ce;
use segloss_core::compose::{Program, class, pixel, region};
use segloss_core::engine::{Call, Link, Problem, evaluate, merge_ranks, merge_tiles};
use segloss_core::lanes::Lanes;
use segloss_core::level::Scalar;
use segloss_core::pixel::Bce;
use segloss_core::region::{Dice, Pool};
use segloss_core::summation::{Accumulator, Compensated, SEGMENT};
use segloss_core::view::{Layout, NoGradient, Shape, View, ViewMut};
use segloss_simd::Buffers;

fn packed<E>(data: &[E], shape: Shape) -> View<'_, E> {
    View::new(data, Layout::channels_first(shape).unwrap()).unwrap()
}

fn targets_shape(call: Call, shape: Shape) -> Shape {
    if call.link == Link::Softmax { shape.with_channels(1) } else { shape }
}

/// Value and gradient of one call.
fn whole<P: Program<f32, f64>>(case: &Case, call: Call, program: &P) -> (f64, Vec<f32>) {
    let logits = case.single();
    let (z, y) =
        (packed(&logits, case.shape), packed(&case.targets, targets_shape(call, case.shape)));
    let problem = Problem::new(call, program, &z, &y).unwrap();
    let mut gradient = vec![0f32; logits.len()];
    let mut sink =
        ViewMut::new(&mut gradient, Layout::channels_first(case.shape).unwrap()).unwrap();
    let mut buffers = Buffers::new();
    let report =
        evaluate(Scalar, &problem, Some(&mut sink), &mut buffers.lend(&problem.sizes()).unwrap())
            .unwrap();
    (report.value, gradient)
}

/// The pixels `from..to` of each sample and channel.
fn cut<E: Copy>(data: &[E], pixels: usize, from: usize, to: usize) -> Vec<E> {
    data.chunks(pixels).flat_map(|plane| plane[from..to].to_vec()).collect()
}

/// Evaluates tile by tile: all sums first, then the gradient of each tile.
fn streamed<P: Program<f32, f64>>(
    case: &Case,
    call: Call,
    program: &P,
    tile: usize,
    go_on: bool,
) -> (f64, Vec<f32>) {
    let pixels = case.shape.pixels();
    let logits = case.single();
    let mut sums: Vec<f64> = Vec::new();
    let mut gradient = vec![0f32; logits.len()];
    let mut value = 0.0;
    let mut state = (Vec::new(), Vec::new());
    for sum in [true, false] {
        for from in (0..pixels).step_by(tile) {
            let to = pixels.min(from + tile);
            let shape = Shape { spatial: [1, 1, to - from], axes: 1, ..case.shape };
            let z = cut(&logits, pixels, from, to);
            let y = cut(&case.targets, pixels, from, to);
            let (z, y) = (packed(&z, shape), packed(&y, targets_shape(call, shape)));
            let problem = Problem::new(call, program, &z, &y).unwrap();
            let sizes = problem.sizes();
            let mut buffers = Buffers::new();
            let mut workspace = buffers.lend(&sizes).unwrap();
            if sum {
                sums.resize(sizes.sums, 0.0);
                if go_on {
                    workspace.sums.copy_from_slice(&sums);
                }
                problem.check(&mut workspace).unwrap();
                problem.reduce(Scalar, &mut workspace).unwrap();
                if go_on {
                    sums.copy_from_slice(workspace.sums);
                } else {
                    merge_tiles(&mut sums, workspace.sums).unwrap();
                }
                problem.close(&sums, workspace.totals).unwrap();
                value = problem
                    .finish(workspace.totals, &sums, workspace.factors, workspace.slopes)
                    .unwrap();
                state = (workspace.factors.to_vec(), workspace.slopes.to_vec());
            } else {
                workspace.factors.copy_from_slice(&state.0);
                workspace.slopes.copy_from_slice(&state.1);
                let mut part = vec![0f32; z.layout().span()];
                let layout = Layout::channels_first(shape).unwrap();
                let mut sink = ViewMut::new(&mut part, layout).unwrap();
                problem.gradient(Scalar, &mut workspace, &mut sink).unwrap();
                let planes = gradient.chunks_mut(pixels).zip(part.chunks(to - from));
                planes.for_each(|(plane, part)| plane[from..to].copy_from_slice(part));
            }
        }
    }
    (value, gradient)
}

#[track_caller]
fn assert_within(found: (f64, Vec<f32>), expected: &(f64, Vec<f32>), relative: f64) {
    assert!(
        (found.0 - expected.0).abs() <= relative * expected.0.abs(),
        "{} {}",
        found.0,
        expected.0
    );
    let largest = expected.1.iter().fold(0f32, |m, g| m.max(g.abs()));
    for (found, expected) in found.1.iter().zip(&expected.1) {
        assert!((found - expected).abs() <= 2e-7 * largest, "{found} {expected}");
    }
}

#[test]
fn tiles_of_whole_segments_give_the_same_bits() {
    let pixels = 3 * SEGMENT + 777;
    let sigmoid = Case::sigmoid(5, Shape::new(2, 1, &[pixels]).unwrap(), 8.0, 0.1);
    let call = Call { ignore_index: Some(255), ..Call::sigmoid() };
    let program = (pixel(0.5, Bce), region(0.5, Dice::default()));
    let expected = whole(&sigmoid, call, &program);
    assert_eq!(streamed(&sigmoid, call, &program, SEGMENT, true), expected);
    assert_eq!(streamed(&sigmoid, call, &program, 2 * SEGMENT, true), expected);
    let softmax = Case::softmax(6, Shape::new(2, 3, &[pixels]).unwrap(), 8.0, 0.1);
    let program = (class(0.5, Ce), region(0.5, Dice::default()));
    let expected = whole(&softmax, Call::softmax(), &program);
    assert_eq!(streamed(&softmax, Call::softmax(), &program, SEGMENT, true), expected);
}

#[test]
fn other_tiles_agree_closely() {
    let case = Case::sigmoid(7, Shape::new(2, 1, &[150_000]).unwrap(), 8.0, 0.1);
    let call = Call { ignore_index: Some(255), ..Call::sigmoid() };
    let program = (pixel(0.5, Bce), region(0.5, Dice::default()));
    let expected = whole(&case, call, &program);
    // Whole segments summed apart differ in the order of additions in f64 alone.
    assert_within(streamed(&case, call, &program, SEGMENT, false), &expected, 1e-12);
    // Other cuts move pixels between blocks, which sum in f32.
    assert_within(streamed(&case, call, &program, 40_001, true), &expected, 1e-7);
}

/// Four workers with samples of their own: totals added up, the gradient as of one call.
#[test]
fn ranks_give_the_batch_loss() {
    let case = Case::sigmoid(8, Shape::new(5, 1, &[70, 30]).unwrap(), 8.0, 0.1);
    let call = Call { ignore_index: Some(255), ..Call::sigmoid() };
    let mut case = case;
    // One worker has nothing that counts.
    case.targets[3 * 2100..4 * 2100].fill(255);
    let program = (
        pixel(0.5, Bce),
        (region(0.25, Dice::default()), region(0.25, Dice::default()).pool(Pool::Batch)),
    );
    let expected = whole(&case, call, &program);
    let logits = case.single();
    let shards = [0..2, 2..3, 3..4, 4..5];
    // A framework will average gradients over the workers.
    let workers = shards.len() as f32;
    let call = Call { scale: f64::from(workers).into(), ..call };
    let mut totals: Vec<f64> = Vec::new();
    let mut gradient = Vec::new();
    let mut values = Vec::new();
    for totalling in [true, false] {
        for shard in shards.clone() {
            let shape = Shape { batch: shard.len(), ..case.shape };
            let range = shard.start * 2100..shard.end * 2100;
            let (z, y) =
                (packed(&logits[range.clone()], shape), packed(&case.targets[range], shape));
            let problem = Problem::new(call, &program, &z, &y).unwrap();
            let mut buffers = Buffers::new();
            let mut workspace = buffers.lend(&problem.sizes()).unwrap();
            problem.check(&mut workspace).unwrap();
            problem.reduce(Scalar, &mut workspace).unwrap();
            if totalling {
                problem.close(workspace.sums, workspace.totals).unwrap();
                totals.resize(workspace.totals.len(), 0.0);
                merge_ranks(&mut totals, workspace.totals).unwrap();
                continue;
            }
            values.push(
                problem
                    .finish(&totals, workspace.sums, workspace.factors, workspace.slopes)
                    .unwrap(),
            );
            let mut part = vec![0f32; shard.len() * 2100];
            let mut sink = ViewMut::new(&mut part, Layout::channels_first(shape).unwrap()).unwrap();
            problem.gradient(Scalar, &mut workspace, &mut sink).unwrap();
            gradient.extend(part.iter().map(|g| g / workers));
        }
    }
    for value in values {
        assert!((value - expected.0).abs() <= 1e-12 * expected.0, "{value} {}", expected.0);
    }
    assert_within((expected.0, gradient), &expected, 1e-12);
}

/// A workspace lent for a larger call serves a smaller one, stage by stage.
#[test]
fn a_workspace_larger_than_needed() {
    let program = (class(0.5, Ce), region(0.5, Dice::default()));
    let large = Case::softmax(1, Shape::new(3, 9, &[50]).unwrap(), 8.0, 0.1);
    let small = Case::softmax(2, Shape::new(2, 3, &[70]).unwrap(), 8.0, 0.1);
    let expected = whole(&small, Call::softmax(), &program);
    let mut buffers = Buffers::<f32>::new();
    for case in [&large, &small] {
        let logits = case.single();
        let (z, y) =
            (packed(&logits, case.shape), packed(&case.targets, case.shape.with_channels(1)));
        let problem = Problem::<f32, f64, _, _, _>::new(Call::softmax(), &program, &z, &y).unwrap();
        let mut workspace = buffers.lend(&problem.sizes()).unwrap();
        workspace.sums.fill(0.0);
        problem.check(&mut workspace).unwrap();
        problem.reduce(Scalar, &mut workspace).unwrap();
        problem.close(workspace.sums, workspace.totals).unwrap();
        let (sums, totals) = (&*workspace.sums, &*workspace.totals);
        let value = problem.finish(totals, sums, workspace.factors, workspace.slopes).unwrap();
        let mut gradient = vec![0f32; logits.len()];
        let mut sink =
            ViewMut::new(&mut gradient, Layout::channels_first(case.shape).unwrap()).unwrap();
        problem.gradient(Scalar, &mut workspace, &mut sink).unwrap();
        if case.shape == small.shape {
            assert_eq!((value, gradient), expected);
        }
    }
}

/// The accumulator for machines without `f64` is as good as one.
#[test]
fn compensated_sums() {
    let case = Case::sigmoid(9, Shape::new(3, 1, &[100_003]).unwrap(), 8.0, 0.1);
    let call = Call { ignore_index: Some(255), ..Call::sigmoid() };
    let program = (pixel(0.5, Bce), region(0.5, Dice::default()));
    let expected = whole(&case, call, &program);
    let logits = case.single();
    let (z, y) = (packed(&logits, case.shape), packed(&case.targets, case.shape));
    let problem = Problem::<f32, Compensated, _, _, _>::new(call, &program, &z, &y).unwrap();
    let mut buffers = Buffers::new();
    let mut workspace = buffers.lend(&problem.sizes()).unwrap();
    let report = evaluate(Scalar, &problem, None::<&mut NoGradient>, &mut workspace).unwrap();
    let kept = case.targets.iter().filter(|&&y| y != 255).count();
    assert_eq!(report.valid, kept as u64);
    let value = report.value;
    assert!((f64::from(value) / expected.0 - 1.0).abs() < 2e-7, "{value} {}", expected.0);

    let mut sum = Compensated::default();
    (0..10_000_000).for_each(|_| sum.add(0.1f32));
    assert_eq!(sum.total(), (1e7 * f64::from(0.1f32)) as f32);
    let mut counted = Compensated::default();
    counted.count(123_456_789_012_345);
    assert_eq!(counted.total(), 123_456_789_012_345.0);
    let mut infinite = Compensated::default();
    infinite.add(f32::INFINITY);
    infinite.add(1f32);
    assert_eq!(infinite.total(), f32::INFINITY);
    assert!(f32::splat(0.1).exp() > 1.0);
}
