//! Terms and maps written outside the crate. Of formulas the value alone: gradient, levels, run-time
//! composition and text come from the engine. Of tiles and objects, all that a tile or plane needs.

use segloss_conformance::case::Case;
use segloss_conformance::code::{Code, evaluate_by_core};
use segloss_conformance::run::{Outcome, run};
use segloss_conformance::views::targets_shape;
use segloss_core::Error;
use segloss_core::class::{Ce, ClassPixel, ClassTerm};
use segloss_core::compose::{
    At, ClassTile, Definition, IGNORED, Kind, LabelSource, MapCall, MapDefinition, ObjectMap,
    PixelArrays, Plan, Program, Registry, Term, TileClassTerm, TilePixelTerm, TileRegionTerm,
    WeightMap, class, parse, pixel, region,
};
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::lanes::{Dual, Lanes, Real};
use segloss_core::level::Scalar;
use segloss_core::pixel::{Bce, Pixel, PixelTerm};
use segloss_core::region::{Classes, Pool, RegionTerm, Seed, SeededSums};
use segloss_core::summation::TILE;
use segloss_core::term::{Absent, Arguments, ClassWeights, Maps, Options, Parameter, Reduction};
use segloss_core::text::NumberList;
use segloss_core::view::{GradientSink, Layout, Logit, Shape, View, ViewMut, Weights};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs, with_level};

/// `scale |p - y|`, or `scale (p - y)^2`.
#[derive(Clone, Copy)]
struct Distance {
    scale: f64,
    is_squared: bool,
}

/// What the formula and the tiles have in common.
const DISTANCE: &[Parameter] = &[
    Parameter::number("scale", 1.0).or("by").at_least(0.0),
    Parameter::choice("of", &["squares", "sizes"]),
];

impl PixelTerm for Distance {
    const NAME: &'static str = "difference";
    const PARAMETERS: &'static [Parameter] = DISTANCE;

    fn new(arguments: Arguments<'_>) -> Self {
        Distance { scale: arguments.get(0), is_squared: arguments.get(1) == 0.0 }
    }

    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        let difference = pixel.p * (L::splat(1.0) - pixel.y) - pixel.q * pixel.y;
        let size = if self.is_squared { difference * difference } else { difference.abs() };
        L::splat(self.scale) * size
    }
}

/// `(1 - p_t)^power`, with a cost a class.
#[derive(Clone, Copy)]
struct Miss {
    power: f64,
}

impl ClassTerm for Miss {
    const NAME: &'static str = "miss";
    const PARAMETERS: &'static [Parameter] = &[Parameter::number("power", 1.0).at_least(0.0)];
    const CLASS_WEIGHTS: Option<ClassWeights> =
        Some(ClassWeights { name: "costs", normalised: true });

    fn new(arguments: Arguments<'_>) -> Self {
        Miss { power: arguments.get(0) }
    }

    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        pixel.q.powf(self.power)
    }
}

/// `1 - TP / (TP + FP + FN)`, averaged over classes.
#[derive(Clone, Copy)]
struct Jaccard {
    smooth: f64,
}

impl RegionTerm for Jaccard {
    const NAME: &'static str = "my_jaccard";
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::number("smooth", 1.0).or("eps").at_least(0.0)];

    fn new(arguments: Arguments<'_>) -> Self {
        Jaccard { smooth: arguments.get(0) }
    }

    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|s| {
            let union = s.target() + s.false_positive + L::splat(self.smooth);
            (s.false_positive + s.false_negative) / union
        })
    }
}

/// `gain` where there is something, or where there is nothing; 1 elsewhere.
#[derive(Clone, Copy)]
struct Emphasis {
    gain: f64,
    of_background: bool,
}

const EMPHASIS: &[Parameter] = &[
    Parameter::number("gain", 2.0).at_least(0.0),
    Parameter::choice("of", &["foreground", "background"]),
];

