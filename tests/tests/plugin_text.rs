//! Terms and maps from outside the crate in the text form: formulas and objects that compute tiles, with
//! parameters, class weights and options of their own, at every level.

use segloss_conformance::case::Case;
use segloss_conformance::run::{Outcome, run};
use segloss_core::Error;
use segloss_core::class::{ClassPixel, ClassTerm};
use segloss_core::compose::{
    ClassTile, Definition, LabelSource, MapCall, MapDefinition, ObjectMap, PixelArrays, Registry,
    Term, TileClassTerm, TilePixelTerm, TileRegionTerm, WeightMap, class, parse, pixel, region,
};
use segloss_core::engine::{Call, Link};
use segloss_core::lanes::{Dual, Lanes, Real};
use segloss_core::level::Scalar;
use segloss_core::pixel::{Pixel, PixelTerm};
use segloss_core::region::{Classes, Pool, RegionTerm, Seed, SeededSums};
use segloss_core::summation::{Accumulator, TILE};
use segloss_core::term::{Arguments, ClassWeights, Maps, Options, Parameter, not_negative};
use segloss_core::view::{Layout, Shape, View, ViewMut, Weights};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs};

/// `max(0, margin - s z)^2` with `s` the sign of the target: a squared hinge.
#[derive(Clone, Copy)]
struct Hinge {
    margin: f64,
}

impl PixelTerm for Hinge {
    const NAME: &'static str = "hinge";
    const PARAMETERS: &'static [Parameter] = &[Parameter::number("margin", 1.0).or("m")];

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        Ok(Hinge { margin: not_negative(Self::NAME, "margin", arguments.get(0))? })
    }

    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        let sign = pixel.y + pixel.y - L::splat(1.0);
        let short = (L::splat(self.margin) - sign * pixel.z).max(L::splat(0.0));
        short * short
    }
}

/// `1 - p_t`, or its square.
#[derive(Clone, Copy)]
struct Miss {
    is_square: bool,
}

impl ClassTerm for Miss {
    const NAME: &'static str = "miss";
    const PARAMETERS: &'static [Parameter] = &[Parameter::choice("power", &["one", "two"])];
    const CLASS_WEIGHTS: Option<ClassWeights> =
        Some(ClassWeights { name: "costs", normalised: true });

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        Ok(Miss { is_square: arguments.get(0) == 1.0 })
    }

    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        if self.is_square { pixel.q * pixel.q } else { pixel.q }
    }
}

/// `(FP - FN)^2 / (1 + n)^2` of the mass, averaged over classes: how far the area is off.
#[derive(Clone, Copy)]
struct Area;

impl RegionTerm for Area {
    const NAME: &'static str = "area";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Result<Self, Error> {
        Ok(Area)
    }

    fn pool(&self, _: usize) -> Pool {
        Pool::Sample
    }

    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|s| {
            let off = (s.false_positive - s.false_negative) / (s.target + L::splat(1.0));
            off * off
        })
    }
}

/// Foreground counts `times` as much.
#[derive(Clone, Copy)]
struct Foreground {
    times: f64,
}

impl WeightMap for Foreground {
    const NAME: &'static str = "foreground";
    const PARAMETERS: &'static [Parameter] = &[Parameter::number("times", 2.0)];

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        Ok(Foreground { times: not_negative(Self::NAME, "times", arguments.get(0))? })
    }

    fn weigh<T: Real>(
        &self,
        labels: &dyn LabelSource,
        _: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        for (i, weight) in weights.iter_mut().enumerate() {
            let mut label = [0];
            labels.read(i, &mut label);
            *weight = T::round_from(if label[0] == 1 { self.times } else { 1.0 });
        }
        Ok(())
    }
}

/// The hinge as an object.
struct HingeTiles;

impl TilePixelTerm<f64> for HingeTiles {
    fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        Hinge::new(arguments).map(|_| ())
    }

    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: PixelArrays<'_, f64>,
        value: &mut [f64; TILE],
        slope: &mut [f64; TILE],
    ) {
        for i in 0..TILE {
            let sign = 2.0 * input.y[i] - 1.0;
            let short = (arguments.get(0) - sign * input.z[i]).max(0.0);
            value[i] = short * short;
            slope[i] = -2.0 * sign * short;
            if input.valid.is_some_and(|valid| valid[i] == 0.0) {
                // Nobody reads these.
                (value[i], slope[i]) = (f64::NAN, f64::NAN);
            }
        }
    }
}

/// `1 - p_t` as an object.
struct MissTiles;

impl TileClassTerm<f64> for MissTiles {
    fn tile(
        &self,
        _: Arguments<'_>,
        input: ClassTile<'_, f64>,
        value: &mut [f64; TILE],
        slope: &mut [f64; TILE],
    ) {
        value.copy_from_slice(input.q);
        slope.iter_mut().zip(input.p).for_each(|(slope, p)| *slope = -p);
    }
}

/// The area as an object.
struct AreaTiles;

