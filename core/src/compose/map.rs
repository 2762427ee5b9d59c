use core::fmt;

use super::map_job::MapJob;
use crate::engine::{Call, check_mask, read_targets};
use crate::error::Error;
use crate::lanes::Real;
use crate::level::Scalar;
use crate::link::Link;
use crate::maps::band::Band;
use crate::maps::decay::Decay;
use crate::maps::edt::Spacing;
use crate::maps::{
    IGNORED, LabelBytes, LabelSource, MapLevel, NamedBits, NamedMap, Serial, Workers,
};
use crate::parameter::complete;
use crate::pixelwise::{self, MOST_CLASSES};
use crate::summation::{BLOCK, TILE};
use crate::term::{Arguments, PARAMETERS, Parameter};
use crate::tile::{CheckKernels, LabelKernels, TargetKernels};
use crate::view::{IgnoredAs, Shape, Targets};

/// A weight map, as its author writes it: labels in, one weight a pixel out.
///
/// It is computed for each sample and channel as a whole, never for a tile.
pub trait WeightMap: Copy + Send + Sync + 'static {
    /// Its name in the text form.
    const NAME: &'static str;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];
    /// Whether [`WeightMap::weigh`] is known to write every weight, each of them finite and at least 0: its
    /// places then hold anything before, and its weights are not checked when they are used.
    const TRUSTED: bool = false;

    /// The map with these parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    fn new(arguments: Arguments<'_>) -> Result<Self, Error>;

    /// Words of scratch that a plane takes.
    ///
    /// # Errors
    /// [`Error::Extent`] if the number overflows, or another for a plane that the map cannot take.
    fn scratch(&self, labels: &dyn LabelSource) -> Result<usize, Error> {
        let _ = labels;
        Ok(0)
    }

    /// Writes the weight of each pixel of a plane, all of which hold 1 unless the map is trusted.
    ///
    /// # Errors
    /// What [`WeightMap::scratch`] could not tell.
    fn weigh<T: Real>(
        &self,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error>;
}

/// A weight map that is an object, from another language or written by hand.
pub trait ObjectMap<T>: Sync {
    /// Accepts or refuses parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        let _ = arguments;
        Ok(())
    }

    /// Words of scratch that a plane takes.
    ///
    /// # Errors
    /// [`Error::Extent`] if the number overflows, or another for a plane that the map cannot take.
    fn scratch(&self, arguments: Arguments<'_>, labels: &dyn LabelSource) -> Result<usize, Error> {
        let _ = (arguments, labels);
        Ok(0)
    }

    /// Writes the weight of each pixel of a plane, all of which hold 1.
    ///
    /// # Errors
    /// What [`ObjectMap::scratch`] could not tell.
    fn weigh(
        &self,
        arguments: Arguments<'_>,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error>;
}

