use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ocl_core::{CommandQueue, CommandQueueProperties, Event, MemInfo, MemInfoResult};
use segloss_core::engine::{CallShape, Link, MOST_IGNORED, Scale};
use segloss_core::maps::edt::Spacing;

use crate::commands::{Buffer, Commands};
use crate::device::Device;
use crate::error::{Error, While};
use crate::loss::Loss;
use crate::overlap::Bytes;
use crate::pending::{Pending, Place};
use crate::programs::Programs;
use crate::run::{Evaluation, Prepared};
use crate::source::{self, Sizes, Target, source};
use crate::tensors::{Array, Options, Plane, Signature, Tensors, elements};
use crate::tuning::Tuning;

/// The most classes or channels of a loss with region terms: their derivatives are written out one by
/// one.
const REGION_CLASSES: usize = 256;
/// The most classes of any loss: a work item keeps a number for each.
const CLASSES: usize = 1024;

/// Evaluates losses on a device.
///
/// A program is built the first time that a loss is seen with inputs of some kind, and kept. One
/// evaluator can serve several threads.
#[derive(Debug)]
pub struct Evaluator {
    programs: Programs,
    queue: CommandQueue,
    tuning: Tuning,
    prepared: Mutex<HashMap<Key, Arc<Prepared>>>,
}

/// What a program depends on.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    loss: (usize, String, bool),
    target: Target,
}

impl Evaluator {
    /// On the first device with `device` in its name, on a platform with `platform` in its name;
    /// empty strings are in every name.
    ///
    /// # Errors
    /// [`Error::NoPlatform`], [`Error::NoDevice`], or what the device reported.
    pub fn new(platform: &str, device: &str) -> Result<Self, Error> {
        Evaluator::on(Device::find(platform, device)?)
    }

    /// On `device`, with a context and a queue of its own.
    ///
    /// # Errors
    /// What the device reported.
    pub fn on(device: Device) -> Result<Self, Error> {
        Evaluator::with_queue(device, None)
    }

    /// On `device`, with a queue that measures how long commands take ([`Pending::seconds`]).
    ///
    /// # Errors
    /// What the device reported.
    pub fn measuring(device: Device) -> Result<Self, Error> {
        Evaluator::with_queue(device, Some(CommandQueueProperties::PROFILING_ENABLE))
    }

    fn with_queue(
        device: Device,
        properties: Option<CommandQueueProperties>,
    ) -> Result<Self, Error> {
        let context = device.context()?;
        let queue = ocl_core::create_command_queue(&context, device.id, properties)
            .or_fail("create a command queue")?;
        Ok(Evaluator::with(device, context, queue))
    }

    pub(crate) fn with(device: Device, context: ocl_core::Context, queue: CommandQueue) -> Self {
        let tuning = device.tuning();
        let programs = Programs::new(device, context);
        Evaluator { programs, queue, tuning, prepared: Mutex::default() }
    }

    /// Cuts work differently from here on. The bits of the results do not depend on it.
    ///
    /// # Errors
    /// [`Error::Tuning`] for what the kernels are not written for, or groups that are too large.
    pub fn tuned(self, tuning: Tuning) -> Result<Self, Error> {
        let group = tuning.blocks_a_group() * tuning.items();
        if !tuning.is_possible() || group > self.device().work_group() {
            return Err(Error::Tuning { tuning });
        }
        Ok(Evaluator { tuning, ..self })
    }

    /// The device.
    pub fn device(&self) -> &Device {
        self.programs.device()
    }

    /// The context that its buffers belong to.
    pub fn context(&self) -> &ocl_core::Context {
        self.programs.context()
    }

    /// The queue that its commands are added to.
    pub fn queue(&self) -> &CommandQueue {
        &self.queue
    }

    /// The OpenCL C that `loss` becomes for such inputs.
    ///
    /// # Errors
    /// A loss that does not fit them.
    pub fn source(&self, loss: &Loss, signature: &Signature) -> Result<String, Error> {
        let target = self.target(loss, signature);
        write(loss, &call_shape(loss, signature), &target).map(|(text, _)| text)
    }

    /// Builds the program that [`Evaluator::enqueue`] needs for such inputs, so that the first call does
    /// not wait for the device's compiler.
    ///
    /// # Errors
    /// A loss that does not fit them, or [`Error::Build`].
    pub fn warm_up(&self, loss: &Loss, signature: &Signature) -> Result<(), Error> {
        self.prepare(loss, signature).map(|_| ())
    }

