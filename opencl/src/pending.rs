use ocl_core::{CommandQueue, Event, Mem, OclPrm};
use segloss_core::compose::check_labels;
use segloss_core::engine::{Call, Ignore, Link, Report, Scale};
use segloss_core::view::{Layout, Mask, Shape, View};

use crate::commands::{Buffer, Commands, seconds_of, wait_for};
use crate::error::Error;
use crate::loss::Loss;
use crate::source::{BAD_SCALE, BAD_TARGET, BAD_WEIGHT, Sizes, UNCLEAR};
use crate::target::{DeviceTarget, Element, with_element};
use crate::tensors::{Options, Plane, Tensors, elements};

/// An evaluation that a device is to do, or has done.
#[derive(Debug)]
pub struct Pending {
    queue: CommandQueue,
    report: Buffer<u64>,
    place: Place,
    /// Of all commands, in order.
    events: Vec<Event>,
}

/// What a report has to be known of to be understood.
#[derive(Debug)]
pub(crate) struct Place {
    link: Link,
    shape: Shape,
    /// The targets' shape.
    planes: Shape,
    /// Labels of pixels that do not count.
    ignored: Vec<i64>,
    /// Whether a map is computed, which refuses targets before the loss does.
    has_computed_map: bool,
    is_signed: bool,
    scale: f64,
    has_double: bool,
    is_double: bool,
    targets: (Element, Stored),
    mask: Option<Stored>,
    /// Weights of the call, then maps.
    weights: Vec<Option<Stored>>,
}

/// An array, kept to look at what is wrong in it.
#[derive(Debug)]
struct Stored {
    memory: Mem,
    first: usize,
    is_shared: bool,
}

impl Stored {
    fn plane(plane: &Plane<'_>) -> Self {
        let (memory, first) = (plane.array.memory.clone(), plane.array.first);
        Stored { memory, first, is_shared: plane.is_shared }
    }
}

impl Place {
    pub(crate) fn new(
        loss: &Loss,
        sizes: &Sizes,
        options: &Options<'_>,
        tensors: &Tensors<'_>,
        has_double: bool,
    ) -> Self {
        let targets = tensors.targets;
        let stored =
            Stored { memory: targets.memory.clone(), first: targets.first, is_shared: false };
        let given = |name: &&str| {
            let found = tensors.maps.iter().find(|(own, _)| own == name);
            found.map(|(_, map)| Stored::plane(map))
        };
        let mut weights = vec![tensors.weights.as_ref().map(Stored::plane)];
        weights.extend(sizes.maps.iter().map(given));
        let (link, shape) = (loss.link(), tensors.shape);
        Place {
            link,
            shape,
            planes: shape.with_channels(sizes.planes),
            ignored: options.ignored(link, shape.channels).to_vec(),
            has_computed_map: weights[1..].iter().any(Option::is_none),
            is_signed: sizes.is_signed,
            scale: match options.scale {
                Scale::Batch(scale) => scale,
                Scale::Samples(scales) => scales.iter().fold(0.0, |most, x| x.abs().max(most)),
            },
            has_double,
            is_double: tensors.storage.is_double(),
            targets: (tensors.element, stored),
            mask: tensors.mask.as_ref().map(Stored::plane),
            weights,
        }
    }
}

impl Pending {
    pub(crate) fn new(
        queue: CommandQueue,
        report: Buffer<u64>,
        place: Place,
        events: Vec<Event>,
    ) -> Self {
        Pending { queue, report, place, events }
    }

    /// The events of its kernels, in order. Each waits for the one before: the last is complete when the
    /// evaluation is, and is what other commands wait for.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Waits for it, and gives the time from the start of its first kernel to the end of its last, in
    /// seconds, of a queue that [measures](crate::Evaluator::measuring).
    ///
    /// # Errors
    /// What the device reported: that it measures nothing, for one.
    pub fn seconds(&self) -> Result<f64, Error> {
        seconds_of(&self.events)
    }

    /// Where the report lies on the device: four `ulong`, the third the number of valid pixels, the last
    /// the bits of the value (`f64` where the device has it, else `f32`), the first 0 if nothing is wrong.
    pub fn report(&self) -> &Mem {
        self.report.memory()
    }

    /// Waits for the evaluation, and reads what came of it: the only copy to the host.
    ///
    /// # Errors
    /// Targets, weights or a scale of no use, by value and place; the gradient is untouched then. Or what
    /// the device reported.
    pub fn wait(&self) -> Result<Report<f64>, Error> {
        // First, because PoCL never ends a read that waits for a command that has failed.
        if let Some(last) = self.events.last() {
            wait_for(last, "evaluate the loss")?;
        }
        let mut commands = Commands::new(&self.queue, Vec::new());
        let mut report = [0u64; 4];
        commands.read(self.report.memory(), 0, &mut report)?;
        self.interpret(report)
    }

