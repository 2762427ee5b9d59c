//! How far results are from exact arithmetic (256 bits), for every loss in `f32` and `f64`.

use segloss_conformance::case::{Case, SoftCase};
use segloss_conformance::exact::Exact;
use segloss_conformance::from_text::{Format, evaluate};
use segloss_conformance::objective::{Alpha, Input, Objective, Term};
use segloss_conformance::oracle::{Dense, Extents, Labelled, Loss, Reduction};
use segloss_core::engine::{Call, Ignore};
use segloss_core::lanes::Real;
use segloss_core::view::{Layout, Shape, View};
use segloss_simd::AnyLevel;

/// Pixel and class terms, whose relative error is bounded too, then region terms.
fn masks() -> Vec<Term> {
    let (smooth, pool) = (1e-6, None);
    vec![
        Term::Bce,
        Term::FOCAL,
        Term::Focal { alpha: Alpha::Foreground(0.6), gamma: 0.7 },
        Term::Focal { alpha: Alpha::Foreground(0.5), gamma: 1.5 },
        Term::Focal { alpha: Alpha::Foreground(0.25), gamma: 2.3 },
        Term::Focal { alpha: Alpha::Off, gamma: 2.0 },
        Term::ReweightedBce { pos_weight: 3.0, smoothing: 0.0 },
        Term::ReweightedBce { pos_weight: 0.25, smoothing: 0.1 },
        Term::Poly1 { epsilon: 1.0 },
        Term::Poly1 { epsilon: -0.5 },
        Term::Poly1 { epsilon: -1.0 },
        Term::Poly1Focal { epsilon: 1.0, gamma: 2.0 },
        Term::Poly1Focal { epsilon: -1.0, gamma: 0.7 },
        Term::Dice { smooth, pool, reduction: Reduction::Mean },
        Term::Tversky { fp: 0.3, fn_: 0.7, smooth, pool },
        Term::Tversky { fp: 1.0, fn_: 0.0, smooth, pool },
        Term::FocalTversky { fp: 0.3, fn_: 0.7, gamma: 0.75, smooth, pool },
    ]
}

fn classes() -> Vec<Term> {
    let (smooth, pool) = (1e-6, None);
    let alpha = Alpha::Classes(vec![0.2, 1.5, 0.7]);
    vec![
        Term::Ce { weights: None },
        Term::Ce { weights: Some(vec![0.2, 1.5, 0.7]) },
        Term::FOCAL,
        Term::Focal { alpha, gamma: 0.7 },
        Term::Focal { alpha: Alpha::Default, gamma: 2.3 },
        Term::PowerCe { weights: None, power: 0.3 },
        Term::PowerCe { weights: Some(vec![0.2, 1.5, 0.7]), power: 2.0 },
        Term::Poly1 { epsilon: 1.0 },
        Term::Poly1 { epsilon: -0.5 },
        Term::Poly1 { epsilon: -1.0 },
        Term::Poly1Focal { epsilon: 1.0, gamma: 2.0 },
        Term::Poly1Focal { epsilon: -1.0, gamma: 0.7 },
        Term::Sce { alpha: 0.1, beta: 1.0, floor: -4.0 },
        Term::Gce { power: 0.7 },
        Term::Gce { power: 1.0 },
        Term::Mae,
        Term::Dice { smooth, pool, reduction: Reduction::Mean },
        Term::Tversky { fp: 0.3, fn_: 0.7, smooth, pool },
        Term::Tversky { fp: 1.0, fn_: 0.0, smooth, pool },
        Term::FocalTversky { fp: 0.3, fn_: 0.7, gamma: 0.75, smooth, pool },
    ]
}

/// The exponent that conditions a term's exponentials.
fn gamma(term: &Term) -> f64 {
    match *term {
        Term::Focal { gamma, .. } => gamma,
        // Without its first term the polynomial is that of one power more.
        Term::Poly1Focal { epsilon: -1.0, gamma } => gamma + 1.0,
        Term::Poly1Focal { gamma, .. } => gamma,
        Term::Poly1 { epsilon: -1.0 } => 1.0,
        Term::PowerCe { power, .. } => power,
        _ => 0.0,
    }
}

/// Whether the exponent takes multiplications and a square root alone.
fn is_exact_power(term: &Term) -> bool {
    match term {
        Term::PowerCe { .. } | Term::Poly1Focal { .. } | Term::Poly1 { epsilon: -1.0 } => false,
        _ => (2.0 * gamma(term)).fract() == 0.0,
    }
}