    /// Adds the commands that evaluate `loss` to the queue, after `wait`, and gives what is to come.
    /// Nothing is waited for. The buffers' contents must stay as they are until it is done. A batch without
    /// samples has the value 0, and no kernel runs.
    ///
    /// # Errors
    /// Inputs that do not fit, or a device that fails. What is wrong with the numbers in them is found
    /// by the device: [`Pending::wait`] tells it, and the gradient is untouched.
    pub fn enqueue(
        &self,
        loss: &Loss,
        options: &Options<'_>,
        tensors: &Tensors<'_>,
        wait: &[Event],
    ) -> Result<Pending, Error> {
        self.enqueue_on(&self.queue, loss, options, tensors, wait)
    }

    /// Adds the commands to `queue`, which is known to be of this context and device.
    pub(crate) fn add(
        &self,
        queue: &CommandQueue,
        loss: &Loss,
        options: &Options<'_>,
        tensors: &Tensors<'_>,
        wait: &[Event],
    ) -> Result<Pending, Error> {
        check(self, loss, options, tensors)?;
        if tensors.shape.batch == 0 {
            return self.enqueue_nothing(queue, loss, options, tensors, wait);
        }
        let prepared = self.prepare(loss, &Signature::of(options, tensors))?;
        let mut commands = Commands::new(queue, wait.to_vec());
        let (programs, tuning, prepared) = (&self.programs, self.tuning, &*prepared);
        let evaluation = Evaluation { programs, tuning, loss, prepared, options, tensors };
        let report = evaluation.run(&mut commands)?;
        let place = Place::new(loss, &prepared.sizes, options, tensors, self.device().has_double());
        let events = commands.events();
        ocl_core::flush(queue).or_fail("hand commands to the device")?;
        Ok(Pending::new(queue.clone(), report, place, events))
    }

    /// Adds a marker in the place of commands for a batch without samples, whose value is 0.
    fn enqueue_nothing(
        &self,
        queue: &CommandQueue,
        loss: &Loss,
        options: &Options<'_>,
        tensors: &Tensors<'_>,
        wait: &[Event],
    ) -> Result<Pending, Error> {
        let signature = Signature::of(options, tensors);
        self.check_formats(&signature)?;
        let (_, sizes) =
            write(loss, &call_shape(loss, &signature), &self.target(loss, &signature))?;
        let report = Buffer::holding(self.context(), &[0; 4])?;
        let mut commands = Commands::new(queue, wait.to_vec());
        commands.mark()?;
        let place = Place::new(loss, &sizes, options, tensors, self.device().has_double());
        Ok(Pending::new(queue.clone(), report, place, commands.events()))
    }

    fn target(&self, loss: &Loss, signature: &Signature) -> Target {
        let Signature { shape, storage, element, has_mask, has_weights, by_sample, ignored } =
            *signature;
        let has_two_classes = loss.link() == Link::Softmax && shape.channels == 2;
        Target {
            storage,
            element,
            channels: shape.channels,
            has_mask,
            has_weights,
            by_sample,
            ignores_several: ignored.is_some_and(|labels| labels > 1),
            refuses_masks: has_two_classes && ignored.is_none() && element.holds_255(),
            has_double: self.device().has_double(),
            width: self.tuning.width(storage.is_double()),
            items: self.tuning.items(),
            blocks_a_group: self.tuning.blocks_a_group(),
        }
    }

    /// That the device has the formats of logits and targets.
    fn check_formats(&self, signature: &Signature) -> Result<(), Error> {
        let needs_double = signature.storage.is_double() || signature.element.is_double();
        if needs_double && !self.device().has_double() {
            return Err(Error::NoDouble { device: self.device().name().into() });
        }
        Ok(())
    }

    /// The program of a loss, built if it is new.
    fn prepare(&self, loss: &Loss, signature: &Signature) -> Result<Arc<Prepared>, Error> {
        self.check_formats(signature)?;
        let target = self.target(loss, signature);
        let key = Key { loss: loss.key(), target };
        let mut known = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = known.get(&key) {
            return Ok(prepared.clone());
        }
        let (text, sizes) = write(loss, &call_shape(loss, signature), &target)?;
        let program = self.programs.get(&text)?;
        let prepared = Arc::new(Prepared::new(program, sizes, loss));
        known.insert(key, prepared.clone());
        Ok(prepared)
    }
}

fn call_shape(loss: &Loss, signature: &Signature) -> CallShape {
    let shape = signature.shape;
    let channels = if loss.link() == Link::Softmax { 1 } else { shape.channels };
    CallShape {
        link: loss.link(),
        logits: shape,
        targets: shape.with_channels(channels),
        by_call: signature.has_weights,
        maps: loss.maps(),
        by_sample: signature.by_sample,
    }
}

