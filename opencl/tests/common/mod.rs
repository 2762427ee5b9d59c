//! Inputs, plugin terms, and both ways to evaluate a loss.
#![allow(dead_code, reason = "each test file uses a part")]

use segloss_core::class::{ClassPixel, ClassTerm};
use segloss_core::compose::Parts;
use segloss_core::engine::{Call, Link, Problem, Workspace, evaluate};
use segloss_core::lanes::Lanes;
use segloss_core::level::Scalar;
use segloss_core::pixel::{Pixel, PixelTerm};
use segloss_core::summation::ACCUMULATORS;
use segloss_core::term::{Arguments, Parameter};
use segloss_core::view::{Layout, Shape, View, ViewMut};
use segloss_opencl::trace::Format;
use segloss_opencl::{DeviceTarget, Error, Evaluation, Evaluator};

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

/// What the engine in core gives, as plain scalar code.
pub fn on_cpu<T: Format, E: DeviceTarget, P: Parts>(
    parts: &P,
    call: Call,
    logits: &[T],
    shape: Shape,
    targets: &[E],
) -> Result<Evaluation<T>, segloss_core::Error> {
    let target_shape = if call.link == Link::Softmax { shape.with_channels(1) } else { shape };
    let layout = Layout::channels_first(shape)?;
    let logit_view = View::new(logits, layout)?;
    let target_view = View::new(targets, Layout::channels_first(target_shape)?)?;
    let problem = Problem::<T, f64, _, _, _>::new(call, parts, &logit_view, &target_view)?;
    let sizes = problem.sizes();
    let mut workspace = Workspace {
        partials: &mut vec![[T::default(); ACCUMULATORS]; sizes.partials],
        sums: &mut vec![0.0; sizes.sums],
        segment: &mut vec![0.0; sizes.segment],
        totals: &mut vec![0.0; sizes.totals],
        factors: &mut vec![T::default(); sizes.factors],
        slopes: &mut vec![[T::default(); 2]; sizes.slopes],
        weights: &mut [],
        class_weights: &mut [],
    };
    let mut gradient = vec![T::default(); logits.len()];
    let mut sink = ViewMut::new(&mut gradient, layout)?;
    let report = evaluate(Scalar, &problem, Some(&mut sink), &mut workspace)?;
    Ok(Evaluation { value: report.value, valid: report.valid, gradient: Some(gradient) })
}

/// Checks that the device gives every bit that the CPU gives, if its arithmetic in this format is the
/// CPU's, else about the same numbers; NaN is equal to NaN. Gives how many numbers of the gradient
/// are NaN: of those the check says little.
pub fn assert_same<T: Format, E: DeviceTarget, P: Parts>(
    evaluator: &Evaluator,
    parts: &P,
    call: Call,
    logits: &[T],
    shape: Shape,
    targets: &[E],
) -> usize {
    let expected = on_cpu(parts, call, logits, shape, targets).unwrap();
    let found = evaluator.evaluate(parts, call, logits, shape, targets, true);
    let device = evaluator.device();
    if T::DOUBLE && !device.has_double() {
        assert_eq!(found.unwrap_err(), Error::NoDouble { device: device.name().into() });
        return 0;
    }
    let found = found.unwrap_or_else(|error| panic!("{error}"));
    let what = format!("{} logits of shape {shape}", core::any::type_name::<T>());
    let is_exact = device.is_exact::<T>();
    let same = |a: f64, b: f64, near: f64| {
        a.to_bits() == b.to_bits()
            || (a.is_nan() && b.is_nan())
            || (!is_exact && (a == b || (a - b).abs() <= near))
    };
    // As accurate as each of the two has to be: relative to the loss and to the largest slope, times
    // how far the exponentials' arguments reach.
    let (of_value, of_gradient) = if T::DOUBLE { (2e-13, 2e-13) } else { (2e-6, 5e-7) };
    let reach = logits.iter().map(|z| z.widen().abs().min(200.0)).fold(1.0, f64::max);

    assert_eq!(found.valid, expected.valid, "valid pixels, {what}");
    let (a, b) = (found.value, expected.value);
    assert!(same(a, b, of_value * b.abs()), "value {a:e}, on the CPU {b:e}, {what}");
    let (found, expected) = (found.gradient.unwrap(), expected.gradient.unwrap());
    assert_eq!(found.len(), expected.len());
    let finite = expected.iter().map(|x| x.widen().abs()).filter(|x| x.is_finite());
    let near = of_gradient * reach * finite.fold(0.0, f64::max);
    for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
        let (a, b) = (a.widen(), b.widen());
        assert!(same(a, b, near), "gradient {i} is {a:e}, on the CPU {b:e}, {what}");
    }
    expected.iter().filter(|x| x.widen().is_nan()).count()
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
