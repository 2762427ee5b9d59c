//! What happens to every odd input: design, section 8.

use segloss_conformance::from_text;
use segloss_conformance::run::{Outcome, run};
use segloss_conformance::views::packed;
use segloss_core::Error;
use segloss_core::class::Ce;
use segloss_core::compose::{Definition, Kernels, Plan, Program, Term, class, pixel, region};
use segloss_core::engine::{Call, Ignore, Link, Problem, Scale};
use segloss_core::lanes::Lanes;
use segloss_core::level::Scalar;
use segloss_core::pixel::{Bce, Pixel, PixelTerm};
use segloss_core::region::Dice;
use segloss_core::term::Options;
use segloss_core::term::{Arguments, Parameter};
use segloss_core::view::{Layout, Mask, Number, Shape, Strides, Targets, View, ViewMut, Write};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs};

fn shape(batch: usize, channels: usize, pixels: usize) -> Shape {
    Shape::new(batch, channels, &[pixels]).unwrap()
}

/// One channel under sigmoid, several under softmax.
fn evaluate<Y>(
    call: Call,
    program: &dyn Program<f32, f64>,
    logits: &[f32],
    channels: usize,
    targets: &[Y],
) -> Result<Outcome<f32>, Error>
where
    for<'t> View<'t, Y>: Into<Targets<'t>>,
{
    let pixels = logits.len() / channels;
    let all = shape(1, channels, pixels);
    run(
        call,
        program,
        packed(logits, all),
        packed(targets, shape(1, 1, pixels)),
        Layout::channels_first(all).unwrap(),
        9.0,
    )
}

fn bce_and_dice() -> impl Program<f32, f64> {
    (pixel(1.0, Bce::default()), region(1.0, Dice::default()))
}

fn ce_and_dice() -> impl Program<f32, f64> {
    (class(1.0, Ce::default()), region(1.0, Dice::default()))
}

/// Source findings A1 to A3: nothing to average is 0, not NaN.
#[test]
fn a1_a3_every_pixel_ignored() {
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() };
    let outcome = evaluate(call, &ce_and_dice(), &[1.0; 6], 2, &[255u8; 3]).unwrap();
    assert_eq!((outcome.value, outcome.valid), (0.0, 0));
    assert_eq!(outcome.gradient, [0.0; 6]);
    let call = Call { ignore_index: Ignore::Labels(&[1]), ..Call::sigmoid() };
    let outcome = evaluate(call, &bce_and_dice(), &[1.0; 3], 1, &[1u8; 3]).unwrap();
    assert_eq!((outcome.value, outcome.valid), (0.0, 0));
    assert_eq!(outcome.gradient, [0.0; 3]);
}

/// An ignored sample counts as loss 0 in a mean over samples.
#[test]
fn a_sample_wholly_ignored_counts_as_0() {
    let logits = [0.5f32, -1.0, 2.0, 3.0];
    let dice = region(1.0, Dice::default());
    let run_on = |targets: &[u8], batch: usize| {
        let shape = shape(batch, 1, 2);
        let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
        let (logits, targets) = (packed(&logits[..batch * 2], shape), packed(targets, shape));
        let layout = Layout::channels_first(shape).unwrap();
        run(call, &dice, logits, targets, layout, 0f32).unwrap()
    };
    let (one, two) = (run_on(&[1, 0], 1), run_on(&[1, 0, 255, 255], 2));
    assert_eq!(two.value, one.value / 2.0);
    assert_eq!(two.gradient, [one.gradient[0] / 2.0, one.gradient[1] / 2.0, 0.0, 0.0]);
}

/// Source findings F3f: an ignored pixel's logits are not looked at.
#[test]
fn f3f_ignored_pixels_may_hold_anything() {
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        let plain = evaluate(
            Call::softmax(),
            &ce_and_dice(),
            &[1.0, 0.0, 0.5, 2.0, 0.0, 0.1],
            2,
            &[0u8, 255, 1],
        );
        let odd = evaluate(
            Call::softmax(),
            &ce_and_dice(),
            &[1.0, odd, 0.5, 2.0, odd, 0.1],
            2,
            &[0u8, 255, 1],
        );
        assert_eq!(odd, plain);
        assert_eq!(plain.unwrap().gradient[1], 0.0);
    }
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
    let plain = evaluate(call, &bce_and_dice(), &[1.0, 0.0, 2.0], 1, &[0u8, 255, 7]);
    let odd = evaluate(call, &bce_and_dice(), &[1.0, f32::NAN, 2.0], 1, &[0u8, 255, 7]);
    assert_eq!(odd, plain);
}

