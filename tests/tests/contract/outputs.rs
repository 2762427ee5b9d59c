//! What a call gives besides the value: losses of pixels and samples; and what it gives instead, with every
//! output untouched.

use segloss_conformance::case::{Case, SoftCase};
use segloss_conformance::code::Code;
use segloss_conformance::from_text::{self, Format};
use segloss_conformance::oracle::{self, Dense, Labelled};
use segloss_conformance::views::packed;
use segloss_core::Error;
use segloss_core::class::Ce;
use segloss_core::compose::{Definition, MapDefinition, Registry, Term, class, pixel, region};
use segloss_core::engine::{Call, Ignore, Link, Problem, Scale};
use segloss_core::level::Scalar;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::term::{Maps, Options};
use segloss_core::view::{GradientSink, Layout, Mask, Shape, Targets, View, ViewMut, Weights};
use segloss_simd::{Buffers, Library, Loss, Outputs};

/// The loss map by text, as computed by this code.
fn loss_map(
    code: Code,
    text: &str,
    call: Call<'_>,
    logits: &[f64],
    shape: Shape,
    targets: &View<'_, f64>,
) -> Vec<f64> {
    let (given, targets) = (&[][..], Targets::F64(*targets));
    let (samples, loss_map) = (false, true);
    let asked =
        from_text::Asked { code, text, call, logits, shape, targets, given, samples, loss_map };
    f64::evaluate(asked).unwrap().loss_map
}

fn assert_map(found: &[f64], expected: &[Option<f64>]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let expected = expected.unwrap_or(0.0);
        assert!((found - expected).abs() <= 1e-13 * expected.abs(), "{found} {expected}");
    }
}

#[test]
fn losses_of_pixels() {
    let shape = Shape::new(2, 2, &[17, 23]).unwrap();
    let case = SoftCase::new(1, shape, 9.0, 0.1);
    let dense: Dense<'_> = (&case).into();
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
    let (bce, focal) =
        (oracle::bce_pixels::<f64>(&dense), oracle::focal_pixels::<f64>(&dense, Some(0.3), 1.5));
    let values = bce.values.iter().zip(&focal.values);
    let expected: Vec<_> = values.map(|(b, f)| Some(2.0 * (*b)? + 0.5 * (*f)?)).collect();
    let y = packed(&case.targets, shape);
    for code in Code::all() {
        let text = "2*bce + 0.5*focal(alpha=0.3, gamma=1.5)";
        assert_map(&loss_map(code, text, call, &case.logits, shape, &y), &expected);
    }

    let shape = Shape::new(2, 4, &[17, 23]).unwrap();
    let case = Case::softmax(2, shape, 9.0, 0.1);
    let labelled: Labelled<'_> = (&case).into();
    let targets: Vec<f64> = case.targets.iter().map(|&y| f64::from(y)).collect();
    let y = packed(&targets, shape.with_channels(1));
    let weights = [0.5, 1.0, 2.0, 0.0];
    let expected = oracle::ce_pixels::<f64>(&labelled, Some(&weights), 1.0).values;
    for code in Code::all() {
        let text = "ce(weights=[0.5, 1, 2, 0])";
        assert_map(&loss_map(code, text, Call::softmax(), &case.logits, shape, &y), &expected);
    }
}

/// Two samples of one channel, 6 pixels each, with every output asked for that `text` has.
struct Asked<'a> {
    text: &'a str,
    call: Call<'a>,
    targets: &'a [f32],
    classes: usize,
    samples: usize,
    with_map: bool,
    gradient: &'a [usize],
}

impl Default for Asked<'_> {
    fn default() -> Self {
        Asked {
            text: "bce",
            call: Call::sigmoid(),
            targets: &[0.0; 12],
            classes: 1,
            samples: 2,
            with_map: true,
            gradient: &[6],
        }
    }
}

