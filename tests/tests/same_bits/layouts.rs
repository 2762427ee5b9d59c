//! In whatever layout logits, targets and gradient are, and whatever the targets' type.

use proptest::prelude::*;
use segloss_conformance::case::Case;
use segloss_conformance::run::{Outcome, run};
use segloss_conformance::views::targets_shape;
use segloss_core::class::Ce;
use segloss_core::compose::{At, class, pixel, region};
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::view::{Layout, Shape, Strides, Targets, View};
use segloss_simd::level::Portable;

use super::{shape, spatial};

/// Lays packed elements out anew, with `filler` between them.
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn in_every_layout_and_type_of_target(
        seed in any::<u64>(), batch in 1usize..3, channels in 2usize..5, spatial in spatial(),
    ) {
        let shape = shape(batch, channels, &spatial);
        for (call, case) in [
            (Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() },
             Case::sigmoid(seed, shape, 9.0, 0.1)),
            (Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() },
             Case::softmax(seed, shape, 9.0, 0.1)),
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
    let targets_shape = targets_shape(call.link, shape);
    let single = case.single();
    let mut outcomes = Vec::new();
    let mut go = |name: String, logits: Layout, targets: &Targets<'_>, gradient: Layout| {
        // NaN between the elements shows a read out of place.
        let data = laid_out(&single, shape, logits, f32::NAN);
        let view = View::new(&data, logits).unwrap();
        let dice = Dice::default();
        let outcome = match call.link {
            Link::Sigmoid => run(
                call,
                &At::new(Portable, (pixel(0.5, Bce::default()), region(0.5, dice))),
                view,
                targets,
                gradient,
                -7.0f32,
            ),
            Link::Softmax => run(
                call,
                &At::new(Portable, (class(0.5, Ce::default()), region(0.5, dice))),
                view,
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
                let targets = Targets::$variant(View::new(&data, layout).unwrap());
                go(format!("{} {layout:?}", stringify!($variant)), packed, &targets, packed);
            }
        };
    }
    as_targets!(U8, |&y| y);
    as_targets!(I16, |&y| i16::from(y));
    as_targets!(U16, |&y| u16::from(y));
    as_targets!(I32, |&y| i32::from(y));
    as_targets!(U32, |&y| u32::from(y));
    as_targets!(U64, |&y| u64::from(y));
    as_targets!(F16, |&y| half::f16::from(y));
    as_targets!(Bf16, |&y| half::bf16::from(y));
    as_targets!(I64, |&y| i64::from(y));
    as_targets!(F32, |&y| f32::from(y));
    as_targets!(F64, |&y| f64::from(y));
    let targets = Targets::U8(View::new(&case.targets, target_layouts[0]).unwrap());
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
