//! How far results are from exact arithmetic (256 bits), for every loss in `f32` and `f64`.

use segloss_conformance::case::{Case, SoftCase};
use segloss_conformance::exact::Exact;
use segloss_conformance::from_text::evaluate;
use segloss_conformance::objective::{Alpha, Input, Objective, Term};
use segloss_conformance::oracle::{Dense, Extents, Labelled, Loss, Reduction};
use segloss_core::engine::Call;
use segloss_core::lanes::Real;
use segloss_core::view::{Layout, Logit, Shape, View};
use segloss_simd::AnyLevel;

/// Pixel and class terms, whose relative error is bounded too, then region terms.
fn masks() -> Vec<Term> {
    let (smooth, pool) = (1e-6, None);
    vec![
        Term::Bce,
        Term::FOCAL,
        Term::Focal { alpha: Alpha::Foreground(0.6), gamma: 0.7 },
        Term::Focal { alpha: Alpha::Foreground(0.5), gamma: 1.5 },
        Term::Dice { smooth, pool, reduction: Reduction::Mean },
        Term::Tversky { fp: 0.3, fn_: 0.7, smooth, pool },
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
        Term::Dice { smooth, pool, reduction: Reduction::Mean },
        Term::Tversky { fp: 0.3, fn_: 0.7, smooth, pool },
        Term::FocalTversky { fp: 0.3, fn_: 0.7, gamma: 0.75, smooth, pool },
    ]
}

fn gamma(term: &Term) -> f64 {
    match *term {
        Term::Focal { gamma, .. } | Term::FocalTversky { gamma, .. } => gamma,
        _ => 0.0,
    }
}

/// Errors of one result: of the value, relative; of the gradient, relative to its largest.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    value: f64,
    gradient: f64,
}

impl Errors {
    fn worst(self, other: Self) -> Self {
        Errors { value: self.value.max(other.value), gradient: self.gradient.max(other.gradient) }
    }
}

fn errors<T: Real>(value: f64, gradient: &[T], exact: &Loss) -> Errors {
    let largest = exact.gradient.iter().fold(0f64, |m, g| m.max(g.abs()));
    let off = gradient.iter().zip(&exact.gradient).map(|(g, e)| (g.widen() - e).abs());
    let relative = |error: f64, size: f64| if error == 0.0 { 0.0 } else { error / size };
    Errors {
        value: relative((value - exact.value).abs(), exact.value.abs()),
        gradient: relative(off.fold(0.0, f64::max), largest),
    }
}

/// The engine against the exact loss of the same input.
fn compare<T>(term: &Term, input: &Input<'_>, shape: Shape) -> (Errors, Loss)
where
    T: Real + Logit<Compute = T>,
{
    let objective = Objective::from(term.clone());
    let exact = objective.evaluate::<Exact>(input).rounded();
    let convert = |logits: &[f64]| logits.iter().map(|&z| T::round_from(z)).collect::<Vec<T>>();
    let (level, text) = (AnyLevel::best(), objective.to_string());
    let found = match input {
        Input::Dense(dense) => {
            let targets: Vec<f64> = dense.targets.iter().map(|y| y.unwrap_or(255.0)).collect();
            let y = View::new(&targets, Layout::channels_first(shape).unwrap()).unwrap();
            let call = Call { ignore_index: Some(255), ..Call::sigmoid() };
            evaluate(level, &text, call, &convert(dense.logits), shape, &y, &[], false)
        }
        Input::Labelled(labelled) => {
            let labels: Vec<i32> =
                labelled.labels.iter().map(|y| y.map_or(255, |y| y as i32)).collect();
            let layout = Layout::channels_first(shape.with_channels(1)).unwrap();
            let y = View::new(&labels, layout).unwrap();
            evaluate(
                level,
                &text,
                Call::softmax(),
                &convert(labelled.logits),
                shape,
                &y,
                &[],
                false,
            )
        }
    }
    .unwrap();
    (errors(found.value, &found.gradient, &exact), exact)
}

/// Logits from 0 to 40.
fn sizes() -> impl Iterator<Item = f64> {
    (0..=32).map(|step| 1.25 * f64::from(step))
}

/// The largest errors of one term over single pixels at logits 0 to 40, right and wrong: relative, where
/// the loss and its gradient are normal numbers of the format.
fn of_single_pixels<T>(term: &Term, is_binary: bool, smallest: f64) -> Errors
where
    T: Real + Logit<Compute = T>,
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
                    let labelled = Labelled { extents: extents.clone(), logits: &logits, labels };
                    compare::<T>(term, &Input::Labelled(labelled), shape)
                })
            }
            .into_iter()
            .fold((Errors::default(), None::<Loss>), |(worst, _), (errors, exact)| {
                let largest = exact.gradient.iter().fold(0f64, |m, g| m.max(g.abs()));
                let value = if exact.value >= smallest { errors.value } else { 0.0 };
                let gradient = if largest >= smallest { errors.gradient } else { 0.0 };
                (worst.worst(Errors { value, gradient }), Some(exact))
            });
            assert!(exact.is_some());
            worst = worst.worst(errors);
        }
    }
    worst
}

