//! Values and gradients against the source's formulas in `f64`, and the bounds of accuracy.

use proptest::prelude::*;
use segloss_conformance::case::Case;
use segloss_conformance::oracle::{self, Loss};
use segloss_conformance::run::{Outcome, run};
use segloss_conformance::views::{packed, targets_shape};
use segloss_core::class::Ce;
use segloss_core::compose::{Program, class, pixel, region};
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::lanes::Real;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::view::{Layout, Logit, Shape};

fn evaluate<T: Real + Logit<Compute = T>>(
    case: &Case,
    logits: &[T],
    call: Call,
    program: &dyn Program<T, f64>,
) -> Outcome<T> {
    let layout = Layout::channels_first(case.shape).unwrap();
    let targets = packed(&case.targets, targets_shape(call.link, case.shape));
    let logits = packed(logits, case.shape);
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..call };
    run(call, program, logits, targets, layout, T::default()).unwrap()
}

/// `value` relative, `gradient` relative to the largest.
#[track_caller]
fn assert_close<T: Real>(outcome: &Outcome<T>, exact: &Loss, value: f64, gradient: f64) {
    let error = (outcome.value - exact.value).abs();
    assert!(error <= value * exact.value.abs().max(1e-30), "{} {}", outcome.value, exact.value);
    let largest = exact.gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
    for (i, (found, exact)) in outcome.gradient.iter().zip(&exact.gradient).enumerate() {
        let error = (found.widen() - exact).abs();
        assert!(error <= gradient * largest, "gradient {i}: {} {exact}", found.widen());
    }
}

/// `f64` and `f32` against the oracle, to the bounds of the design, section 8.
fn compare<P>(case: &Case, call: Call, program: &P, exact: &Loss)
where
    P: Program<f64, f64> + Program<f32, f64>,
{
    // The conditioning of the exponentials: how far apart logits of one pixel are.
    let spread = case.logits.iter().fold(0.0, |m: f64, z| m.max(z.abs()));
    let conditioning = match call.link {
        Link::Sigmoid => spread,
        Link::Softmax => 2.0 * spread,
    };
    let double = evaluate(case, &case.logits, call, program);
    assert_close(&double, exact, 1e-12, 1e-13 * (1.0 + conditioning));
    let single = evaluate(case, &case.single(), call, program);
    assert_close(&single, exact, 1e-6, 2.5e-7 * (1.0 + conditioning));
}