/// Errors of one result: of the value, relative, and the same over `1 + D`; of the gradient, relative to
/// its largest and over `1 + D`.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    value: f64,
    scaled_value: f64,
    gradient: f64,
}

impl Errors {
    fn worst(self, other: Self) -> Self {
        Errors {
            value: self.value.max(other.value),
            scaled_value: self.scaled_value.max(other.scaled_value),
            gradient: self.gradient.max(other.gradient),
        }
    }
}

/// Below `smallest`, where digits are lost, what counts is the distance in steps of the format.
fn errors<T: Real>(value: f64, gradient: &[T], exact: &Loss, d: f64, smallest: f64) -> Errors {
    // `f64::max` passes over NaN.
    assert!(value.is_finite() && gradient.iter().all(|g| g.widen().is_finite()), "{value}");
    let largest = exact.gradient.iter().fold(0f64, |m, g| m.max(g.abs()));
    let off = gradient.iter().zip(&exact.gradient).map(|(g, e)| (g.widen() - e).abs());
    let step = smallest * if T::DOUBLE { f64::EPSILON } else { f64::from(f32::EPSILON) };
    let relative = |error: f64, size: f64| if error <= 4.0 * step { 0.0 } else { error / size };
    let gradient = relative(off.fold(0.0, f64::max), largest) / (1.0 + d);
    let off = (value - exact.value).abs();
    assert!(exact.value >= smallest || off <= smallest, "{value} {}", exact.value);
    let value = if exact.value < smallest { 0.0 } else { relative(off, exact.value) };
    Errors { value, scaled_value: value / (1.0 + d), gradient }
}

/// `D`: the largest of `|z - max z|` and `|gamma ln(1 - p_t)|`.
fn conditioning(input: &Input<'_>, gamma: f64) -> f64 {
    let of_pixel = |z: &[f64], share: &dyn Fn(usize) -> f64| {
        let largest = z.iter().copied().fold(f64::MIN, f64::max);
        let exp: Vec<f64> = z.iter().map(|z| (z - largest).exp()).collect();
        let total: f64 = exp.iter().sum();
        let wrong: f64 = (0..z.len())
            .map(|k| share(k) * (0..z.len()).filter(|&j| j != k).map(|j| exp[j]).sum::<f64>())
            .sum();
        z.iter().map(|z| largest - z).fold((gamma * (wrong / total).ln()).abs(), f64::max)
    };
    match input {
        Input::Dense(dense) => {
            let pairs = dense.logits.iter().zip(&dense.targets);
            let counted = pairs.filter_map(|(&z, y)| Some((z, (*y)?)));
            let of = |(z, y): (f64, f64)| of_pixel(&[z, 0.0], &|k| [y, 1.0 - y][k]);
            counted.map(of).fold(0.0, f64::max)
        }
        Input::Labelled(labelled) => {
            let (pixels, classes) = (labelled.extents.pixels(), labelled.extents.channels);
            let of = |(pixel, label): (usize, &Option<usize>)| {
                let Some(label) = *label else { return 0.0 };
                let first = pixel / pixels * classes * pixels + pixel % pixels;
                let z: Vec<f64> =
                    (0..classes).map(|k| labelled.logits[first + k * pixels]).collect();
                of_pixel(&z, &|k| if k == label { 1.0 } else { 0.0 })
            };
            labelled.labels.iter().enumerate().map(of).fold(0.0, f64::max)
        }
    }
}

/// The engine against the exact loss of the same input.
fn compare<T>(term: &Term, input: &Input<'_>, shape: Shape) -> (Errors, Loss)
where
    T: Format,
{
    let smallest = if T::DOUBLE { f64::MIN_POSITIVE } else { f64::from(f32::MIN_POSITIVE) };
    let d = conditioning(input, gamma(term));
    let objective = Objective::from(term.clone());
    let exact = objective.evaluate::<Exact>(input).rounded();
    let convert = |logits: &[f64]| logits.iter().map(|&z| T::round_from(z)).collect::<Vec<T>>();
    let (level, text) = (AnyLevel::best(), objective.to_string());
    let found = match input {
        Input::Dense(dense) => {
            let targets: Vec<f64> = dense.targets.iter().map(|y| y.unwrap_or(255.0)).collect();
            let y = View::new(&targets, Layout::channels_first(shape).unwrap()).unwrap();
            let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
            evaluate(level, &text, call, &convert(dense.logits), shape, y)
        }
        Input::Labelled(labelled) => {
            let labels: Vec<i32> =
                labelled.labels.iter().map(|y| y.map_or(255, |y| y as i32)).collect();
            let layout = Layout::channels_first(shape.with_channels(1)).unwrap();
            let y = View::new(&labels, layout).unwrap();
            evaluate(
                level,
                &text,
                Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() },
                &convert(labelled.logits),
                shape,
                y,
            )
        }
    }
    .unwrap();
    (errors(found.value, &found.gradient, &exact, d, smallest), exact)
}

