use core::fmt;

use crate::engine::{Call, Link};
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::{BLOCK, TILE};
use crate::term::{Arguments, PARAMETERS, Parameter};
use crate::view::TargetSource;

/// The label of a pixel that does not count.
pub const IGNORED: u32 = u32::MAX;

/// The labels of one plane of targets, whatever they are stored as: classes under softmax; under the
/// sigmoid link 1 where the target is above one half, else 0.
pub trait Labels {
    /// Depth, height and width.
    fn spatial(&self) -> [usize; 3];

    /// Reads the labels of consecutive pixels in row-major order from `first` on, [`IGNORED`] where a
    /// pixel does not count. Reads past the last are [`IGNORED`].
    fn read(&self, first: usize, labels: &mut [u32]);
}

/// A weight map, as its author writes it: labels in, one weight a pixel out.
///
/// It is computed for each sample and channel as a whole, never for a tile.
pub trait WeightMap: Copy + Send + Sync + 'static {
    /// Its name in the text form.
    const NAME: &'static str;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];

    /// The map with these parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    fn new(arguments: Arguments<'_>) -> Result<Self, Error>;

    /// Words of scratch that a plane of these extents takes; none if the number overflows.
    fn scratch(&self, spatial: [usize; 3]) -> Option<usize> {
        let _ = spatial;
        Some(0)
    }

    /// Writes the weight of each pixel of a plane, all of which hold 1.
    fn weigh<T: Real>(&self, labels: &dyn Labels, scratch: &mut [u64], weights: &mut [T]);
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

    /// As [`WeightMap::scratch`].
    fn scratch(&self, arguments: Arguments<'_>, spatial: [usize; 3]) -> Option<usize> {
        let _ = (arguments, spatial);
        Some(0)
    }

    /// As [`WeightMap::weigh`].
    fn weigh(
        &self,
        arguments: Arguments<'_>,
        labels: &dyn Labels,
        scratch: &mut [u64],
        weights: &mut [T],
    );
}

/// A map of a generic trait, compiled for one format.
struct Compiled<T> {
    check: fn(Arguments<'_>) -> Result<(), Error>,
    scratch: fn(Arguments<'_>, [usize; 3]) -> Option<usize>,
    weigh: fn(Arguments<'_>, &dyn Labels, &mut [u64], &mut [T]),
}

enum MapBody<'d, T> {
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
    body: MapBody<'d, T>,
}

impl<T> fmt::Debug for MapDefinition<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapDefinition").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Real> MapDefinition<'static, T> {
    /// Of a map that is computed from labels.
    pub const fn computed<M: WeightMap>() -> Self {
        let compiled = Compiled {
            check: |arguments| M::new(arguments).map(|_| ()),
            scratch: |arguments, spatial| M::new(arguments).ok()?.scratch(spatial),
            weigh: |arguments, labels, scratch, weights| {
                if let Ok(map) = M::new(arguments) {
                    map.weigh(labels, scratch, weights);
                }
            },
        };
        MapDefinition { name: M::NAME, parameters: M::PARAMETERS, body: MapBody::Formula(compiled) }
    }

    /// Of a map whose weights the caller has and passes under this name. Parameters, if it has any, are
    /// for the caller to read.
    pub const fn given(name: &'static str, parameters: &'static [Parameter]) -> Self {
        MapDefinition { name, parameters, body: MapBody::Given }
    }
}

impl<'d, T: Real> MapDefinition<'d, T> {
    /// Of an object.
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
        let (given, expected) = (values.len(), definition.parameters.len());
        if given > expected || expected > PARAMETERS {
            let expected = expected.min(PARAMETERS);
            return Err(Error::Arguments { term: definition.name, given, expected });
        }
        let mut all = [0.0; PARAMETERS];
        let defaults = definition.parameters.iter().map(|parameter| parameter.default);
        all.iter_mut().zip(defaults).for_each(|(value, default)| *value = default);
        all.iter_mut().zip(values).for_each(|(value, &given)| *value = given);
        let call = MapCall { definition: Some(definition), values: all };
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

    fn arguments(&self) -> Arguments<'_> {
        Arguments::new(self.values(), self.definition.map_or(&[], |map| map.parameters))
    }