type Check = fn(Arguments<'_>) -> Result<(), Error>;
type Measure = fn(Arguments<'_>, &dyn LabelSource, Workers<'_>) -> Result<usize, Error>;
/// Writes a plane's weights, or bits, with scratch.
type Write<O> =
    fn(Arguments<'_>, &dyn LabelSource, Workers<'_>, &mut [u64], &mut [O]) -> Result<(), Error>;

/// A map of two weights, by a bit a pixel.
pub(super) struct Marked {
    two_weights: fn(Arguments<'_>) -> Result<[f64; 2], Error>,
    pub(super) mark: Write<u64>,
}

/// A map of a generic trait, compiled for one format.
pub(super) struct Compiled<T> {
    trusted: bool,
    /// Of a map of this crate, returns the leaves that read targets.
    pub(super) leaves: Option<fn() -> &'static LabelKernels>,
    check: Check,
    measures: fn(Arguments<'_>) -> bool,
    scratch: Measure,
    pub(super) weigh: Write<T>,
    marked: Option<Marked>,
}

impl Marked {
    const fn of<M: NamedBits, Lv: MapLevel>() -> Self {
        Marked {
            // What the weights are, the link does not change.
            two_weights: |arguments| Ok(M::new(arguments, Link::Sigmoid)?.two_weights()),
            mark: |arguments, labels, workers, scratch, bits| {
                let map = M::new(arguments, labels.link())?;
                match Lv::detect() {
                    Some(level) => map.mark(level, labels, workers, scratch, bits),
                    None => map.mark(Scalar, labels, workers, scratch, bits),
                }
            },
        }
    }
}

pub(super) enum MapBody<'d, T> {
    Given,
    Formula(Compiled<T>),
    Object(&'d dyn ObjectMap<T>),
}

/// A weight map by name: what `@ name(...)` refers to.
pub struct MapDefinition<'d, T> {
    /// The map's name.
    pub name: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    pub(super) body: MapBody<'d, T>,
}

impl<T> fmt::Debug for MapDefinition<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapDefinition").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Real> MapDefinition<'static, T> {
    /// Defines a map that is computed from labels.
    pub const fn computed<M: WeightMap>() -> Self {
        let compiled = Compiled {
            trusted: M::TRUSTED,
            leaves: None,
            check: |arguments| M::new(arguments).map(|_| ()),
            measures: |_| true,
            scratch: |arguments, labels, _| M::new(arguments)?.scratch(labels),
            weigh: |arguments, labels, _, scratch, weights| {
                M::new(arguments)?.weigh(labels, scratch, weights)
            },
            marked: None,
        };
        MapDefinition { name: M::NAME, parameters: M::PARAMETERS, body: MapBody::Formula(compiled) }
    }

    /// Defines [`Band`], run at level `Lv`:
    /// `band(theta=3, weight=5, border=auto|zero|keep, void=nearest|cut)`.
    pub const fn band<Lv: MapLevel>() -> Self {
        MapDefinition::named::<Band, Lv>(Some(Marked::of::<Band, Lv>()))
    }

    /// Defines [`Decay`], run at level `Lv`: `decay(sigma=5, empty=zero|one, void=nearest|cut)`.
    pub const fn decay<Lv: MapLevel>() -> Self {
        MapDefinition::named::<Decay, Lv>(None)
    }

    /// Defines a map of this crate, run at `Lv`: as scalar code on a machine without its instructions.
    const fn named<M: NamedMap, Lv: MapLevel>(marked: Option<Marked>) -> Self {
        let compiled = Compiled {
            trusted: true,
            leaves: Some(LabelKernels::at::<Lv>),
            // What is in its range, and what measures, the link does not change.
            check: |arguments| M::new(arguments, Link::Sigmoid).map(|_| ()),
            measures: |arguments| M::new(arguments, Link::Sigmoid).is_ok_and(|map| map.measures()),
            scratch: |arguments, labels, workers| {
                M::new(arguments, labels.link())?.scratch(labels, workers)
            },
            weigh: |arguments, labels, workers, scratch, weights| {
                let map = M::new(arguments, labels.link())?;
                match Lv::detect() {
                    Some(level) => map.weigh(level, labels, workers, scratch, weights),
                    None => map.weigh(Scalar, labels, workers, scratch, weights),
                }
            },
            marked,
        };
        MapDefinition { name: M::NAME, parameters: M::PARAMETERS, body: MapBody::Formula(compiled) }
    }

    /// Defines a map whose weights the caller has and passes under this name. Parameters, if it has any,
    /// are for the caller to read.
    pub const fn given(name: &'static str, parameters: &'static [Parameter]) -> Self {
        MapDefinition { name, parameters, body: MapBody::Given }
    }
}

impl<'d, T: Real> MapDefinition<'d, T> {
    /// Defines a map that an object computes.
    pub const fn object(
        name: &'static str,
        parameters: &'static [Parameter],
        map: &'d dyn ObjectMap<T>,
    ) -> Self {
        MapDefinition { name, parameters, body: MapBody::Object(map) }
    }

    fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        match &self.body {
            MapBody::Given => Ok(()),
            MapBody::Formula(map) => (map.check)(arguments),
            MapBody::Object(map) => map.check(arguments),
        }
    }
}

