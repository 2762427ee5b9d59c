//! One loss at every level, composed at compile time, at run time and from text.

use segloss_conformance::code::{Code, evaluate_by_core};
use segloss_conformance::run::bits;
use segloss_core::compose::{Definition, MapCall, MapDefinition, Plan, Program, Registry, Term};
use segloss_core::engine::{Call, Problem, Scale, evaluate};
use segloss_core::lanes::Real;
use segloss_core::level::Scalar;
use segloss_core::term::Options;
use segloss_core::view::{GradientSink, Layout, Logit, Logits, View, ViewMut, Weights};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs};

/// The inputs of a call. Maps are called `first` and `second` in a text.
pub struct Inputs<'a, T> {
    pub call: Call<'a>,
    /// One scale a sample, for losses that have a value of each.
    pub scales: &'a [f64],
    pub logits: Logits<'a, T>,
    pub targets: View<'a, f32>,
}

/// All that an evaluation gives, bit for bit. NaN compares as NaN, whatever its payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    value: u64,
    valid: u64,
    gradient: Vec<u64>,
    samples: Option<Vec<u64>>,
    loss_map: Option<Vec<u64>>,
}

impl Outcome {
    /// What of `other` is not the same, and what it is, if it is one number.
    fn differs_in(&self, other: &Outcome) -> Option<String> {
        let each = |name: &str, own: &[u64], others: &[u64]| {
            let place = own.iter().zip(others).position(|(a, b)| a != b)?;
            let [own, other] = [own[place], others[place]].map(f64::from_bits);
            Some(format!("{name} {place}: {own:?} {other:?}"))
        };
        let some = |own: &Option<Vec<u64>>| own.clone().unwrap_or_default();
        each("value", &[self.value], &[other.value])
            .or_else(|| each("gradient", &self.gradient, &other.gradient))
            .or_else(|| each("sample", &some(&self.samples), &some(&other.samples)))
            .or_else(|| each("loss map", &some(&self.loss_map), &some(&other.loss_map)))
            .or_else(|| (self != other).then(|| "number of outcomes".into()))
    }
}

fn all_bits<T: Real>(values: &[T]) -> Vec<u64> {
    values.iter().map(|x| bits(x.widen())).collect()
}

/// Evaluates `program`, with and without a gradient.
pub fn outcome<T: Real + Logit<Compute = T>>(
    call: Call<'_>,
    program: &dyn Program<T, f64>,
    inputs: &Inputs<'_, T>,
) -> Outcome {
    let targets = &inputs.targets;
    let problem = Problem::<T, f64>::new(call, program, inputs.logits, targets).unwrap();
    let shape = problem.shape();
    let mut buffers = Buffers::<T>::new();
    let mut workspace = buffers.lend(&problem.sizes()).unwrap();
    let mut gradient = vec![T::default(); shape.batch * shape.channels * shape.pixels()];
    let mut sink = ViewMut::new(&mut gradient, Layout::channels_first(shape).unwrap()).unwrap();
    let report = evaluate(&problem, Some(&mut sink), &mut workspace).unwrap();
    let alone = evaluate(&problem, None, &mut workspace).unwrap();
    assert_eq!((bits(alone.value), alone.valid), (bits(report.value), report.valid));

    let mut samples = vec![0.0; shape.batch];
    let has_samples = problem.check_sample_values(&samples).is_ok();
    if has_samples {
        problem.sample_values(workspace.sums, &mut samples).unwrap();
    }
    let mut loss_map = vec![T::default(); targets.layout().span()];
    let mut sink = ViewMut::new(&mut loss_map, *targets.layout()).unwrap();
    let has_loss_map = problem.check_loss_map(&sink).is_ok();
    if has_loss_map {
        problem.loss_map(&mut workspace, &mut sink).unwrap();
    }
    Outcome {
        value: bits(report.value),
        valid: report.valid,
        gradient: all_bits(&gradient),
        samples: has_samples.then(|| all_bits(&samples)),
        loss_map: has_loss_map.then(|| all_bits(&loss_map)),
    }
}