#[test]
fn nan_logits_spread_as_the_mathematics_does() {
    let nan = f32::NAN;
    let outcome =
        evaluate(Call::sigmoid(), &pixel(1.0, Bce::default()), &[1.0, nan, 2.0], 1, &[0u8, 1, 1])
            .unwrap();
    assert!(outcome.value.is_nan());
    let which: Vec<bool> = outcome.gradient.iter().map(|g| g.is_nan()).collect();
    assert_eq!(which, [false, true, false]);
    for target in [0u8, 1] {
        let outcome =
            evaluate(Call::sigmoid(), &bce_and_dice(), &[1.0, nan], 1, &[1, target]).unwrap();
        assert!(outcome.value.is_nan() && outcome.gradient.iter().all(|g| g.is_nan()));
    }
    for place in 0..3 {
        let mut logits = [0.5, 1.0, -1.0];
        logits[place] = nan;
        for label in [0u8, 1, 2] {
            let ce = class(1.0, Ce::default());
            let outcome = evaluate(Call::softmax(), &ce, &logits, 3, &[label]).unwrap();
            assert!(outcome.value.is_nan(), "NaN at {place}, label {label}");
            assert!(outcome.gradient.iter().all(|g| g.is_nan()), "NaN at {place}, label {label}");
        }
    }
}

/// Source findings B8 and B11: an empty mask.
#[test]
fn b8_b11_dice_of_an_empty_mask() {
    let dice = |smooth| region(1.0, Dice::smooth(smooth).unwrap());
    let outcome = evaluate(Call::sigmoid(), &dice(1e-6), &[-5.0; 4], 1, &[0u8; 4]).unwrap();
    assert!((outcome.value - 1.0).abs() < 1e-4, "{}", outcome.value);
    let outcome = evaluate(Call::sigmoid(), &dice(0.0), &[-1e4; 4], 1, &[0u8; 4]).unwrap();
    assert_eq!((outcome.value, &outcome.gradient[..]), (0.0, &[0.0; 4][..]));
}

/// Source findings D1 to D3: a label that is no class, the first in logical order.
#[test]
fn d1_d3_labels_outside_the_classes() {
    let at = |targets: &[i64]| {
        let logits = vec![0.0; 3 * targets.len()];
        evaluate(Call::softmax(), &ce_and_dice(), &logits, 3, targets).unwrap_err()
    };
    let error = at(&[0, 2, 3, -1]);
    assert_eq!(error, Error::Label { label: Number::Signed(3), sample: 0, pixel: 2, classes: 3 });
    assert_eq!(
        error.to_string(),
        "`targets` holds label 3 at pixel 2 of sample 0, expected an integer from 0 to 2 or \
         `ignore_index`"
    );
    assert_eq!(
        at(&[-1]),
        Error::Label { label: Number::Signed(-1), sample: 0, pixel: 0, classes: 3 }
    );
    let mut many = vec![0; 5000];
    (many[4321], many[4400]) = (77, 78);
    assert_eq!(
        at(&many),
        Error::Label { label: Number::Signed(77), sample: 0, pixel: 4321, classes: 3 }
    );
    many[4321] = 1 << 40;
    assert!(matches!(at(&many), Error::Label { pixel: 4321, .. }));
    for label in [0.5f32, -1.0, 3.0, f32::NAN, f32::INFINITY] {
        let found = evaluate(Call::softmax(), &ce_and_dice(), &[0.0; 3], 3, &[label]);
        assert!(matches!(found, Err(Error::Label { .. })), "{label}");
    }
    assert!(evaluate(Call::softmax(), &ce_and_dice(), &[0.0; 3], 3, &[2.0f32]).is_ok());
    for label in [0.1f64, 0.5, 1.25, 1.9999999999999998] {
        let found = evaluate(Call::softmax(), &ce_and_dice(), &[0.0; 3], 3, &[label]);
        assert!(matches!(found, Err(Error::Label { .. })), "{label}");
    }
    assert!(evaluate(Call::softmax(), &ce_and_dice(), &[0.0; 3], 3, &[2.0f64]).is_ok());
}

