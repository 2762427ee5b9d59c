//! Value and gradient are equal in every bit at every level, composed at compile time or at run
//! time, whatever the layout and the targets' type.

use proptest::prelude::*;
use segloss_conformance::case::Case;
use segloss_conformance::run::{Outcome, run};
use segloss_core::class::Ce;
use segloss_core::compose::{Definition, Listed, Program, Term, class, pixel, region};
use segloss_core::engine::{Call, Link};
use segloss_core::lanes::Real;
use segloss_core::level::Level;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::term::Options;
use segloss_core::view::{AnyTargets, Layout, Logit, Shape, Strides, View};
use segloss_simd::level::Portable;
use segloss_simd::{AnyLevel, with_level};

/// The same elements in another layout, with `filler` between them.
fn laid_out<E: Copy>(packed: &[E], shape: Shape, layout: Layout, filler: E) -> Vec<E> {
    let mut data = vec![filler; layout.span()];
    let strides = layout.strides();
    let [depth, height, width] = shape.spatial;
    let mut elements = packed.iter();
    for b in 0..shape.batch {
        for c in 0..shape.channels {
            for d in 0..depth {
                for h in 0..height {
                    for w in 0..width {
                        let [sd, sh, sw] = strides.spatial;
                        let at = b * strides.batch + c * strides.channel + d * sd + h * sh + w * sw;
                        data[at] = *elements.next().unwrap();
                    }
                }
            }
        }
    }
    data
}

/// Packed, channels last, and with gaps along every axis and height and width swapped.
fn layouts(shape: Shape) -> [Layout; 3] {
    let [depth, height, width] = shape.spatial;
    let h = 2;
    let w = height * h + 1;
    let d = width * w + 3;
    let channel = depth * d + 2;
    let batch = shape.channels * channel + 5;
    let swapped = Strides { batch, channel, spatial: [d, h, w] };
    [
        Layout::channels_first(shape).unwrap(),
        Layout::channels_last(shape).unwrap(),
        Layout::strided(shape, swapped).unwrap(),
    ]
}