/// The text of a program and the sizes that go with it.
fn write(loss: &Loss, call_shape: &CallShape, target: &Target) -> Result<(String, Sizes), Error> {
    call_shape.check_shapes()?;
    loss.with(|plan| {
        let fit = call_shape.fit(plan)?;
        let channels = target.channels;
        let most = if fit.has_region { REGION_CLASSES } else { CLASSES };
        if channels > most && (fit.has_region || call_shape.link == Link::Softmax) {
            return Err(Error::Classes { channels, most });
        }
        let loss = source::Loss {
            plan,
            library: loss.library(),
            link: call_shape.link,
            fit,
            by_call: call_shape.by_call,
        };
        let text = if target.storage.is_double() {
            source::<f64>(&loss, target)
        } else {
            source::<f32>(&loss, target)
        };
        Ok((text, loss.sizes(target)))
    })
}

/// What can be known of a call before the device sees it.
fn check(
    evaluator: &Evaluator,
    loss: &Loss,
    options: &Options<'_>,
    tensors: &Tensors<'_>,
) -> Result<(), Error> {
    let call_shape = call_shape(loss, &Signature::of(options, tensors));
    call_shape.check_shapes()?;
    check_used(loss, options, tensors)?;
    let (shape, batch) = (tensors.shape, tensors.shape.batch);
    let finite = |&scale: &f64| scale.is_finite();
    match options.scale {
        Scale::Batch(value) if !value.is_finite() => {
            return Err(segloss_core::Error::Scale { value }.into());
        }
        Scale::Samples(scales) if scales.len() != batch => {
            let (argument, length, expected) = ("scale", scales.len(), batch);
            return Err(segloss_core::Error::Samples { argument, length, expected }.into());
        }
        Scale::Samples(scales) => {
            if let Some(&value) = scales.iter().find(|scale| !finite(scale)) {
                return Err(segloss_core::Error::Scale { value }.into());
            }
        }
        Scale::Batch(_) => {}
    }
    let size = if tensors.storage.is_double() { 8 } else { 4 };
    let logits = elements(shape)?;
    let planes = call_shape.planes();
    let of_plane = |plane: &Plane<'_>| {
        elements(planes.with_channels(if plane.is_shared { 1 } else { planes.channels }))
    };
    let fits = |argument, array: &Array<'_>, len: usize, size: usize| {
        evaluator.fits(argument, array, len, size)
    };
    let mut inputs = vec![
        fits("logits", &tensors.logits, logits, tensors.storage.size())?,
        fits("targets", &tensors.targets, elements(planes)?, tensors.element.size())?,
    ];
    if let Some(mask) = &tensors.mask {
        inputs.push(fits("mask", &mask.array, of_plane(mask)?, 1)?);
    }
    if let Some(weights) = &tensors.weights {
        inputs.push(fits("weights", &weights.array, of_plane(weights)?, size)?);
    }
    for (_, map) in tensors.maps {
        inputs.push(fits("map", &map.array, of_plane(map)?, size)?);
    }
    if let Some(gradient) = &tensors.gradient {
        let output = fits("gradient", gradient, logits, tensors.storage.size())?;
        inputs.iter().try_for_each(|input| output.is_apart_from(input))?;
    }
    Ok(())
}

/// That no more labels are ignored than can be, and that something uses maps and spacing.
fn check_used(loss: &Loss, options: &Options<'_>, tensors: &Tensors<'_>) -> Result<(), Error> {
    let length = options.ignore_index.labels().len();
    if length > MOST_IGNORED {
        return Err(segloss_core::Error::Ignored { length }.into());
    }
    if !tensors.maps.iter().all(|(name, _)| loss.refers_to(name)) {
        let (argument, expected) = ("maps", "the names of maps that the loss has");
        return Err(segloss_core::Error::Unused { argument, expected }.into());
    }
    if loss.maps() == 0 && options.spacing != Spacing::UNIT {
        let (argument, expected) = ("spacing", "a map that measures distances, such as `decay`");
        return Err(segloss_core::Error::Unused { argument, expected }.into());
    }
    Ok(())
}

impl Evaluator {
    /// The bytes of an array of `len` elements of `size` bytes, if they lie in its buffer, and that in
    /// this context.
    fn fits(
        &self,
        argument: &'static str,
        array: &Array<'_>,
        len: usize,
        size: usize,
    ) -> Result<Bytes, Error> {
        let info = |request| ocl_core::get_mem_object_info(array.memory, request);
        let bytes = match info(MemInfo::Size).or_fail("ask for a buffer's size")? {
            MemInfoResult::Size(bytes) => bytes,
            _ => 0,
        };
        let context = info(MemInfo::Context).or_fail("ask for a buffer's context")?;
        let is_own = matches!(
            context,
            MemInfoResult::Context(context) if context.as_ptr() == self.context().as_ptr()
        );
        if !is_own {
            return Err(Error::OtherContext { argument });
        }
        let length = (bytes / size).saturating_sub(array.first);
        if length < len {
            return Err(Error::Length { argument, length, expected: len });
        }
        Bytes::of(argument, array, len, size)
    }
}