/// A loss from text, with the outputs that `like` has.
fn of_text<T: Real + Logit<Compute = T>>(
    code: Code,
    text: &str,
    call: Call<'_>,
    inputs: &Inputs<'_, T>,
    like: &Outcome,
) -> Outcome {
    let (shape, targets) = (*inputs.logits.layout().shape(), &inputs.targets);
    let mut gradient = vec![T::default(); shape.batch * shape.channels * shape.pixels()];
    let mut sink = ViewMut::new(&mut gradient, Layout::channels_first(shape).unwrap()).unwrap();
    let mut samples = vec![0.0; shape.batch];
    let mut loss_map = vec![T::default(); targets.layout().span()];
    let mut map_sink = ViewMut::new(&mut loss_map, *targets.layout()).unwrap();
    let outputs = Outputs {
        gradient: Some(&mut sink),
        samples: like.samples.as_ref().map(|_| &mut samples[..]),
        loss_map: like.loss_map.as_ref().map(|_| &mut map_sink as &mut dyn GradientSink<T>),
    };
    // The band is not computed here, but given like any other map.
    let names = ["first", "second"].into_iter().zip(call.maps.iter().copied());
    let mut given: Vec<(&str, Weights<'_>)> =
        names.chain(call.maps.first().map(|&map| ("band", map))).collect();
    let own = ["first", "second"].map(|name| MapDefinition::given(name, &[]));
    let (logits, targets) = (inputs.logits, targets.into());
    let report = match code {
        Code::Scalar => {
            let registry = Registry::builtin::<Scalar>().with_maps(&own).unwrap();
            evaluate_by_core(registry, text, call, logits, targets, &given, outputs)
        }
        Code::Level(level) => {
            let mut library = Library::<T>::new(level);
            own.into_iter().for_each(|map| library.add_map_definition(map).unwrap());
            let loss = Loss::new(&library, text, call.link).unwrap();
            let of_loss = |name: &str| {
                let names =
                    |map: &MapCall<'_, T>| map.definition().is_some_and(|own| own.name == name);
                loss.with(|plan| plan.map_calls().iter().any(names))
            };
            given.retain(|(name, _)| of_loss(name));
            loss.evaluate(call, logits, targets, &given, outputs, &mut Buffers::new())
        }
    }
    .unwrap();
    Outcome {
        value: bits(report.value),
        valid: report.valid,
        gradient: all_bits(&gradient),
        samples: like.samples.is_some().then(|| all_bits(&samples)),
        loss_map: like.loss_map.is_some().then(|| all_bits(&loss_map)),
    }
}

/// A term's coefficient, the values of its parameters, and its options.
pub type Setting<'a> = (f64, &'a [f64], Options<'a>);

pub fn setting<'a>(coefficient: f64, values: &'a [f64], options: Options<'a>) -> Setting<'a> {
    (coefficient, values, options)
}

/// Asserts that a loss gives the same bits by any code as `fixed`, as the terms of `definitions`, and as
/// text: what those terms print, and `preset` if there is one.
#[track_caller]
pub fn assert_same<T: Real + Logit<Compute = T>>(
    inputs: &Inputs<'_, T>,
    fixed: impl Fn(Code, Call<'_>) -> Outcome,
    definitions: impl Fn(Code) -> Vec<Definition<'static, T>>,
    settings: &[Setting<'_>],
    preset: Option<&str>,
) {
    let best = AnyLevel::best().into();
    let first = fixed(best, inputs.call);
    let by_sample = Call { scale: Scale::Samples(inputs.scales), ..inputs.call };
    let calls = [Some(inputs.call), first.samples.as_ref().map(|_| by_sample)];
    for call in calls.into_iter().flatten() {
        let expected = fixed(best, call);
        for code in Code::all() {
            let at = |how: &str, found: Outcome| {
                if let Some(what) = expected.differs_in(&found) {
                    let shape = inputs.logits.layout().shape();
                    panic!(
                        "{what} of {how} at {} for {shape} at scale {:?}",
                        code.name(),
                        call.scale
                    );
                }
            };
            at("fixed", fixed(code, call));
            let definitions = definitions(code);
            let terms: Vec<_> = definitions
                .iter()
                .zip(settings)
                .map(|(d, &(c, values, options))| Term::new(c, d, values, options).unwrap())
                .collect();
            let given = ["first", "second"].map(|name| MapDefinition::given(name, &[]));
            let maps = given.each_ref().map(|map| MapCall::new(map, &[]).unwrap());
            let plan = Plan::new(&terms, code.kernels()).maps(&maps);
            at("plan", outcome(call, &plan, inputs));
            let text = plan.to_string();
            at(&text, of_text(code, &text, call, inputs, &expected));
            if let Some(preset) = preset {
                at(preset, of_text(code, preset, call, inputs, &expected));
            }
        }
    }
}

impl<'a, T: Copy> Inputs<'a, T> {
    /// Puts the inputs under another call.
    pub fn with(&self, call: Call<'a>) -> Inputs<'a, T> {
        Inputs { call, ..*self }
    }
}
