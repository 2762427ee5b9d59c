//! Options of region terms: which classes they see, how these are weighed and averaged.

use segloss_conformance::case::Case;
use segloss_conformance::from_text::{Asked, Format, Found};
use segloss_conformance::run::run;
use segloss_conformance::views::{packed, targets_shape};
use segloss_core::Error;
use segloss_core::compose::{At, region};
use segloss_core::engine::{Call, Ignore};
use segloss_core::lanes::Lanes;
use segloss_core::level::Scalar;
use segloss_core::region::{Classes, RegionTerm};
use segloss_core::term::{Arguments, Parameter, Range};
use segloss_core::view::{Layout, Shape};
use segloss_simd::AnyLevel;

const RATIOS: [&str; 7] =
    ["dice", "jaccard", "tversky", "focal_tversky", "fbeta", "log_cosh_dice", "recall"];

fn shape(channels: usize) -> Shape {
    Shape::new(2, channels, &[9, 13]).unwrap()
}

/// Labels of `classes`, some of them ignored.
fn case(classes: usize) -> Case {
    Case::softmax(11, shape(classes), 4.0, 0.1)
}

fn try_evaluate(text: &str, call: Call<'_>, case: &Case) -> Result<Found<f64>, Error> {
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..call };
    f64::evaluate(Asked {
        code: AnyLevel::best().into(),
        text,
        call,
        logits: &case.logits,
        shape: case.shape,
        targets: packed(&case.targets, targets_shape(call.link, case.shape)).into(),
        given: &[],
        samples: false,
        loss_map: false,
    })
}

fn evaluate(text: &str, case: &Case) -> Found<f64> {
    try_evaluate(text, Call::softmax(), case).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn assert_close(found: &Found<f64>, expected: &Found<f64>, what: &str) {
    let error = (found.value - expected.value).abs();
    assert!(error <= 1e-13 * expected.value.abs(), "{what}: {} {}", found.value, expected.value);
    let largest = expected.gradient.iter().fold(0f64, |m, g| m.max(g.abs()));
    for (found, expected) in found.gradient.iter().zip(&expected.gradient) {
        assert!((found - expected).abs() <= 1e-12 * largest, "{what}: {found} {expected}");
    }
}

#[test]
fn lists_that_do_not_fit_the_classes() {
    let case = case(3);
    let refused = |text: &str| try_evaluate(text, Call::softmax(), &case).unwrap_err();
    assert_eq!(
        refused("dice(classes=foreground, weights=[1, 2, 3])").to_string(),
        "`weights` of `dice` has 3 entries, expected one for each of 2 classes"
    );
    assert_eq!(
        refused("jaccard(classes=[0, 3])"),
        Error::Parameter {
            term: "jaccard",
            name: "classes",
            value: 3.0,
            expected: Range::Integers { smallest: 1, largest: 2 },
        }
    );
    let one = Case::sigmoid(3, shape(1), 4.0, 0.0);
    let error = try_evaluate("gdl(classes=foreground)", Call::sigmoid(), &one).unwrap_err();
    assert_eq!(error, Error::NoClasses { term: "generalized_dice", classes: 1 });
    assert_eq!(
        error.to_string(),
        "`classes` of `generalized_dice` leaves none of 1, expected at least one class"
    );
}

/// What says nothing new changes nothing.
#[test]
fn all_classes_and_equal_weights() {
    let case = case(3);
    for name in RATIOS {
        let plain = evaluate(name, &case);
        for options in ["classes=[0, 1, 2]", "weights=[1, 1, 1]", "absent=skip", "absent=zero"] {
            assert_eq!(evaluate(&format!("{name}({options})"), &case), plain, "{name} {options}");
        }
        let scaled = evaluate(&format!("{name}(weights=[4, 4, 4])"), &case);
        assert_close(&scaled, &plain, name);
        let tripled = evaluate(&format!("{name}(weights=[3, 3, 3], normalise=classes)"), &case);
        assert_close(&evaluate(&format!("3*{name}"), &case), &tripled, name);
    }
    // A common factor of all weights is in both sums.
    let plain = evaluate("gdl(smooth=0)", &case);
    assert_close(&evaluate("gdl(smooth=0, weights=[4, 4, 4])", &case), &plain, "gdl");
    assert_close(&evaluate("gdl(smooth=0, scale=none)", &case), &plain, "gdl");
}

/// A mean is the sum of its classes' losses, each by itself.
#[test]
fn a_mean_is_made_of_its_classes() {
    let case = case(4);
    for name in RATIOS {
        let whole = evaluate(&format!("{name}(classes=[0, 2, 3], weights=[1, 0.5, 2])"), &case);
        let [a, b, c] = [(0, 1.0), (2, 0.5), (3, 2.0)]
            .map(|(class, weight)| format!("{}*{name}(classes=[{class}])", weight / 3.5));
        assert_close(&evaluate(&format!("{a} + {b} + {c}"), &case), &whole, name);
        let micro = evaluate(&format!("{name}(classes=[2], average=micro)"), &case);
        assert_close(&micro, &evaluate(&format!("{name}(classes=[2])"), &case), name);
    }
}

/// Classes in another order, with their weights, are the same loss.
#[test]
fn the_order_of_classes_does_not_matter() {
    let (case, shape) = (case(3), shape(3));
    let turned = [1, 2, 0];
    let plane = |sample: usize, class: usize| {
        let first = (sample * 3 + class) * shape.pixels();
        &case.logits[first..first + shape.pixels()]
    };
    let planes = (0..2).flat_map(|sample| turned.map(|class| plane(sample, class)));
    let label = |&y: &u8| match turned.iter().position(|&class| class == usize::from(y)) {
        Some(place) => place as u8,
        None => y,
    };
    let other = Case {
        shape: case.shape,
        logits: planes.flatten().copied().collect(),
        targets: case.targets.iter().map(label).collect(),
    };
    for name in RATIOS.into_iter().chain(["gdl"]) {
        for (options, its) in [
            ("", ""),
            ("weights=[1, 2, 0.25]", "weights=[2, 0.25, 1]"),
            ("average=micro, weights=[1, 2, 0.25]", "average=micro, weights=[2, 0.25, 1]"),
        ] {
            if name == "gdl" && options.contains("micro") {
                continue;
            }
            let found = evaluate(&format!("{name}({its})"), &other);
            let expected = evaluate(&format!("{name}({options})"), &case);
            let error = (found.value - expected.value).abs();
            assert!(error <= 1e-14, "{name}({options}): {} {}", found.value, expected.value);
        }
    }
}

/// Class 2 of 3 is nowhere: its loss is about 1, 0, or not counted.
#[test]
fn absent_classes() {
    let mut case = case(3);
    case.targets.iter_mut().filter(|y| **y == 2).for_each(|y| *y = 0);
    let two = evaluate("dice(classes=[0, 1])", &case).value;
    let absent = evaluate("dice(classes=[2])", &case).value;
    let of = |rule: &str| evaluate(&format!("dice(absent={rule})"), &case).value;
    assert!((of("keep") - (2.0 * two + absent) / 3.0).abs() < 1e-15 && absent > 0.99);
    assert!((of("zero") - 2.0 * two / 3.0).abs() < 1e-15);
    assert!((of("skip") - two).abs() < 1e-15);
    for average in ["zero", "skip"] {
        let text = format!("dice(average=micro, absent={average})");
        let expected = evaluate("dice(average=micro, classes=[0, 1])", &case);
        assert_eq!(evaluate(&text, &case), expected, "{text}");
    }
    // A class whose score has nothing to smooth its numerator has loss 1, and nothing pulls.
    let flat = evaluate("dice(classes=[2], smooth_nr=0)", &case);
    assert_eq!(flat.value, 1.0);
    assert!(flat.gradient.iter().all(|&g| g == 0.0));
    // None of the classes in use: as the options say of the sample.
    assert_eq!(evaluate("dice(classes=[2], empty=skip)", &case).value, 0.0);
    assert_eq!(evaluate("dice(classes=[2], absent=skip)", &case).value, 0.0);
    assert_eq!(evaluate("gdl(classes=[2])", &case).value, 0.0);
}

/// Where nothing is right, the logarithm is finite and pulls.
#[test]
fn the_logarithm_of_nothing() {
    let wrong = Case {
        shape: Shape::new(1, 1, &[2]).unwrap(),
        logits: vec![-800.0, 800.0],
        targets: vec![1, 0],
    };
    let found = try_evaluate("dice(log=true, smooth=0)", Call::sigmoid(), &wrong).unwrap();
    assert!(found.value > 600.0 && found.value.is_finite(), "{}", found.value);
    assert!(found.gradient.iter().all(|g| g.is_finite()), "{:?}", found.gradient);
    let nearly = Case { logits: vec![-20.0, 20.0], ..wrong };
    let found = try_evaluate("dice(log=true, smooth=0)", Call::sigmoid(), &nearly).unwrap();
    // 2 TP is 2 e^-20 of a sum of 2, all but.
    assert!((found.value - 20.0).abs() < 1e-8, "{}", found.value);
    assert!(found.gradient[0] < -0.4 && found.gradient.iter().all(|g| g.is_finite()));
}

/// What a term of one's own makes of its classes.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// The square of a mean.
    Squared,
    /// Two means.
    Twice,
    /// A mean, and sums of all classes beside it.
    Beside,
    /// No mean.
    Alone,
}

