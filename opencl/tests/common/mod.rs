//! Inputs, plugin terms, and both ways to evaluate a loss.
#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::Arc;

use segloss_core::class::{ClassPixel, ClassTerm};
use segloss_core::compose::{Definition, MapCall, Registry, Term, parse};
use segloss_core::engine::{Call, Link, Problem, Workspace, evaluate};
use segloss_core::lanes::{Lanes, Real};
use segloss_core::level::Scalar;
use segloss_core::pixel::{Pixel, PixelTerm};
use segloss_core::region::{Classes, RegionTerm};
use segloss_core::summation::{ACCUMULATORS, Accumulator, Compensated, TILE};
use segloss_core::term::{Arguments, Parameter};
use segloss_core::view::{Layout, Mask, Shape, Targets, View, ViewMut};
use segloss_opencl::trace::Format;
use segloss_opencl::{DeviceLogit, DeviceTarget, Error, Evaluator, Library, Loss, Options, Slices};

/// A device must be there: a test that finds none has failed.
pub fn evaluator() -> Evaluator {
    match Evaluator::new("", "") {
        Ok(evaluator) => evaluator,
        Err(error) => panic!("{error}"),
    }
}

/// Numbers without a pattern, the same at every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.bits() >> 11) % n
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Logits where formulas turn: signs of zero, subnormal logits, exponentials that are subnormal,
/// underflow or overflow.
const SPECIAL: [f64; 26] = [
    0.0, -0.0, 100.0, -100.0, 1e4, -1e4, 1e-40, -1e-40, 1e-310, -1e-310, 16.6, -16.6, 36.7, -36.7,
    87.3, -87.4, 88.7, -88.8, 95.0, -103.2, 104.1, 708.3, -709.1, 740.0, -744.9, -746.5,
];

pub fn logits<T: Format>(random: &mut Random, len: usize) -> Vec<T> {
    let one = |_| {
        let x = match random.below(4) {
            0 => SPECIAL[random.below(SPECIAL.len() as u64) as usize],
            1 => (random.unit() - 0.5) * 60.0,
            _ => (random.unit() - 0.5) * 8.0,
        };
        T::round_from(x)
    };
    (0..len).map(one).collect()
}

/// Labels below `classes`, one in five 255 if `ignoring`.
pub fn labels(random: &mut Random, len: usize, classes: u64, ignoring: bool) -> Vec<u8> {
    let one = |_| if ignoring && random.below(5) == 0 { 255 } else { random.below(classes) as u8 };
    (0..len).map(one).collect()
}

/// A call's inputs and options, in host memory.
#[derive(Clone, Copy)]
pub struct Case<'a, Z: DeviceLogit, E> {
    pub text: &'a str,
    pub link: Link,
    pub shape: Shape,
    pub logits: &'a [Z],
    pub targets: &'a [E],
    pub mask: Option<&'a [u8]>,
    pub weights: Option<&'a [Z::Compute]>,
    pub options: Options<'a>,
}

impl<'a, Z: DeviceLogit, E> Case<'a, Z, E> {
    pub fn new(text: &'a str, link: Link, shape: Shape, logits: &'a [Z], targets: &'a [E]) -> Self {
        let ignore_index = (link == Link::Softmax).then_some(255);
        let options = Options { ignore_index, ..Options::default() };
        Case { text, link, shape, logits, targets, mask: None, weights: None, options }
    }

    fn target_shape(&self) -> Shape {
        if self.link == Link::Softmax { self.shape.with_channels(1) } else { self.shape }
    }

    /// The shape of a mask or weights of `len` elements.
    fn plane(&self, len: usize) -> Layout {
        let shape = self.target_shape();
        let all = Layout::channels_first(shape).unwrap();
        if all.span() == len {
            return all;
        }
        Layout::channels_first(shape.with_channels(1)).unwrap()
    }
}

/// What an evaluation gives.
#[derive(Clone, Debug)]
pub struct Evaluation<Z> {
    pub value: f64,
    pub valid: u64,
    pub gradient: Vec<Z>,
}

/// The terms that tests name, on devices.
pub fn device_library() -> Arc<Library> {
    let mut library = Library::new();
    library.add_pixel::<SquaredError>().unwrap();
    library.add_pixel::<Everything>().unwrap();
    library.add_class::<Focal>().unwrap();
    library.add_region::<JointDice>().unwrap();
    Arc::new(library)
}