/// Source findings D8, D10, D11: integers are zero or not, floats must be shares.
#[test]
fn d8_d10_d11_binary_targets() {
    let logits = [0.3f32, -2.0];
    let on =
        |targets: &[u8]| evaluate(Call::sigmoid(), &bce_and_dice(), &logits, 1, targets).unwrap();
    assert_eq!(on(&[255, 0]), on(&[1, 0]));
    assert_eq!(
        evaluate(Call::sigmoid(), &bce_and_dice(), &logits, 1, &[true, false]).unwrap(),
        on(&[1, 0])
    );
    for target in [-0.1, 1.5, f64::NAN, 255.0] {
        let found = evaluate(Call::sigmoid(), &bce_and_dice(), &logits, 1, &[0.5, target]);
        let Err(Error::Share { target: named, sample: 0, channel: 0, pixel: 1 }) = found else {
            panic!("{target}: {found:?}");
        };
        assert_eq!(named.to_string(), target.to_string());
    }
    assert!(evaluate(Call::sigmoid(), &bce_and_dice(), &logits, 1, &[0.25, 1.0]).is_ok());
}

/// Source findings E1 to E3: nothing there.
#[test]
fn e1_e3_empty_tensors() {
    for empty in [shape(1, 0, 4), shape(0, 0, 4), shape(1, 1, 0), shape(0, 1, 0)] {
        let none: [f32; 0] = [];
        let program = bce_and_dice();
        let (logits, targets) = (packed(&none, empty), packed(&none, empty));
        let found = Problem::<f32, f64>::new(Call::sigmoid(), &program, logits, targets);
        assert_eq!(found.err(), Some(Error::Empty { argument: "logits", shape: empty }));
    }
}

/// Source findings H1 to H3: shapes fit or are refused, whatever the number of elements.
#[test]
fn h1_h3_shapes_that_do_not_match() {
    let program = bce_and_dice();
    let (z, y) = ([0f32; 16], [0u8; 16]);
    let logits = packed(&z, shape(2, 1, 8));
    let targets = packed(&y, shape(1, 1, 16));
    let found = Problem::<f32, f64>::new(Call::sigmoid(), &program, logits, targets);
    let expected = shape(2, 1, 8);
    assert_eq!(
        found.err(),
        Some(Error::Shape { argument: "targets", shape: shape(1, 1, 16), expected })
    );
    let same = packed(&y, expected);
    let layout = Layout::channels_first(shape(1, 2, 8)).unwrap();
    let found = run(Call::sigmoid(), &program, logits, same, layout, 0f32);
    assert!(matches!(found, Err(Error::Shape { argument: "gradient", .. })));
    let one = packed(&z, shape(16, 1, 1));
    let ce = ce_and_dice();
    let found = Problem::<f32, f64>::new(Call::softmax(), &ce, one, one);
    assert!(matches!(found.err(), Some(Error::Channels { channels: 1, .. })));
}

#[test]
fn views_stay_within_their_data() {
    let all = shape(1, 1, 8);
    assert!(matches!(
        View::new(&[0f32; 7], Layout::channels_first(all).unwrap()),
        Err(Error::Extent { length: 7, .. })
    ));
    let huge = Strides { batch: 0, channel: 0, spatial: [0, 0, usize::MAX] };
    assert!(matches!(Layout::strided(all, huge), Err(Error::Extent { .. })));
    assert!(matches!(Shape::new(usize::MAX, 2, &[1]), Err(Error::Extent { .. })));
    assert!(matches!(Shape::new(1, 1, &[]), Err(Error::Axes { argument: "spatial", axes: 0 })));
    assert!(matches!(Shape::new(1, 1, &[1; 4]), Err(Error::Axes { argument: "spatial", axes: 4 })));
    let repeated = Strides { batch: 0, channel: 0, spatial: [0, 0, 0] };
    let repeated = Layout::strided(all, repeated).unwrap();
    assert!(View::new(&[1f32], repeated).is_ok());
    assert!(matches!(ViewMut::new(&mut [1f32], repeated), Err(Error::Overlap { .. })));
}