fn emphasise<T: Real>(
    emphasis: Emphasis,
    labels: &dyn LabelSource,
    scratch: &mut [u64],
    weights: &mut [T],
) -> Result<(), Error> {
    assert_eq!(scratch.len(), labels.shape().pixels(), "as asked for");
    let mut read = vec![0; weights.len()];
    labels.read(0, &mut read);
    for (weight, label) in weights.iter_mut().zip(read) {
        assert_eq!(weight.widen(), 1.0);
        if label != IGNORED && (label == 0) == emphasis.of_background {
            *weight = T::round_from(emphasis.gain);
        }
    }
    Ok(())
}

impl Emphasis {
    fn of(arguments: Arguments<'_>) -> Self {
        Emphasis { gain: arguments.get(0), of_background: arguments.get(1) == 1.0 }
    }
}

impl WeightMap for Emphasis {
    const NAME: &'static str = "emphasis";
    const PARAMETERS: &'static [Parameter] = EMPHASIS;

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        Ok(Emphasis::of(arguments))
    }

    fn scratch(&self, labels: &dyn LabelSource) -> Result<usize, Error> {
        Ok(labels.shape().pixels())
    }

    fn weigh<T: Real>(
        &self,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        emphasise(*self, labels, scratch, weights)
    }
}

/// Terms and map of this file by tiles and planes. What does not count is NaN in their outputs.
struct Tiles;

static TILES: Tiles = Tiles;

impl<T: Real> TilePixelTerm<T> for Tiles {
    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: PixelArrays<'_, T>,
        value: &mut [T; TILE],
        slope: &mut [T; TILE],
    ) {
        let term = Distance::new(arguments);
        for i in 0..TILE {
            let PixelArrays { z, y, valid, .. } = input;
            let pixel = Pixel::new(z[i], y[i]);
            let counts = valid.is_none_or(|valid| valid[i] > T::default());
            let nan = T::round_from(f64::NAN);
            (value[i], slope[i]) = if counts { term.value_and_slope(&pixel) } else { (nan, nan) };
        }
    }
}

impl<T: Real> TileClassTerm<T> for Tiles {
    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: ClassTile<'_, T>,
        value: &mut [T; TILE],
        slope: &mut [T; TILE],
    ) {
        let term = Miss::new(arguments);
        for i in 0..TILE {
            let pixel = ClassPixel { log_p: input.log_p[i], p: input.p[i], q: input.q[i] };
            let counts = input.valid.is_none_or(|valid| valid[i] > T::default());
            let nan = T::round_from(f64::NAN);
            (value[i], slope[i]) = if counts { term.value_and_slope(&pixel) } else { (nan, nan) };
        }
    }
}

impl TileRegionTerm<f64> for Tiles {
    fn pool(&self, _: Arguments<'_>, classes: usize) -> Pool {
        if classes == 1 { Pool::Sample } else { Pool::Batch }
    }

    /// Plain numbers: of `(FP + FN) / (TP + FP + FN + s)` the derivative in FP is `(TP + s)` over the
    /// square of the denominator, and 1 over the denominator where mass moves from TP to FN.
    fn loss(&self, arguments: Arguments<'_>, sums: SeededSums<'_, f64>) -> Dual<f64> {
        let smooth = arguments.get(0);
        let (mut value, mut derivative, mut count) = (0.0, 0.0, 0.0);
        for class in 0..Classes::len(&sums) {
            let s = sums.total(class);
            if s.target() == 0.0 && sums.options().absent == Absent::Skip {
                continue;
            }
            count += 1.0;
            let union = s.target() + s.false_positive + smooth;
            value += (s.false_positive + s.false_negative) / union;
            if sums.seed() == Some(Seed::FalsePositive(class)) {
                derivative = (s.true_positive + smooth) / (union * union);
            } else if sums.seed() == Some(Seed::FalseNegative(class)) {
                derivative = 1.0 / union;
            }
        }
        Dual::new(value / count, derivative / count)
    }
}

impl<T: Real> ObjectMap<T> for Tiles {
    fn scratch(&self, _: Arguments<'_>, labels: &dyn LabelSource) -> Result<usize, Error> {
        Ok(labels.shape().pixels())
    }

