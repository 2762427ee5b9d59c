//! Losses on slices have the bits of the engine.

use proptest::prelude::*;
use segloss_core::class::{self, Ce};
use segloss_core::compose::{MapCall, Parts, Program, Registry, Term, class, parse, pixel, region};
use segloss_core::engine::{Call, Ignore, Link, Problem, Report, Workspace, evaluate};
use segloss_core::lanes::Real;
use segloss_core::level::Scalar;
use segloss_core::pixel::{Bce, Focal};
use segloss_core::region::{Dice, FocalTversky, Pool, Tversky};
use segloss_core::slices::{self, Binary, Classes, Fault, Multiclass};
use segloss_core::summation::{Accumulator, Compensated, Partial, TILE};
use segloss_core::term::{Absent, Average, ClassesInUse, Maps, Missing, Options, Reduction};
use segloss_core::view::{Layout, Logit, Shape, Target, Targets, View, ViewMut, Weights};

/// One sample, of several classes under softmax.
#[derive(Clone, Debug)]
struct Case<T, E> {
    link: Link,
    classes: usize,
    logits: Vec<T>,
    targets: Vec<E>,
    maps: [Vec<T>; 2],
    ignored: Option<E>,
    ignore_index: Option<i64>,
}

/// Value, valid pixels and gradient, as bits.
type Bits = (u64, u64, Vec<u64>);

fn bits<T: Real, R: Real>(report: Report<R>, gradient: &[T]) -> Bits {
    // NaN compares as NaN.
    let bits = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    let gradient = gradient.iter().map(|&g| bits(g.widen())).collect();
    (bits(report.value.widen()), report.valid, gradient)
}

fn by_engine<T, A, E, P>(case: &Case<T, E>, loss: &P) -> Bits
where
    T: Real + Logit<Compute = T>,
    A: Accumulator,
    E: Target,
    P: Program<T, A>,
    for<'a> Targets<'a>: From<View<'a, E>>,
{
    let plane = Layout::channels_first(Shape::new(1, 1, &[case.targets.len()]).unwrap()).unwrap();
    let layout = Layout::channels_first(plane.shape().with_channels(case.classes)).unwrap();
    let logits = View::new(&case.logits, layout).unwrap();
    let targets = View::new(&case.targets, plane).unwrap();
    let maps = case.maps.each_ref().map(|map| Weights::of(View::new(map, plane).unwrap()));
    let (link, ignore_index) = (case.link, Ignore::Labels(case.ignore_index.as_slice()));
    let call = Call { link, ignore_index, maps: &maps, ..Call::sigmoid() };
    let problem = Problem::<T, A>::new(call, loss, logits, targets).unwrap();
    let sizes = problem.sizes();
    let mut workspace = Workspace {
        partials: &mut vec![Partial::default(); sizes.partials],
        sums: &mut vec![A::default(); sizes.sums],
        segment: &mut vec![A::default(); sizes.segment],
        totals: &mut vec![A::default(); sizes.totals],
        factors: &mut vec![T::default(); sizes.factors],
        slopes: &mut vec![[T::default(); 2]; sizes.slopes],
        weights: &mut vec![[T::default(); TILE]; sizes.weights],
        class_weights: &mut vec![T::default(); sizes.class_weights],
    };
    let mut gradient = vec![T::default(); case.logits.len()];
    let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
    let report = evaluate(&problem, Some(&mut sink), &mut workspace).unwrap();
    bits(report, &gradient)
}

/// Evaluates a text with the engine, which is compiled once for it.
fn by_text<T, A, E>(case: &Case<T, E>, text: &str) -> Bits
where
    T: Real + Logit<Compute = T>,
    A: Accumulator,
    E: Target,
    for<'a> Targets<'a>: From<View<'a, E>>,
{
    let mut terms = [Term::<T, A>::default(); 4];
    let mut maps = [MapCall::default(); 1];
    let registry = Registry::builtin::<Scalar>();
    let loss = parse(text, case.link, registry, &mut terms, &mut maps).unwrap();
    by_engine::<T, A, E, _>(case, &loss)
}