fn case(link: Link, seed: u64, batch: usize, channels: usize, size: usize, ignored: f64) -> Case {
    let shape = Shape::new(batch, channels, &[size, 3]).unwrap();
    match link {
        Link::Sigmoid => Case::sigmoid(seed, shape, 6.0, ignored),
        Link::Softmax => Case::softmax(seed, shape, 6.0, ignored),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sigmoid(seed in any::<u64>(), batch in 1usize..4, size in 1usize..900,
               ignored in prop::sample::select(vec![0.0, 0.2, 1.0]), smooth in 1e-6..10.0) {
        let case = case(Link::Sigmoid, seed, batch, 1, size, ignored);
        let dice = Dice::smooth(smooth).unwrap();
        let (b, d) = (oracle::bce(&case), oracle::dice(&case, smooth));
        compare(&case, Call::sigmoid(), &pixel(1.0, Bce::default()), &b);
        compare(&case, Call::sigmoid(), &region(1.0, dice), &d);
        compare(&case, Call::sigmoid(), &(pixel(0.3, Bce::default()), region(0.7, dice)), &b.plus(0.3, &d, 0.7));
    }

    #[test]
    fn softmax(seed in any::<u64>(), batch in 1usize..4, channels in 2usize..20, size in 1usize..300,
               ignored in prop::sample::select(vec![0.0, 0.2, 1.0]), smooth in 1e-6..10.0) {
        let case = case(Link::Softmax, seed, batch, channels, size, ignored);
        let dice = Dice::smooth(smooth).unwrap();
        let (c, d) = (oracle::ce(&case), oracle::class_dice(&case, smooth));
        compare(&case, Call::softmax(), &class(1.0, Ce::default()), &c);
        compare(&case, Call::softmax(), &region(1.0, dice), &d);
        compare(&case, Call::softmax(), &(class(0.3, Ce::default()), region(0.7, dice)), &c.plus(0.3, &d, 0.7));
    }
}

fn one_pixel(logit: f64, target: u8) -> Case {
    Case { shape: Shape::new(1, 1, &[1]).unwrap(), logits: vec![logit], targets: vec![target] }
}

/// PyTorch's own formula loses all digits of an easy background pixel.
#[test]
fn f11_bce_keeps_its_digits_at_every_logit() {
    for step in 0..=400 {
        let z = f64::from(step) * 0.1;
        let exact = (-z).exp().ln_1p();
        for (logit, target) in [(-z, 0), (z, 1)] {
            let case = one_pixel(f64::from(logit as f32), target);
            let exact = if step == 0 { exact } else { (-case.logits[0].abs()).exp().ln_1p() };
            let single =
                evaluate(&case, &case.single(), Call::sigmoid(), &pixel(1.0, Bce::default()));
            let double =
                evaluate(&case, &case.logits, Call::sigmoid(), &pixel(1.0, Bce::default()));
            assert!((single.value / exact - 1.0).abs() < 4e-7, "{logit}: {}", single.value);
            assert!((double.value / exact - 1.0).abs() < 1e-15, "{logit}: {}", double.value);
        }
    }
}

/// Cross-entropy keeps its digits: the winning margin survives where `ln(sum exp)` is 0.
#[test]
fn ce_keeps_its_digits_at_every_margin() {
    for margin in 0..=80 {
        let shape = Shape::new(1, 3, &[1]).unwrap();
        let case = Case { shape, logits: vec![f64::from(margin), 0.0, -1.0], targets: vec![0] };
        let exact = ((-f64::from(margin)).exp() * (1.0 + (-1f64).exp())).ln_1p();
        let single = evaluate(&case, &case.single(), Call::softmax(), &class(1.0, Ce::default()));
        assert!((single.value / exact - 1.0).abs() < 6e-7, "{margin}: {}", single.value);
    }
}

/// Source findings F4: infinities on the right side cost nothing, on the wrong side everything.
#[test]
fn f4_infinite_logits() {
    let at = |logit: f64, target| {
        let case = one_pixel(logit, target);
        let outcome = evaluate(&case, &case.single(), Call::sigmoid(), &pixel(1.0, Bce::default()));
        (outcome.value, f64::from(outcome.gradient[0]))
    };
    assert_eq!(at(f64::INFINITY, 1), (0.0, 0.0));
    assert_eq!(at(f64::NEG_INFINITY, 0), (0.0, 0.0));
    assert_eq!(at(f64::NEG_INFINITY, 1), (f64::INFINITY, -1.0));
    assert_eq!(at(f64::INFINITY, 0), (f64::INFINITY, 1.0));
}

/// Finite at any finite logit, for every loss.
#[test]
fn large_logits_stay_finite() {
    for span in [1e2, 1e4, 1e30, 1e35] {
        let sigmoid = Case::sigmoid(1, Shape::new(2, 1, &[40]).unwrap(), span, 0.1);
        let softmax = Case::softmax(1, Shape::new(2, 4, &[40]).unwrap(), span, 0.1);
        let dice = Dice::default();
        let outcomes = [
            evaluate(
                &sigmoid,
                &sigmoid.single(),
                Call::sigmoid(),
                &(pixel(1.0, Bce::default()), region(1.0, dice)),
            ),
            evaluate(
                &softmax,
                &softmax.single(),
                Call::softmax(),
                &(class(1.0, Ce::default()), region(1.0, dice)),
            ),
        ];
        for outcome in outcomes {
            assert!(outcome.value.is_finite(), "{span}");
            assert!(outcome.gradient.iter().all(|g| g.is_finite()), "{span}");
        }
    }
}