    fn weigh(
        &self,
        arguments: Arguments<'_>,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        emphasise(Emphasis::of(arguments), labels, scratch, weights)
    }
}

/// Formulas under their own names, and tiles under names that start with `tiled`.
fn library<T: Real>(level: AnyLevel) -> Library<T> {
    let mut library = Library::new(level);
    library.add_pixel::<Distance>().unwrap();
    library.add_class::<Miss>().unwrap();
    library.add_region::<Jaccard>().unwrap();
    library.add_map::<Emphasis>().unwrap();
    tiled_terms().into_iter().for_each(|term| library.add_term(term).unwrap());
    library.add_map_definition(tiled_map()).unwrap();
    library
}

fn tiled_terms<T: Real>() -> [Definition<'static, T>; 3] {
    let (misses, sums) = (Miss::PARAMETERS, Jaccard::PARAMETERS);
    [
        Definition::pixel_tiles("tiled_difference", DISTANCE, &TILES),
        Definition::class_tiles("tiled_miss", misses, &TILES),
        Definition::region_tiles("tiled_my_jaccard", sums, &TILES),
    ]
}

fn tiled_map<T: Real>() -> MapDefinition<'static, T> {
    MapDefinition::object("tiled_emphasis", EMPHASIS, &TILES)
}

fn case(link: Link) -> Case {
    match link {
        Link::Sigmoid => Case::sigmoid(11, Shape::new(2, 2, &[5, 7]).unwrap(), 4.0, 0.1),
        Link::Softmax => {
            let mut case = Case::softmax(12, Shape::new(2, 3, &[5, 7]).unwrap(), 4.0, 0.1);
            // A class that is absent.
            case.targets.iter_mut().filter(|y| **y == 2).for_each(|y| *y = 0);
            case
        }
    }
}

fn call(link: Link) -> Call<'static> {
    Call { link, ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() }
}

fn layouts(link: Link, case: &Case) -> [Layout; 2] {
    [case.shape, targets_shape(link, case.shape)]
        .map(|shape| Layout::channels_first(shape).unwrap())
}