fn by_slices<T: Real, A: Accumulator, E: Target, P: Parts>(
    case: &Case<T, E>,
    loss: P,
) -> Result<Bits, Fault<T, E>> {
    let Case { logits, targets, ignored, .. } = case;
    let maps = &case.maps.each_ref().map(|map| &map[..]);
    // What storage holds before does not matter.
    let mut left = A::default();
    left.add(f64::NAN);
    let count = slices::accumulators::<P>(case.classes);
    let (mut partials, mut sums) = (vec![[T::splat(f64::NAN); 32]; count], vec![left; 2 * count]);
    let mut exps = vec![T::splat(f64::NAN); case.classes];
    let mut slopes = vec![[T::splat(f64::NAN); 2]; case.classes];
    let mut run = |gradient: Option<&mut [T]>| {
        let workspace = slices::Workspace { partials: &mut partials, sums: &mut sums };
        let ignored = *ignored;
        match case.link {
            Link::Sigmoid => {
                Binary { logits, targets, ignored, maps }.evaluate(loss, gradient, workspace)
            }
            Link::Softmax => {
                let classes = Classes { exps: &mut exps, slopes: &mut slopes };
                let planes = Multiclass { logits, targets, ignored, maps };
                planes.evaluate(loss, gradient, workspace, classes)
            }
        }
    };
    let mut gradient = vec![T::splat(7.0); logits.len()];
    let value_alone = run(None)?.value;
    let report = run(Some(&mut gradient))?;
    assert_eq!(value_alone.widen().to_bits(), report.value.widen().to_bits());
    Ok(bits(report, &gradient))
}

macro_rules! same_as_text {
    ($case:ident: Case<$t:ty, $e:ty>, $accumulator:ty; $($text:literal => $loss:expr),+ $(,)?) => {$(
        let engine = by_text::<$t, $accumulator, $e>(&$case, $text);
        assert_eq!(by_slices::<$t, $accumulator, $e, _>(&$case, $loss), Ok(engine), $text);
    )+};
}

/// Ordinary logits, and now and then one that is not.
fn logit() -> impl Strategy<Value = f64> {
    prop_oneof![
        40 => -12.0..12.0,
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(90.0), Just(-120.0), Just(3e38), Just(-3e38)],
    ]
}

fn case<T: Real, E: Target + std::fmt::Debug>(
    classes: impl Strategy<Value = usize>,
    target: impl Fn(usize) -> BoxedStrategy<E>,
    ignore: Option<(E, i64)>,
) -> impl Strategy<Value = Case<T, E>> {
    let pixels = prop_oneof![1usize..70, 1usize..600, Just(1024), Just(1025), 1000usize..3000];
    let weight = prop_oneof![3 => 0.0..6.0, 1 => Just(0.0), 1 => Just(-1.0)].boxed();
    (pixels, classes).prop_flat_map(move |(pixels, classes)| {
        let numbers =
            |of: BoxedStrategy<f64>, count| prop::collection::vec(of.prop_map(T::splat), count);
        let link = if classes == 1 { Link::Sigmoid } else { Link::Softmax };
        (
            numbers(logit().boxed(), pixels * classes),
            prop::collection::vec(target(classes), pixels),
            [numbers(weight.clone(), pixels), numbers(weight.clone(), pixels)],
        )
            .prop_map(move |(logits, targets, maps)| {
                let (ignored, ignore_index) = ignore.unzip();
                Case { link, classes, logits, targets, maps, ignored, ignore_index }
            })
    })
}

fn mask(_: usize) -> BoxedStrategy<u8> {
    prop_oneof![4 => Just(0u8), 3 => Just(1), 1 => Just(255)].boxed()
}