/// Nothing overflows, whatever the extents and strides.
#[test]
fn extents_of_any_size() {
    let extremes = [0, 1, 2, usize::MAX / 2, usize::MAX];
    for batch in extremes {
        for width in extremes {
            for stride in extremes {
                let Ok(shape) = Shape::new(batch, 1, &[2, width]) else { continue };
                let _ = Layout::channels_first(shape);
                let _ = Layout::channels_last(shape);
                let strides = Strides { batch: stride, channel: stride, spatial: [stride; 3] };
                let Ok(layout) = Layout::strided(shape, strides) else { continue };
                let _ = View::new(&[0f32], layout);
                let _ = ViewMut::new(&mut [0f32], layout);
            }
        }
    }
    // More sums than can be counted.
    let endless = Shape { batch: usize::MAX / 2, channels: 1, spatial: [1; 3], axes: 3 };
    let layout = Layout::strided(endless, Strides::default()).unwrap();
    let (logits, targets) =
        (View::new(&[0f32], layout).unwrap(), View::new(&[7f32], layout).unwrap());
    let program = bce_and_dice();
    let found = Problem::<f32, f64>::new(Call::sigmoid(), &program, logits, targets);
    assert!(matches!(found.err(), Some(Error::Extent { .. })));
    // More than there is memory for.
    let large = Shape { batch: 1 << 44, ..endless };
    let layout = Layout::strided(large, Strides::default()).unwrap();
    let (logits, targets) =
        (View::new(&[0f32], layout).unwrap(), View::new(&[7f32], layout).unwrap());
    let problem = Problem::<f32, f64>::new(Call::sigmoid(), &program, logits, targets).unwrap();
    let found = Buffers::<f32>::new().lend(&problem.sizes()).err();
    assert!(matches!(found, Some(Error::Memory { argument: "sums", .. })), "{found:?}");
}

#[test]
fn parameters_and_coefficients_out_of_range() {
    for smooth in [-1e-9, f64::NAN, f64::INFINITY] {
        let found = Dice::smooth(smooth);
        assert!(matches!(found, Err(Error::Parameter { term: "dice", name: "smooth", .. })));
    }
    let bce = Definition::<f32>::pixel::<Bce, Scalar>();
    for coefficient in [-0.5, f64::NAN, f64::INFINITY] {
        let found = Term::new(coefficient, &bce, &[], Options::default());
        assert!(matches!(found, Err(Error::Coefficient { .. })), "{coefficient}");
        let program = pixel(coefficient, Bce::default());
        let found = evaluate(Call::sigmoid(), &program, &[0.0], 1, &[0u8]);
        assert!(matches!(found, Err(Error::Coefficient { .. })), "{coefficient}");
    }
    for scale in [f64::NAN, f64::INFINITY, 1e39] {
        let call = Call { scale: Scale::Batch(scale), ..Call::sigmoid() };
        let found = evaluate(call, &bce_and_dice(), &[0.0], 1, &[0u8]);
        assert!(matches!(found, Err(Error::Scale { .. })), "{scale}");
    }
    let found = Term::new(1.0, &bce, &[5.0, 0.1, 1.0], Options::default());
    assert_eq!(found.err(), Some(Error::Arguments { term: "bce", given: 3, expected: 2 }));
}

