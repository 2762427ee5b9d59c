//! Streaming a large image, joining workers, and the fixed shape of sums.

use core::ops::Range;

use segloss_conformance::case::Case;
use segloss_conformance::views::packed;
use segloss_core::class::Ce;
use segloss_core::compose::{MapCall, Plan, Program, Registry, Term, class, parse, pixel, region};
use segloss_core::engine::{Call, Ignore, Link, Problem, evaluate, merge_ranks, merge_tiles};
use segloss_core::lanes::{Lanes, Real};
use segloss_core::level::Scalar;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::summation::{Accumulator, Compensated, SEGMENT};
use segloss_core::view::{Layout, Logit, Shape, ViewMut, Weights};
use segloss_simd::Buffers;

/// A batch, or some samples and pixels of it, with a weight and a map's weight for each pixel.
struct Scene<T> {
    shape: Shape,
    logits: Vec<T>,
    targets: Vec<u8>,
    weights: Option<Vec<f32>>,
    map: Vec<f32>,
}

impl<T: Real + Logit<Compute = T>> Scene<T> {
    /// Without weights.
    fn new(case: &Case) -> Self {
        let count = case.shape.batch * case.shape.pixels();
        // From 0 to 1.5, in no order.
        let map = (0..count).map(|i| (i * 7919 % 13) as f32 / 8.0).collect();
        let logits = case.logits.iter().map(|&z| T::round_from(z)).collect();
        Scene { shape: case.shape, logits, targets: case.targets.clone(), weights: None, map }
    }

    fn weighted(self) -> Self {
        let count = self.shape.batch * self.shape.pixels();
        let weights = (0..count).map(|i| (i * 104_729 % 17) as f32 / 4.0).collect();
        Scene { weights: Some(weights), ..self }
    }

    /// Some samples, and some pixels of each.
    fn part(&self, samples: Range<usize>, pixels: Range<usize>) -> Self {
        let all = (self.shape.batch, self.shape.pixels());
        let spatial = [1, 1, pixels.len()];
        let shape = Shape { batch: samples.len(), spatial, axes: 1, ..self.shape };
        Scene {
            shape,
            logits: cut(&self.logits, all, &samples, &pixels),
            targets: cut(&self.targets, all, &samples, &pixels),
            weights: self.weights.as_ref().map(|w| cut(w, all, &samples, &pixels)),
            map: cut(&self.map, all, &samples, &pixels),
        }
    }

    /// Calls `use_it` with `program` on this, every map of the call being the scene's.
    fn with<R>(
        &self,
        call: Call<'_>,
        program: &dyn Program<T, f64>,
        use_it: impl FnOnce(&Problem<'_, T, f64>) -> R,
    ) -> R {
        let one = self.shape.with_channels(1);
        let targets = if call.link == Link::Softmax { one } else { self.shape };
        let (z, y) = (packed(&self.logits, self.shape), packed(&self.targets, targets));
        let maps = [Weights::F32(packed(&self.map, one)); 4];
        let weights = self.weights.as_ref().map(|w| Weights::F32(packed(w, one)));
        use_it(&Problem::new(Call { weights, maps: &maps, ..call }, program, z, y).unwrap())
    }

    fn gradient(&self) -> Vec<T> {
        vec![T::default(); self.logits.len()]
    }
}

/// What a plane a sample, or several, hold of some samples and pixels.
fn cut<E: Copy>(
    data: &[E],
    (batch, pixels): (usize, usize),
    samples: &Range<usize>,
    some: &Range<usize>,
) -> Vec<E> {
    let sample = data.len() / batch;
    let planes = data[samples.start * sample..samples.end * sample].chunks(pixels);
    planes.flat_map(|plane| plane[some.clone()].to_vec()).collect()
}

fn sink<E: Logit>(data: &mut [E], shape: Shape) -> ViewMut<'_, E> {
    ViewMut::new(data, Layout::channels_first(shape).unwrap()).unwrap()
}

