//! Gradients: those written by hand against dual numbers and central differences, and whole losses with
//! every option against the oracle.

use proptest::prelude::*;
use segloss_conformance::case::{Case, IGNORED, SoftCase};
use segloss_conformance::from_text::{Asked, Format, evaluate};
use segloss_conformance::oracle::{
    self, Absent, Dense, Formula, Labelled, Loss, Memberships, Pool, Reduction, Region,
};
use segloss_conformance::views::packed;
use segloss_core::class::{self, ClassPixel, ClassTerm};
use segloss_core::engine::{Call, Ignore, Scale};
use segloss_core::pixel::{self, Pixel, PixelTerm};
use segloss_core::term::Range;
use segloss_core::view::{Mask, Shape, Targets, Weights};
use segloss_simd::AnyLevel;

fn assert_slope(found: f64, expected: f64, relative: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= relative * expected.abs() + 1e-300, "{what}: {found} {expected}");
}

/// Compares `value_and_slope` with the dual numbers of `loss`, and with differences of it.
fn by_hand<P: PixelTerm>(term: P) {
    for step in -400..=400 {
        let z = f64::from(step) * 0.25 + 0.013;
        for y in [0.0, 1.0, 0.25, 0.9] {
            let what = format!("{} at {z}, {y}", P::NAME);
            let pixel = Pixel::new(z, y);
            let (value, slope) = term.value_and_slope(&pixel);
            let dual = term.loss(&pixel.dual());
            assert_slope(value, dual.value, 1e-14, &what);
            // Both are sums of parts that may nearly cancel for a soft target.
            let parts = dual.value.abs().max(1e-12);
            assert!(
                (slope - dual.derivative).abs() <= 1e-13 * parts + 1e-12 * slope.abs(),
                "{what}: {slope} {}",
                dual.derivative
            );
            let at = |z: f64| term.loss(&Pixel::new(z, y));
            let difference = (at(z + 1e-5) - at(z - 1e-5)) / 2e-5;
            assert!(
                (slope - difference).abs() <= 1e-9 * (1.0 + slope.abs() + value),
                "{what}: {slope} {difference}"
            );
        }
    }
}

#[test]
fn slopes_of_pixel_terms_written_by_hand() {
    by_hand(pixel::Bce::default());
    for (pos_weight, smoothing) in [(3.0, 0.0), (0.0, 0.0), (1.0, 0.1), (0.5, 0.5), (2.0, 0.01)] {
        by_hand(pixel::Bce::with(pos_weight, smoothing).unwrap());
    }
    for gamma in [0.0, 0.5, 0.7, 1.0, 2.0, 2.5] {
        by_hand(pixel::Focal::with(0.3, gamma).unwrap());
        by_hand(pixel::Focal::with(Range::OFF, gamma).unwrap());
        for epsilon in [-1.0, -0.5, 0.0, 1.0, 6.0] {
            by_hand(pixel::Poly1Focal::with(epsilon, gamma).unwrap());
        }
    }
    for epsilon in [-1.0, -0.999, -0.5, 0.0, 1.0, 6.0] {
        by_hand(pixel::Poly1::epsilon(epsilon).unwrap());
    }
}

/// Compares `value_and_slope` in `ln p_t`, down to -100, with the dual numbers of `loss`, and with differences of it.
fn of_class_by_hand<P: ClassTerm>(term: P) {
    for step in 1..=2000 {
        let log_p = -f64::from(step) * 0.05;
        let at = |log_p: f64| ClassPixel { log_p, p: log_p.exp(), q: -log_p.exp_m1() };
        let (value, slope) = term.value_and_slope(&at(log_p));
        let dual = term.loss(&at(log_p).dual());
        let what = format!("{} at {log_p}", P::NAME);
        assert_slope(value, dual.value, 1e-14, &what);
        // That of a difference from 1 has no digits where what is taken away is next to nothing.
        let (error, size) = ((slope - dual.derivative).abs(), slope.abs());
        assert!(error <= 2e-12 * size + 1e-15, "{what}: {slope} {}", dual.derivative);
        let of = |log_p: f64| term.loss(&at(log_p));
        let difference = (of(log_p + 1e-5) - of(log_p - 1e-5)) / 2e-5;
        let error = (slope - difference).abs();
        assert!(error <= 1e-6 * size + 1e-10 * (1.0 + value), "{what}: {slope} {difference}");
    }
}