/// The message of a call that is refused, after checking that it wrote nothing.
fn refused(asked: Asked<'_>) -> String {
    let Asked { text, call, targets, classes, samples, with_map, gradient } = asked;
    let shape = Shape::new(2, classes, &[6]).unwrap();
    let logits = vec![0.5f32; 12 * classes];
    let library = Library::<f32>::default();
    let loss = Loss::new(&library, text, call.link).unwrap();
    let of_gradient = Layout::channels_first(Shape::new(2, classes, gradient).unwrap()).unwrap();
    let target_shape = Shape::new(2, 1, &[targets.len() / 2]).unwrap();
    let mut places = vec![7f32; of_gradient.span()];
    let (mut values, mut map) = (vec![7.0; samples], vec![7f32; 12]);
    let mut sink = ViewMut::new(&mut places, of_gradient).unwrap();
    let map_shape = Layout::channels_first(Shape::new(2, 1, &[6]).unwrap()).unwrap();
    let mut map_sink = ViewMut::new(&mut map, map_shape).unwrap();
    let outputs = Outputs {
        gradient: Some(&mut sink),
        samples: Some(&mut values[..]),
        loss_map: with_map.then_some(&mut map_sink as &mut dyn GradientSink<f32>),
    };
    let (z, y) = (packed(&logits, shape), packed(targets, target_shape));
    let error = loss.evaluate(call, z, y, &[], outputs, &mut Buffers::new()).unwrap_err();
    assert!(places.iter().chain(&map).all(|&x| x == 7.0), "{error}");
    assert!(values.iter().all(|&x| x == 7.0), "{error}");
    error.to_string()
}