    /// Words of scratch that [`MapCall::compute`] takes; none if the number overflows.
    pub fn scratch(&self, spatial: [usize; 3]) -> Option<usize> {
        match self.definition.map(|map| &map.body) {
            None | Some(MapBody::Given) => Some(0),
            Some(MapBody::Formula(map)) => (map.scratch)(self.arguments(), spatial),
            Some(MapBody::Object(map)) => map.scratch(self.arguments(), spatial),
        }
    }

    /// Computes the weights of all samples and channels of `targets`, packed, channels first.
    ///
    /// # Errors
    /// [`Error::NotComputed`] for a map that the caller gives, [`Error::Workspace`] for `scratch`
    /// shorter than [`MapCall::scratch`] says or `weights` other than one a target.
    pub fn compute<Y: TargetSource>(
        &self,
        call: &Call<'_>,
        targets: &Y,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        let shape = *targets.layout().shape();
        let pixels = shape.pixels();
        let name = self.definition.map_or("", |map| map.name);
        if self.is_given() {
            return Err(Error::NotComputed { map: name });
        }
        let length = scratch.len();
        let expected = self.scratch(shape.spatial).unwrap_or(usize::MAX);
        let Some(scratch) = scratch.get_mut(..expected) else {
            return Err(Error::Workspace { argument: "map scratch", length, expected });
        };
        let (length, expected) = (weights.len(), shape.batch * shape.channels * pixels);
        if length != expected {
            return Err(Error::Workspace { argument: "map weights", length, expected });
        }
        weights.fill(T::splat(1.0));
        for (plane, weights) in weights.chunks_exact_mut(pixels.max(1)).enumerate() {
            let (sample, channel) = (plane / shape.channels, plane % shape.channels);
            let labels = LabelPlane { call, targets, sample, channel };
            match self.definition.map(|map| &map.body) {
                Some(MapBody::Formula(map)) => {
                    (map.weigh)(self.arguments(), &labels, scratch, weights);
                }
                Some(MapBody::Object(map)) => {
                    map.weigh(self.arguments(), &labels, scratch, weights);
                }
                None | Some(MapBody::Given) => {}
            }
        }
        Ok(())
    }
}

/// One sample and channel of targets, as a call reads them.
#[derive(Clone, Copy, Debug)]
pub struct LabelPlane<'a, Y> {
    /// Its link, `ignore_index` and mask count.
    pub call: &'a Call<'a>,
    /// All targets.
    pub targets: &'a Y,
    /// The sample.
    pub sample: usize,
    /// The channel.
    pub channel: usize,
}

impl<Y: TargetSource> LabelPlane<'_, Y> {
    /// Up to a tile of pixels, all of which there are.
    fn read_tile(&self, first: usize, labels: &mut [u32]) {
        let LabelPlane { call, targets, sample, channel } = *self;
        let (count, ignored) = (labels.len(), call.ignore_index);
        let (mut y, mut valid) = ([0f64; TILE], [1f64; TILE]);
        match call.link {
            Link::Sigmoid => {
                targets.shares(sample, channel, first, count, ignored, &mut y, &mut valid);
                y.iter_mut().for_each(|y| *y = if *y > 0.5 { 1.0 } else { 0.0 });
            }
            Link::Softmax => {
                targets.labels(sample, first, count, ignored, &mut y, &mut valid);
            }
        }
        let mut counts = [true; BLOCK];
        if let Some(mask) = &call.mask {
            mask.read((sample, channel, first), count, &mut counts);
        }
        for ((label, y), (valid, counts)) in labels.iter_mut().zip(y).zip(valid.iter().zip(counts))
        {
            *label = if *valid != 0.0 && counts { y as u32 } else { IGNORED };
        }
    }
}

impl<Y: TargetSource> Labels for LabelPlane<'_, Y> {
    fn spatial(&self) -> [usize; 3] {
        self.targets.layout().shape().spatial
    }

    fn read(&self, first: usize, labels: &mut [u32]) {
        let shape = self.targets.layout().shape();
        let exists = self.sample < shape.batch && self.channel < shape.channels;
        let there = if exists { shape.pixels().saturating_sub(first) } else { 0 };
        let (own, past) = labels.split_at_mut(there.min(labels.len()));
        past.fill(IGNORED);
        for (i, tile) in own.chunks_mut(TILE).enumerate() {
            self.read_tile(first + i * TILE, tile);
        }
    }
}