#[test]
fn slopes_of_class_terms_written_by_hand() {
    for gamma in [0.0, 0.5, 0.7, 1.0, 2.0, 2.5] {
        of_class_by_hand(class::Focal::gamma(gamma).unwrap());
        for epsilon in [-1.0, -0.5, 0.0, 1.0, 6.0] {
            of_class_by_hand(class::Poly1Focal::with(epsilon, gamma).unwrap());
        }
    }
    for epsilon in [-1.0, -0.999, -0.5, 0.0, 1.0, 6.0] {
        of_class_by_hand(class::Poly1::epsilon(epsilon).unwrap());
    }
    for power in [0.1, 0.3, 1.0, 1.5, 2.0] {
        of_class_by_hand(class::Ce::power(power).unwrap());
    }
    for power in [1e-30, 0.01, 0.5, 0.7, 1.0] {
        of_class_by_hand(class::Gce::power(power).unwrap());
    }
    for (alpha, beta) in [(0.1, 1.0), (0.0, 1.0), (6.0, 0.0)] {
        of_class_by_hand(class::Sce::with(alpha, beta, -4.0).unwrap());
    }
    of_class_by_hand(class::Mae);
}

#[track_caller]
fn assert_close(found: (f64, &[f64]), exact: &Loss, what: &str) {
    let bound = 1e-12 * exact.value.abs() + 1e-300;
    assert!((found.0 - exact.value).abs() <= bound, "{what}: {} {}", found.0, exact.value);
    let largest = exact.gradient.iter().fold(0f64, |m, g| m.max(g.abs()));
    // Exponentials below the smallest normal number are 0, and a small `smooth` multiplies what they leave out.
    let bound = 2e-11 * largest + 1e-300;
    for (found, expected) in found.1.iter().zip(&exact.gradient) {
        assert!((found - expected).abs() <= bound, "{what}: {found} {expected}");
    }
}

fn check<'a>(
    text: &str,
    call: Call<'_>,
    logits: &[f64],
    shape: Shape,
    targets: impl Into<Targets<'a>>,
    exact: &Loss,
) {
    let found = evaluate(AnyLevel::best(), text, call, logits, shape, targets).unwrap();
    assert_close((found.value, &found.gradient), exact, text);
}

/// Extents of one to three axes.
fn shape(channels: std::ops::Range<usize>) -> impl Strategy<Value = Shape> {
    let spatial = prop_oneof![
        (1usize..70).prop_map(|w| vec![w]),
        (1usize..9, 1usize..9).prop_map(|(h, w)| vec![h, w]),
        (1usize..4, 1usize..5, 1usize..5).prop_map(|(d, h, w)| vec![d, h, w]),
    ];
    (1usize..4, channels, spatial).prop_map(|(b, c, spatial)| Shape::new(b, c, &spatial).unwrap())
}

fn spans() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![0.5, 5.0, 30.0, 1e4])
}

fn gammas() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![0.0, 0.5, 0.7, 1.0, 2.0, 2.5])
}

/// Some are 0.
fn weights(seed: u64, count: usize) -> Vec<f64> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| (rng.f64() * 3.0 - 0.5).max(0.0)).collect()
}

