//! The oracle by itself, also in what the golden vectors do not have: every pooling, several
//! channels, maps under softmax, weighted regions. Gradients, derived by hand, are held against
//! central differences in 256 bits, and `f64` against 256 bits.

use segloss_conformance::case::{Case, SoftCase};
use segloss_conformance::exact::Exact;
use segloss_conformance::objective::{Alpha, Input, Objective, Preset, Term};
use segloss_conformance::oracle::{
    self, Absent, Dense, Extents, Formula, Labelled, Loss, Memberships, Number, Pool, Reduction,
    Region,
};
use segloss_core::view::Shape;

/// Two samples of three channels and four pixels, some of them ignored.
struct Fixture {
    logits: Vec<f64>,
    targets: Vec<Option<f64>>,
    labels: Vec<Option<usize>>,
}

impl Fixture {
    fn new() -> Self {
        let mut rng = fastrand::Rng::with_seed(1);
        // Multiples of the step, so that a step is exact.
        let logits = (0..24).map(|_| f64::from(rng.i32(-128..128)) / 32.0).collect();
        let share = |i| (i % 7 != 3).then(|| f64::from(rng.u8(0..5)) / 4.0);
        let targets = (0..24).map(share).collect();
        let labels = (0..8).map(|i| (i != 5).then(|| rng.usize(0..3))).collect();
        Fixture { logits, targets, labels }
    }

    fn extents() -> Extents {
        Extents { batch: 2, channels: 3, spatial: vec![2, 2] }
    }

    fn dense<'a>(&self, logits: &'a [f64]) -> Dense<'a> {
        Dense { extents: Fixture::extents(), logits, targets: self.targets.clone() }
    }

    fn labelled<'a>(&self, logits: &'a [f64]) -> Labelled<'a> {
        Labelled {
            extents: Fixture::extents(),
            logits,
            labels: self.labels.clone(),
            ignored_class: None,
        }
    }

    fn check(&self, name: &str, loss: impl Fn(&[f64]) -> Loss<Exact>) {
        let step = 2f64.powi(-40);
        let whole = loss(&self.logits).rounded();
        let largest = whole.gradient.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        assert!(largest > 0.0, "{name}");
        for i in 0..self.logits.len() {
            let beside = |step: f64| {
                let mut logits = self.logits.clone();
                logits[i] += step;
                loss(&logits).value
            };
            let difference = (beside(step) - beside(-step)) / Exact::of(2.0 * step);
            let error = (difference.rounded() - whole.gradient[i]).abs();
            assert!(error <= 1e-15 * largest, "{name}: {i} off by {error:e}");
        }
    }
}

#[test]
fn regions() {
    let fixture = Fixture::new();
    let weights: Vec<Exact> = (0..8).map(|i| Exact::of(0.5 + f64::from(i))).collect();
    let formulas = [
        Formula::Dice { smooth: 0.5 },
        Formula::Tversky { fp_weight: 0.3, fn_weight: 0.7, smooth: 1e-6, gamma: 1.0 },
        Formula::Tversky { fp_weight: 0.3, fn_weight: 0.7, smooth: 1.0, gamma: 0.75 },
    ];
    for formula in formulas {
        for pool in [Pool::Sample, Pool::Batch] {
            for (reduction, absent) in
                [(Reduction::Mean, Absent::Average), (Reduction::Sum, Absent::Skip)]
            {
                let region = Region { formula, pool, reduction, absent };
                let name = format!("{region:?}");
                let labelled = |z: &[f64]| Memberships::from(&fixture.labelled(z));
                fixture.check(&name, |z| region.evaluate(&(&fixture.dense(z)).into()));
                fixture.check(&name, |z| region.evaluate(&labelled(z)));
                fixture.check(&name, |z| region.evaluate(&labelled(z).weighted(&weights)));
            }
        }
    }
}