    /// Returns what came of the evaluation, from what a command of the caller's has read of
    /// [`Pending::report`]. Waits only to look at a target or weight of no use.
    ///
    /// # Errors
    /// Targets, weights or a scale of no use, by value and place; the gradient is untouched then. Or what
    /// the device reported.
    pub fn interpret(&self, report: [u64; 4]) -> Result<Report<f64>, Error> {
        let mut commands = Commands::new(&self.queue, self.events.clone());
        let [fault, at, valid, value] = report;
        let place = &self.place;
        match fault {
            0 => {
                let value = if place.has_double {
                    f64::from_bits(value)
                } else {
                    f64::from(f32::from_bits(value as u32))
                };
                Ok(Report { value, valid })
            }
            // Not a place that any buffer has.
            _ if at > isize::MAX as u64 / 16 => Err(Error::OpenCl {
                action: "read the report",
                reason: format!("it names place {at}"),
            }),
            BAD_TARGET => Err(place.bad_target(&mut commands, at as usize)?),
            UNCLEAR => Err(place.unclear(&mut commands)?),
            BAD_WEIGHT => Err(place.bad_weight(&mut commands, at as usize)?),
            BAD_SCALE => Err(segloss_core::Error::Scale { value: place.scale }.into()),
            _ => Err(Error::OpenCl {
                action: "read the report",
                reason: format!("it says {fault}, expected 0 to {UNCLEAR}"),
            }),
        }
    }
}

impl Place {
    /// Sample, channel and pixel of a place among targets.
    fn coordinates(&self, at: usize) -> (usize, usize, usize) {
        let (plane, pixels) = (at / self.shape.pixels(), self.shape.pixels());
        (plane / self.planes.channels, plane % self.planes.channels, at % pixels)
    }

    /// What is wrong with the target at a place, or with one before that only all of them tell.
    fn bad_target(&self, commands: &mut Commands<'_>, at: usize) -> Result<Error, Error> {
        with_element!(self.targets.0, E => self.bad_target_of::<E>(commands, at))
    }

    fn bad_target_of<E: DeviceTarget>(
        &self,
        commands: &mut Commands<'_>,
        at: usize,
    ) -> Result<Error, Error> {
        if self.link == Link::Sigmoid || self.has_computed_map {
            let targets = self.read_targets::<E>(commands)?;
            let layout = Layout::channels_first(self.planes)?;
            let mask = self.read_mask(commands)?;
            let mask = match &mask {
                Some((bytes, shape)) => {
                    Some(Mask::U8(View::new(bytes, Layout::channels_first(*shape)?)?))
                }
                None => None,
            };
            let ignore_index = Ignore::Labels(&self.ignored);
            let call = Call { ignore_index, mask, ..Call::of(self.link) };
            if let Err(error) = check_labels(&call, &E::targets(View::new(&targets, layout)?)) {
                return Ok(error.into());
            }
        }
        if self.link == Link::Sigmoid {
            return Ok(gone());
        }
        let (sample, _, pixel) = self.coordinates(at);
        let stored = &self.targets.1;
        let label = E::of_bits(one(commands, stored, stored.first.saturating_add(at))?).number();
        let classes = self.shape.channels;
        Ok(segloss_core::Error::Label { label, sample, pixel, classes }.into())
    }

    /// The error of labels that look like a mask.
    fn unclear(&self, commands: &mut Commands<'_>) -> Result<Error, Error> {
        with_element!(self.targets.0, E => {
            let targets = self.read_targets::<E>(commands)?;
            let view = View::new(&targets[..], Layout::channels_first(self.planes)?)?;
            let held = self.read_mask(commands)?;
            let mask = match &held {
                Some((bytes, shape)) => {
                    Some(Mask::U8(View::new(bytes, Layout::channels_first(*shape)?)?))
                }
                None => None,
            };
            let first = E::targets(view).first_255_beside_0(mask.as_ref());
            Ok(first.map_or_else(gone, |(sample, pixel)| {
                segloss_core::Error::Unclear { sample, pixel }.into()
            }))
        })
    }

    fn read_targets<E: DeviceTarget>(&self, commands: &mut Commands<'_>) -> Result<Vec<E>, Error> {
        let mut bits = vec![E::Bits::default(); elements(self.planes)?];
        let stored = &self.targets.1;
        commands.read(&stored.memory, stored.first, &mut bits)?;
        Ok(bits.into_iter().map(E::of_bits).collect())
    }

    /// The bytes of the call's mask, and its shape.
    fn read_mask(&self, commands: &mut Commands<'_>) -> Result<Option<(Vec<u8>, Shape)>, Error> {
        let Some(stored) = &self.mask else { return Ok(None) };
        let shape = if stored.is_shared { self.planes.with_channels(1) } else { self.planes };
        let mut bytes = vec![0; elements(shape)?];
        commands.read(&stored.memory, stored.first, &mut bytes)?;
        Ok(Some((bytes, shape)))
    }

    fn bad_weight(&self, commands: &mut Commands<'_>, at: usize) -> Result<Error, Error> {
        let (at, place) = (at / self.weights.len(), at % self.weights.len());
        let (sample, channel, pixel) = self.coordinates(at);
        let value = match &self.weights[place] {
            None => f64::NAN,
            Some(stored) => {
                let plane =
                    if stored.is_shared { sample } else { sample * self.planes.channels + channel };
                let index = stored.first + plane * self.shape.pixels() + pixel;
                if self.is_double {
                    one::<f64>(commands, stored, index)?
                } else {
                    f64::from(one::<f32>(commands, stored, index)?)
                }
            }
        };
        let argument = if place == 0 { "weights" } else { "map" };
        let is_signed = self.is_signed;
        Ok(segloss_core::Error::Weight { argument, value, sample, channel, pixel, is_signed }
            .into())
    }
}

/// The error of a report that nothing in the targets agrees with.
fn gone() -> Error {
    let reason = "it names bad targets, and there are none in the buffer by now".into();
    Error::OpenCl { action: "read the report", reason }
}

fn one<X: OclPrm>(commands: &mut Commands<'_>, stored: &Stored, index: usize) -> Result<X, Error> {
    let mut one = [X::default()];
    commands.read(&stored.memory, index, &mut one)?;
    Ok(one[0])
}