/// What the engine in core gives as plain scalar code, with sums in `A`.
fn on_cpu<Z: DeviceLogit, E, A: Accumulator>(
    case: &Case<'_, Z, E>,
    targets: Targets<'_>,
) -> Result<Evaluation<Z>, segloss_core::Error> {
    let own = [
        Definition::pixel::<SquaredError, Scalar>(),
        Definition::pixel::<Everything, Scalar>(),
        Definition::class::<Focal, Scalar>(),
        Definition::region::<JointDice>(),
    ];
    let registry = Registry::<Z::Compute, A>::builtin::<Scalar>().with_terms(&own)?;
    let (mut terms, mut maps) = ([Term::default(); 8], [MapCall::default(); 4]);
    let listed = parse(case.text, case.link, registry, &mut terms, &mut maps).unwrap();

    let layout = Layout::channels_first(case.shape)?;
    let logits = View::new(case.logits, layout)?;
    let mask = case.mask.map(|mask| View::new(mask, case.plane(mask.len())).unwrap());
    let weights =
        case.weights.map(|weights| View::new(weights, case.plane(weights.len())).unwrap());
    let Options { ignore_index, spacing, scale, write } = case.options;
    let call = Call {
        link: case.link,
        ignore_index,
        mask: mask.map(Mask::U8),
        weights: weights.map(Z::Compute::weights),
        spacing,
        scale,
        write,
        ..Call::sigmoid()
    };
    let computed = listed.map_calls().iter().map(|map| {
        let mut weights = vec![Z::Compute::default(); case.targets.len()];
        let mut scratch = vec![0; map.scratch(&call, &targets)?];
        map.compute(&call, &targets, &mut scratch, &mut weights)?;
        Ok(weights)
    });
    let computed = computed.collect::<Result<Vec<_>, segloss_core::Error>>()?;
    let planes = Layout::channels_first(case.target_shape())?;
    let maps: Vec<_> =
        computed.iter().map(|map| Z::Compute::weights(View::new(map, planes).unwrap())).collect();
    let call = Call { maps: &maps, ..call };
    let problem = Problem::<Z::Compute, A>::new(call, &listed, logits, targets)?;
    let sizes = problem.sizes();
    let zero = Z::Compute::default();
    let mut workspace = Workspace {
        partials: &mut vec![[zero; ACCUMULATORS]; sizes.partials],
        sums: &mut vec![A::default(); sizes.sums],
        segment: &mut vec![A::default(); sizes.segment],
        totals: &mut vec![A::default(); sizes.totals],
        factors: &mut vec![zero; sizes.factors],
        slopes: &mut vec![[zero; 2]; sizes.slopes],
        weights: &mut vec![[zero; TILE]; sizes.weights],
        class_weights: &mut vec![zero; sizes.class_weights],
    };
    let mut gradient = first_gradient::<Z>(case.logits.len());
    let mut sink = ViewMut::new(&mut gradient, layout)?;
    let report = evaluate(&problem, Some(&mut sink), &mut workspace)?;
    Ok(Evaluation { value: report.value.widen(), valid: report.valid, gradient })
}

/// What gradients hold before: accumulated ones are added to it.
fn first_gradient<Z: DeviceLogit>(len: usize) -> Vec<Z> {
    (0..len).map(|i| Z::store(Z::Compute::round_from(i as f64 / 64.0 - 1.0))).collect()
}