/// Losses of pixels, with what they come to for an infinite logit on the wrong side.
const OF_MASKS: [(&str, f32); 8] = [
    ("bce", f32::INFINITY),
    ("bce(pos_weight=3)", f32::INFINITY),
    ("focal", f32::INFINITY),
    ("focal(alpha=off, gamma=0.5)", f32::INFINITY),
    ("poly1", f32::INFINITY),
    ("poly1(epsilon=-1)", f32::INFINITY),
    ("poly1_focal(gamma=0.5)", f32::INFINITY),
    ("poly1_focal(epsilon=-1, gamma=2.5)", f32::INFINITY),
];
const OF_CLASSES: [(&str, f32); 11] = [
    ("ce", f32::INFINITY),
    ("ce(power=0.3)", f32::INFINITY),
    ("ce(power=2)", f32::INFINITY),
    ("focal(gamma=0.5)", f32::INFINITY),
    ("poly1", f32::INFINITY),
    ("poly1(epsilon=-1)", f32::INFINITY),
    ("poly1_focal(epsilon=-1, gamma=0.5)", f32::INFINITY),
    ("sce", f32::INFINITY),
    ("sce(alpha=0)", 4.0),
    ("gce(power=0.5)", 2.0),
    ("mae", 1.0),
];

/// The loss of one pixel of foreground with this logit, above another class's 0 under softmax, and the slope there.
fn of_one_pixel(text: &str, link: Link, logit: f32) -> (f32, f32) {
    let logits = if link == Link::Sigmoid { vec![logit] } else { vec![0.0, logit] };
    let shape = Shape::new(1, logits.len(), &[1]).unwrap();
    let targets = packed(&[1u8], shape.with_channels(1));
    let (code, call) = (AnyLevel::best(), Call::of(link));
    let found = from_text::evaluate(code, text, call, &logits, shape, targets).unwrap();
    (found.value as f32, found.gradient[logits.len() - 1])
}

#[test]
fn logits_of_any_size() {
    let masks = OF_MASKS.map(|(text, wrong)| (Link::Sigmoid, text, wrong));
    let classes = OF_CLASSES.map(|(text, wrong)| (Link::Softmax, text, wrong));
    for (link, text, wrong) in masks.into_iter().chain(classes) {
        for size in [20f32, 50.0, 1e4, f32::INFINITY] {
            let (value, slope) = of_one_pixel(text, link, size);
            let most = 3.0 * (-0.3 * size).exp();
            assert!((0.0..=most).contains(&value), "{text} at {size}: {value}");
            assert!(slope.abs() <= most, "{text} at {size}: {slope}");
            // A single step from 1 would be 6e-8.
            assert!(size > 20.0 || (0.0 < value && slope < 0.0), "{text}: {value} {slope}");
            let (value, slope) = of_one_pixel(text, link, -size);
            assert!(value > 0.0 && !slope.is_nan(), "{text} at -{size}: {value} {slope}");
            if size.is_infinite() {
                assert_eq!(value, wrong, "{text}");
            } else {
                assert!(
                    value.is_finite() && slope.is_finite() && slope <= 0.0,
                    "{text} at -{size}"
                );
            }
        }
    }
}

/// What is ignored unless told otherwise depends on the link: 255 would be a label that is no class.
#[test]
fn a_call_under_another_link_than_the_loss() {
    let (logits, shape) = ([0.5f32; 6], shape(1, 3, 2));
    let labels = [1u8, 255];
    let library = Library::<f32>::default();
    for (link, targets) in [(Link::Softmax, shape.with_channels(1)), (Link::Sigmoid, shape)] {
        let text = if link == Link::Softmax { "ce + dice" } else { "bce + dice" };
        let loss = Loss::new(&library, text, link).unwrap();
        let masks = [[0u8, 1]; 3].concat();
        let y = if link == Link::Softmax { &labels[..] } else { &masks };
        let (z, y) = (packed(&logits, shape), packed(y, targets));
        let mut gradient = [7f32; 6];
        let mut sink = ViewMut::new(&mut gradient, Layout::channels_first(shape).unwrap()).unwrap();
        let outputs = Outputs::gradient(&mut sink);
        let call = Call::of(link.other());
        let found = loss.evaluate(call, z, y, &[], outputs, &mut Buffers::new()).unwrap_err();
        assert_eq!(found, Error::CallLink { call: link.other(), loss: link });
        let other = link.other();
        assert_eq!(
            found.to_string(),
            format!("the call's link is {other}, expected {link}, which the loss was read for")
        );
        assert_eq!(gradient, [7.0; 6]);
        let mut sink = ViewMut::new(&mut gradient, Layout::channels_first(shape).unwrap()).unwrap();
        let outputs = Outputs::gradient(&mut sink);
        let own = loss.evaluate(Call::of(link), z, y, &[], outputs, &mut Buffers::new());
        assert_eq!(own.unwrap().valid, if link == Link::Softmax { 1 } else { 6 });
    }
}