/// A weight map with its parameters.
#[derive(Clone, Copy, Debug)]
pub struct MapCall<'a, T> {
    definition: Option<&'a MapDefinition<'a, T>>,
    values: [f64; PARAMETERS],
}

impl<T> Default for MapCall<'_, T> {
    /// No map: storage for one that is read from text.
    fn default() -> Self {
        MapCall { definition: None, values: [0.0; PARAMETERS] }
    }
}

impl<T> PartialEq for MapCall<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        let name = |call: &Self| call.definition.map(|definition| definition.name);
        name(self) == name(other) && self.values == other.values
    }
}

impl<'a, T: Real> MapCall<'a, T> {
    /// `definition(values)`; parameters without a value take their defaults.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a parameter out of its range, [`Error::Arguments`] for more values
    /// than parameters.
    pub fn new(definition: &'a MapDefinition<'a, T>, values: &[f64]) -> Result<Self, Error> {
        let values = complete(definition.name, definition.parameters, values)?;
        let call = MapCall { definition: Some(definition), values };
        definition.check(call.arguments())?;
        Ok(call)
    }

    /// What it refers to; none if it is no map.
    pub fn definition(&self) -> Option<&'a MapDefinition<'a, T>> {
        self.definition
    }

    /// The values of its parameters, in the definition's order.
    pub fn values(&self) -> &[f64] {
        let count = self.definition.map_or(0, |definition| definition.parameters.len());
        self.values.get(..count).unwrap_or_default()
    }

    /// Whether the caller passes its weights instead of computing them here.
    pub fn is_given(&self) -> bool {
        self.definition.is_none_or(|map| matches!(map.body, MapBody::Given))
    }

    /// Whether the weights that it computes are known to be finite and at least 0.
    pub fn is_trusted(&self) -> bool {
        self.definition.is_some_and(|map| match &map.body {
            MapBody::Formula(map) => map.trusted,
            MapBody::Object(_) | MapBody::Given => false,
        })
    }

    /// Whether a spacing may change the weights that it computes: that it measures distances by one, or
    /// is a caller's own. One that is given is not computed.
    pub fn measures(&self) -> bool {
        self.definition.is_some_and(|map| match &map.body {
            MapBody::Formula(map) => (map.measures)(self.arguments()),
            MapBody::Object(_) => true,
            MapBody::Given => false,
        })
    }

    /// Checks that a spacing other than 1 is for one of `maps`: that some map [measures](MapCall::measures).
    ///
    /// # Errors
    /// [`Error::Unused`] if none does.
    pub fn check_spacing(maps: &[Self], spacing: Spacing) -> Result<(), Error> {
        if spacing.is_unit() || maps.iter().any(MapCall::measures) {
            return Ok(());
        }
        let expected = "1 along every axis, or a map that measures distances";
        Err(Error::Unused { argument: "spacing", expected })
    }

