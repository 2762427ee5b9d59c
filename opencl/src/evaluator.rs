use ocl_core::CommandQueue;
use segloss_core::compose::Parts;
use segloss_core::engine::{Call, Link, Problem, Scale, Workspace};
use segloss_core::level::Scalar;
use segloss_core::summation::ACCUMULATORS;
use segloss_core::term::Normalise;
use segloss_core::view::{Layout, Shape, View, Write};

use crate::commands::{Argument, Buffer, Commands, Items};
use crate::device::Device;
use crate::error::{Error, While};
use crate::fold::{Folding, fold};
use crate::programs::Programs;
use crate::source::source;
use crate::target::DeviceTarget;
use crate::trace::Format;

/// What an evaluation gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation<T> {
    /// The loss, before [`Call::scale`].
    pub value: f64,
    /// Pixels that counted, over all samples (and channels, under the sigmoid link).
    pub valid: u64,
    /// The gradient, of the logits' shape, channels first; if it was asked for.
    pub gradient: Option<Vec<T>>,
}

/// Evaluates losses on a device, from data in host memory.
///
/// A program is built the first time a loss is seen and kept. One evaluator can serve several
/// threads.
#[derive(Debug)]
pub struct Evaluator {
    programs: Programs,
    queue: CommandQueue,
}

impl Evaluator {
    /// On the first device with `device` in its name, on a platform with `platform` in its name;
    /// empty strings are in every name.
    ///
    /// # Errors
    /// [`Error::NoPlatform`], [`Error::NoDevice`], or what the device reported.
    pub fn new(platform: &str, device: &str) -> Result<Self, Error> {
        let device = Device::find(platform, device)?;
        if device.work_group() < ACCUMULATORS {
            let (largest, expected) = (device.work_group(), ACCUMULATORS);
            return Err(Error::WorkGroup { largest, expected });
        }
        let context = device.context()?;
        let queue = ocl_core::create_command_queue(&context, device.id, None)
            .or_fail("create a command queue")?;
        Ok(Evaluator { programs: Programs::new(device, context), queue })
    }

    /// The device.
    pub fn device(&self) -> &Device {
        self.programs.device()
    }

    /// The loss of `logits` (channels first, packed, of `shape`) and `targets` (of the same shape,
    /// or of one channel under softmax), and its gradient if `with_gradient`.
    ///
    /// # Errors
    /// Inputs that do not fit, or a device that fails.
    pub fn evaluate<T: Format, E: DeviceTarget, P: Parts>(
        &self,
        parts: &P,
        call: Call<'_>,
        logits: &[T],
        shape: Shape,
        targets: &[E],
        with_gradient: bool,
    ) -> Result<Evaluation<T>, Error> {
        check_plain(parts, &call, shape)?;
        if T::DOUBLE && !self.device().has_double() {
            return Err(Error::NoDouble { device: self.device().name().into() });
        }
        let target_channels = if call.link == Link::Softmax { 1 } else { shape.channels };
        let target_shape = shape.with_channels(target_channels);
        let logit_view = packed("logits", logits, shape)?;
        let target_view = packed("targets", targets, target_shape)?;
        let problem = Problem::<T, f64, _, _, _>::new(call, parts, &logit_view, &target_view)?;
        let sizes = problem.sizes();
        let mut sums = vec![0.0; sizes.sums];
        let mut totals = vec![0.0; sizes.totals];
        let mut factors = vec![T::default(); sizes.factors];
        let mut slopes = vec![[T::default(); 2]; sizes.slopes];
        problem.check(
            Scalar,
            &mut Workspace {
                partials: &mut vec![[T::default(); ACCUMULATORS]; sizes.partials],
                sums: &mut sums,
                segment: &mut vec![0.0; sizes.segment],
                totals: &mut totals,
                factors: &mut factors,
                slopes: &mut slopes,
                weights: &mut [],
                class_weights: &mut [],
            },
        )?;

        let program = self.programs.get(&source::<T, E, P>(parts, call.link))?;
        let context = self.programs.context();
        let mut commands = Commands::new(&self.queue, Vec::new());
        let (pixels, classes) = (shape.pixels(), shape.channels as u32);
        let logits = Buffer::holding(context, logits)?;
        let targets = Buffer::holding(context, targets)?;
        let ignored = call.ignore_index.and_then(E::from_label);
        let is_ignoring = i32::from(ignored.is_some());
        let ignored = ignored.unwrap_or_default();
        let pixel_count = pixels as u64;
        let mut arguments = vec![
            Argument::buffer(&logits),
            Argument::buffer(&targets),
            Argument::number(&pixel_count),
        ];
        if call.link == Link::Softmax {
            arguments.push(Argument::number(&classes));
        }
        arguments.extend([Argument::number(&is_ignoring), Argument::number(&ignored)]);

        let folding = Folding::new::<P>(call.link, shape);
        let block_sums = Buffer::<T>::new(context, folding.len())?;
        let mut reduce = arguments.clone();
        reduce.push(Argument::buffer(&block_sums));
        let planes = shape.batch * target_channels;
        let items = Items::groups([folding.blocks(), planes, 1], ACCUMULATORS);
        commands.run(&program, "reduce", items, &reduce)?;
        fold(&folding, &commands.read_all(&block_sums)?, &mut sums);

        problem.close(&sums, &mut totals)?;
        let value = problem.finish(&totals, &sums, &mut factors, &mut slopes)?;
        let valid = totals.last().map_or(0, |&valid| valid as u64);
        if !with_gradient {
            return Ok(Evaluation { value, valid, gradient: None });
        }

        // A buffer cannot be empty.
        slopes.resize(slopes.len().max(1), [T::default(); 2]);
        let factors = Buffer::holding(context, &factors)?;
        let slopes = Buffer::holding(context, slopes.as_flattened())?;
        let result = Buffer::<T>::new(context, shape.channels * shape.batch * pixels)?;
        arguments.extend([
            Argument::buffer(&factors),
            Argument::buffer(&slopes),
            Argument::buffer(&result),
        ]);
        let items = Items::groups([pixels.div_ceil(ACCUMULATORS), planes, 1], ACCUMULATORS);
        commands.run(&program, "gradient", items, &arguments)?;
        Ok(Evaluation { value, valid, gradient: Some(commands.read_all(&result)?) })
    }
}

/// What the kernels do not do yet.
fn check_plain<P: Parts>(parts: &P, call: &Call<'_>, shape: Shape) -> Result<(), Error> {
    let is_weighted = P::WEIGHTED || P::REGION_WEIGHTED;
    let has_rules = |index| {
        let options = parts.spec(index, shape.channels).options;
        options.normalise == Normalise::Weights
    };
    if call.write == Write::Accumulate {
        return Err(Error::Accumulate);
    }
    let feature = if call.mask.is_some() {
        "a mask"
    } else if is_weighted || call.weights.is_some() || (0..P::LEN).any(has_rules) {
        "weights"
    } else if let Scale::Samples(_) = call.scale {
        "one scale a sample"
    } else {
        return Ok(());
    };
    Err(Error::Unsupported { feature })
}

/// A view of all of `data`, channels first.
fn packed<'a, X>(
    argument: &'static str,
    data: &'a [X],
    shape: Shape,
) -> Result<View<'a, X>, Error> {
    let layout = Layout::channels_first(shape)?;
    let (length, expected) = (data.len(), layout.span());
    if length != expected {
        return Err(Error::Length { argument, length, expected });
    }
    Ok(View::new(data, layout)?)
}