fn labels(classes: usize) -> BoxedStrategy<u8> {
    prop_oneof![7 => 0..classes as u8, 1 => Just(255)].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn masks(case in case::<f32, u8>(Just(1), mask, Some((255, 255)))) {
        let skip = Options { empty: Missing::Skip, absent: Absent::Skip, ..Options::default() };
        let pooled = Options { pool: Some(Pool::Batch), ..skip };
        same_as_text!(case: Case<f32, u8>, Compensated;
            "bce" => pixel(1.0, Bce::default()),
            "0.7*bce(reduction=sum)" => pixel(0.7, Bce::default()).reduction(Reduction::Sum),
            "focal" => pixel(1.0, Focal::default()),
            "focal(alpha=0.4, gamma=1.3)" => pixel(1.0, Focal::with(0.4, 1.3).unwrap()),
            "dice" => region(1.0, Dice::default()),
            "2*dice(smooth=1, pool=batch)" =>
                region(2.0, Dice::smooth(1.0).unwrap()).pool(Pool::Batch),
            "dice(empty=skip, absent=skip)" => region(1.0, Dice::default()).options(skip),
            "tversky(fp=0.3, fn=0.7, smooth=1, pool=batch, empty=skip, absent=skip)" =>
                region(1.0, Tversky::with(0.3, 0.7, 1.0).unwrap()).options(pooled),
            "focal_tversky(fp=0.3, fn=0.7, gamma=0.75)" =>
                region(1.0, FocalTversky::with(0.3, 0.7, 0.75, 1e-6).unwrap()),
            "0.5*dice + 0.1*tversky + 0.3*bce" =>
                ((region(0.5, Dice::default()), region(0.1, Tversky::default())), pixel(0.3, Bce::default())),
            "0*bce + 0*dice" => (pixel(0.0, Bce::default()), region(0.0, Dice::default())),
        );
    }

    #[test]
    fn sums_in_f64(case in case::<f32, u8>(Just(1), |_| (0u8..=1).boxed(), None)) {
        same_as_text!(case: Case<f32, u8>, f64;
            "0.5*bce + 0.5*dice" => (pixel(0.5, Bce::default()), region(0.5, Dice::default())),
        );
    }

    #[test]
    fn soft_targets_in_f64(case in case::<f64, f32>(Just(1), |_| (0.0f32..=1.0).boxed(), Some((-1.0, -1)))) {
        same_as_text!(case: Case<f64, f32>, f64;
            "0.5*bce + 0.5*dice" => (pixel(0.5, Bce::default()), region(0.5, Dice::default())),
        );
    }

    #[test]
    fn weighted(case in case::<f32, u8>(Just(1), mask, Some((255, 255)))) {
        let one = Maps::NONE.and(0).unwrap();
        let both = Maps::NONE.and(1).unwrap().and(0).unwrap();
        let edges = (pixel(0.3, Bce::default()), (region(0.4, Dice::default()), pixel(0.3, Bce::default()).weighted(one)));
        let engine = by_engine::<f32, Compensated, u8, _>(&case, &edges);
        prop_assert_eq!(by_slices::<f32, Compensated, u8, _>(&case, edges), Ok(engine));
        // One that could be multiplied by something, and is not.
        let bare = pixel(0.3, Bce::default()).weighted(Maps::NONE);
        let engine = by_engine::<f32, Compensated, u8, _>(&case, &(bare, edges));
        prop_assert_eq!(by_slices::<f32, Compensated, u8, _>(&case, (bare, edges)), Ok(engine));
        let engine = by_engine::<f32, Compensated, u8, _>(&case, &bare);
        prop_assert_eq!(by_slices::<f32, Compensated, u8, _>(&case, bare), Ok(engine.clone()));
        prop_assert_eq!(by_slices::<f32, Compensated, u8, _>(&case, pixel(0.3, Bce::default())), Ok(engine));
        let twice = (pixel(0.3, Focal::default()).weighted(both), pixel(0.0, Bce::default()));
        let engine = by_engine::<f32, Compensated, u8, _>(&case, &twice);
        prop_assert_eq!(by_slices::<f32, Compensated, u8, _>(&case, twice), Ok(engine));
    }

    #[test]
    fn label_maps(case in case::<f32, u8>(2usize..7, labels, Some((255, 255)))) {
        let skip = Options { empty: Missing::Skip, absent: Absent::Skip, ..Options::default() };
        same_as_text!(case: Case<f32, u8>, Compensated;
            "ce" => class(1.0, Ce::default()),
            "0.7*focal(gamma=1.5)" => class(0.7, class::Focal::gamma(1.5).unwrap()),
            "dice" => region(1.0, Dice::default()),
            "0.5*ce + 0.5*dice" => (class(0.5, Ce::default()), region(0.5, Dice::default())),
            "dice(pool=sample, empty=skip, absent=skip) + ce" =>
                (region(1.0, Dice::default()).options(Options { pool: Some(Pool::Sample), ..skip }), class(1.0, Ce::default())),
        );
    }
}

