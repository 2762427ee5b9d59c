use std::sync::{Mutex, PoisonError};

use ocl_core::{CommandQueue, CommandQueueProperties, OclPrm};
use segloss_core::compose::{MOST_CLASSES, MapCall, check_labels};
use segloss_core::engine::{Call, Link};
use segloss_core::maps::band::Band;
use segloss_core::maps::bits;
use segloss_core::maps::decay::Decay;
use segloss_core::maps::edt::{self, Spacing, Squared};
use segloss_core::maps::morphology::{Border, Element, Extent};
use segloss_core::view::{Layout, Mask, Shape, View, Wide};

use super::distance::{Measure, Place};
use super::host::{HostLabels, extents, upload};
use super::labels::{Targets, Validity};
use super::launch::{Launch, MapTuning};
use super::morphology::{Morph, Packed, band};
use super::source::Finish;
use super::weights::{BuiltinMap, filled, weights_by};
use crate::commands::{Buffer, Commands, seconds_of};
use crate::device::Device;
use crate::error::{Error, While};
use crate::ignored::Ignored;
use crate::programs::Programs;
use crate::target::DeviceTarget;
use crate::trace::Format;

/// Maps on a device, from images in host memory: what [`segloss_core::maps`] gives, in every pixel.
///
/// Distances with unit spacing, and all that comes of bits, are equal everywhere; what is rounded has the
/// bits of the CPU where [`Device::is_exact`]. A spacing needs a device with `f64`.
///
/// ```no_run
/// use segloss_core::maps::Mask;
/// use segloss_opencl::Maps;
///
/// let maps = Maps::new("", "")?;
/// let mask = Mask::new(&[0, 1, 1, 1], &[4])?;
/// let mut squared = [0u32; 4];
/// maps.squared_distance_to_background(&mask, &mut squared)?;
/// assert_eq!(squared, [0, 1, 4, 9]);
/// # Ok::<(), segloss_opencl::Error>(())
/// ```
#[derive(Debug)]
pub struct Maps {
    programs: Programs,
    queue: CommandQueue,
    tuning: MapTuning,
    /// The time of the last call's kernels, where the queue measures it.
    seconds: Mutex<Option<f64>>,
}

