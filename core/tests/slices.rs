//! Losses on slices have the bits of the engine.

use proptest::prelude::*;
use segloss_core::compose::{Parts, Program, pixel, region};
use segloss_core::engine::{Call, Problem, Report, Workspace, evaluate};
use segloss_core::lanes::Real;
use segloss_core::level::Scalar;
use segloss_core::pixel::{Bce, Focal};
use segloss_core::region::{Dice, FocalTversky, Pool, Tversky};
use segloss_core::slices::{self, Binary, Fault};
use segloss_core::summation::{Accumulator, Compensated, Partial, TILE};
use segloss_core::term::{Maps, Missing, Options, Reduction};
use segloss_core::view::{Layout, Logit, Shape, Target, View, ViewMut};

/// One sample of a binary loss.
#[derive(Clone, Debug)]
struct Case<T, E> {
    logits: Vec<T>,
    targets: Vec<E>,
    maps: [Vec<T>; 2],
    ignored: Option<E>,
}

/// Value, valid pixels and gradient, as bits.
type Bits = (u64, u64, Vec<u64>);

fn bits<T: Real, R: Real>(report: Report<R>, gradient: &[T]) -> Bits {
    // NaN compares as NaN.
    let bits = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    let gradient = gradient.iter().map(|&g| bits(g.widen())).collect();
    (bits(report.value.widen()), report.valid, gradient)
}

fn by_engine<T, A, E, P>(case: &Case<T, E>, ignore_index: Option<i64>, loss: &P) -> Bits
where
    T: Real + Logit<Compute = T>,
    A: Accumulator,
    E: Target,
    P: Program<T, A>,
{
    let pixels = case.logits.len();
    let layout = Layout::channels_first(Shape::new(1, 1, &[pixels]).unwrap()).unwrap();
    let logits = View::new(&case.logits, layout).unwrap();
    let targets = View::new(&case.targets, layout).unwrap();
    let maps: Vec<_> =
        case.maps.iter().map(|map| T::weights(View::new(map, layout).unwrap())).collect();
    let call = Call { ignore_index, maps: &maps, ..Call::sigmoid() };
    let problem = Problem::<T, A, _, _, _>::new(call, loss, &logits, &targets).unwrap();
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
    let mut gradient = vec![T::default(); pixels];
    let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
    let report = evaluate(Scalar, &problem, Some(&mut sink), &mut workspace).unwrap();
    bits(report, &gradient)
}

fn by_slices<T: Real, A: Accumulator, E: Target, P: Parts>(
    case: &Case<T, E>,
    loss: P,
) -> Result<Bits, Fault<T, E>> {
    let maps: Vec<_> = case.maps.iter().map(|map| &map[..]).collect();
    let plane =
        Binary { logits: &case.logits, targets: &case.targets, ignored: case.ignored, maps: &maps };
    let count = slices::accumulators::<P>(1);
    // What storage holds before does not matter.
    let mut partials = vec![[T::splat(f64::NAN); 32]; count];
    let mut left = A::default();
    left.add(f64::NAN);
    let mut sums = vec![left; 2 * count];
    let mut gradient = vec![T::splat(7.0); case.logits.len()];
    let workspace = slices::Workspace { partials: &mut partials, sums: &mut sums };
    let value_alone = plane.evaluate(loss, None, workspace)?;
    let workspace = slices::Workspace { partials: &mut partials, sums: &mut sums };
    let report = plane.evaluate(loss, Some(&mut gradient), workspace)?;
    assert_eq!(value_alone.value.widen().to_bits(), report.value.widen().to_bits());
    Ok(bits(report, &gradient))
}

fn same<T, E: Target + std::fmt::Debug>(case: &Case<T, E>, ignore_index: Option<i64>)
where
    T: Real + Logit<Compute = T>,
{
    macro_rules! same {
        ($($loss:expr),+ $(,)?) => {$({
            let loss = $loss;
            let message = stringify!($loss);
            let engine = by_engine::<T, f64, E, _>(case, ignore_index, &loss);
            assert_eq!(by_slices::<T, f64, E, _>(case, loss), Ok(engine), "{message}");
            let engine = by_engine::<T, Compensated, E, _>(case, ignore_index, &loss);
            assert_eq!(by_slices::<T, Compensated, E, _>(case, loss), Ok(engine), "{message}");
        })+};
    }
    let (one, both) = (Maps::NONE.and(0).unwrap(), Maps::NONE.and(1).unwrap().and(0).unwrap());
    let skip = Options { empty: Missing::Skip, absent: Missing::Skip, ..Options::default() };
    let pooled = Options { pool: Some(Pool::Batch), ..skip };
    same!(
        pixel(1.0, Bce),
        pixel(0.7, Bce).reduction(Reduction::Sum),
        pixel(1.0, Focal::default()),
        pixel(1.0, Focal::with(0.4, 1.3).unwrap()),
        region(1.0, Dice::default()),
        region(2.0, Dice::smooth(1.0).unwrap()).pool(Pool::Batch),
        region(1.0, Dice::default()).options(skip),
        region(1.0, Tversky::with(0.3, 0.7, 1.0).unwrap()).options(pooled),
        region(1.0, FocalTversky::with(0.3, 0.7, 0.75, 1e-6).unwrap()),
        pixel(1.0, Bce).weighted(one),
        (pixel(0.3, Bce).weighted(both), pixel(0.0, Bce)),
        (pixel(0.3, Bce), (region(0.4, Dice::default()), pixel(0.3, Bce).weighted(one))),
        ((region(0.5, Dice::default()), region(0.1, Tversky::default())), pixel(0.3, Bce)),
        (pixel(0.0, Bce), region(0.0, Dice::default())),
    );
}

/// Ordinary logits, and now and then one that is not.
fn logit() -> impl Strategy<Value = f64> {
    prop_oneof![
        40 => -12.0..12.0,
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(90.0), Just(-120.0), Just(3e38), Just(-3e38)],
    ]
}

fn case<T: Real, E: Target + std::fmt::Debug>(
    pixels: impl Strategy<Value = usize>,
    target: impl Strategy<Value = E> + Clone,
    ignored: Option<E>,
) -> impl Strategy<Value = Case<T, E>> {
    let weight = prop_oneof![3 => 0.0..6.0, 1 => Just(0.0), 1 => Just(-1.0)];
    pixels.prop_flat_map(move |pixels| {
        let numbers = |of: BoxedStrategy<f64>| {
            let number = of.prop_map(T::splat);
            prop::collection::vec(number, pixels)
        };
        (
            numbers(logit().boxed()),
            prop::collection::vec(target.clone(), pixels),
            [numbers(weight.clone().boxed()), numbers(weight.clone().boxed())],
        )
            .prop_map(move |(logits, targets, maps)| Case {
                logits,
                targets,
                maps,
                ignored,
            })
    })
}

fn mask() -> impl Strategy<Value = u8> + Clone {
    prop_oneof![4 => Just(0u8), 3 => Just(1), 1 => Just(255)]
}

fn pixels() -> impl Strategy<Value = usize> {
    prop_oneof![1usize..70, 1usize..600, Just(1024), Just(1025), 1000usize..3000]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn masks_in_f32(case in case::<f32, u8>(pixels(), mask(), Some(255))) {
        same(&case, Some(255));
    }

    #[test]
    fn masks_in_f64(case in case::<f64, u8>(pixels(), mask(), None)) {
        same(&case, None);
    }

    #[test]
    fn soft_targets(case in case::<f32, f32>(pixels(), 0.0f32..=1.0, Some(-1.0))) {
        same(&case, Some(-1));
    }
}