/// What the device gives.
pub fn on_device<Z, E>(evaluator: &Evaluator, case: &Case<'_, Z, E>) -> Result<Evaluation<Z>, Error>
where
    Z: DeviceLogit,
    Z::Compute: Format,
    E: DeviceTarget,
{
    let loss = Loss::with_library(device_library(), case.text, case.link).unwrap();
    let mut gradient = first_gradient::<Z>(case.logits.len());
    let slices = Slices {
        shape: case.shape,
        logits: case.logits,
        targets: case.targets,
        mask: case.mask,
        weights: case.weights,
        maps: &[],
        gradient: Some(&mut gradient),
    };
    let report = evaluator.evaluate(&loss, &case.options, slices)?;
    Ok(Evaluation { value: report.value, valid: report.valid, gradient })
}

/// Checks that the device gives every bit that the CPU gives, if its arithmetic in this format is the
/// CPU's, else about the same numbers; NaN is equal to NaN. Gives how many numbers of the gradient
/// are NaN: of those the check says little.
pub fn assert_same<Z, E>(evaluator: &Evaluator, case: &Case<'_, Z, E>) -> usize
where
    Z: DeviceLogit,
    Z::Compute: Format,
    E: DeviceTarget,
    for<'v> Targets<'v>: From<View<'v, E>>,
{
    let device = evaluator.device();
    let layout = Layout::channels_first(case.target_shape()).unwrap();
    let targets = Targets::from(View::new(case.targets, layout).unwrap());
    let expected = if device.has_double() {
        on_cpu::<Z, E, f64>(case, targets).unwrap()
    } else {
        on_cpu::<Z, E, Compensated>(case, targets).unwrap()
    };
    let found = on_device(evaluator, case);
    let is_double = Z::Compute::DOUBLE;
    if is_double && !device.has_double() {
        assert_eq!(found.err(), Some(Error::NoDouble { device: device.name().into() }));
        return 0;
    }
    let found = found.unwrap_or_else(|error| panic!("{error}"));
    let what = format!("`{}`, {} of shape {}", case.text, core::any::type_name::<Z>(), case.shape);
    let is_exact = device.is_exact::<Z::Compute>();
    let same = |a: f64, b: f64, near: f64| {
        a.to_bits() == b.to_bits()
            || (a.is_nan() && b.is_nan())
            || (!is_exact && (a == b || (a - b).abs() <= near))
    };
    // As accurate as each of the two has to be: relative to the loss and to the largest slope, times
    // how far the exponentials' arguments reach.
    let (of_value, of_gradient) = if is_double { (2e-13, 2e-13) } else { (2e-6, 5e-7) };
    let wide = |z: Z| z.load().widen();
    let reach = case.logits.iter().map(|&z| wide(z).abs().min(200.0)).fold(1.0, f64::max);

    assert_eq!(found.valid, expected.valid, "valid pixels, {what}");
    let (a, b) = (found.value, expected.value);
    assert!(same(a, b, of_value * b.abs()), "value {a:e}, on the CPU {b:e}, {what}");
    assert_eq!(found.gradient.len(), expected.gradient.len());
    let finite = expected.gradient.iter().map(|&x| wide(x).abs()).filter(|x| x.is_finite());
    let near = of_gradient * reach * finite.fold(0.0, f64::max);
    for (i, (&a, &b)) in found.gradient.iter().zip(&expected.gradient).enumerate() {
        let (a, b) = (wide(a), wide(b));
        assert!(same(a, b, near), "gradient {i} is {a:e}, on the CPU {b:e}, {what}");
    }
    expected.gradient.iter().filter(|&&x| wide(x).is_nan()).count()
}

macro_rules! plugin {
    ($trait:ident, $term:ident, $name:literal) => {
        #[derive(Clone, Copy, Debug)]
        pub struct $term;

        impl $trait for $term {
            const NAME: &'static str = $name;
            const PARAMETERS: &'static [Parameter] = &[];

            fn new(_: Arguments<'_>) -> Result<Self, segloss_core::Error> {
                Ok($term)
            }

            plugin!(@loss $trait, $term);
        }
    };
    (@loss PixelTerm, $term:ident) => {
        fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
            $term::formula(pixel)
        }
    };
    (@loss ClassTerm, $term:ident) => {
        fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
            $term::formula(pixel)
        }
    };
}

// The value only, as a plugin's author writes it.
plugin!(PixelTerm, SquaredError, "squared_error");

impl SquaredError {
    fn formula<L: Lanes>(pixel: &Pixel<L>) -> L {
        let wrong = pixel.p * (L::splat(1.0) - pixel.y) + pixel.q * pixel.y;
        wrong * wrong
    }
}

// Every primitive: square root, logarithms with subnormal arguments, a general power, constants
// that are subnormal.
plugin!(PixelTerm, Everything, "everything");

impl Everything {
    fn formula<L: Lanes>(pixel: &Pixel<L>) -> L {
        // Subnormal, but no smaller than what has a finite inverse.
        let tiny = L::splat(if L::DOUBLE { 1.2e-308 } else { 8e-39 });
        let small = ((pixel.p + L::splat(0.5)) * tiny).ln() * L::splat(-0.1);
        let roots = pixel.p.powf(1.5) + pixel.q.powf(0.7) + pixel.tail.sqrt();
        small + roots * pixel.y + pixel.z.abs().ln_1p() + (pixel.z * L::splat(0.3)).softplus()
    }
}

// `(1 - p)^2.5 (-ln p)`.
plugin!(ClassTerm, Focal, "focal_plugin");

impl Focal {
    fn formula<L: Lanes>(pixel: &ClassPixel<L>) -> L {
        -pixel.log_p * pixel.q.powf(2.5)
    }
}

/// A region term that looks at all classes together, not at their mean: Dice of sums over classes.
#[derive(Clone, Copy, Debug)]
pub struct JointDice;

impl RegionTerm for JointDice {
    const NAME: &'static str = "joint_dice";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Result<Self, segloss_core::Error> {
        Ok(JointDice)
    }

    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        let (mut wrong, mut right) = (L::splat(0.0), L::splat(1e-3));
        for class in 0..classes.len() {
            let sums = classes.get(class);
            wrong = wrong + sums.false_positive + sums.false_negative;
            right = right + (sums.target - sums.false_negative) * L::splat(2.0);
        }
        wrong.share_with(right)
    }
}