/// Source findings G4: a loss of nothing is 0, and so is its gradient.
#[test]
fn g4_coefficients_of_0() {
    let program = (pixel(0.0, Bce::default()), region(0.0, Dice::default()));
    let outcome = evaluate(Call::sigmoid(), &program, &[1.0, 2.0], 1, &[0u8, 1]).unwrap();
    assert_eq!((outcome.value, &outcome.gradient[..]), (0.0, &[0.0; 2][..]));
    let bce = Definition::<f32>::pixel::<Bce, Scalar>();
    let terms = [Term::new(0.0, &bce, &[], Options::default()).unwrap()];
    let plan = Plan::new(&terms, Kernels::at::<Scalar>());
    let outcome = evaluate(Call::sigmoid(), &plan, &[1.0, f32::NAN], 1, &[0u8, 1]).unwrap();
    assert_eq!((outcome.value, &outcome.gradient[..]), (0.0, &[0.0; 2][..]));
    let (dice, ce) = (region(0.0, Dice::default()), class(0.0, Ce::default()));
    let nan = [f32::NAN; 2];
    let outcome = evaluate(Call::sigmoid(), &dice, &nan, 1, &[0u8, 1]).unwrap();
    assert_eq!((outcome.value, &outcome.gradient[..]), (0.0, &[0.0; 2][..]));
    let outcome = evaluate(Call::softmax(), &(ce, dice), &nan, 2, &[1u8]).unwrap();
    assert_eq!((outcome.value, &outcome.gradient[..]), (0.0, &[0.0; 2][..]));
    let none: [Term<'_, f32>; 0] = [];
    let outcome =
        evaluate(Call::sigmoid(), &Plan::new(&none, Kernels::at::<Scalar>()), &[1.0], 1, &[0u8])
            .unwrap();
    assert_eq!((outcome.value, &outcome.gradient[..]), (0.0, &[0.0][..]));
}

/// Infinite in its slope wherever it is evaluated.
#[derive(Clone, Copy, Debug)]
struct Steep;

impl PixelTerm for Steep {
    const NAME: &'static str = "steep";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Self {
        Steep
    }

    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        (pixel.p * L::splat(1e-40)).ln()
    }
}

#[test]
fn a_term_with_coefficient_0_is_not_evaluated() {
    let steep = pixel(1.0, Steep);
    let outcome = evaluate(Call::sigmoid(), &steep, &[-30.0], 1, &[0u8]).unwrap();
    assert!(!outcome.gradient[0].is_finite());
    let without =
        evaluate(Call::sigmoid(), &pixel(1.0, Bce::default()), &[-30.0], 1, &[0u8]).unwrap();
    let fixed = (pixel(0.0, Steep), pixel(1.0, Bce::default()));
    assert_eq!(evaluate(Call::sigmoid(), &fixed, &[-30.0], 1, &[0u8]).unwrap(), without);
    let definitions =
        [Definition::<f32>::pixel::<Steep, Scalar>(), Definition::<f32>::pixel::<Bce, Scalar>()];
    let terms = [
        Term::new(0.0, &definitions[0], &[], Options::default()).unwrap(),
        Term::new(1.0, &definitions[1], &[], Options::default()).unwrap(),
    ];
    let plan = Plan::new(&terms, Kernels::at::<Scalar>());
    assert_eq!(evaluate(Call::sigmoid(), &plan, &[-30.0], 1, &[0u8]).unwrap(), without);
}