macro_rules! distances {
    ($($(#[$doc:meta])* $name:ident: $to_other:literal, $finish:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// What the function of this name in core refuses; [`Error::NoDouble`] for a spacing, or `f64`, on
        /// a device without; or what the device reported.
        pub fn $name<S: HostLabels, T: Format>(
            &self,
            labels: &S,
            spacing: Spacing,
            out: &mut [T],
        ) -> Result<(), Error> {
            let (rate, empty) = (T::default(), T::default());
            let finish = Finish::$finish;
            let to_other = $to_other;
            self.measure(labels, &Measure { to_other, spacing, finish, rate, empty }, out)
        }
    )*};
}

macro_rules! squares {
    ($($(#[$doc:meta])* $name:ident: $to_other:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// What the function of this name in core refuses; or what the device reported.
        pub fn $name<S: HostLabels, Q: Squared + OclPrm>(
            &self,
            labels: &S,
            out: &mut [Q],
        ) -> Result<(), Error> {
            edt::holds::<S, Q>(labels)?;
            let finish = Finish::Squared(if size_of::<Q>() == 4 { "uint" } else { "ulong" });
            let (to_other, spacing) = ($to_other, Spacing::UNIT);
            let of = Measure { to_other, spacing, finish, rate: 0f32, empty: 0f32 };
            self.measure(labels, &of, out)
        }
    )*};
}

impl Maps {
    /// On the first device with `device` in its name, on a platform with `platform` in its name;
    /// empty strings are in every name.
    ///
    /// # Errors
    /// [`Error::NoPlatform`], [`Error::NoDevice`], or what the device reported.
    pub fn new(platform: &str, device: &str) -> Result<Self, Error> {
        Maps::with_queue(Device::find(platform, device)?, None)
    }

    /// On `device`, with a queue that measures how long kernels take ([`Maps::seconds`]).
    ///
    /// # Errors
    /// What the device reported.
    pub fn measuring(device: Device) -> Result<Self, Error> {
        Maps::with_queue(device, Some(CommandQueueProperties::PROFILING_ENABLE))
    }

    fn with_queue(
        device: Device,
        properties: Option<CommandQueueProperties>,
    ) -> Result<Self, Error> {
        let context = device.context()?;
        let queue = ocl_core::create_command_queue(&context, device.id, properties)
            .or_fail("create a command queue")?;
        let programs = Programs::new(device, context);
        let tuning = MapTuning::of(&programs);
        Ok(Maps { programs, queue, tuning, seconds: Mutex::default() })
    }

    /// From the start of the first kernel of the last call to the end of its last one, in seconds: without
    /// copies from and to the host. None of maps that do not [measure](Maps::measuring).
    pub fn seconds(&self) -> Option<f64> {
        *self.seconds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The device.
    pub fn device(&self) -> &Device {
        self.programs.device()
    }

    /// How kernels are run.
    pub fn tuning(&self) -> MapTuning {
        self.tuning
    }

    /// Runs kernels in another way from here on.
    ///
    /// # Errors
    /// [`Error::WorkGroup`] for groups of no item, or of more than the device takes.
    pub fn tuned(self, tuning: MapTuning) -> Result<Self, Error> {
        let largest = self.device().work_group();
        if tuning.group == 0 || tuning.group > largest {
            return Err(Error::WorkGroup { largest, expected: tuning.group });
        }
        Ok(Maps { tuning, ..self })
    }

    distances! {
        /// Computes [`edt::distance_to_background`].
        distance_to_background: false, Distance;
        /// Computes [`edt::distance_to_other`].
        distance_to_other: true, Distance;
        /// Computes [`edt::signed_distance`].
        signed_distance: true, Signed;
    }

    squares! {
        /// Computes [`edt::squared_distance_to_background`].
        squared_distance_to_background: false;
        /// Computes [`edt::squared_distance_to_other`].
        squared_distance_to_other: true;
    }

    /// Computes [`Decay::weights`].
    ///
    /// # Errors
    /// What core refuses; [`Error::NoDouble`] for a spacing, or `f64`, on a device without; or what the
    /// device reported.
    pub fn decay_weights<S: HostLabels, T: Format>(
        &self,
        decay: &Decay,
        labels: &S,
        spacing: Spacing,
        out: &mut [T],
    ) -> Result<(), Error> {
        self.planned(&BuiltinMap::Decay(*decay), labels, spacing, out)
    }

    /// Computes [`Band::weights`].
    ///
    /// # Errors
    /// What core refuses; [`Error::NoDouble`] for `f64`, or void to fill by a spacing, on a device without; or
    /// what the device reported.
    pub fn band_weights<S: HostLabels, T: Format>(
        &self,
        band: &Band,
        labels: &S,
        out: &mut [T],
    ) -> Result<(), Error> {
        self.planned(&BuiltinMap::Band(*band), labels, band.spacing(), out)
    }

    /// Computes [`Band::bits`], of which there are [`bits::words`].
    ///
    /// # Errors
    /// What core refuses; [`Error::NoDouble`] for void to fill by a spacing on a device without; or what the
    /// device reported.
    pub fn band_bits<S: HostLabels>(&self, of: &Band, labels: &S) -> Result<Vec<u64>, Error> {
        let words = bits::words(labels.spatial())?;
        BuiltinMap::Band(*of).check(&extents(labels), of.spacing())?;
        self.with_launch(|launch| {
            let planes = upload(labels, launch)?;
            let planes = filled(launch, planes, of.void(), of.spacing())?;
            let packed = band(launch, of, &planes)?;
            let mut words = vec![0; words];
            launch.commands.read(packed.bits.memory(), 0, &mut words)?;
            Ok(words)
        })
    }

    /// Computes [`dilate`](segloss_core::maps::morphology::dilate).
    ///
    /// # Errors
    /// What core refuses, or what the device reported.
    pub fn dilate(
        &self,
        extent: Extent,
        element: Element,
        iterations: u32,
        bits: &mut [u64],
    ) -> Result<(), Error> {
        self.morph(extent, Morph::Dilate, element, iterations, bits)
    }

    /// Computes [`erode`](segloss_core::maps::morphology::erode).
    ///
    /// # Errors
    /// What core refuses, or what the device reported.
    pub fn erode(
        &self,
        extent: Extent,
        element: Element,
        border: Border,
        iterations: u32,
        bits: &mut [u64],
    ) -> Result<(), Error> {
        self.morph(extent, Morph::Erode(border), element, iterations, bits)
    }

    /// Computes [`MapCall::compute`] of targets of `shape`, packed, channels first.
    ///
    /// # Errors
    /// What core refuses; [`Error::Length`] for targets or weights that are not one for each element of
    /// `shape`; [`Error::NotGiven`] for a map of a plugin; or what the device reported.
    pub fn weights<T: Format, E: DeviceTarget>(
        &self,
        map: &MapCall<'_, T>,
        call: &Call<'_>,
        targets: &[E],
        shape: Shape,
        out: &mut [T],
    ) -> Result<(), Error> {
        self.check_format::<T>()?;
        let plan = BuiltinMap::of(map, call.link)?;
        MapCall::check_spacing(&[*map], call.spacing)?;
        if E::ELEMENT.is_double() {
            self.check_format::<f64>()?;
        }
        let layout = Layout::channels_first(shape)?;
        expect("targets", targets.len(), layout.span())?;
        expect("out", out.len(), layout.span())?;
        check_labels(call, &E::targets(View::new(targets, layout)?))?;
        if shape.batch == 0 {
            return Ok(());
        }
        let are_masks = call.link == Link::Sigmoid;
        let is_ignored = |target: E| {
            let labels = call.ignore_index.labels();
            labels.iter().any(|&label| E::from_label(label) == Some(target))
        };
        let labels = targets.iter().filter(|&&target| !is_ignored(target));
        // What is masked out may be no label.
        let labels = labels.map(|target| target.widen());
        let labels = labels.filter(|label| label.is_label(MOST_CLASSES as u32));
        let largest = labels.map(|label| label.index() as u32).max();
        self.with_launch(|launch| {
            let bits: Vec<E::Bits> = targets.iter().map(|target| target.to_bits()).collect();
            let memory = Buffer::holding(launch.context(), &bits)?;
            let counts = call.mask.as_ref().map(mask_bytes);
            let counts =
                counts.map(|bytes| Buffer::holding(launch.context(), &bytes)).transpose()?;
            let channels = call.mask.as_ref().map_or(1, |mask| mask.layout().shape().channels);
            let mask = counts.as_ref().map(|counts| {
                let memory = counts.memory();
                Validity { memory, first: 0, channels }
            });
            let labels = largest.map_or(0, |largest| largest.saturating_add(1));
            let memory = memory.memory();
            let ignored = Ignored::stored_as::<E>(call.ignore_index.labels());
            let (element, first) = (E::ELEMENT, 0);
            let targets =
                Targets { element, memory, first, shape, are_masks, labels, ignored, mask };
            let results = Buffer::<T>::new(launch.context(), out.len())?;
            weights_by(launch, &plan, &targets, call.spacing, &results)?;
            launch.commands.read(results.memory(), 0, out)
        })
    }

    fn morph(
        &self,
        extent: Extent,
        morph: Morph,
        element: Element,
        iterations: u32,
        bits: &mut [u64],
    ) -> Result<(), Error> {
        let words = bits::words(extent.spatial)?;
        let length = bits.len();
        let Some(bits) = bits.get_mut(..words) else {
            let argument = "bits";
            return Err(segloss_core::Error::Workspace { argument, length, expected: words }.into());
        };
        if words == 0 {
            return Ok(());
        }
        self.with_launch(|launch| {
            let packed =
                Packed { bits: Buffer::holding(launch.context(), bits)?, planes: 1, extent };
            let packed = packed.morph(launch, morph, element, iterations)?;
            launch.commands.read(packed.bits.memory(), 0, bits)
        })
    }

    fn measure<S: HostLabels, T: Format, O: OclPrm>(
        &self,
        labels: &S,
        measure: &Measure<T>,
        out: &mut [O],
    ) -> Result<(), Error> {
        self.check_format::<T>()?;
        extents(labels).check(measure.spacing)?;
        expect("out", out.len(), extents(labels).pixels())?;
        self.with_launch(|launch| {
            let planes = upload(labels, launch)?;
            let results = Buffer::<O>::new(launch.context(), out.len())?;
            measure.run(launch, &planes, Place { memory: results.memory(), first: 0 })?;
            launch.commands.read(results.memory(), 0, out)
        })
    }

    fn planned<S: HostLabels, T: Format>(
        &self,
        plan: &BuiltinMap,
        labels: &S,
        spacing: Spacing,
        out: &mut [T],
    ) -> Result<(), Error> {
        self.check_format::<T>()?;
        plan.check(&extents(labels), spacing)?;
        expect("out", out.len(), extents(labels).pixels())?;
        self.with_launch(|launch| {
            let planes = upload(labels, launch)?;
            let results = Buffer::<T>::new(launch.context(), out.len())?;
            let place = Place { memory: results.memory(), first: 0 };
            plan.run::<T>(launch, planes, spacing, place)?;
            launch.commands.read(results.memory(), 0, out)
        })
    }

    fn check_format<T: Format>(&self) -> Result<(), Error> {
        if T::DOUBLE && !self.device().has_double() {
            return Err(Error::NoDouble { device: self.device().name().into() });
        }
        Ok(())
    }

    fn with_launch<R>(
        &self,
        work: impl FnOnce(&mut Launch<'_, '_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut commands = Commands::new(&self.queue, Vec::new());
        let (programs, tuning) = (&self.programs, self.tuning);
        let result = work(&mut Launch { programs, commands: &mut commands, tuning });
        let seconds = seconds_of(&commands.events()).ok();
        *self.seconds.lock().unwrap_or_else(PoisonError::into_inner) = seconds;
        result
    }
}

/// The bytes of a mask, packed, channels first.
fn mask_bytes(mask: &Mask<'_>) -> Vec<u8> {
    fn bytes<E: Copy>(view: &View<'_, E>, is_set: impl Fn(E) -> bool) -> Vec<u8> {
        let (layout, data) = (view.layout(), view.data());
        let shape = layout.shape();
        let mut bytes = Vec::with_capacity(shape.batch * shape.channels * shape.pixels());
        for plane in 0..shape.batch * shape.channels {
            let (sample, channel) = (plane / shape.channels, plane % shape.channels);
            let each = |_, at: usize| bytes.push(u8::from(is_set(data[at])));
            layout.scan(sample, channel, 0, shape.pixels(), each);
        }
        bytes
    }
    match mask {
        Mask::U8(view) => bytes(view, |m| m != 0),
        Mask::Bool(view) => bytes(view, |m| m),
    }
}

fn expect(argument: &'static str, length: usize, expected: usize) -> Result<(), Error> {
    if length != expected {
        return Err(Error::Length { argument, length, expected });
    }
    Ok(())
}