#[test]
fn pixels() {
    let fixture = Fixture::new();
    fixture.check("bce", |z| oracle::bce(fixture.dense(z)));
    for gamma in [0.0, 0.5, 1.0, 3.5] {
        let alpha = Some([0.2, 1.0, 3.0].as_slice());
        fixture.check("focal", |z| oracle::focal(fixture.dense(z), 0.25, gamma));
        fixture.check("class focal", |z| oracle::class_focal(fixture.labelled(z), alpha, gamma));
    }
    let weights = [0.2, 0.0, 3.0];
    fixture.check("weighted ce", |z| oracle::weighted_ce(fixture.labelled(z), &weights));
    for term in [Term::Boundary { theta: 0, weight: 3.0 }, Term::Distance { sigma: 2.0 }] {
        let objective = Objective::from(term);
        let dense = |z: &[f64]| objective.evaluate(&Input::Dense(fixture.dense(z)));
        fixture.check("map, sigmoid", dense);
        let labelled = |z: &[f64]| objective.evaluate(&Input::Labelled(fixture.labelled(z)));
        fixture.check("map, softmax", labelled);
    }
}

/// Dice is Tversky with weights of one half and half the smoothing.
#[test]
fn dice_is_a_tversky() {
    let fixture = Fixture::new();
    let input = Memberships::<Exact>::from(&fixture.labelled(&fixture.logits));
    let loss = |formula| {
        let (pool, reduction, absent) = (Pool::Batch, Reduction::Mean, Absent::Average);
        Region { formula, pool, reduction, absent }.evaluate(&input).rounded()
    };
    let dice = loss(Formula::Dice { smooth: 0.5 });
    let tversky = Formula::Tversky { fp_weight: 0.5, fn_weight: 0.5, smooth: 0.25, gamma: 1.0 };
    assert_eq!(dice, loss(tversky));
}

/// Every term, with parameters away from their defaults.
fn terms(link: fn(f64) -> Alpha) -> Vec<Objective> {
    let mut terms = vec![Term::Bce, Term::BOUNDARY, Term::Distance { sigma: 2.5 }];
    for gamma in [0.0, 0.5, 1.0, 2.0, 3.3] {
        terms.push(Term::Focal { alpha: link(0.3), gamma });
    }
    for pool in [Pool::Sample, Pool::Batch] {
        let (pool, smooth) = (Some(pool), 0.01);
        terms.push(Term::Dice { smooth, pool, reduction: Reduction::Mean });
        terms.push(Term::Tversky { fp: 0.3, fn_: 0.7, smooth, pool });
        terms.push(Term::FocalTversky { fp: 0.3, fn_: 0.7, gamma: 0.75, smooth, pool });
    }
    let presets = [Preset::Balanced, Preset::Imbalanced, Preset::Boundary, Preset::Medical];
    terms.into_iter().map(Objective::from).chain(presets.map(Objective::Preset)).collect()
}

/// `f64` is good to 1e-13 at every finite logit.
#[track_caller]
fn assert_f64_is_good(objective: &Objective, input: &Input) {
    let double = objective.evaluate::<f64>(input);
    let exact = objective.evaluate::<Exact>(input).rounded();
    let error = (double.value - exact.value).abs();
    assert!(error <= 1e-13 * exact.value, "{objective}: {} {}", double.value, exact.value);
    let largest = exact.gradient.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    // Below the smallest normal number `f64` has fewer digits.
    let bound = 1e-13 * largest + f64::MIN_POSITIVE;
    for (i, (double, exact)) in double.gradient.iter().zip(&exact.gradient).enumerate() {
        assert!((double - exact).abs() <= bound, "{objective}: gradient {i}: {double} {exact}");
    }
}