/// The outcome at every level, with the gradient back in channels-first order.
fn at_every_level<T, P>(
    case: &Case,
    call: Call,
    logits: &[T],
    program: impl Fn(AnyLevel) -> P,
) -> Vec<(&'static str, Vec<u64>)>
where
    T: Real + Logit<Compute = T>,
    P: Program<T, f64>,
{
    let shape = case.shape;
    let packed = Layout::channels_first(shape).unwrap();
    let target_shape = if call.link == Link::Softmax { shape.with_channels(1) } else { shape };
    let view = View::new(logits, packed).unwrap();
    let target_layout = Layout::channels_first(target_shape).unwrap();
    let targets = View::new(&case.targets, target_layout).unwrap();
    AnyLevel::available()
        .map(|level| {
            let zero = T::default();
            let outcome = with_level!(level, l => {
                run(l, call, &program(level), &view, &targets, packed, zero)
            })
            .unwrap();
            (level.name(), outcome.bits())
        })
        .collect()
}

/// Runs a fixed and a listed loss at every level and asserts that all outcomes are the same.
macro_rules! assert_same {
    ($format:ty, $case:expr, $call:expr, $fixed:expr, $($kind:ident::<$term:ty>($coefficient:expr)),+) => {{
        let case: &Case = $case;
        let logits: Vec<$format> = case.logits.iter().map(|&z| z as $format).collect();
        let mut outcomes = at_every_level::<$format, _>(case, $call, &logits, |_| $fixed);
        for level in AnyLevel::available() {
            fn definitions<Lv: Level>(_: Lv) -> Vec<Definition<'static, $format>> {
                vec![$(definition!($kind, $term, Lv)),+]
            }
            let definitions = with_level!(level, l => definitions(l));
            let coefficients = [$($coefficient),+];
            let terms: Vec<_> = definitions
                .iter()
                .zip(coefficients)
                .map(|(definition, c)| Term::new(c, definition, &[], Options::default()).unwrap())
                .collect();
            outcomes.extend(
                at_every_level::<$format, _>(case, $call, &logits, |_| Listed::new(&terms))
            );
        }
        for (name, bits) in &outcomes {
            assert!(*bits == outcomes[0].1, "{name} differs from {} for {:?}", outcomes[0].0, case.shape);
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

fn shape(batch: usize, channels: usize, spatial: &[usize]) -> Shape {
    Shape::new(batch, channels, spatial).unwrap()
}

fn spatial() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1usize..3000).prop_map(|w| vec![w]),
        (1usize..70, 1usize..70).prop_map(|(h, w)| vec![h, w]),
        (1usize..12, 1usize..14, 1usize..16).prop_map(|(d, h, w)| vec![d, h, w]),
    ]
}

fn ignoring(call: Call, ignored: f64) -> Call {
    Call { ignore_index: (ignored > 0.0).then_some(255), ..call }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn under_the_sigmoid_link(
        seed in any::<u64>(), batch in 1usize..4, channels in 1usize..4, spatial in spatial(),
        span in prop::sample::select(vec![0.1, 8.0, 40.0, 200.0, 1e4]),
        ignored in prop::sample::select(vec![0.0, 0.1, 1.0]),
    ) {
        let case = &Case::sigmoid(seed, shape(batch, channels, &spatial), span, ignored);
        let call = ignoring(Call::sigmoid(), ignored);
        let dice = Dice::default();
        assert_same!(f32, case, call, pixel(1.0, Bce), pixel::<Bce>(1.0));
        assert_same!(f32, case, call, region(1.0, dice), region::<Dice>(1.0));
        assert_same!(f32, case, call, (pixel(0.3, Bce), region(0.7, dice)),
            pixel::<Bce>(0.3), region::<Dice>(0.7));
        assert_same!(f64, case, call, pixel(1.0, Bce), pixel::<Bce>(1.0));
        assert_same!(f64, case, call, (region(0.3, dice), pixel(0.7, Bce)),
            region::<Dice>(0.3), pixel::<Bce>(0.7));
    }

    #[test]
    fn under_the_softmax_link(
        seed in any::<u64>(), batch in 1usize..4, channels in 2usize..22, spatial in spatial(),
        span in prop::sample::select(vec![0.1, 8.0, 40.0, 200.0, 1e4]),
        ignored in prop::sample::select(vec![0.0, 0.1, 1.0]),
    ) {
        let case = &Case::softmax(seed, shape(batch, channels, &spatial), span, ignored);
        let call = ignoring(Call::softmax(), ignored);
        let dice = Dice::default();
        assert_same!(f32, case, call, class(1.0, Ce), class::<Ce>(1.0));
        assert_same!(f32, case, call, region(1.0, dice), region::<Dice>(1.0));
        assert_same!(f32, case, call, (class(0.3, Ce), region(0.7, dice)),
            class::<Ce>(0.3), region::<Dice>(0.7));
        assert_same!(f64, case, call, (region(0.3, dice), class(0.7, Ce)),
            region::<Dice>(0.3), class::<Ce>(0.7));
    }

    #[test]
    fn in_every_layout_and_type_of_target(
        seed in any::<u64>(), batch in 1usize..3, channels in 2usize..5, spatial in spatial(),
    ) {
        let shape = shape(batch, channels, &spatial);
        for (call, case) in [
            (Call { ignore_index: Some(255), ..Call::sigmoid() },
             Case::sigmoid(seed, shape, 9.0, 0.1)),
            (Call::softmax(), Case::softmax(seed, shape, 9.0, 0.1)),
        ] {
            let outcomes = every_form(&case, call);
            for (name, outcome) in &outcomes {
                prop_assert!(*outcome == outcomes[0].1, "{} differs for {:?}", name, shape);
            }
        }
    }
}

/// The outcome with logits, targets and gradient in every layout, and every type of target.
fn every_form(case: &Case, call: Call) -> Vec<(String, Vec<u64>)> {
    let shape = case.shape;
    let targets_shape = if call.link == Link::Softmax { shape.with_channels(1) } else { shape };
    let single = case.single();
    let mut outcomes = Vec::new();
    let mut go = |name: String, logits: Layout, targets: &AnyTargets<'_>, gradient: Layout| {
        // NaN between the elements shows a read out of place.
        let data = laid_out(&single, shape, logits, f32::NAN);
        let view = View::new(&data, logits).unwrap();
        let dice = Dice::default();
        let outcome = match call.link {
            Link::Sigmoid => run(
                Portable,
                call,
                &(pixel(0.5, Bce), region(0.5, dice)),
                &view,
                targets,
                gradient,
                -7.0f32,
            ),
            Link::Softmax => run(
                Portable,
                call,
                &(class(0.5, Ce), region(0.5, dice)),
                &view,
                targets,
                gradient,
                -7.0f32,
            ),
        }
        .unwrap();
        outcomes.push((name, in_order(&outcome, shape, gradient)));
    };
    let packed = layouts(shape)[0];
    let target_layouts = layouts(targets_shape);
    macro_rules! as_targets {
        ($variant:ident, $convert:expr) => {
            let converted: Vec<_> = case.targets.iter().map($convert).collect();
            for layout in target_layouts {
                let data = laid_out(&converted, targets_shape, layout, converted[0]);
                let targets = AnyTargets::$variant(View::new(&data, layout).unwrap());
                go(format!("{} {layout:?}", stringify!($variant)), packed, &targets, packed);
            }
        };
    }
    as_targets!(U8, |&y| y);
    as_targets!(I32, |&y| i32::from(y));
    as_targets!(I64, |&y| i64::from(y));
    as_targets!(F32, |&y| f32::from(y));
    as_targets!(F64, |&y| f64::from(y));
    let targets = AnyTargets::U8(View::new(&case.targets, target_layouts[0]).unwrap());
    for logits in layouts(shape) {
        for gradient in layouts(shape) {
            go(format!("{logits:?} {gradient:?}"), logits, &targets, gradient);
        }
    }
    outcomes
}

/// Value, count and gradient in channels-first order; what lies between must be as before.
fn in_order(outcome: &Outcome<f32>, shape: Shape, layout: Layout) -> Vec<u64> {
    let count = shape.batch * shape.channels * shape.pixels();
    let places: Vec<usize> = (0..count).collect();
    let places = laid_out(&places, shape, layout, usize::MAX);
    let mut gradient = vec![0.0; count];
    for (&place, &g) in places.iter().zip(&outcome.gradient) {
        match gradient.get_mut(place) {
            Some(slot) => *slot = g,
            None => assert_eq!(g, -7.0, "written between the elements"),
        }
    }
    Outcome { gradient, ..outcome.clone() }.bits()
}

/// More than one segment in a sample, which the random shapes above are too small for.
#[test]
fn over_several_segments() {
    let case = &Case::sigmoid(3, shape(2, 1, &[301, 467]), 12.0, 0.05);
    let call = ignoring(Call::sigmoid(), 0.05);
    let dice = Dice::default();
    assert_same!(
        f32,
        case,
        call,
        (pixel(0.5, Bce), region(0.5, dice)),
        pixel::<Bce>(0.5),
        region::<Dice>(0.5)
    );
    let case = &Case::softmax(4, shape(1, 3, &[301, 467]), 12.0, 0.05);
    assert_same!(
        f32,
        case,
        Call::softmax(),
        (class(0.5, Ce), region(0.5, dice)),
        class::<Ce>(0.5),
        region::<Dice>(0.5)
    );
}