/// More than a segment, of which sums are merged.
#[test]
fn several_segments() {
    let pixels = 3 * 65_536 + 1_000;
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let logits = (0..pixels).map(|_| next() as f32 / 700_000.0 - 12.0).collect();
    let targets = (0..pixels).map(|_| (next() >> 23) as u8).collect();
    let (link, maps) = (Link::Sigmoid, [vec![1.0; pixels], vec![1.0; pixels]]);
    let case = Case { link, classes: 1, logits, targets, maps, ignored: None, ignore_index: None };
    same_as_text!(case: Case<f32, u8>, Compensated;
        "0.5*bce + 0.5*dice" => (pixel(0.5, Bce::default()), region(0.5, Dice::default())),
    );
}

/// Returns the fault of a plane, after checking that too short storage has one too.
fn binary_fault<E: Target + std::fmt::Debug>(
    plane: Binary<'_, f32, E>,
    loss: impl Parts,
    partials: usize,
    sums: usize,
) -> Fault<f32, E> {
    let (mut gradient, mut partials, mut sums) =
        ([7.0; 4], vec![[0.0; 32]; partials], vec![0.0; sums]);
    let workspace = slices::Workspace { partials: &mut partials, sums: &mut sums };
    let fault = plane.evaluate(loss, Some(&mut gradient), workspace).unwrap_err();
    assert_eq!(gradient, [7.0; 4]);
    fault
}

fn multiclass_fault(
    planes: Multiclass<'_, f32, u8>,
    classes: usize,
    slopes: usize,
) -> Fault<f32, u8> {
    let (mut gradient, mut partials, mut sums) = ([7.0; 8], [[0.0; 32]; 1], [0.0; 2]);
    let (mut exps, mut slopes) = (vec![0.0; classes], vec![[0.0; 2]; slopes]);
    let workspace = slices::Workspace { partials: &mut partials, sums: &mut sums };
    let classes = Classes { exps: &mut exps, slopes: &mut slopes };
    let result =
        planes.evaluate(class(1.0, Ce::default()), Some(&mut gradient), workspace, classes);
    assert_eq!(gradient, [7.0; 8]);
    result.unwrap_err()
}