/// Ignored pixels hold NaN, and masked ones a target that is none.
fn poisoned(case: &SoftCase) -> (Vec<f64>, Vec<f64>, Vec<u8>) {
    let is_ignored = |y: &f64| *y == f64::from(IGNORED);
    let pairs = case.logits.iter().zip(&case.targets);
    let logits = pairs.map(|(&z, y)| if is_ignored(y) { f64::NAN } else { z }).collect();
    let targets = case.targets.iter().map(|y| if is_ignored(y) { -3.0 } else { *y }).collect();
    (logits, targets, case.targets.iter().map(|y| u8::from(!is_ignored(y))).collect())
}

fn scaled(loss: Loss, scale: f64) -> Loss {
    let gradient = loss.gradient.iter().map(|g| g * scale).collect();
    Loss { value: loss.value, gradient }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn pixel_terms(seed in any::<u64>(), shape in shape(1..3), span in spans(), alpha in prop::option::of(0.0..=1.0),
        pos_weight in 0.0..4.0, smoothing in 0.0..=0.5, epsilon in -1.0..4.0,
        gamma in gammas(), ignored in prop::sample::select(vec![0.0, 0.2]), scale in -2.0..2.0) {
        let case = SoftCase::new(seed, shape, span, ignored);
        let dense: Dense<'_> = (&case).into();
        let (logits, targets, keep) = poisoned(&case);
        let weights = weights(seed, targets.len());
        let (y, mask) = (packed(&targets, shape), Mask::U8(packed(&keep, shape)));
        let plain = Call { mask: Some(mask), scale: Scale::Batch(scale), ..Call::sigmoid() };
        let weighted = Call { weights: Some(Weights::F64(packed(&weights, shape))), ..plain };
        let alpha_text = alpha.map_or("off".to_owned(), |alpha: f64| alpha.to_string());
        let focal = format!("focal(alpha={alpha_text}, gamma={gamma}");
        let bce = oracle::bce_pixels::<f64>(&dense);
        let of_focal = oracle::focal_pixels::<f64>(&dense, alpha, gamma);
        check("bce", plain, &logits, shape, y, &scaled(bce.clone().mean(), scale));
        check("bce(reduction=sum)", plain, &logits, shape, y, &scaled(bce.clone().sum(), scale));
        check(&format!("{focal})"), plain, &logits, shape, y, &scaled(of_focal.clone().mean(), scale));
        let text = format!("bce(pos_weight={pos_weight}, smoothing={smoothing})");
        let exact = oracle::reweighted_bce_pixels::<f64>(&dense, pos_weight, smoothing).mean();
        check(&text, plain, &logits, shape, y, &scaled(exact, scale));
        let poly1 = oracle::poly1_focal_pixels::<f64>(&dense, epsilon, 0.0).mean();
        check(&format!("poly1(epsilon={epsilon})"), plain, &logits, shape, y, &scaled(poly1, scale));
        let exact = oracle::poly1_focal_pixels::<f64>(&dense, epsilon, gamma).mean();
        let text = format!("poly1_focal(epsilon={epsilon}, gamma={gamma})");
        check(&text, plain, &logits, shape, y, &scaled(exact, scale));
        let bce = bce.weighted(&weights);
        check("bce", weighted, &logits, shape, y, &scaled(bce.clone().mean(), scale));
        let mut of_weights = of_focal.weighted(&weights);
        of_weights.denominator =
            weights.iter().zip(&keep).map(|(w, &keep)| w * f64::from(keep)).sum();
        let text = format!("{focal}, normalise=weights)");
        check(&text, weighted, &logits, shape, y, &scaled(of_weights.mean(), scale));
    }

    #[test]
    fn class_terms(seed in any::<u64>(), shape in shape(2..6), span in spans(), gamma in gammas(),
        ignored in prop::sample::select(vec![0.0, 0.2, 1.0]), epsilon in -1.0..4.0, power in 0.1..=1.0) {
        let case = Case::softmax(seed, shape, span, ignored);
        let labelled: Labelled<'_> = (&case).into();
        let y = packed(&case.targets, shape.with_channels(1));
        let of_class = weights(seed ^ 1, shape.channels);
        let list = format!("{of_class:?}");
        let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() };
        check("ce", call, &case.logits, shape, y, &oracle::ce::<f64>(labelled.clone()));
        let exact = oracle::ce_pixels::<f64>(&labelled, Some(&of_class), 1.0);
        let text = format!("ce(weights={list})");
        check(&text, call, &case.logits, shape, y, &exact.clone().mean());
        let focal = oracle::class_focal_pixels::<f64>(&labelled, Some(&of_class), gamma);
        let text = format!("focal(alpha={list}, gamma={gamma})");
        check(&text, call, &case.logits, shape, y, &focal.mean());
        for (text, exact) in [
            (format!("ce(weights={list}, power={power})"),
                oracle::ce_pixels::<f64>(&labelled, Some(&of_class), power)),
            (format!("poly1(epsilon={epsilon})"),
                oracle::class_poly1_focal_pixels(&labelled, epsilon, 0.0)),
            (format!("poly1_focal(epsilon={epsilon}, gamma={gamma})"),
                oracle::class_poly1_focal_pixels(&labelled, epsilon, gamma)),
            (format!("sce(alpha={power}, beta=0.5, floor=-{gamma})"),
                oracle::sce_pixels(&labelled, power, 0.5, -gamma)),
            (format!("gce(power={power})"), oracle::gce_pixels(&labelled, power)),
            ("mae".to_owned(), oracle::mae_pixels(&labelled)),
        ] {
            check(&text, call, &case.logits, shape, y, &exact.mean());
        }
        let weights = weights(seed, case.targets.len());
        let weighted = Weights::F64(packed(&weights, shape.with_channels(1)));
        let call = Call { weights: Some(weighted), ..call };
        let text = format!("ce(weights={list})");
        check(&text, call, &case.logits, shape, y, &exact.clone().weighted(&weights).mean());
        let mut exact = exact.weighted(&weights);
        let counted = labelled.labels.iter().zip(&weights);
        exact.denominator = counted.filter_map(|(label, w)| Some(of_class[(*label)?] * w)).sum();
        let text = format!("ce(weights={list}, normalise=weights)");
        check(&text, call, &case.logits, shape, y, &exact.mean());
    }

    #[test]
    fn region_terms_of_masks(seed in any::<u64>(), shape in shape(1..3), span in spans(),
        fp_weight in 0.1..1.0, fn_weight in 0.1..1.0, gamma in prop::sample::select(vec![0.75, 1.0, 2.0]),
        smooth in prop::sample::select(vec![0.0, 1e-6, 1.0]),
        ignored in prop::sample::select(vec![0.0, 0.2])) {
        // Below, rounding decides what is left of a class without any mass.
        prop_assume!(smooth > 0.0 || span < 1e3);
        let case = SoftCase::new(seed, shape, span, ignored);
        let members: Memberships<f64> = (&Dense::from(&case)).into();
        let (logits, targets, keep) = poisoned(&case);
        let weights = weights(seed, shape.batch * shape.pixels());
        let one_channel = shape.with_channels(1);
        let (y, mask) = (packed(&targets, shape), Mask::U8(packed(&keep, shape)));
        let call = Call { mask: Some(mask), ..Call::sigmoid() };
        let weights_view = Weights::F64(packed(&weights, one_channel));
        let weighted = Call { weights: Some(weights_view), ..call };
        let of = |formula, pool, reduction, absent| Region { formula, pool, reduction, absent };
        let (keep_absent, skip) = (Absent::Average, Absent::Skip);
        let dice = Formula::Dice { smooth };
        let tversky = Formula::Tversky { fp_weight, fn_weight, smooth, gamma };
        let name = format!("focal_tversky(fp={fp_weight}, fn={fn_weight}, gamma={gamma}, smooth={smooth}");
        for (text, call, region, members) in [
            (format!("dice(smooth={smooth}, pool=sample)"), call,
                of(dice, Pool::Sample, Reduction::Mean, keep_absent), members.clone()),
            (format!("dice(smooth={smooth}, pool=sample, reduction=sum)"), call,
                of(dice, Pool::Sample, Reduction::Sum, keep_absent), members.clone()),
            (format!("dice(smooth={smooth}, pool=batch, absent=skip)"), call,
                of(dice, Pool::Batch, Reduction::Mean, skip), members.clone()),
            (format!("{name})"), call, of(tversky, Pool::Batch, Reduction::Mean, keep_absent),
                members.clone()),
            (format!("{name}, weighted=true)"), weighted,
                of(tversky, Pool::Batch, Reduction::Mean, keep_absent), members.clone().weighted(&weights)),
        ] {
            check(&text, call, &logits, shape, y, &region.evaluate(&members));
        }
        if shape.channels == 1 {
            let region = of(dice, Pool::Sample, Reduction::Mean, skip);
            let text = format!("dice(smooth={smooth}, empty=skip)");
            check(&text, call, &logits, shape, y, &region.evaluate(&members));
        }
    }

    #[test]
    fn region_terms_of_classes(seed in any::<u64>(), shape in shape(2..6), span in spans(),
        fp_weight in 0.1..1.0, fn_weight in 0.1..1.0, gamma in prop::sample::select(vec![0.75, 1.0, 2.0]),
        ignored in prop::sample::select(vec![0.0, 0.2, 1.0])) {
        let case = Case::softmax(seed, shape, span, ignored);
        let labelled: Labelled<'_> = (&case).into();
        let members: Memberships<f64> = (&labelled).into();
        let y = packed(&case.targets, shape.with_channels(1));
        let smooth = 1e-6;
        let tversky = Formula::Tversky { fp_weight, fn_weight, smooth, gamma };
        let name = format!("focal_tversky(fp={fp_weight}, fn={fn_weight}, gamma={gamma}");
        for (options, pool, absent) in [
            ("", Pool::Batch, Absent::Average),
            (", absent=skip", Pool::Batch, Absent::Skip),
            (", pool=sample", Pool::Sample, Absent::Average),
        ] {
            let region = Region { formula: tversky, pool, reduction: Reduction::Mean, absent };
            // A sample, or a batch, without a valid pixel has loss 0.
            let is_void = |labels: &[u8]| labels.iter().all(|&y| y == IGNORED);
            prop_assume!(!case.targets.chunks(shape.pixels()).any(is_void));
            let exact = region.evaluate(&members);
            check(&format!("{name}{options})"), Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() }, &case.logits, shape, y, &exact);
        }
    }

    /// The gradient of the sum of each sample's loss times its scale: samples by themselves.
    #[test]
    fn scales_of_samples(seed in any::<u64>(), shape in shape(1..2), span in 0.5..9.0) {
        let case = SoftCase::new(seed, shape, span, 0.2);
        let text = "focal + 0.5*dice + tversky(pool=sample)";
        let scales: Vec<f64> = (0..shape.batch).map(|b| b as f64 - 1.5).collect();
        let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
        let whole = Call { scale: Scale::Samples(&scales), ..call };
        let y = packed(&case.targets, shape);
        let level = AnyLevel::best();
        let found = f64::evaluate(Asked {
            code: level.into(),
            text,
            call: whole,
            logits: &case.logits,
            shape,
            targets: y.into(),
            given: &[],
            samples: true,
            loss_map: false,
        })
        .unwrap();
        let one = Shape { batch: 1, ..shape };
        let size = shape.pixels() * shape.channels;
        for (b, scale) in scales.iter().enumerate() {
            let own = b * size..(b + 1) * size;
            let y = packed(&case.targets[own.clone()], one);
            let call = Call { scale: Scale::Batch(*scale), ..call };
            let logits = &case.logits[own.clone()];
            let alone = evaluate(level, text, call, logits, one, y).unwrap();
            prop_assert_eq!(found.samples[b].to_bits(), alone.value.to_bits());
            prop_assert_eq!(&found.gradient[own], &alone.gradient[..]);
        }
    }
}