/// Value and gradient of one call.
fn whole<T: Real + Logit<Compute = T>>(
    scene: &Scene<T>,
    call: Call<'_>,
    program: &dyn Program<T, f64>,
) -> (f64, Vec<T>) {
    let mut gradient = scene.gradient();
    let report = scene.with(call, program, |problem| {
        let mut buffers = Buffers::new();
        let mut workspace = buffers.lend(&problem.sizes()).unwrap();
        let mut sink = sink(&mut gradient, scene.shape);
        evaluate(problem, Some(&mut sink), &mut workspace).unwrap()
    });
    (report.value, gradient)
}

/// Evaluates tile by tile: all sums first, then the gradient of each tile. Sums go on from tile to tile,
/// or are merged.
fn streamed<T: Real + Logit<Compute = T>>(
    scene: &Scene<T>,
    call: Call<'_>,
    program: &dyn Program<T, f64>,
    tile: usize,
    go_on: bool,
) -> (f64, Vec<T>) {
    let pixels = scene.shape.pixels();
    let tiles = || (0..pixels).step_by(tile).map(|from| from..pixels.min(from + tile));
    let (mut buffers, mut sums) = (Buffers::new(), Vec::new());
    let (mut value, mut state) = (0.0, (Vec::new(), Vec::new()));
    for range in tiles() {
        scene.part(0..scene.shape.batch, range).with(call, program, |problem| {
            let mut workspace = buffers.lend(&problem.sizes()).unwrap();
            sums.resize(problem.sizes().sums, 0.0);
            workspace.sums.fill(0.0);
            if go_on {
                workspace.sums.copy_from_slice(&sums);
            }
            problem.check(&mut workspace).unwrap();
            problem.reduce(&mut workspace).unwrap();
            if go_on {
                sums.copy_from_slice(workspace.sums);
            } else {
                merge_tiles(&mut sums, workspace.sums).unwrap();
            }
            problem.close(&sums, workspace.totals).unwrap();
            let (totals, factors, slopes) =
                (&*workspace.totals, &mut *workspace.factors, &mut *workspace.slopes);
            value = problem.finish(totals, &sums, factors, slopes).unwrap();
            state = (factors.to_vec(), slopes.to_vec());
        });
    }
    let mut gradient = scene.gradient();
    for range in tiles() {
        let part = scene.part(0..scene.shape.batch, range.clone());
        let mut own = part.gradient();
        part.with(call, program, |problem| {
            let mut workspace = buffers.lend(&problem.sizes()).unwrap();
            workspace.factors.copy_from_slice(&state.0);
            workspace.slopes.copy_from_slice(&state.1);
            problem.gradient(&mut workspace, &mut sink(&mut own, part.shape)).unwrap();
        });
        let planes = gradient.chunks_mut(pixels).zip(own.chunks(range.len()));
        planes.for_each(|(plane, own)| plane[range.clone()].copy_from_slice(own));
    }
    (value, gradient)
}

/// Workers with samples of their own: the value that each finds, and the average of the gradients that
/// they would have over all samples.
fn sharded<T: Real + Logit<Compute = T>>(
    scene: &Scene<T>,
    call: Call<'_>,
    program: &dyn Program<T, f64>,
    shards: &[Range<usize>],
) -> (Vec<f64>, Vec<T>) {
    // A framework averages gradients over the workers, so that each multiplies its own by their number.
    let workers = shards.len() as f64;
    let call = Call { scale: workers.into(), ..call };
    let parts: Vec<_> =
        shards.iter().map(|own| scene.part(own.clone(), 0..scene.shape.pixels())).collect();
    let mut rows: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for part in &parts {
        part.with(call, program, |problem| {
            let mut buffers = Buffers::new();
            let mut workspace = buffers.lend(&problem.sizes()).unwrap();
            problem.check(&mut workspace).unwrap();
            problem.reduce(&mut workspace).unwrap();
            problem.close(workspace.sums, workspace.totals).unwrap();
            rows.push((workspace.sums.to_vec(), workspace.totals.to_vec()));
        });
    }
    let mut totals = vec![0.0; rows[0].1.len()];
    rows.iter().for_each(|(_, own)| merge_ranks(&mut totals, own).unwrap());
    let (mut values, mut gradient) = (Vec::new(), Vec::new());
    for (part, (sums, _)) in parts.iter().zip(&rows) {
        let mut own = part.gradient();
        part.with(call, program, |problem| {
            let mut buffers = Buffers::new();
            let mut workspace = buffers.lend(&problem.sizes()).unwrap();
            let (factors, slopes) = (&mut *workspace.factors, &mut *workspace.slopes);
            values.push(problem.finish(&totals, sums, factors, slopes).unwrap());
            problem.gradient(&mut workspace, &mut sink(&mut own, part.shape)).unwrap();
        });
        gradient.extend(own.iter().map(|g| T::round_from(g.widen() / workers)));
    }
    (values, gradient)
}

