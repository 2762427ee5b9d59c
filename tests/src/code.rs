//! Which code computes a loss: plain scalar code, by core alone, or a level of the library.

use segloss_core::Error;
use segloss_core::compose::{Kernels, MapCall, Registry, Term, parse};
use segloss_core::engine::{Call, Problem, Report, evaluate};
use segloss_core::lanes::Real;
use segloss_core::level::{Level, Scalar};
use segloss_core::term::Maps;
use segloss_core::view::{Layout, Logits, Targets, View, Weights};
use segloss_simd::{AnyLevel, Buffers, Outputs, with_level};

/// Code that gives the same bits as any other.
#[derive(Clone, Copy, Debug)]
pub enum Code {
    /// One number after the other: what core has without the library.
    Scalar,
    /// The vectors of a level.
    Level(AnyLevel),
}

impl From<AnyLevel> for Code {
    fn from(level: AnyLevel) -> Self {
        Code::Level(level)
    }
}

impl Code {
    /// Scalar code and every level of this machine.
    pub fn all() -> impl Iterator<Item = Self> {
        [Code::Scalar].into_iter().chain(AnyLevel::available().map(Code::Level))
    }

    /// `scalar`, or the level's name.
    pub fn name(&self) -> &'static str {
        match self {
            Code::Scalar => "scalar",
            Code::Level(level) => level.name(),
        }
    }

    /// The loops that losses put together at run time are bound to.
    pub fn kernels<T: Real>(&self) -> &'static Kernels<T> {
        fn of<T: Real, Lv: Level>(_: Lv) -> &'static Kernels<T> {
            Kernels::at::<Lv>()
        }
        match *self {
            Code::Scalar => of(Scalar),
            Code::Level(level) => with_level!(level, level => of(level)),
        }
    }
}

/// Evaluates a loss from text by core alone, with the terms, maps and loops of `registry`, as
/// [`segloss_simd::Loss::evaluate`] does with those of a library.
///
/// # Errors
/// The engine's.
///
/// # Panics
/// If the text is no loss, or has more than 8 terms or 4 maps.
pub fn evaluate_by_core<T: Real>(
    registry: Registry<'_, T>,
    text: &str,
    call: Call<'_>,
    logits: Logits<'_, T>,
    targets: Targets<'_>,
    given: &[(&str, Weights<'_>)],
    outputs: Outputs<'_, T, f64>,
) -> Result<Report<f64>, Error> {
    let (mut terms, mut maps) = ([Term::default(); 8], [MapCall::default(); 4]);
    let loss = parse(text, call.link, registry, &mut terms, &mut maps);
    let loss = loss.unwrap_or_else(|error| panic!("{text}: {error}"));

    let call = call.for_classes(logits.layout().shape().channels);
    let by_name = |map: &MapCall<'_, T>| {
        let name = map.definition()?.name;
        given.iter().find(|(own, _)| *own == name).map(|(_, weights)| *weights)
    };
    let shape = *targets.layout().shape();
    let count = shape.batch * shape.channels * shape.pixels();
    let compute = |map: &MapCall<'_, T>| -> Result<Vec<T>, Error> {
        if by_name(map).is_some() {
            return Ok(Vec::new());
        }
        let mut scratch = vec![0; map.scratch(&call, &targets)?];
        let mut weights = vec![T::default(); count];
        map.compute(&call, &targets, &mut scratch, &mut weights)?;
        Ok(weights)
    };
    let calls = loss.map_calls();
    let computed = calls.iter().map(compute).collect::<Result<Vec<_>, _>>()?;
    let (mut maps, mut trusted) = (Vec::new(), Maps::NONE);
    for (place, (map, computed)) in calls.iter().zip(&computed).enumerate() {
        if let Some(weights) = by_name(map) {
            maps.push(weights);
            continue;
        }
        maps.push(Weights::of(View::new(computed, Layout::channels_first(shape)?)?));
        if map.is_trusted() {
            trusted = trusted.and(place)?;
        }
    }

    let problem = Problem::new(Call { maps: &maps, ..call }, &loss, logits, targets)?;
    let problem = problem.trusting(trusted);
    let Outputs { gradient, samples, loss_map } = outputs;
    if let Some(samples) = &samples {
        problem.check_sample_values(samples)?;
    }
    if let Some(loss_map) = &loss_map {
        problem.check_loss_map(&**loss_map)?;
    }
    let mut buffers = Buffers::new();
    let mut workspace = buffers.lend(&problem.sizes())?;
    let report = evaluate(&problem, gradient, &mut workspace)?;
    if let Some(samples) = samples {
        problem.sample_values(workspace.sums, samples)?;
    }
    if let Some(loss_map) = loss_map {
        problem.loss_map(&mut workspace, loss_map)?;
    }
    Ok(report)
}
