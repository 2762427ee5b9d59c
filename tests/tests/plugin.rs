//! Terms written outside the crate, their values alone: gradient, levels and run-time composition
//! come from the engine.

use segloss_conformance::case::Case;
use segloss_conformance::run::{Outcome, run};
use segloss_core::Error;
use segloss_core::compose::{Definition, Listed, Program, Term, pixel, region};
use segloss_core::engine::Call;
use segloss_core::lanes::Lanes;
use segloss_core::level::{Level, Scalar};
use segloss_core::pixel::{Pixel, PixelTerm};
use segloss_core::region::{Classes, RegionTerm};
use segloss_core::term::{Arguments, Options, Parameter};
use segloss_core::view::{Layout, Shape, View};
use segloss_simd::{AnyLevel, with_level};

/// `(p - y)^2`, the Brier score.
#[derive(Clone, Copy)]
struct SquaredError;

impl PixelTerm for SquaredError {
    const NAME: &'static str = "squared_error";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Result<Self, Error> {
        Ok(SquaredError)
    }

    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        // p (1 - y) - (1 - p) y, which is p - y without cancellation for y = 0 or 1.
        let difference = pixel.p * (L::splat(1.0) - pixel.y) - pixel.q * pixel.y;
        difference * difference
    }
}

/// `1 - TP / (TP + FP + FN)`, averaged over classes.
#[derive(Clone, Copy)]
struct Jaccard;

impl RegionTerm for Jaccard {
    const NAME: &'static str = "jaccard";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Result<Self, Error> {
        Ok(Jaccard)
    }

    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        let mut sum = L::splat(0.0);
        for class in 0..classes.len() {
            let s = classes.get(class);
            let wrong = s.false_positive + s.false_negative;
            sum = sum + wrong / (s.target + s.false_positive);
        }
        sum / L::splat(classes.len() as f64)
    }
}

fn evaluate<Lv: Level, P: Program<f64, f64>>(level: Lv, case: &Case, program: &P) -> Outcome<f64> {
    let packed = Layout::channels_first(case.shape).unwrap();
    let (logits, targets) =
        (View::new(&case.logits, packed).unwrap(), View::new(&case.targets, packed).unwrap());
    let call = Call { ignore_index: Some(255), ..Call::sigmoid() };
    run(level, call, program, &logits, &targets, packed, 0.0).unwrap()
}

fn case() -> Case {
    Case::sigmoid(11, Shape::new(2, 2, &[5, 7]).unwrap(), 4.0, 0.1)
}

#[test]
fn the_gradient_is_that_of_the_value() {
    let program = (pixel(0.75, SquaredError), region(0.5, Jaccard));
    let case = case();
    let gradient = evaluate(Scalar, &case, &program).gradient;
    for (i, gradient) in gradient.into_iter().enumerate() {
        let at = |step: f64| {
            let mut moved = case.clone();
            moved.logits[i] += step;
            evaluate(Scalar, &moved, &program).value
        };
        let step = 1e-5;
        let slope = (at(step) - at(-step)) / (2.0 * step);
        assert!((gradient - slope).abs() < 1e-10, "{i}: {gradient} {slope}");
    }
}

#[test]
fn every_level_and_composition_gives_the_same_bits() {
    let case = case();
    let fixed = (pixel(0.75, SquaredError), region(0.5, Jaccard));
    let expected = evaluate(Scalar, &case, &fixed).bits();
    for level in AnyLevel::available() {
        let (name, case) = (level.name(), &case);
        with_level!(level, level => {
            assert_eq!(evaluate(level, case, &fixed).bits(), expected, "{name}");
            fn definitions<Lv: Level>(_: Lv) -> [Definition<'static, f64>; 2] {
                [Definition::pixel::<SquaredError, Lv>(), Definition::region::<Jaccard>()]
            }
            let [squared, jaccard] = definitions(level);
            let terms = [
                Term::new(0.75, &squared, &[], Options::default()).unwrap(),
                Term::new(0.5, &jaccard, &[], Options::default()).unwrap(),
            ];
            assert_eq!(evaluate(level, case, &Listed::new(&terms)).bits(), expected, "{name}");
        });
    }
}