impl<A: Accumulator> TileRegionTerm<A> for AreaTiles {
    fn pool(&self, _: Arguments<'_>, _: usize) -> Pool {
        Pool::Sample
    }

    fn loss(&self, _: Arguments<'_>, sums: SeededSums<'_, A>) -> Dual<A::Real> {
        let classes = Classes::len(&sums);
        let (mut value, mut derivative) = (A::Real::default(), A::Real::default());
        let one = A::Real::splat(1.0);
        for class in 0..classes {
            let s = sums.total(class);
            let mass = s.target + one;
            let off = (s.false_positive - s.false_negative) / mass;
            value += off * off;
            let slope = (off + off) / mass;
            match sums.seed() {
                Some(Seed::FalsePositive(own)) if own == class => derivative += slope,
                Some(Seed::FalseNegative(own)) if own == class => derivative += -slope,
                _ => {}
            }
        }
        let count = A::Real::splat(classes as f64);
        Dual::new(value / count, derivative / count)
    }
}

/// The foreground map as an object.
struct ForegroundObject;

impl ObjectMap<f64> for ForegroundObject {
    fn weigh(
        &self,
        arguments: Arguments<'_>,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [f64],
    ) -> Result<(), Error> {
        Foreground { times: arguments.get(0) }.weigh(labels, scratch, weights)
    }
}

fn sigmoid_case() -> (Case, Call<'static>) {
    let case = Case::sigmoid(11, Shape::new(2, 2, &[9, 37]).unwrap(), 3.0, 0.1);
    (case, Call { ignore_index: Some(255), ..Call::sigmoid() })
}

fn softmax_case() -> (Case, Call<'static>) {
    (Case::softmax(12, Shape::new(2, 3, &[9, 37]).unwrap(), 3.0, 0.1), Call::softmax())
}

fn views<'a>(case: &'a Case, call: &Call<'_>) -> (View<'a, f64>, View<'a, u8>, Layout) {
    let layout = Layout::channels_first(case.shape).unwrap();
    let channels = if call.link == Link::Softmax { 1 } else { case.shape.channels };
    let packed = Layout::channels_first(case.shape.with_channels(channels)).unwrap();
    (View::new(&case.logits, layout).unwrap(), View::new(&case.targets, packed).unwrap(), layout)
}

/// By the text form with plugins added by type.
fn by_library(level: AnyLevel, text: &str, case: &Case, call: Call<'_>) -> Outcome<f64> {
    let mut library = Library::<f64>::new(level);
    library.add_pixel::<Hinge>().unwrap();
    library.add_class::<Miss>().unwrap();
    library.add_region::<Area>().unwrap();
    library.add_map::<Foreground>().unwrap();
    let loss = Loss::new(&library, text, call.link).unwrap();
    assert_eq!(loss.to_string(), text);
    let (z, y, layout) = views(case, &call);
    let mut gradient = vec![0.0; layout.span()];
    let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
    let outputs = Outputs::gradient(&mut sink);
    let report = loss.evaluate(call, &z, &y, &[], outputs, &mut Buffers::new()).unwrap();
    Outcome { value: report.value, valid: report.valid, gradient }
}

/// By a registry in arrays, of formulas or of objects.
fn by_arrays(text: &str, case: &Case, call: Call<'_>, as_objects: bool) -> Outcome<f64> {
    let formulas = [
        Definition::pixel::<Hinge, Scalar>(),
        Definition::class::<Miss, Scalar>(),
        Definition::region::<Area>(),
    ];
    let objects = [
        Definition::pixel_tiles("hinge", Hinge::PARAMETERS, &HingeTiles),
        Definition::class_tiles("miss", &[], &MissTiles),
        Definition::region_tiles("area", &[], &AreaTiles),
    ];
    let maps = if as_objects {
        [MapDefinition::object("foreground", Foreground::PARAMETERS, &ForegroundObject)]
    } else {
        [MapDefinition::computed::<Foreground>()]
    };
    let own = if as_objects { &objects } else { &formulas };
    let registry = Registry::builtin::<Scalar>().with_terms(own).unwrap().with_maps(&maps).unwrap();
    let (mut terms, mut calls) = ([Term::default(); 4], [MapCall::default(); 2]);
    let loss = parse(text, call.link, registry, &mut terms, &mut calls).unwrap();
    let (z, y, layout) = views(case, &call);
    let weights: Vec<Vec<f64>> = loss
        .map_calls()
        .iter()
        .map(|map| {
            let mut scratch = vec![0; map.scratch(&call, &y).unwrap()];
            let mut weights = vec![0.0; y.layout().span()];
            map.compute(&call, &y, &mut scratch, &mut weights).unwrap();
            weights
        })
        .collect();
    let maps: Vec<Weights<'_>> =
        weights.iter().map(|w| Weights::F64(View::new(w, *y.layout()).unwrap())).collect();
    run(Scalar, Call { maps: &maps, ..call }, &loss, &z, &y, layout, 0.0).unwrap()
}

