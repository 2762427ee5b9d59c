//! `f32` against `f64` on logits that were drawn: differences of them round, sums have any number of classes, and exponents
//! are any.
//!
//! The bounds are those of `docs/accuracy.md`; `f64` is held to exact arithmetic in the files beside this one.

use segloss_conformance::from_text::evaluate;
use segloss_conformance::views::packed;
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::view::Shape;
use segloss_simd::AnyLevel;

/// Errors in units of `f32`'s epsilon: of the value, relative; of the gradient, relative to its largest.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    value: f64,
    gradient: f64,
}

/// A call in which two classes of 0 and 1 are no mask.
fn ignoring_nothing(link: Link) -> Call<'static> {
    Call { ignore_index: Ignore::Labels(&[]), ..Call::of(link) }
}

/// Draws `rounds` images of `pixels`, with logits of up to `span` and `channels` of them a pixel, and gives the largest errors.
fn worst(
    text: &str,
    link: Link,
    channels: usize,
    pixels: usize,
    span: f64,
    rounds: usize,
) -> Worst {
    let mut draw = fastrand::Rng::with_seed(channels as u64 * 1000 + pixels as u64);
    let shape = Shape::new(1, channels, &[pixels]).unwrap();
    let mut worst = Worst::default();
    for _ in 0..rounds {
        let mut logit = || ((draw.f64() * 2.0 - 1.0) * span) as f32;
        let z: Vec<f32> = (0..channels * pixels).map(|_| logit()).collect();
        let wide: Vec<f64> = z.iter().map(|&z| f64::from(z)).collect();
        let (planes, labels) = match link {
            Link::Sigmoid => (channels, 2),
            Link::Softmax => (1, channels as u8),
        };
        let y: Vec<u8> = (0..planes * pixels).map(|_| draw.u8(..labels)).collect();
        let y = packed(&y, shape.with_channels(planes));
        let (call, level) = (ignoring_nothing(link), AnyLevel::best());
        let single = evaluate(level, text, call, &z, shape, y).unwrap();
        let double = evaluate(level, text, call, &wide, shape, y).unwrap();
        let unit = f64::from(f32::EPSILON);
        let floor = f64::from(f32::MIN_POSITIVE);
        let off = (single.value - double.value).abs() - floor;
        worst.value = worst.value.max(off / (double.value * unit));
        let largest = double.gradient.iter().fold(floor, |most, g| most.max(g.abs()));
        for (got, exact) in single.gradient.iter().zip(&double.gradient) {
            let off = (f64::from(*got) - exact).abs() - floor;
            worst.gradient = worst.gradient.max(off / (largest * unit));
        }
    }
    worst
}

/// Losses, with the exponent that conditions them.
const MASKS: [(&str, f64); 6] = [
    ("bce", 0.0),
    ("focal", 2.0),
    ("focal(gamma=5)", 5.0),
    ("focal(gamma=0.7)", 0.7),
    ("dice", 0.0),
    ("0.5*bce + 0.5*focal + tversky(fp=0.3, fn=0.7)", 2.0),
];
const CLASSES: [(&str, f64); 6] = [
    ("ce", 0.0),
    ("focal", 2.0),
    ("focal(gamma=5)", 5.0),
    ("focal(gamma=0.7)", 0.7),
    ("dice", 0.0),
    ("0.5*ce + 0.5*focal + tversky(fp=0.3, fn=0.7)", 2.0),
];
const SPANS: [f64; 5] = [1e-3, 0.5, 3.0, 10.0, 40.0];

/// What errors are held to, in epsilons: roundings of a chain of operations, of powers, of differences of logits, and of sums
/// over classes.
fn bound(gamma: f64, link: Link, channels: usize, span: f64) -> f64 {
    let is_exact_power = (2.0 * gamma).fract() == 0.0;
    let of_power = if is_exact_power { 0.0 } else { gamma * 2.0 * span };
    let of_logits = if link == Link::Softmax { 2.0 * span } else { 0.0 };
    4.0 + 2.0 * gamma + of_power + of_logits + channels as f64 / 16.0
}

fn check(losses: &[(&str, f64)], link: Link, channels: usize) {
    for &(text, gamma) in losses {
        for span in SPANS {
            for pixels in [1, 120] {
                let rounds = (1500 / pixels.min(20) / channels.min(20)).max(4);
                let Worst { value, gradient } = worst(text, link, channels, pixels, span, rounds);
                let bound = bound(gamma, link, channels, span);
                println!(
                    "{text}, {channels} channels, logits to {span}, {pixels} pixels: {value:.1}, \
                     {gradient:.1}, at most {bound:.1}"
                );
                assert!(value <= bound && gradient <= bound, "{text}: see above");
                // Errors of an image's pixels even out, its value being a mean.
                assert!(pixels == 1 || value <= 2.0, "{text}: see above");
            }
        }
    }
}

#[test]
fn masks() {
    check(&MASKS, Link::Sigmoid, 1);
}

#[test]
fn few_classes() {
    check(&CLASSES, Link::Softmax, 2);
    check(&CLASSES, Link::Softmax, 3);
}

#[test]
fn many_classes() {
    check(&CLASSES, Link::Softmax, 21);
    check(&CLASSES, Link::Softmax, 150);
}
