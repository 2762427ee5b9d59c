//! One call on a device and by the engine on the CPU.

use segloss_core::compose::{Definition, MapCall, Registry, Term, parse};
use segloss_core::engine::{Call, Link, Problem, Workspace, evaluate};
use segloss_core::lanes::{Lanes, Real};
use segloss_core::level::Scalar;
use segloss_core::summation::{ACCUMULATORS, Accumulator, Compensated, TILE};
use segloss_core::view::{Layout, Mask, Shape, Targets, View, ViewMut, Weights};
use segloss_opencl::trace::Format;
use segloss_opencl::{DeviceLogit, DeviceTarget, Element, Error, Evaluator, Loss, Options, Slices};

use crate::plugins::{Everything, Focal, JointDice, SquaredError, device_library};

/// A device must be there: a test that finds none has failed.
pub fn evaluator() -> Evaluator {
    match Evaluator::new("", "") {
        Ok(evaluator) => evaluator,
        Err(error) => panic!("{error}"),
    }
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
        let options = Options::default();
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
    let plan = parse(case.text, case.link, registry, &mut terms, &mut maps).unwrap();

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
        weights: weights.map(Weights::of),
        spacing,
        scale,
        write,
        ..Call::sigmoid()
    };
    let of_maps = call.for_classes(case.shape.channels);
    let computed = plan.map_calls().iter().map(|map| {
        let mut weights = vec![Z::Compute::default(); case.targets.len()];
        let mut scratch = vec![0; map.scratch(&of_maps, &targets)?];
        map.compute(&of_maps, &targets, &mut scratch, &mut weights)?;
        Ok(weights)
    });
    let computed = computed.collect::<Result<Vec<_>, segloss_core::Error>>()?;
    let planes = Layout::channels_first(case.target_shape())?;
    let maps: Vec<_> =
        computed.iter().map(|map| Weights::of(View::new(map, planes).unwrap())).collect();
    let call = Call { maps: &maps, ..call };
    let problem = Problem::<Z::Compute, A>::new(call, &plan, logits, targets)?;
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
    let report = evaluator.evaluate(&loss, &case.options, slices);
    let is_untouched = |(a, b): (&Z, Z)| a.load().widen() == b.load().widen();
    assert!(
        report.is_ok() || gradient.iter().zip(first_gradient(case.logits.len())).all(is_untouched),
        "{report:?} with a gradient"
    );
    let report = report?;
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
        on_cpu::<Z, E, f64>(case, targets)
    } else {
        on_cpu::<Z, E, Compensated>(case, targets)
    };
    let found = on_device(evaluator, case);
    let is_double = Z::Compute::DOUBLE;
    if (is_double || E::ELEMENT == Element::F64) && !device.has_double() {
        assert_eq!(found.err(), Some(Error::NoDouble { device: device.name().into() }));
        return 0;
    }
    let [of_logits, of_targets] = [core::any::type_name::<Z>(), core::any::type_name::<E>()];
    let what = format!("`{}`, {of_logits} and {of_targets} of shape {}", case.text, case.shape);
    let (found, expected) = match (found, expected) {
        (Ok(found), Ok(expected)) => (found, expected),
        // As text, in which NaN is equal to NaN.
        (Err(found), Err(expected)) => {
            let expected = Error::Call(expected);
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{what}");
            return 0;
        }
        (found, expected) => panic!(
            "{what}: {:?}, on the CPU {:?}",
            found.map(|found| found.value),
            expected.map(|expected| expected.value)
        ),
    };
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