#[test]
fn f64_against_256_bits() {
    let shape = Shape::new(2, 3, &[4, 3]).unwrap();
    for (seed, span) in [(1, 4.0), (2, 30.0), (3, 300.0)] {
        let soft = SoftCase::new(seed, shape, span, 0.1);
        let hard = Case::sigmoid(seed, shape, span, 0.1);
        for objective in terms(Alpha::Foreground) {
            assert_f64_is_good(&objective, &Input::Dense((&soft).into()));
            assert_f64_is_good(&objective, &Input::Dense((&hard).into()));
        }
        let labels = Case::softmax(seed, shape, span, 0.1);
        let alpha = |alpha| Alpha::Classes(vec![alpha, 0.0, 2.0]);
        let weights = Some(vec![0.2, 0.0, 3.0]);
        for objective in terms(alpha).into_iter().chain([Term::Ce { weights }.into()]) {
            assert_f64_is_good(&objective, &Input::Labelled((&labels).into()));
        }
    }
}

/// One pixel, from surely right to surely wrong.
#[test]
fn f64_at_every_logit() {
    let extents = |channels| Extents { batch: 1, channels, spatial: vec![1, 1] };
    for step in -40..=40 {
        let logits = [f64::from(step), 0.0, -1.5];
        for objective in terms(Alpha::Foreground) {
            for target in [0.0, 0.25, 1.0] {
                let targets = vec![Some(target)];
                let input = Dense { extents: extents(1), logits: &logits[..1], targets };
                assert_f64_is_good(&objective, &Input::Dense(input));
            }
        }
        for objective in terms(|alpha| Alpha::Classes(vec![alpha, 0.5, 2.0])) {
            let labels = vec![Some(0)];
            let input =
                Labelled { extents: extents(3), logits: &logits, labels, ignored_class: None };
            assert_f64_is_good(&objective, &Input::Labelled(input));
        }
    }
}

fn nothing(count: usize) -> Loss {
    Loss { value: 0.0, gradient: vec![0.0; count] }
}

/// Findings A1 to A3 and A5: where nothing counts, the loss is 0.
#[test]
fn a_loss_of_nothing_is_zero() {
    let fixture = Fixture::new();
    let nobody = vec![None; 8];
    let labelled = || Labelled { labels: nobody.clone(), ..fixture.labelled(&fixture.logits) };
    let dense = || Dense { targets: vec![None; 24], ..fixture.dense(&fixture.logits) };
    for objective in terms(Alpha::Foreground) {
        assert_eq!(objective.evaluate::<f64>(&Input::Dense(dense())), nothing(24), "{objective}");
    }
    for objective in terms(|alpha| Alpha::Classes(vec![alpha; 3])) {
        let input = Input::Labelled(labelled());
        assert_eq!(objective.evaluate::<f64>(&input), nothing(24), "{objective}");
    }
    let one_class = Labelled { labels: vec![Some(1); 8], ..labelled() };
    assert_eq!(oracle::weighted_ce::<f64>(one_class, &[1.0, 0.0, 1.0]), nothing(24));
}

/// Findings B8 and B12: an empty mask costs nearly 1 unless it is left out.
#[test]
fn absent_targets() {
    let logits = [-5.0; 8];
    let extents = Extents { batch: 2, channels: 1, spatial: vec![2, 2] };
    let targets = (0..8).map(|i| Some(f64::from(u8::from(i > 5)))).collect();
    let input = Memberships::<f64>::from(&Dense { extents, logits: &logits, targets });
    let region = |absent| Region {
        formula: Formula::Dice { smooth: 1e-6 },
        pool: Pool::Sample,
        reduction: Reduction::Mean,
        absent,
    };
    let [empty, other] = region(Absent::Average).samples(&input)[..] else { panic!("two samples") };
    assert!(empty > 0.999 && other < 0.99, "{empty} {other}");
    let averaged = region(Absent::Average).evaluate(&input);
    assert!((averaged.value - (empty + other) / 2.0).abs() < 1e-15);
    let skipped = region(Absent::Skip).evaluate(&input);
    assert_eq!(skipped.value, other);
    assert!(skipped.gradient[..4].iter().all(|&g| g == 0.0));
    assert!(skipped.gradient[4..].iter().all(|&g| g != 0.0));
}