#[track_caller]
fn assert_within<T: Real>(
    what: &str,
    found: (f64, &[T]),
    expected: &(f64, Vec<T>),
    relative: f64,
    of_gradient: f64,
) {
    let (value, error) = (expected.0, (found.0 - expected.0).abs());
    assert!(error <= relative * value.abs(), "{what}: {} {value}", found.0);
    let largest = expected.1.iter().fold(0.0, |m: f64, g| m.max(g.widen().abs()));
    assert!(largest > 0.0, "{what}");
    for (found, expected) in found.1.iter().zip(&expected.1) {
        let (found, expected) = (found.widen(), expected.widen());
        assert!((found - expected).abs() <= of_gradient * largest, "{what}: {found} {expected}");
    }
}

/// Losses that between them have every term, reduction, denominator, pool and rule.
const SIGMOID: &[&str] = &[
    "bce",
    "bce(reduction=sum) + 0*dice",
    "focal(alpha=0.4, gamma=1.5)",
    "dice(pool=sample) + 0.5*dice(pool=batch)",
    "dice(pool=sample, empty=skip) + dice(pool=sample, empty=skip, reduction=sum)",
    "dice(pool=batch, empty=skip, absent=skip)",
    "tversky(fp=0.3, fn=0.7, pool=sample, absent=skip)",
    "focal_tversky(gamma=0.75) + 0.25*focal_tversky(fp=0.3, gamma=1.5, pool=sample)",
    "bce @ decay + 0.5*focal(normalise=weights) @ decay",
    "preset:balanced",
    "preset:imbalanced",
    "preset:boundary",
    "preset:medical",
];

const SOFTMAX: &[&str] = &[
    "ce",
    "ce(weights=[0.5, 2, 0, 3])",
    "ce(weights=[0.5, 2, 1, 3], normalise=weights) @ decay + 0.5*ce(reduction=sum)",
    "focal(alpha=[1, 0.5, 2, 0.25], gamma=1.5)",
    "dice + 0.5*dice(pool=sample)",
    "dice(absent=skip) + dice(pool=sample, empty=skip, absent=skip)",
    "tversky(fp=0.3, fn=0.7, pool=sample)",
    "focal_tversky(fp=0.3, fn=0.7, gamma=0.75, absent=skip)",
    "preset:balanced",
    "preset:imbalanced",
    "preset:boundary",
    "preset:medical",
];

/// Texts for calls with weights.
const WEIGHTED: [(Link, &[&str]); 2] = [
    (
        Link::Sigmoid,
        &[
            "bce + focal",
            "bce(normalise=weights) @ decay + dice(weighted=true, pool=sample)",
            "tversky(fp=0.3, fn=0.7, weighted=true)",
        ],
    ),
    (
        Link::Softmax,
        &[
            "ce(weights=[0.5, 2, 1, 3]) + 0.5*ce(weights=[1, 0, 2, 1], normalise=weights)",
            "focal(normalise=weights) @ decay + focal_tversky(gamma=1.5, weighted=true)",
        ],
    ),
];