/// Calls `use_it` with what [`library`] has, computed by this code.
fn with_registry<T: Real, R>(code: Code, use_it: impl FnOnce(Registry<'_, T>) -> R) -> R {
    if let Code::Level(level) = code {
        return use_it(library(level).registry());
    }
    let [pixels, classes, regions] = tiled_terms();
    let terms = [
        Definition::pixel::<Distance, Scalar>(),
        Definition::class::<Miss, Scalar>(),
        Definition::region::<Jaccard>(),
        pixels,
        classes,
        regions,
    ];
    let maps = [MapDefinition::computed::<Emphasis>(), tiled_map()];
    let registry = Registry::builtin::<Scalar>().with_terms(&terms).unwrap();
    use_it(registry.with_maps(&maps).unwrap())
}

/// Value and gradient of a loss from text, and the loss map where it has one.
fn of_text<T: Real + Logit<Compute = T>>(
    code: impl Into<Code>,
    text: &str,
    link: Link,
    case: &Case,
) -> (Outcome<T>, Option<Vec<T>>) {
    let logits: Vec<T> = case.logits.iter().map(|&z| T::round_from(z)).collect();
    let [packed, of_targets] = layouts(link, case);
    let z = View::new(&logits, packed).unwrap();
    let y = View::new(&case.targets, of_targets).unwrap();
    let mut gradient = vec![T::default(); logits.len()];
    let mut loss_map = vec![T::default(); case.targets.len()];
    let has_map = !text.contains("jaccard") && !text.contains("dice");
    let mut sink = ViewMut::new(&mut gradient, packed).unwrap();
    let mut map_sink = ViewMut::new(&mut loss_map, of_targets).unwrap();
    let outputs = Outputs {
        gradient: Some(&mut sink),
        samples: None,
        loss_map: has_map.then_some(&mut map_sink as &mut dyn GradientSink<T>),
    };
    let report = match code.into() {
        Code::Scalar => with_registry(Code::Scalar, |registry| {
            evaluate_by_core(registry, text, call(link), z.into(), y.into(), &[], outputs)
        }),
        Code::Level(level) => {
            let library = library::<T>(level);
            let loss = Loss::new(&library, text, link);
            let loss = loss.unwrap_or_else(|error| panic!("{text}: {error}"));
            loss.evaluate(call(link), z, y, &[], outputs, &mut Buffers::new())
        }
    }
    .unwrap();
    let outcome = Outcome { value: report.value, valid: report.valid, gradient };
    (outcome, has_map.then_some(loss_map))
}

fn of_program<T: Real + Logit<Compute = T> + core::fmt::Debug>(
    program: &dyn Program<T, f64>,
    call: Call<'_>,
    case: &Case,
) -> Outcome<T> {
    let [packed, of_targets] = layouts(call.link, case);
    let logits: Vec<T> = case.logits.iter().map(|&z| T::round_from(z)).collect();
    let z = View::new(&logits, packed).unwrap();
    let y = View::new(&case.targets, of_targets).unwrap();
    run(call, program, z, y, packed, T::default()).unwrap()
}

const SIGMOID: &[&str] = &[
    "difference",
    "0.5*difference(scale=3, of=sizes, reduction=sum) + bce",
    "0.75*difference + 0.5*my_jaccard(eps=0.25) + 0.25*dice",
    "difference(by=2) @ emphasis(gain=3) + bce @ emphasis",
    "my_jaccard(pool=sample, empty=skip)",
];

const SOFTMAX: &[&str] = &[
    "miss",
    "0.5*miss(power=1.5, costs=[1, 0.5, 2]) + 0.5*ce",
    "0.75*miss(reduction=sum) + 0.5*my_jaccard(absent=skip) + 0.25*dice",
    "miss(costs=[1, 2, 3], normalise=weights) @ emphasis(of=background) + focal @ emphasis",
];

fn texts() -> impl Iterator<Item = (Link, &'static str)> {
    let of = |link: Link, texts: &'static [&str]| texts.iter().map(move |text| (link, *text));
    of(Link::Sigmoid, SIGMOID).chain(of(Link::Softmax, SOFTMAX))
}

/// Returns the text that names tiles and objects instead of types.
fn tiled(text: &str) -> String {
    let names = ["difference", "my_jaccard", "emphasis"];
    let text = names
        .iter()
        .fold(text.to_owned(), |text, name| text.replace(name, &format!("tiled_{name}")));
    // Class weights are the formula's: tiles declare none.
    if text.contains("costs") { text } else { text.replace("miss", "tiled_miss") }
}

#[test]
fn the_gradient_is_that_of_the_value() {
    for (link, text) in texts() {
        for text in [text.to_owned(), tiled(text)] {
            let case = case(link);
            let (found, _) = of_text::<f64>(AnyLevel::best(), &text, link, &case);
            for (i, &gradient) in found.gradient.iter().enumerate() {
                let at = |step: f64| {
                    let mut moved = case.clone();
                    moved.logits[i] += step;
                    of_text::<f64>(AnyLevel::best(), &text, link, &moved).0.value
                };
                let step = 1e-5;
                let slope = (at(step) - at(-step)) / (2.0 * step);
                // What the difference of two values loses.
                let most = 1e-10 * (1.0 + found.value);
                assert!((gradient - slope).abs() < most, "{text} {i}: {gradient} {slope}");
            }
        }
    }
}

fn same_at_every_level<T: Real + Logit<Compute = T>>() {
    for (link, text) in texts() {
        let (case, formulas_and_tiles) = (case(link), [text.to_owned(), tiled(text)]);
        for text in formulas_and_tiles {
            let (expected, map) = of_text::<T>(Code::Scalar, &text, link, &case);
            for code in Code::all() {
                let (found, found_map) = of_text::<T>(code, &text, link, &case);
                assert_eq!(found.bits(), expected.bits(), "{text} {}", code.name());
                let bits = |map: &Option<Vec<T>>| {
                    map.iter().flatten().map(|x| x.widen().to_bits()).collect::<Vec<_>>()
                };
                assert_eq!(bits(&found_map), bits(&map), "{text} {}", code.name());
            }
        }
    }
}

#[test]
fn every_level_gives_the_same_bits() {
    same_at_every_level::<f32>();
    same_at_every_level::<f64>();
}

/// A loss has the same bits read from text, made of terms by hand, and fixed when the program is compiled.
#[test]
fn every_composition_gives_the_same_bits() {
    fn both<T: Real + Logit<Compute = T> + core::fmt::Debug>() {
        let difference = Distance { scale: 2.0, is_squared: false };
        let jaccard = Jaccard { smooth: 0.25 };
        let fixed = (
            pixel(0.75, difference).reduction(Reduction::Sum),
            (region(0.5, jaccard).pool(Pool::Sample), pixel(0.5, Bce::default())),
        );
        let text = "0.75*difference(by=2, of=sizes, reduction=sum) \
                    + 0.5*my_jaccard(eps=0.25, pool=sample) + 0.5*bce";
        let (case, sigmoid) = (case(Link::Sigmoid), call(Link::Sigmoid));
        let expected = of_program::<T>(&fixed, sigmoid, &case).bits();
        let costs = [1.0, 0.5, 2.0];
        let costs = Some(NumberList::from(&costs[..]));
        let misses = (
            class(0.75, Miss { power: 1.5 }).weighted(costs, Maps::NONE),
            class(0.5, Ce::default()).reduction(Reduction::Sum),
        );
        let of_misses = "0.75*miss(costs=[1, 0.5, 2], power=1.5) + 0.5*ce(reduction=sum)";
        let (labels, softmax) = (self::case(Link::Softmax), call(Link::Softmax));
        let expected_misses = of_program::<T>(&misses, softmax, &labels).bits();
        for code in Code::all() {
            let name = code.name();
            if let Code::Level(level) = code {
                let at_level =
                    with_level!(level, l => of_program::<T>(&At::new(l, fixed), sigmoid, &case));
                assert_eq!(at_level.bits(), expected, "{name}");
            }
            assert_eq!(of_text::<T>(code, text, Link::Sigmoid, &case).0.bits(), expected, "{name}");
            let found = of_text::<T>(code, of_misses, Link::Softmax, &labels).0;
            assert_eq!(found.bits(), expected_misses, "{name}");

            let plain = Options::default();
            let found = with_registry(code, |registry| {
                let named = |name| registry.term(name, Link::Sigmoid).unwrap();
                let sum = Options { reduction: Reduction::Sum, ..plain };
                let by_sample = Options { pool: Some(Pool::Sample), ..plain };
                let terms = [
                    Term::new(0.75, named("difference"), &[2.0, 1.0], sum).unwrap(),
                    Term::new(0.5, named("my_jaccard"), &[0.25], by_sample).unwrap(),
                    Term::new(0.5, named("bce"), &[], plain).unwrap(),
                ];
                let plan = Plan::new(&terms, registry.kernels());
                of_program::<T>(&plan, sigmoid, &case)
            });
            assert_eq!(found.bits(), expected, "{name}");
        }
    }
    both::<f32>();
    both::<f64>();
}

/// Tiles give what the formulas give, though all that does not count in them is NaN.
#[test]
fn what_does_not_count_in_a_tile_is_not_read() {
    for (link, text) in texts() {
        let (case, of_tiles) = (case(link), tiled(text));
        assert!(case.targets.contains(&255));
        let (expected, expected_map) = of_text::<f64>(AnyLevel::best(), text, link, &case);
        let (found, map) = of_text::<f64>(AnyLevel::best(), &of_tiles, link, &case);
        assert!((found.value - expected.value).abs() < 1e-14, "{of_tiles}: {}", found.value);
        for (found, expected) in found.gradient.iter().zip(&expected.gradient) {
            assert!((found - expected).abs() < 1e-14, "{of_tiles}: {found} {expected}");
        }
        assert_eq!(map, expected_map, "{of_tiles}");
        let ignored = map.iter().flatten().zip(&case.targets).filter(|(_, y)| **y == 255);
        ignored.for_each(|(loss, _)| assert_eq!(loss.to_bits(), 0, "{of_tiles}"));
    }
}

/// A map of the caller's is the weights that it computes, however they come.
#[test]
fn a_map_is_its_weights() {
    let (case, of) = (case(Link::Sigmoid), call(Link::Sigmoid));
    let weights: Vec<f64> = case.targets.iter().map(|&y| if y == 0 { 3.0 } else { 1.0 }).collect();
    let [packed, _] = layouts(Link::Sigmoid, &case);
    let maps = [Weights::F64(View::new(&weights, packed).unwrap())];
    let fixed =
        pixel(0.5, Distance { scale: 1.0, is_squared: true }).weighted(Maps::NONE.and(0).unwrap());
    let expected = of_program::<f64>(&fixed, Call { maps: &maps, ..of }, &case);
    for name in ["emphasis", "tiled_emphasis"] {
        let text = format!("0.5*difference @ {name}(gain=3, of=background)");
        for code in Code::all() {
            let (found, _) = of_text::<f64>(code, &text, Link::Sigmoid, &case);
            assert_eq!(found.bits(), expected.bits(), "{text} {}", code.name());
        }
    }
    // What is given under a map's name takes the place of what it would compute.
    let library = library::<f64>(AnyLevel::best());
    let loss = Loss::new(&library, "0.5*difference @ emphasis(gain=100)", Link::Sigmoid).unwrap();
    let logits = View::new(&case.logits, packed).unwrap();
    let targets = View::new(&case.targets, packed).unwrap();
    let outputs = Outputs::none();
    let buffers = &mut Buffers::new();
    let given = [("emphasis", maps[0])];
    let report = loss.evaluate(of, logits, targets, &given, outputs, buffers).unwrap();
    assert_eq!(report.value.to_bits(), expected.value.to_bits());
}

/// Definitions in the caller's arrays, by core alone.
#[test]
fn a_registry_without_an_allocator() {
    static TERMS: [Definition<'static, f64>; 3] = [
        Definition::pixel::<Distance, Scalar>(),
        Definition::region::<Jaccard>(),
        Definition::pixel_tiles("tiled_difference", DISTANCE, &TILES),
    ];
    static MAPS: [MapDefinition<'static, f64>; 1] = [MapDefinition::computed::<Emphasis>()];
    let registry = Registry::builtin::<Scalar>();
    let registry = registry.with_terms(&TERMS).unwrap().with_maps(&MAPS).unwrap();
    let case = case(Link::Sigmoid);
    for text in SIGMOID {
        let (mut terms, mut maps) = ([Term::default(); 4], [MapCall::default(); 2]);
        let loss = parse(text, Link::Sigmoid, registry, &mut terms, &mut maps).unwrap();
        let [packed, _] = layouts(Link::Sigmoid, &case);
        let targets = View::new(&case.targets, packed).unwrap().into();
        let (mut scratch, mut computed) = ([0; 64], [[0.0; 140]; 2]);
        for (map, weights) in loss.map_calls().iter().zip(&mut computed) {
            map.compute(&call(Link::Sigmoid), &targets, &mut scratch, weights).unwrap();
        }
        let computed = computed.each_ref().map(|w| Weights::F64(View::new(w, packed).unwrap()));
        let call = Call { maps: &computed, ..call(Link::Sigmoid) };
        let found = of_program::<f64>(&loss, call, &case);
        let (expected, _) = of_text::<f64>(AnyLevel::best(), text, Link::Sigmoid, &case);
        assert_eq!(found.bits(), expected.bits(), "{text}");
    }
}

/// The caller's own terms are refused and suggested as the built-in ones are.
#[test]
fn mistakes_in_text() {
    let library = library::<f32>(AnyLevel::best());
    for (text, link, expected) in [
        ("diference", Link::Sigmoid, "at 1: unknown term `diference`, did you mean `difference`?"),
        ("difference", Link::Softmax, "at 1: `difference` needs the sigmoid link"),
        ("tiled_miss", Link::Sigmoid, "at 1: `tiled_miss` needs the softmax link"),
        (
            "difference(by=1, scale=2)",
            Link::Sigmoid,
            "at 18: `scale` is given twice, expected once",
        ),
        (
            "difference(of=cubes)",
            Link::Sigmoid,
            "at 15: `of` is `cubes`, expected `squares` or `sizes`",
        ),
        (
            "tiled_difference(by=-1)",
            Link::Sigmoid,
            "at 21: `scale` is -1, expected a finite number, 0 or larger",
        ),
        (
            "tiled_my_jaccard(eps=-1)",
            Link::Softmax,
            "at 22: `smooth` is -1, expected a finite number, 0 or larger",
        ),
        (
            "miss @ tiled_emphasis(gain=-2)",
            Link::Softmax,
            "at 28: `gain` is -2, expected a finite number, 0 or larger",
        ),
        ("tiled_miss(costs=[1])", Link::Softmax, "at 12: `tiled_miss` has no argument `costs`"),
        (
            "my_jaccard @ emphasis",
            Link::Softmax,
            "at 1: expected a pixel or class term before `@`, found `my_jaccard`",
        ),
    ] {
        assert_eq!(Loss::new(&library, text, link).unwrap_err().to_string(), expected);
    }
    let loss = Loss::new(&library, "miss(costs=[1, 2])", Link::Softmax).unwrap();
    let labels = case(Link::Softmax);
    let [packed, of_targets] = layouts(Link::Softmax, &labels);
    let logits = labels.single();
    let z = View::new(&logits, packed).unwrap();
    let y = View::new(&labels.targets, of_targets).unwrap();
    let outputs = Outputs::none();
    let buffers = &mut Buffers::new();
    let error = loss.evaluate(call(Link::Softmax), z, y, &[], outputs, buffers).unwrap_err();
    let expected = "`costs` of `miss` has 2 entries, expected one for each of 3 classes";
    assert_eq!(error.to_string(), expected);
}

/// A term that is nothing but a name and parameters.
fn named(name: &'static str, parameters: &'static [Parameter]) -> Definition<'static, f32> {
    Definition::pixel_tiles(name, parameters, &TILES)
}

#[test]
fn definitions_that_are_refused() {
    const A: Parameter = Parameter::number("a", 0.0);
    const NO_NAME: &str = "the name is not made of letters, digits and `_`, starting with no digit";
    const NO_PARAMETER_NAME: &str =
        "a parameter's name is not made of letters, digits and `_`, starting with no digit";
    const TAKEN: &str = "the name is taken";
    const ALIKE: &str = "two parameters have the same name";
    const WORDS: &str = "a parameter's choices are not different words";
    const DEFAULT: &str = "a parameter's default is out of its range, or none of its choices";
    const OPTION: &str = "a parameter is called as an option of terms";
    const REFUSED: &[(&str, &[Parameter], &str)] = &[
        ("", &[], NO_NAME),
        ("2nd", &[], NO_NAME),
        ("my term", &[], NO_NAME),
        (" mine", &[], NO_NAME),
        ("mine\u{e9}", &[], NO_NAME),
        ("bce", &[], TAKEN),
        ("dice", &[], TAKEN),
        ("focal", &[], TAKEN),
        ("boundary", &[], TAKEN),
        ("distance", &[], TAKEN),
        ("preset", &[], TAKEN),
        ("difference", &[], TAKEN),
        ("my_jaccard", &[], TAKEN),
        ("mine", &[A; 9], "there are more than 8 parameters"),
        ("mine", &[A, A], ALIKE),
        ("mine", &[A, Parameter::number("b", 0.0).or("a")], ALIKE),
        ("mine", &[Parameter::number("b", 0.0).or("a"), A], ALIKE),
        ("mine", &[A.or("a")], ALIKE),
        ("mine", &[Parameter::number("", 0.0)], NO_PARAMETER_NAME),
        ("mine", &[A.or("a b")], NO_PARAMETER_NAME),
        ("mine", &[Parameter::number("pool", 0.0)], OPTION),
        ("mine", &[A.or("reduction")], OPTION),
        ("mine", &[Parameter::choice("a", &["b", "b"])], WORDS),
        ("mine", &[Parameter::choice("a", &["b c"])], WORDS),
        ("mine", &[Parameter::choice("a", &["inf"])], WORDS),
        ("mine", &[Parameter::number("a", f64::NAN)], DEFAULT),
        ("mine", &[Parameter::number("a", -1.0).at_least(0.0)], DEFAULT),
        ("mine", &[Parameter { default: 2.0, ..Parameter::choice("a", &["b", "c"]) }], DEFAULT),
    ];
    for &(name, parameters, reason) in REFUSED {
        let mut library = library::<f32>(AnyLevel::best());
        let count = library.registry().terms().count();
        let error = library.add_term(named(name, parameters)).unwrap_err();
        assert_eq!(error.to_string(), format!("`{name}` cannot be registered: {reason}"));
        assert_eq!(library.registry().terms().count(), count);
        // What a text can say of terms, other than options, it can say of maps.
        if reason != OPTION {
            let name = if reason == TAKEN { "tiled_emphasis" } else { name };
            let map = MapDefinition::object(name, parameters, &TILES);
            let error = library.add_map_definition(map).unwrap_err();
            assert_eq!(error.to_string(), format!("`{name}` cannot be registered: {reason}"));
            assert_eq!(library.registry().maps().count(), 4);
        }
    }
    // Under the other link a name is free, unless a term serves both.
    let mut library = library::<f32>(AnyLevel::best());
    library.add_term(named("ce", &[])).unwrap();
    library.add_term(Definition::class_tiles("bce", &[], &TILES)).unwrap();
    let error = library.add_term(Definition::region_tiles("miss", &[], &TILES)).unwrap_err();
    assert_eq!(error.to_string(), "`miss` cannot be registered: the name is taken");
    let error = library.add_map::<Emphasis>().unwrap_err();
    assert_eq!(error.to_string(), "`emphasis` cannot be registered: the name is taken");
    let error = library.add_map_definition(MapDefinition::given("band", &[])).unwrap_err();
    assert_eq!(error.to_string(), "`band` cannot be registered: the name is taken");

    /// A list that is called as one of its own parameters.
    #[derive(Clone, Copy)]
    struct Twice;

    impl ClassTerm for Twice {
        const NAME: &'static str = "twice";
        const PARAMETERS: &'static [Parameter] = &[Parameter::number("power", 1.0).or("costs")];
        const CLASS_WEIGHTS: Option<ClassWeights> = Miss::CLASS_WEIGHTS;

        fn new(_: Arguments<'_>) -> Self {
            Twice
        }

        fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
            pixel.q
        }
    }
    let error = library.add_class::<Twice>().unwrap_err();
    assert_eq!(error.to_string(), format!("`twice` cannot be registered: {ALIKE}"));
}

/// Options of a region term that a tile plugin does not see.
#[test]
fn tiles_of_regions_pool_as_they_say() {
    let library = library::<f64>(AnyLevel::best());
    let definition = library.registry().term("tiled_my_jaccard", Link::Softmax).unwrap();
    let kind = |options, classes| {
        let terms = [Term::new(1.0, definition, &[], options).unwrap()];
        Program::spec(&Plan::new(&terms, library.registry().kernels()), 0, classes).kind
    };
    let plain = Options::default();
    assert_eq!(kind(plain, 1), Kind::Region(Pool::Sample));
    assert_eq!(kind(plain, 3), Kind::Region(Pool::Batch));
    let by_sample = Options { pool: Some(Pool::Sample), ..plain };
    assert_eq!(kind(by_sample, 3), Kind::Region(Pool::Sample));
}