/// Sums of many pixels at logits up to 8: value and gradient of each term.
fn of_images<T>(term: &Term, is_binary: bool) -> Errors
where
    T: Real + Logit<Compute = T>,
{
    (0..3).fold(Errors::default(), |worst, seed| {
        let (errors, _) = if is_binary {
            let shape = Shape::new(2, 1, &[60]).unwrap();
            let case = SoftCase::new(seed, shape, 8.0, 0.1);
            compare::<T>(term, &Input::Dense((&case).into()), shape)
        } else {
            let shape = Shape::new(2, 3, &[40]).unwrap();
            let case = Case::softmax(seed, shape, 8.0, 0.1);
            compare::<T>(term, &Input::Labelled((&case).into()), shape)
        };
        worst.worst(errors)
    })
}

struct Row {
    term: Term,
    is_binary: bool,
    /// Of `f32` and `f64`.
    pixels: [Errors; 2],
    images: [Errors; 2],
}

fn rows() -> Vec<Row> {
    let terms = masks().into_iter().map(|term| (term, true));
    let terms = terms.chain(classes().into_iter().map(|term| (term, false)));
    terms
        .map(|(term, is_binary)| Row {
            pixels: [
                of_single_pixels::<f32>(&term, is_binary, 1.2e-38),
                of_single_pixels::<f64>(&term, is_binary, 2.3e-308),
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
        // Of a single pixel a region loss is one of its probability's, hence of the exponential's size.
        let conditioning = 1.0 + (40.0 + 1.0) * gamma(&term).max(1.0);
        for (errors, unit) in [(pixels[0], 2.5e-7), (pixels[1], 1e-13)] {
            assert!(errors.gradient <= unit * conditioning, "{term} {is_binary}: {errors:?}");
        }
        // Relative, at every logit.
        assert!(pixels[0].value <= 1.2e-6, "{term} {is_binary}: {pixels:?}");
        assert!(pixels[1].value <= 5e-15, "{term} {is_binary}: {pixels:?}");
        let conditioning = 1.0 + 16.0 * gamma(&term).max(1.0);
        for (errors, value, gradient) in [(images[0], 1e-6, 2.5e-7), (images[1], 1e-13, 1e-13)] {
            assert!(errors.value <= value, "{term} {is_binary}: {errors:?}");
            assert!(errors.gradient <= gradient * conditioning, "{term} {is_binary}: {errors:?}");
        }
    }
}

/// `cargo test -p segloss-conformance --test accuracy -- --ignored --nocapture`
#[test]
#[ignore = "prints the table of docs/accuracy.md"]
fn table() {
    println!(
        "| loss | pixels, f32 | gradient | pixels, f64 | gradient | images, f32 | gradient | images, f64 | gradient |"
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