/// Logits from 0 to 40, with as many digits as `f32` has.
fn sizes() -> impl Iterator<Item = f64> {
    (0..=60).map(|step| f64::from((f64::from(step) / 1.5) as f32))
}

/// The largest errors of one term over single pixels at logits 0 to 40, right and wrong.
fn of_single_pixels<T>(term: &Term, is_binary: bool) -> Errors
where
    T: Format,
{
    let mut worst = Errors::default();
    for size in sizes() {
        for right in [false, true] {
            let (errors, exact) = if is_binary {
                let shape = Shape::new(1, 1, &[1]).unwrap();
                let extents = Extents { batch: 1, channels: 1, spatial: vec![1] };
                // Background pixels with negative logits among them.
                let pairs = [(size, right), (-size, !right)];
                pairs.map(|(logit, target)| {
                    let logits = [logit];
                    let targets = vec![Some(f64::from(u8::from(target)))];
                    let dense = Dense { extents: extents.clone(), logits: &logits, targets };
                    compare::<T>(term, &Input::Dense(dense), shape)
                })
            } else {
                let shape = Shape::new(1, 3, &[1]).unwrap();
                let extents = Extents { batch: 1, channels: 3, spatial: vec![1] };
                let logits = [size, 0.0, -1.0];
                let labels = if right { [0, 0] } else { [1, 2] };
                labels.map(|label| {
                    let labels = vec![Some(label)];
                    let labelled = Labelled {
                        extents: extents.clone(),
                        logits: &logits,
                        labels,
                        ignored_class: None,
                    };
                    compare::<T>(term, &Input::Labelled(labelled), shape)
                })
            }
            .into_iter()
            .fold((Errors::default(), None::<Loss>), |(worst, _), (errors, exact)| {
                (worst.worst(errors), Some(exact))
            });
            assert!(exact.is_some());
            worst = worst.worst(errors);
        }
    }
    worst
}

/// The engine against the exact loss of `pixels` pixels, of which half are foreground (one of the last two
/// of three classes each, in turn) and all are called background, the logit of what they are lying `size`
/// below that of background, and up to `spread` around that.
fn of_missed<T>(term: &Term, is_binary: bool, pixels: usize, size: f64, spread: f64) -> Errors
where
    T: Format,
{
    let mut rng = fastrand::Rng::with_seed(pixels as u64);
    let mut logit = || f64::from((spread * (2.0 * rng.f64() - 1.0) - size) as f32);
    let is_foreground = |pixel: usize| pixel < pixels / 2;
    if is_binary {
        let shape = Shape::new(1, 1, &[pixels]).unwrap();
        let extents = Extents { batch: 1, channels: 1, spatial: vec![pixels] };
        let logits: Vec<f64> = (0..pixels).map(|_| logit()).collect();
        let targets = (0..pixels).map(|i| Some(f64::from(u8::from(is_foreground(i))))).collect();
        let dense = Dense { extents, logits: &logits, targets };
        compare::<T>(term, &Input::Dense(dense), shape).0
    } else {
        let shape = Shape::new(1, 3, &[pixels]).unwrap();
        let extents = Extents { batch: 1, channels: 3, spatial: vec![pixels] };
        let of_class = |i| if i < pixels { 0.0 } else { logit() };
        let logits: Vec<f64> = (0..3 * pixels).map(of_class).collect();
        let labels = (0..pixels).map(|i| Some(if is_foreground(i) { 1 + i % 2 } else { 0 }));
        let labelled =
            Labelled { extents, logits: &logits, labels: labels.collect(), ignored_class: None };
        compare::<T>(term, &Input::Labelled(labelled), shape).0
    }
}