/// Calls `check` with each loss, what to call it with, and a scene of that link.
fn for_each_loss<T: Real + Logit<Compute = T>>(
    case: impl Fn(Link) -> Case,
    check: impl Fn(&str, &Scene<T>, Call<'_>, &Plan<'_, T>),
) {
    let registry = Registry::builtin::<Scalar>();
    let each = |link: Link, texts: &[&str], is_weighted: bool| {
        let call = match link {
            Link::Sigmoid => Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() },
            Link::Softmax => Call::softmax(),
        };
        let scene = Scene::new(&case(link));
        let scene = if is_weighted { scene.weighted() } else { scene };
        for text in texts {
            let (mut terms, mut maps) = ([Term::default(); 4], [MapCall::default(); 4]);
            let loss = parse(text, link, registry, &mut terms, &mut maps).unwrap();
            check(text, &scene, call, &loss);
        }
    };
    each(Link::Sigmoid, SIGMOID, false);
    each(Link::Softmax, SOFTMAX, false);
    WEIGHTED.iter().for_each(|(link, texts)| each(*link, texts, true));
}

#[test]
fn tiles_of_whole_segments_give_the_same_bits() {
    let pixels = 2 * SEGMENT + 777;
    let case = |link| match link {
        Link::Sigmoid => Case::sigmoid(5, Shape::new(2, 2, &[pixels]).unwrap(), 8.0, 0.1),
        Link::Softmax => Case::softmax(6, Shape::new(2, 4, &[pixels]).unwrap(), 8.0, 0.1),
    };
    for_each_loss::<f32>(case, |text, scene, call, loss| {
        let expected = whole(scene, call, loss);
        for segments in [1, 2] {
            let found = streamed(scene, call, loss, segments * SEGMENT, true);
            assert!(found == expected, "{text}: {} {}", found.0, expected.0);
        }
    });
}

#[test]
fn other_tiles_agree_closely() {
    let pixels = SEGMENT + 5_000;
    let case = |link| match link {
        Link::Sigmoid => Case::sigmoid(7, Shape::new(2, 2, &[pixels]).unwrap(), 8.0, 0.1),
        Link::Softmax => Case::softmax(8, Shape::new(2, 4, &[pixels]).unwrap(), 8.0, 0.1),
    };
    for_each_loss::<f32>(case, |text, scene, call, loss| {
        let expected = whole(scene, call, loss);
        // Whole segments summed apart differ in the order of additions in f64 alone.
        let (value, gradient) = streamed(scene, call, loss, SEGMENT, false);
        assert_within(text, (value, &gradient), &expected, 1e-12, 2e-7);
        // Other cuts move pixels between blocks, which sum in f32.
        let (value, gradient) = streamed(scene, call, loss, 40_001, true);
        assert_within(text, (value, &gradient), &expected, 1e-6, 1e-6);
    });
    for_each_loss::<f64>(case, |text, scene, call, loss| {
        let expected = whole(scene, call, loss);
        let (value, gradient) = streamed(scene, call, loss, 40_001, false);
        assert_within(text, (value, &gradient), &expected, 1e-12, 1e-12);
    });
}

/// Four workers with samples of their own, of one to three each: totals added up, the gradient as of one
/// call. One sample has no foreground, one class is nowhere, and one worker has nothing that counts.
#[test]
fn ranks_give_the_batch_loss() {
    let shards = [0..2, 2..3, 3..4, 4..7];
    let case = |link| {
        let shape = |channels| Shape::new(7, channels, &[50, 30]).unwrap();
        let mut case = match link {
            Link::Sigmoid => Case::sigmoid(8, shape(2), 8.0, 0.1),
            Link::Softmax => Case::softmax(9, shape(4), 8.0, 0.1),
        };
        let sample = case.targets.len() / 7;
        for target in &mut case.targets {
            if link == Link::Softmax && *target == 3 {
                *target = 1;
            }
        }
        let all = |targets: &mut [u8], label| targets.iter_mut().for_each(|y| *y = label);
        all(&mut case.targets[..sample], 0);
        all(&mut case.targets[3 * sample..4 * sample], 255);
        case
    };
    for_each_loss::<f64>(case, |text, scene, call, loss| {
        let expected = whole(scene, call, loss);
        let (values, gradient) = sharded(scene, call, loss, &shards);
        for value in values {
            assert_within(text, (value, &gradient), &expected, 1e-12, 1e-12);
        }
    });
    for_each_loss::<f32>(case, |text, scene, call, loss| {
        let expected = whole(scene, call, loss);
        let (values, gradient) = sharded(scene, call, loss, &shards);
        for value in values {
            assert_within(text, (value, &gradient), &expected, 1e-12, 2e-7);
        }
    });
}