#[derive(Clone, Copy)]
struct Own(Way);

impl RegionTerm for Own {
    const NAME: &'static str = "own";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Self {
        Own(Way::Alone)
    }

    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        let mean =
            || classes.mean(|s| (s.false_positive + s.false_negative).share_with(s.true_positive));
        let missed = || {
            let mut missed = L::splat(0.0);
            classes.each(|class| missed = missed + class.sums.false_negative);
            missed * L::splat(0.01)
        };
        match self.0 {
            Way::Squared => mean().powf(2.0),
            Way::Twice => mean() + mean() * mean(),
            Way::Beside => mean() + missed(),
            Way::Alone => missed(),
        }
    }
}

#[test]
fn gradients_of_means_and_of_what_is_none() {
    let case = case(3);
    let value_and_gradient = |way: Way, logits: &[f64]| {
        let program = At::new(Scalar, region(1.0, Own(way)));
        let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() };
        let targets = packed(&case.targets, case.shape.with_channels(1));
        let layout = Layout::channels_first(case.shape).unwrap();
        let found = run(call, &program, packed(logits, case.shape), targets, layout, 0f64).unwrap();
        (found.value, found.gradient)
    };
    for way in [Way::Squared, Way::Twice, Way::Beside, Way::Alone] {
        let (_, gradient) = value_and_gradient(way, &case.logits);
        for i in (0..case.logits.len()).step_by(37) {
            let at = |step: f64| {
                let mut logits = case.logits.clone();
                logits[i] += step;
                value_and_gradient(way, &logits).0
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((gradient[i] - slope).abs() < 1e-10, "{way:?} {i}: {} {slope}", gradient[i]);
        }
    }
}