/// Sums of many pixels at logits up to 2, 8 and 40, and of foreground that is missed by as much: value and
/// gradient of each term.
fn of_images<T>(term: &Term, is_binary: bool) -> Errors
where
    T: Format,
{
    (0..3).fold(Errors::default(), |worst, seed| {
        let size = [2.0, 8.0, 40.0][seed as usize];
        let missed = of_missed::<T>(term, is_binary, 120, size, 2.0);
        let (errors, _) = if is_binary {
            let shape = Shape::new(2, 1, &[60]).unwrap();
            let case = SoftCase::new(seed, shape, size, 0.1);
            compare::<T>(term, &Input::Dense((&case).into()), shape)
        } else {
            let shape = Shape::new(2, 3, &[40]).unwrap();
            let case = Case::softmax(seed, shape, size, 0.1);
            compare::<T>(term, &Input::Labelled((&case).into()), shape)
        };
        worst.worst(errors).worst(missed)
    })
}

struct Row {
    term: Term,
    is_binary: bool,
    /// Errors in `f32` and `f64`.
    pixels: [Errors; 2],
    images: [Errors; 2],
}

fn rows() -> Vec<Row> {
    let terms = masks().into_iter().map(|term| (term, true));
    let terms = terms.chain(classes().into_iter().map(|term| (term, false)));
    terms
        .map(|(term, is_binary)| Row {
            pixels: [
                of_single_pixels::<f32>(&term, is_binary),
                of_single_pixels::<f64>(&term, is_binary),
            ],
            images: [of_images::<f32>(&term, is_binary), of_images::<f64>(&term, is_binary)],
            term,
            is_binary,
        })
        .collect()
}

/// The bounds of `docs/accuracy.md`.
#[test]
fn within_the_bounds() {
    for Row { term, is_binary, pixels, images } in rows() {
        for ([single, double], value) in [(pixels, [1e-6, 5e-15]), (images, [2e-7, 1e-15])] {
            let what = format!("{term} {is_binary}: {single:?} {double:?}");
            assert!(single.gradient <= 2e-7 && double.gradient <= 1e-15, "{what}");
            if is_exact_power(&term) {
                assert!(single.value <= value[0] && double.value <= value[1], "{what}");
            } else {
                assert!(single.scaled_value <= 2e-7 && double.scaled_value <= 1e-15, "{what}");
            }
        }
    }
}

/// True positives that a difference of two sums has no digits of: 1,000 pixels of foreground, confidently
/// missed, beside as many of background.
#[test]
fn foreground_that_is_missed() {
    let (smooth, pool) = (1e-6, None);
    for term in [
        Term::Dice { smooth, pool, reduction: Reduction::Mean },
        Term::Tversky { fp: 1.0, fn_: 0.0, smooth, pool },
        Term::Tversky { fp: 0.9, fn_: 0.1, smooth, pool },
        Term::FocalTversky { fp: 0.9, fn_: 0.1, gamma: 0.75, smooth, pool },
    ] {
        let cases = [6.0, 8.0, 14.0].into_iter().flat_map(|size| [(true, size), (false, size)]);
        for (is_binary, size) in cases {
            let single = of_missed::<f32>(&term, is_binary, 2_000, size, 0.0);
            let double = of_missed::<f64>(&term, is_binary, 2_000, size, 0.0);
            let what = format!("{term} {is_binary} {size}: {single:?} {double:?}");
            // One pixel 1,000 times, of which the errors do not average out.
            assert!(single.value <= 1e-6 && double.value <= 5e-15, "{what}");
            assert!(single.gradient <= 2e-7 && double.gradient <= 1e-15, "{what}");
        }
    }
}

/// `cargo test -p segloss-conformance --test main accuracy::bounds::table -- --ignored --nocapture`
#[test]
#[ignore = "prints the table of docs/accuracy.md"]
fn table() {
    println!(
        "| loss | pixels, f32 | gradient / (1 + D) | pixels, f64 | gradient / (1 + D) | images, f32 | gradient / (1 + D) | images, f64 | gradient / (1 + D) |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for Row { term, is_binary, pixels, images } in rows() {
        let link = if is_binary { "" } else { ", 3 classes" };
        print!("| `{term}`{link} ");
        for errors in [pixels[0], pixels[1], images[0], images[1]] {
            print!("| {:.1e} | {:.1e} ", errors.value, errors.gradient);
        }
        println!("|");
    }
}