#[test]
fn every_kind_and_level_gives_the_same_bits() {
    let (case, call) = sigmoid_case();
    let text = "0.5*bce + hinge(margin=0.25) @ foreground(times=3) + 0.75*area + hinge";
    let (z, y, layout) = views(&case, &call);
    let weights: Vec<f64> = case.targets.iter().map(|&y| if y == 1 { 3.0 } else { 1.0 }).collect();
    let maps = [Weights::F64(View::new(&weights, layout).unwrap())];
    let fixed = (
        (
            pixel(0.5, segloss_core::pixel::Bce),
            pixel(1.0, Hinge { margin: 0.25 }).weighted(Maps::NONE.and(0).unwrap()),
        ),
        (region(0.75, Area), pixel(1.0, Hinge { margin: 1.0 })),
    );
    let expected = run(Scalar, Call { maps: &maps, ..call }, &fixed, &z, &y, layout, 0.0).unwrap();
    assert_eq!(by_arrays(text, &case, call, false).bits(), expected.bits());
    for level in AnyLevel::available() {
        let found = by_library(level, text, &case, call);
        assert_eq!(found.bits(), expected.bits(), "{}", level.name());
    }

    let (case, call) = softmax_case();
    let text = "0.5*miss(costs=[1, 2, 0.5], power=two) + area + miss";
    let (z, y, layout) = views(&case, &call);
    let costs: &[f64] = &[1.0, 2.0, 0.5];
    let fixed = (
        class(0.5, Miss { is_square: true }).weighted(Some(costs.into()), Maps::NONE),
        (region(1.0, Area), class(1.0, Miss { is_square: false })),
    );
    let expected = run(Scalar, call, &fixed, &z, &y, layout, 0.0).unwrap();
    for level in AnyLevel::available() {
        let found = by_library(level, text, &case, call);
        assert_eq!(found.bits(), expected.bits(), "{}", level.name());
    }
}

/// Objects that compute tiles give what the formulas do; what they write where no pixel counts is not read.
#[test]
fn objects_that_compute_tiles() {
    let (sigmoid, softmax) = (sigmoid_case(), softmax_case());
    for (text, (case, call)) in [
        ("hinge(margin=0.25) + 0.5*area", &sigmoid),
        ("bce + hinge(margin=2) @ foreground(times=3)", &sigmoid),
        ("0.5*miss + area + dice", &softmax),
        ("miss @ foreground + ce", &softmax),
    ] {
        let formulas = by_arrays(text, case, *call, false);
        let objects = by_arrays(text, case, *call, true);
        assert!((formulas.value - objects.value).abs() <= 1e-14 * formulas.value, "{text}");
        let largest = formulas.gradient.iter().fold(0f64, |m, g| m.max(g.abs()));
        assert!(largest > 0.0);
        for (a, b) in formulas.gradient.iter().zip(&objects.gradient) {
            assert!((a - b).abs() <= 1e-14 * largest, "{text}: {a} {b}");
        }
    }
}

/// Only the value was written; the gradient is its own.
#[test]
fn gradients_are_those_of_the_values() {
    let (sigmoid, softmax) = (sigmoid_case(), softmax_case());
    for (text, (case, call)) in [
        ("0.5*hinge(margin=0.3) @ foreground + area", &sigmoid),
        ("0.5*miss(costs=[1, 2, 0.5], power=two) + area", &softmax),
    ] {
        let gradient = by_library(AnyLevel::best(), text, case, *call).gradient;
        for i in (0..gradient.len()).step_by(29) {
            let at = |step: f64| {
                let mut moved = case.clone();
                moved.logits[i] += step;
                by_library(AnyLevel::best(), text, &moved, *call).value
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((gradient[i] - slope).abs() < 1e-9, "{text} {i}: {} {slope}", gradient[i]);
        }
    }
}

#[test]
fn parameters_of_plugins_are_checked_and_named() {
    let mut library = Library::<f32>::default();
    library.add_pixel::<Hinge>().unwrap();
    library.add_map::<Foreground>().unwrap();
    let message = |text| Loss::new(&library, text, Link::Sigmoid).unwrap_err().to_string();
    assert_eq!(
        message("hinge(m=-1)"),
        "at 9: `margin` is -1, expected a finite number, 0 or larger"
    );
    assert_eq!(
        message("hinge(marign=1)"),
        "at 7: `hinge` has no argument `marign`, did you mean `margin`?"
    );
    assert_eq!(message("hnige"), "at 1: unknown term `hnige`, did you mean `hinge`?");
    assert_eq!(
        message("bce @ forground"),
        "at 7: unknown map `forground`, did you mean `foreground`?"
    );
    let error = library.add_pixel::<Hinge>().unwrap_err().to_string();
    assert_eq!(error, "`hinge` cannot be registered: the name is taken");
    assert!(
        Term::new(
            1.0,
            &Definition::<f32>::pixel::<Hinge, Scalar>(),
            &[1.0, 2.0],
            Options::default()
        )
        .is_err()
    );
}