/// A composition that is fixed when the program is compiled, by the same stages.
#[test]
fn fixed_losses_in_stages() {
    let case = Case::sigmoid(5, Shape::new(3, 1, &[SEGMENT + 99]).unwrap(), 8.0, 0.1);
    let (scene, call) = (Scene::<f32>::new(&case), Call::sigmoid());
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..call };
    let program = (pixel(0.5, Bce::default()), region(0.5, Dice::default()));
    let expected = whole(&scene, call, &program);
    assert!(streamed(&scene, call, &program, SEGMENT, true) == expected);
    let (values, gradient) = sharded(&scene, call, &program, &[0..1, 1..3]);
    assert_within("ranks", (values[0], &gradient), &expected, 1e-12, 2e-7);
}

/// A workspace lent for a larger call serves a smaller one, stage by stage.
#[test]
fn a_workspace_larger_than_needed() {
    let program = (class(0.5, Ce::default()), region(0.5, Dice::default()));
    let large = Case::softmax(1, Shape::new(3, 9, &[50]).unwrap(), 8.0, 0.1);
    let small = Case::softmax(2, Shape::new(2, 3, &[70]).unwrap(), 8.0, 0.1);
    let expected = whole(&Scene::new(&small), Call::softmax(), &program);
    let mut buffers = Buffers::<f32>::new();
    for case in [&large, &small] {
        let logits = case.single();
        let (z, y) =
            (packed(&logits, case.shape), packed(&case.targets, case.shape.with_channels(1)));
        let problem = Problem::<f32, f64>::new(Call::softmax(), &program, z, y).unwrap();
        let mut workspace = buffers.lend(&problem.sizes()).unwrap();
        workspace.sums.fill(0.0);
        problem.check(&mut workspace).unwrap();
        problem.reduce(&mut workspace).unwrap();
        problem.close(workspace.sums, workspace.totals).unwrap();
        let (sums, totals) = (&*workspace.sums, &*workspace.totals);
        let value = problem.finish(totals, sums, workspace.factors, workspace.slopes).unwrap();
        let mut gradient = vec![0f32; logits.len()];
        let mut sink =
            ViewMut::new(&mut gradient, Layout::channels_first(case.shape).unwrap()).unwrap();
        problem.gradient(&mut workspace, &mut sink).unwrap();
        if case.shape == small.shape {
            assert_eq!((value, gradient), expected);
        }
    }
}

/// The accumulator for machines without `f64` is as good as one.
#[test]
fn compensated_sums() {
    let case = Case::sigmoid(9, Shape::new(3, 1, &[100_003]).unwrap(), 8.0, 0.1);
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
    let program = (pixel(0.5, Bce::default()), region(0.5, Dice::default()));
    let expected = whole(&Scene::<f32>::new(&case), call, &program);
    let logits = case.single();
    let (z, y) = (packed(&logits, case.shape), packed(&case.targets, case.shape));
    let problem = Problem::<f32, Compensated>::new(call, &program, z, y).unwrap();
    let mut buffers = Buffers::new();
    let mut workspace = buffers.lend(&problem.sizes()).unwrap();
    let report = evaluate(&problem, None, &mut workspace).unwrap();
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