#[test]
fn terms_of_the_other_link_are_refused() {
    let found = evaluate(Call::softmax(), &pixel(1.0, Bce::default()), &[0.0; 2], 2, &[0u8]);
    assert_eq!(found, Err(Error::Link { term: "bce", expected: "the sigmoid link" }));
    let found = evaluate(Call::sigmoid(), &class(1.0, Ce::default()), &[0.0], 1, &[0u8]);
    assert_eq!(found, Err(Error::Link { term: "ce", expected: "the softmax link" }));
}

#[test]
fn scale_and_accumulate() {
    let (logits, targets) = ([0.5f32, -1.0, 2.0], [1u8, 0, 1]);
    let plain = evaluate(Call::sigmoid(), &bce_and_dice(), &logits, 1, &targets).unwrap();
    let call = Call { scale: 4.0.into(), write: Write::Accumulate, ..Call::sigmoid() };
    let scaled = evaluate(call, &bce_and_dice(), &logits, 1, &targets).unwrap();
    assert_eq!(scaled.value, plain.value);
    for (scaled, plain) in scaled.gradient.iter().zip(&plain.gradient) {
        assert_eq!(*scaled, 9.0 + 4.0 * plain);
    }
}

#[test]
fn a_workspace_too_short_is_named() {
    let program = bce_and_dice();
    let (z, y) = ([0f32; 4], [0u8; 4]);
    let (logits, targets) = (packed(&z, shape(1, 1, 4)), packed(&y, shape(1, 1, 4)));
    let problem = Problem::<f32, f64>::new(Call::sigmoid(), &program, logits, targets).unwrap();
    let mut buffers = Buffers::new();
    let mut workspace = buffers.lend(&problem.sizes()).unwrap();
    workspace.slopes = &mut [];
    let found = segloss_core::engine::evaluate(&problem, None, &mut workspace);
    assert_eq!(found, Err(Error::Workspace { argument: "slopes", length: 0, expected: 1 }));
}

/// A map is computed before the rest of the call is looked at.
#[test]
fn a_mask_of_another_shape_beside_a_computed_map() {
    let (logits, targets, mask) = ([0.5f32; 600], [1u8; 600], [1u8; 3]);
    let library = Library::<f32>::new(AnyLevel::best());
    for text in ["boundary", "distance", "bce @ band @ decay"] {
        let loss = Loss::new(&library, text, Link::Sigmoid).unwrap();
        let mask = Mask::U8(packed(&mask, shape(1, 1, 3)));
        let call = Call { mask: Some(mask), ..Call::sigmoid() };
        let (z, y) = (packed(&logits, shape(1, 1, 600)), packed(&targets, shape(1, 1, 600)));
        let outputs = Outputs::none();
        let error = loss.evaluate(call, z, y, &[], outputs, &mut Buffers::new()).unwrap_err();
        assert_eq!(error.to_string(), "`mask` has shape 1x1x3, expected 1x1x600", "{text}");
    }
}

/// What overflows the format pulls at the classes that have a part in it, and at no other.
#[test]
fn a_power_that_overflows() {
    let library = Library::<f32>::default();
    let loss = Loss::new(&library, "ce(power=20)", Link::Softmax).unwrap();
    let shape = shape(1, 3, 1);
    let mut gradient = [7f32; 3];
    let mut sink = ViewMut::new(&mut gradient, Layout::channels_first(shape).unwrap()).unwrap();
    let (z, y) = (packed(&[100f32, 0.0, -5.0], shape), packed(&[1u8], shape.with_channels(1)));
    let outputs = Outputs::gradient(&mut sink);
    loss.evaluate(Call::softmax(), z, y, &[], outputs, &mut Buffers::new()).unwrap();
    assert!(gradient[0] > 1e37 && gradient[1] < -1e37 && gradient[2] == 0.0, "{gradient:?}");
    // An exponent that is 0 in `f32`.
    let focal = Loss::new(&library, "focal(gamma=1e-46)", Link::Sigmoid).unwrap();
    let one = Shape::new(1, 1, &[1]).unwrap();
    let (z, y) = (packed(&[-200f32], one), packed(&[0u8], one));
    let report = focal.evaluate(Call::sigmoid(), z, y, &[], Outputs::none(), &mut Buffers::new());
    assert_eq!(report.unwrap().value, 0.0);
}