/// What is wrong is named, and the gradient untouched.
#[test]
fn faults() {
    let (logits, targets) = ([0.5f32; 8], [0u8, 1, 3, 255]);
    let length = |argument, length, expected| Fault::Length { argument, length, expected };
    let short = |argument, length, expected| Fault::Workspace { argument, length, expected };
    let bce = pixel(1.0, Bce::default());
    let mask = [0u8, 3, 3, 0];
    let plane = Binary { logits: &logits[..4], targets: &mask, ignored: None, maps: &[] };
    let of_plane = |plane| binary_fault::<u8>(plane, bce, 1, 2);
    assert_eq!(of_plane(Binary { logits: &[], ..plane }), length("logits", 0, 1));
    assert_eq!(of_plane(Binary { targets: &mask[1..], ..plane }), length("targets", 3, 4));
    assert_eq!(of_plane(Binary { maps: &[&[1.0; 3]], ..plane }), length("map", 3, 4));
    let all = Binary { logits: &logits, targets: &[0; 8], ..plane };
    assert_eq!(of_plane(all), length("gradient", 4, 8));
    let infinite = Binary { maps: &[&[1.0, f32::INFINITY, 1.0, 1.0]], ..plane };
    let weight = Fault::Weight { place: 0, weight: f32::INFINITY, pixel: 1 };
    assert_eq!(of_plane(infinite), weight);
    assert_eq!(binary_fault(plane, bce, 0, 2), short("partials", 0, 1));
    assert_eq!(binary_fault(plane, bce, 1, 1), short("sums", 1, 2));

    let two = Binary { targets: &targets, ..plane };
    let fault = binary_fault(two, bce, 1, 2);
    assert_eq!(fault, Fault::Share { target: 3, pixel: 2 });
    let text = "`targets` holds 3 at pixel 2 of sample 0, channel 0, expected a mask of 0 and one positive number \
                (threshold grey values; numbers that do not count are for `ignore_index`)";
    assert_eq!(fault.to_string(), text);
    let targets_between = [0.5, -0.5, 0.5, 0.5];
    let soft = Binary { logits: &logits[..4], targets: &targets_between, ignored: None, maps: &[] };
    let fault = binary_fault(soft, bce, 1, 2);
    assert_eq!(fault, Fault::Share { target: -0.5f32, pixel: 1 });
    let text = "`targets` holds -0.5 at pixel 1 of sample 0, channel 0, expected 0 to 1 (divide a mask of 0 and \
                255 by 255; clip what resizing left outside)";
    assert_eq!(fault.to_string(), text);

    let third = Maps::NONE.and(2).unwrap();
    let maps = Options { maps: third, ..Options::default() };
    let dice = region(1.0, Dice::default());
    let option = |term, option| Fault::Option { term, option };
    let too_large = Fault::Coefficient { value: 1e300 };
    assert_eq!(
        binary_fault(plane, pixel(-1.0, Bce::default()), 1, 2),
        Fault::Coefficient { value: -1.0 }
    );
    assert_eq!(binary_fault(plane, pixel(1e300, Bce::default()), 1, 2), too_large);
    let softmax = Fault::Link { term: "ce", expected: "the softmax link" };
    assert_eq!(binary_fault(plane, class(1.0, Ce::default()), 1, 2), softmax);
    assert_eq!(binary_fault(plane, bce.weighted(third), 1, 2), Fault::Map { place: 2, maps: 0 });
    assert_eq!(binary_fault(plane, bce.options(maps), 1, 2), option("bce", "maps"));
    assert_eq!(binary_fault(plane, (bce, dice.weighted()), 5, 10), option("dice", "weighted"));
    let micro = Options { average: Average::Micro, ..Options::default() };
    assert_eq!(binary_fault(plane, dice.options(micro), 5, 10), option("dice", "average"));
    let some = Options { classes: ClassesInUse::Foreground, ..Options::default() };
    assert_eq!(binary_fault(plane, dice.options(some), 5, 10), option("dice", "classes"));

    let planes = Multiclass { logits: &logits, targets: &targets, ignored: Some(255), maps: &[] };
    assert_eq!(multiclass_fault(planes, 1, 1), Fault::Classes { classes: 1 });
    assert_eq!(multiclass_fault(planes, 2, 1), short("slopes", 1, 2));
    assert_eq!(multiclass_fault(planes, 3, 3), length("logits", 8, 12));
    let label = Fault::Label { label: 3, pixel: 2, classes: 2 };
    assert_eq!(multiclass_fault(planes, 2, 2), label);
}