#[test]
fn errors_name_what_was_wrong_and_leave_outputs_alone() {
    let six = Shape::new(2, 1, &[6]).unwrap();
    let five = Shape::new(2, 1, &[5]).unwrap();
    let (nan, negative, ones) = ([1.0, f64::NAN], [-0.5f32; 12], [1f32; 12]);
    let weights = |data| Some(Weights::F32(packed(data, six)));
    let softmax = Asked { classes: 3, call: Call::softmax(), ..Asked::default() };
    let bad_share = [0.0, 0.5, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let bad_label = [0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0];
    let mut infinite = [1f32; 12];
    infinite[8] = f32::INFINITY;
    let table = [
        (
            Asked { text: "bce + tversky", with_map: false, ..Asked::default() },
            "`tversky` is formed over the whole batch and has no loss of one sample, expected `pool=sample`",
        ),
        (
            Asked { text: "bce + dice", ..Asked::default() },
            "`dice` is a loss of whole regions and has none of one pixel, expected pixel or class terms alone",
        ),
        (
            Asked { samples: 3, ..Asked::default() },
            "`values` holds 3 values, expected one a sample: 2",
        ),
        (
            Asked {
                call: Call { scale: Scale::Samples(&[1.0]), ..Call::sigmoid() },
                ..Asked::default()
            },
            "`scale` holds 1 values, expected one a sample: 2",
        ),
        (
            Asked {
                call: Call { scale: Scale::Samples(&nan), ..Call::sigmoid() },
                ..Asked::default()
            },
            "`scale` is NaN, expected a number that is finite, times a coefficient too",
        ),
        (
            Asked { targets: &bad_share, ..Asked::default() },
            "`targets` holds 1.5 at pixel 2 of sample 0, channel 0, expected 0 to 1 (divide a mask of 0 and 255 by \
             255; clip what resizing left outside)",
        ),
        (
            Asked { text: "ce", targets: &bad_label, ..softmax },
            "`targets` holds label 3 at pixel 1 of sample 1, expected an integer from 0 to 2 or `ignore_index`",
        ),
        (
            Asked {
                text: "ce(weights=[1, 2])",
                classes: 3,
                call: Call::softmax(),
                ..Asked::default()
            },
            "`weights` of `ce` has 2 entries, expected one for each of 3 classes",
        ),
        (
            Asked { targets: &[0.0; 10], ..Asked::default() },
            "`targets` has shape 2x1x5, expected 2x1x6",
        ),
        (
            Asked { gradient: &[7], ..Asked::default() },
            "`gradient` has shape 2x1x7, expected 2x1x6",
        ),
        (
            Asked {
                call: Call { mask: Some(Mask::U8(packed(&[1; 10], five))), ..Call::sigmoid() },
                ..Asked::default()
            },
            "`mask` has shape 2x1x5, expected 2x1x6",
        ),
        (
            Asked {
                call: Call { weights: weights(&infinite), ..Call::sigmoid() },
                ..Asked::default()
            },
            "`weights` holds inf at pixel 2 of sample 1, channel 0, expected a finite number",
        ),
        (
            Asked {
                text: "bce(normalise=weights)",
                call: Call { weights: weights(&negative), ..Call::sigmoid() },
                ..Asked::default()
            },
            "`weights` holds -0.5 at pixel 0 of sample 0, channel 0, expected a finite number, 0 or larger",
        ),
        (
            Asked { text: "dice(weighted=true)", with_map: false, ..Asked::default() },
            "`dice` takes weighted sums, expected `weights` in the call",
        ),
        (
            Asked {
                text: "dice(weighted=true) + tversky(pool=sample)",
                with_map: false,
                call: Call { weights: weights(&ones), ..Call::sigmoid() },
                ..Asked::default()
            },
            "`tversky` is not weighted where the region terms before it are, expected all alike",
        ),
    ];
    for (asked, expected) in table {
        assert_eq!(refused(asked), expected);
    }
}

/// Errors that only losses put together in Rust can have.
#[test]
fn errors_of_losses_put_together_in_rust() {
    let shape = Shape::new(1, 1, &[2]).unwrap();
    let (logits, targets, weights) = ([0f32; 2], [1u8, 0], [1f32; 2]);
    let (z, y, w) = (packed(&logits, shape), packed(&targets, shape), packed(&weights, shape));
    let weighted = Call { weights: Some(Weights::F32(w)), ..Call::sigmoid() };
    let of = |call, parts: &_| Problem::<f32, f64>::new(call, parts, z, y).unwrap_err();
    let bce = pixel(1.0, Bce::default());
    assert_eq!(
        of(weighted, &bce).to_string(),
        "`bce` was composed without weights, expected it to be `.weighted(..)` for this call"
    );
    let mapped = pixel(1.0, Bce::default()).weighted(Maps::NONE.and(3).unwrap());
    let found = Problem::<f32, f64>::new(Call::sigmoid(), &mapped, z, y).unwrap_err();
    assert_eq!(found.to_string(), "a term refers to map 3 of the call, expected one of 0");
    assert_eq!(Maps::NONE.and(32), Err(Error::Map { place: 32, maps: 32 }));
    let ce = class(1.0, Ce::default());
    let found = Problem::<f32, f64>::new(Call::sigmoid(), &ce, z, y).unwrap_err();
    assert_eq!(found, Error::Link { term: "ce", expected: "the softmax link" });
    let dice = region(1.0, Dice::default());
    let found = Problem::<f32, f64>::new(Call::softmax(), &dice, z, y).unwrap_err();
    assert_eq!(found, Error::Channels { channels: 1, expected: "2 to 2^24 classes" });

    let bad: &[f64] = &[1.0, -2.0];
    let options = Options { class_weights: Some(bad.into()), ..Options::default() };
    let definition = Definition::<f32>::class::<Ce, Scalar>();
    let found = Term::new(1.0, &definition, &[], options).unwrap_err();
    let expected = "`weights` of `ce` is -2 for class 1, expected a finite number, 0 or larger";
    assert_eq!(found.to_string(), expected);
    let definition = Definition::<f32>::pixel::<Bce, Scalar>();
    let found = Term::new(1.0, &definition, &[], options).unwrap_err();
    assert_eq!(found, Error::NoClassWeights { term: "bce" });

    // A map that the caller gives, and does not.
    let mut library = Library::<f32>::default();
    library.add_map_definition(MapDefinition::given("vessels", &[])).unwrap();
    let loss = Loss::new(&library, "bce @ vessels", Link::Sigmoid).unwrap();
    let mut buffers = Buffers::new();
    let found = loss.evaluate(Call::sigmoid(), z, y, &[], Outputs::none(), &mut buffers);
    assert_eq!(
        found.unwrap_err().to_string(),
        "`vessels` is not computed here, expected its weights from the caller"
    );
    let given = [("vessels", Weights::F32(w))];
    let found = loss.evaluate(Call::sigmoid(), z, y, &given, Outputs::none(), &mut buffers);
    assert_eq!(found.unwrap().valid, 2);
    let own = [Definition::pixel::<Bce, Scalar>()];
    let found = Registry::<f32>::builtin::<Scalar>().with_terms(&own).unwrap_err();
    assert_eq!(found.to_string(), "`bce` cannot be registered: the name is taken");
}
