//! A map computed for all samples and channels: plane by plane, several of them at a time.

use super::byte_plane::BytePlane;
use super::map::{LabelPlane, MapCall, check_labels_with};
use crate::engine::{Call, check_mask};
use crate::error::Error;
use crate::lanes::Real;
use crate::link::Link;
use crate::maps::{Fork, Join, LabelSource, Scratch, Words, Workers};
use crate::pixelwise;
use crate::tile::{CheckKernels, LabelKernels};
use crate::view::{BitWeights, Targets};

/// A map of a call's targets, to be computed by the workers of a fork.
///
/// It is for losses, which check their targets themselves: shares are not checked here.
#[derive(Clone, Copy)]
pub struct MapJob<'j, T> {
    map: &'j MapCall<'j, T>,
    call: &'j Call<'j>,
    targets: &'j Targets<'j>,
    fork: &'j dyn Join,
    /// Planes that are computed at the same time, and the workers of each.
    parts: usize,
    workers: usize,
    /// Words of scratch of each.
    words: usize,
}

impl<T> core::fmt::Debug for MapJob<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MapJob").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl<'j, T: Real> MapJob<'j, T> {
    /// A map to be computed. Maps of a caller's own are computed by the calling thread alone.
    ///
    /// # Errors
    /// Those of [`MapCall::scratch`].
    pub fn new(
        map: &'j MapCall<'_, T>,
        call: &'j Call<'_>,
        targets: &'j Targets<'_>,
        fork: &'j impl Fork,
    ) -> Result<Self, Error> {
        let shape = *targets.layout().shape();
        pixelwise::check_filled(targets)?;
        let fork: &dyn Join = fork;
        let all = if map.leaves().is_some() { fork.workers().max(1) } else { 1 };
        let parts = all.min(shape.batch * shape.channels).max(1);
        let workers = Workers { fork, count: all / parts };
        let mut words = 0;
        if shape.batch > 0 {
            let labels = LabelPlane { call, targets, sample: 0, channel: 0 };
            words = map.plane_scratch(&labels, workers)?;
            if needs_bytes(map, &labels).is_some() {
                let both = Words::NONE.and::<u64>(Some(words)).and::<u8>(Some(shape.pixels()));
                words = both.count(shape.spatial)?;
            }
        }
        // All parts together may overflow where one does not.
        let all = words.checked_mul(parts);
        Words::NONE.and::<u64>(all).count(shape.spatial)?;
        Ok(MapJob { map, call, targets, fork, parts, workers: workers.count, words })
    }

    /// Returns the words of scratch that it takes.
    pub fn scratch(&self) -> usize {
        self.words * self.parts
    }

    /// Writes the weights of all samples and channels, packed, channels first.
    ///
    /// # Errors
    /// [`Error::Ignored`]; [`Error::Shape`] for a mask that is not shaped as the targets; [`Error::Label`] for the
    /// first target that is no label; [`Error::Workspace`] for `scratch` shorter than [`MapJob::scratch`] says or
    /// `weights` other than one a target; what the map gives.
    pub fn weigh(&self, scratch: &mut [u64], weights: &mut [T]) -> Result<(), Error> {
        self.check_all_but_shares()?;
        self.run(scratch, weights)
    }

    /// Writes the bits by which weights are chosen, as [`BitWeights`] reads them, of a map that has
    /// [two weights](MapCall::two_weights).
    ///
    /// # Errors
    /// Those of [`MapJob::weigh`], of as many words of `bits` as [`BitWeights::words`] says;
    /// [`Error::NotComputed`] for a map of other weights.
    pub fn mark(&self, scratch: &mut [u64], bits: &mut [u64]) -> Result<(), Error> {
        let Some(marked) = self.map.marked() else { return Err(self.map.not_computed()) };
        self.check_all_but_shares()?;
        let (shape, scratch) = (*self.targets.layout().shape(), self.take(scratch)?);
        check_length("map bits", bits.len(), BitWeights::words(shape)?)?;
        let plane = BitWeights::words(shape.with_batch(1).with_channels(1))?;
        self.divide(self.parts, 0, scratch, plane, bits, &|labels, workers, scratch, bits| {
            (marked.mark)(self.map.arguments(), labels, workers, scratch, bits)
        })
    }

    /// Checks all that the map is computed from.
    pub(super) fn check(&self) -> Result<(), Error> {
        let MapJob { map, call, targets, .. } = *self;
        check_mask(call, *targets.layout().shape())?;
        let checks = map.leaves().map_or(CheckKernels::scalar(), |leaves| &leaves.checks);
        check_labels_with(checks, call, targets)
    }

    fn check_all_but_shares(&self) -> Result<(), Error> {
        if self.call.link == Link::Softmax || self.map.leaves().is_none() {
            return self.check();
        }
        self.call.ignore_index.check()?;
        check_mask(self.call, *self.targets.layout().shape())
    }

    /// Returns as much of what the caller lent as is needed.
    fn take<'s>(&self, scratch: &'s mut [u64]) -> Result<&'s mut [u64], Error> {
        let (argument, length, expected) = ("map scratch", scratch.len(), self.scratch());
        scratch.get_mut(..expected).ok_or(Error::Workspace { argument, length, expected })
    }

    /// Writes weights of targets that are checked.
    pub(super) fn run(&self, scratch: &mut [u64], weights: &mut [T]) -> Result<(), Error> {
        let shape = *self.targets.layout().shape();
        let scratch = self.take(scratch)?;
        let all = shape.batch * shape.channels * shape.pixels();
        check_length("map weights", weights.len(), all)?;
        let plane = shape.pixels();
        self.divide(self.parts, 0, scratch, plane, weights, &|labels, workers, scratch, weights| {
            self.map.weigh(labels, workers, scratch, weights)
        })
    }

    /// Calls `work` for each plane from `first` on and its `plane` places of `out`, several at a time.
    fn divide<O: Send>(
        &self,
        parts: usize,
        first: usize,
        scratch: &mut [u64],
        plane: usize,
        out: &mut [O],
        work: &PlaneWork<'_, O>,
    ) -> Result<(), Error> {
        let count = out.len() / plane;
        if parts < 2 {
            let workers = Workers { fork: self.fork, count: self.workers };
            for (i, out) in out.chunks_exact_mut(plane).enumerate() {
                self.one(first + i, scratch, &mut |labels, scratch| {
                    work(labels, workers, scratch, out)
                })?;
            }
            return Ok(());
        }
        let half = parts / 2;
        let planes = count * half / parts;
        let (out, later) = out.split_at_mut(planes * plane);
        let (scratch, later_scratch) = scratch.split_at_mut(half * self.words);
        let (mut one, mut other) = (Ok(()), Ok(()));
        self.fork.join(
            &mut || one = self.divide(half, first, scratch, plane, out, work),
            &mut || {
                let (parts, first) = (parts - half, first + planes);
                other = self.divide(parts, first, later_scratch, plane, later, work);
            },
        );
        one.and(other)
    }

    /// Calls `work` with the labels of a plane, in bytes if the map narrows them and they fit.
    fn one(
        &self,
        plane: usize,
        scratch: &mut [u64],
        work: &mut dyn FnMut(&dyn LabelSource, &mut [u64]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let MapJob { map, call, targets, .. } = *self;
        let channels = targets.layout().shape().channels;
        let (sample, channel) = (plane / channels, plane % channels);
        let labels = LabelPlane { call, targets, sample, channel };
        if let Some(leaves) = needs_bytes(map, &labels) {
            let mut scratch = Scratch::of(&mut *scratch);
            let bytes = scratch.take(labels.shape().pixels());
            if let Some(plane) = BytePlane::narrow(leaves, labels, bytes) {
                return work(&plane, scratch.rest());
            }
        }
        work(&labels, scratch)
    }
}

/// What is done for a plane: its labels, workers, scratch and places.
type PlaneWork<'w, O> =
    dyn Fn(&dyn LabelSource, Workers<'_>, &mut [u64], &mut [O]) -> Result<(), Error> + Sync + 'w;

/// Returns the leaves that a plane is narrowed with before a map is computed: none if it need not be.
fn needs_bytes<T: Real>(
    map: &MapCall<'_, T>,
    labels: &LabelPlane<'_>,
) -> Option<&'static LabelKernels> {
    map.leaves().filter(|_| labels.bytes().is_none())
}

fn check_length(argument: &'static str, length: usize, expected: usize) -> Result<(), Error> {
    if length != expected {
        return Err(Error::Workspace { argument, length, expected });
    }
    Ok(())
}