    pub(super) fn arguments(&self) -> Arguments<'_> {
        Arguments::new(self.values(), self.definition.map_or(&[], |map| map.parameters))
    }

    /// Returns the weights that [`BitWeights`](crate::view::BitWeights) chooses between, where a bit is 1 and where it is 0, if the map has no
    /// others: [`MapJob::mark`] then computes the bits.
    pub fn two_weights(&self) -> Option<[f64; 2]> {
        (self.marked()?.two_weights)(self.arguments()).ok()
    }

    pub(super) fn marked(&self) -> Option<&'a Marked> {
        match &self.definition?.body {
            MapBody::Formula(map) => map.marked.as_ref(),
            MapBody::Object(_) | MapBody::Given => None,
        }
    }

    /// Words of scratch that [`MapCall::compute`] takes.
    ///
    /// # Errors
    /// [`Error::Empty`] for targets without a pixel; [`Error::NotComputed`] for a map that the caller
    /// gives; [`Error::Extent`] if the number overflows, or another for an image that the map cannot
    /// take.
    pub fn scratch(&self, call: &Call<'_>, targets: &Targets<'_>) -> Result<usize, Error> {
        MapJob::new(self, call, targets, &Serial).map(|job| job.scratch())
    }

    /// Computes the weights of all samples and channels of `targets`, packed, channels first.
    ///
    /// # Errors
    /// What [`MapCall::scratch`] cannot measure; [`Error::Shape`] for a mask that is not shaped as the
    /// targets; those of [`check_labels`]; [`Error::Workspace`] for `scratch` shorter than [`MapCall::scratch`] says or
    /// `weights` other than one a target.
    pub fn compute(
        &self,
        call: &Call<'_>,
        targets: &Targets<'_>,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        let job = MapJob::new(self, call, targets, &Serial)?;
        job.check()?;
        job.run(scratch, weights)
    }

    /// Words of scratch that one plane takes with so many workers.
    pub(super) fn plane_scratch(
        &self,
        labels: &dyn LabelSource,
        workers: Workers<'_>,
    ) -> Result<usize, Error> {
        match self.definition.map(|map| &map.body) {
            Some(MapBody::Formula(map)) => (map.scratch)(self.arguments(), labels, workers),
            Some(MapBody::Object(map)) => map.scratch(self.arguments(), labels),
            None | Some(MapBody::Given) => Err(self.not_computed()),
        }
    }

    /// Writes the weights of one plane.
    pub(super) fn weigh(
        &self,
        labels: &dyn LabelSource,
        workers: Workers<'_>,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        if !self.is_trusted() {
            weights.fill(T::splat(1.0));
        }
        match self.definition.map(|map| &map.body) {
            Some(MapBody::Formula(map)) => {
                (map.weigh)(self.arguments(), labels, workers, scratch, weights)
            }
            Some(MapBody::Object(map)) => map.weigh(self.arguments(), labels, scratch, weights),
            None | Some(MapBody::Given) => Err(self.not_computed()),
        }
    }

    /// Returns the leaves that read targets for a map of this crate; others read them by themselves.
    pub(super) fn leaves(&self) -> Option<&'static LabelKernels> {
        match &self.definition?.body {
            MapBody::Formula(map) => map.leaves.map(|leaves| leaves()),
            MapBody::Object(_) | MapBody::Given => None,
        }
    }

    pub(super) fn not_computed(&self) -> Error {
        Error::NotComputed { map: self.name() }
    }

    fn name(&self) -> &'static str {
        self.definition.map_or("", |map| map.name)
    }
}

/// Checks what maps are made from: a mask in each channel under the sigmoid link, under softmax a map of labels from 0 to
/// 2^24 - 1. Pixels that do not count may hold anything.
///
/// # Errors
/// [`Error::Ignored`]; [`Error::Shape`] for a mask of the call that does not fit; the first target in
/// row-major order that is none, by [`Error::Share`], [`Error::Mask`] or [`Error::Label`].
pub fn check_labels(call: &Call<'_>, targets: &Targets<'_>) -> Result<(), Error> {
    check_labels_with(CheckKernels::scalar(), call, targets)
}

pub(super) fn check_labels_with(
    kernels: &CheckKernels,
    call: &Call<'_>,
    targets: &Targets<'_>,
) -> Result<(), Error> {
    call.ignore_index.check()?;
    check_mask(call, *targets.layout().shape())?;
    let (ignored, mask) = (call.ignore_index.labels(), call.mask.as_ref());
    match call.link {
        Link::Sigmoid => pixelwise::check_shares(kernels, targets, ignored, mask)?,
        Link::Softmax => pixelwise::check_labels(kernels, targets, MOST_CLASSES, ignored, mask)?,
    };
    Ok(())
}

/// One sample and channel of targets, as a call reads them. If they are not there, or the call's mask is
/// of another shape, no pixel counts.
#[derive(Clone, Copy, Debug)]
pub struct LabelPlane<'a> {
    /// Its link, `ignore_index` and mask count.
    pub call: &'a Call<'a>,
    /// All targets.
    pub targets: &'a Targets<'a>,
    /// The sample.
    pub sample: usize,
    /// The channel.
    pub channel: usize,
}

impl LabelPlane<'_> {
    /// Up to a tile of pixels, all of which there are.
    fn read_tile(&self, first: usize, labels: &mut [u32]) {
        let LabelPlane { call, targets, sample, channel } = *self;
        let (at, count) = ((sample, channel, first), labels.len());
        let (mut y, mut valid) = ([0f32; TILE], [1f32; TILE]);
        read_targets(TargetKernels::scalar(), call, targets, at, count, &mut y, &mut valid);
        for ((label, y), valid) in labels.iter_mut().zip(y).zip(valid) {
            let own = match call.link {
                Link::Sigmoid => u32::from(y > 0.5),
                Link::Softmax => y as u32,
            };
            *label = if valid != 0.0 { own } else { IGNORED };
        }
    }
}

impl LabelPlane<'_> {
    fn exists(&self) -> bool {
        let shape = *self.targets.layout().shape();
        let is_there = self.sample < shape.batch && self.channel < shape.channels;
        is_there && !shape.is_empty() && check_mask(self.call, shape).is_ok()
    }
}

impl LabelSource for LabelPlane<'_> {
    fn shape(&self) -> Shape {
        Shape { batch: 1, channels: 1, ..*self.targets.layout().shape() }
    }

    fn spacing(&self) -> Spacing {
        self.call.spacing
    }

    fn read(&self, first: usize, labels: &mut [u32]) {
        let pixels = self.targets.layout().shape().pixels();
        let there = if self.exists() { pixels.saturating_sub(first) } else { 0 };
        let (own, past) = labels.split_at_mut(there.min(labels.len()));
        past.fill(IGNORED);
        for (i, tile) in own.chunks_mut(TILE).enumerate() {
            self.read_tile(first + i * TILE, tile);
        }
    }

    fn read_mask(&self, first: usize, labels: &mut [u8]) -> bool {
        let LabelPlane { call, targets, sample, channel } = *self;
        if call.link != Link::Sigmoid {
            return false;
        }
        let pixels = targets.layout().shape().pixels();
        let there = if self.exists() { pixels.saturating_sub(first) } else { 0 };
        let (own, past) = labels.split_at_mut(there.min(labels.len()));
        past.fill(u8::MAX);
        targets.foreground(sample, channel, first, call.ignore_index.labels(), own);
        let Some(mask) = &call.mask else { return true };
        let mut counts = [true; BLOCK];
        for (i, block) in own.chunks_mut(BLOCK).enumerate() {
            mask.read((sample, channel, first + i * BLOCK), block.len(), &mut counts);
            for (label, counts) in block.iter_mut().zip(&counts) {
                *label = if *counts { *label } else { u8::MAX };
            }
        }
        true
    }

    fn may_ignore(&self) -> bool {
        self.call.mask.is_some() || self.targets.can_ignore(self.call.ignore_index.labels())
    }

    fn bytes(&self) -> Option<LabelBytes<'_>> {
        if !self.exists() || self.call.mask.is_some() {
            return None;
        }
        let ignored = IgnoredAs::of(self.call.ignore_index.labels());
        if ignored.several() {
            return None;
        }
        let layout = self.targets.layout();
        let first = layout.index(self.sample, self.channel, 0);
        Some(LabelBytes {
            data: self.targets.bytes()?.get(first..)?,
            strides: layout.strides().spatial,
            is_binary: self.call.link == Link::Sigmoid,
            ignored: ignored.first(),
        })
    }
}
