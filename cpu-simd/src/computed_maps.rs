use segloss_core::Error;
use segloss_core::compose::{MapCall, MapJob};
use segloss_core::engine::Call;
use segloss_core::lanes::Real;
use segloss_core::maps::Fork;
use segloss_core::term::Maps;
use segloss_core::view::{BitWeights, Layout, Shape, Targets, View, Weights};

use crate::workspace::grow;

/// Owned storage for computed weight maps.
#[derive(Debug)]
pub(crate) struct ComputedMaps<T> {
    scratch: Vec<u64>,
    maps: Vec<ComputedMap<T>>,
}

/// Owned storage for one map: its weights, or of two weights the bits that choose.
#[derive(Debug)]
struct ComputedMap<T> {
    weights: Vec<T>,
    bits: Vec<u64>,
}

impl<T> Default for ComputedMaps<T> {
    fn default() -> Self {
        ComputedMaps { scratch: Vec::new(), maps: Vec::new() }
    }
}

impl<T> Default for ComputedMap<T> {
    fn default() -> Self {
        ComputedMap { weights: Vec::new(), bits: Vec::new() }
    }
}

impl<T: Real> ComputedMaps<T> {
    /// Computes the maps that are not given, with the workers of a fork.
    pub(crate) fn compute(
        &mut self,
        fork: impl Fork,
        maps: &[MapCall<'_, T>],
        given: &[(&str, Weights<'_>)],
        call: &Call<'_>,
        targets: &Targets<'_>,
    ) -> Result<(), Error> {
        if self.maps.len() < maps.len() {
            let length = maps.len();
            let more = self.maps.try_reserve_exact(length - self.maps.len());
            more.map_err(|_| Error::Memory { argument: "maps", length })?;
            self.maps.resize_with(length, ComputedMap::default);
        }
        for (map, own) in maps.iter().zip(&mut self.maps) {
            if by_name(given, map).is_none() {
                let job = MapJob::new(map, call, targets, &fork)?;
                grow("map scratch", &mut self.scratch, job.scratch())?;
                own.compute(map, &job, *targets.layout().shape(), &mut self.scratch)?;
            }
        }
        Ok(())
    }

    /// The weights of map `place`: those given under its name, or the computed ones, shaped as the
    /// targets.
    pub(crate) fn weights<'w>(
        &'w self,
        place: usize,
        map: &MapCall<'_, T>,
        targets: Shape,
        given: &[(&str, Weights<'w>)],
    ) -> Result<Weights<'w>, Error> {
        if let Some(weights) = by_name(given, map) {
            return Ok(weights);
        }
        match self.maps.get(place) {
            Some(own) => own.weights(map, targets),
            None => Ok(Weights::of(View::<T>::new(&[], Layout::channels_first(targets)?)?)),
        }
    }
}

impl<T: Real> ComputedMap<T> {
    fn compute(
        &mut self,
        map: &MapCall<'_, T>,
        job: &MapJob<'_, T>,
        shape: Shape,
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        if map.two_weights().is_some() {
            let words = BitWeights::words(shape)?;
            grow("map bits", &mut self.bits, words)?;
            return job.mark(scratch, &mut self.bits[..words]);
        }
        let count = shape.batch * shape.channels * shape.pixels();
        grow("map weights", &mut self.weights, count)?;
        job.weigh(scratch, &mut self.weights[..count])
    }

    fn weights(&self, map: &MapCall<'_, T>, shape: Shape) -> Result<Weights<'_>, Error> {
        match map.two_weights() {
            Some(of) => Ok(Weights::Bits(BitWeights::new(&self.bits, shape, of)?)),
            None => Ok(Weights::of(View::new(&self.weights, Layout::channels_first(shape)?)?)),
        }
    }
}

/// Those that are computed, and whose weights need no check.
pub(crate) fn trusted<T: Real>(
    maps: &[MapCall<'_, T>],
    given: &[(&str, Weights<'_>)],
) -> Result<Maps, Error> {
    let own = maps.iter().enumerate();
    own.filter(|(_, map)| map.is_trusted() && by_name(given, map).is_none())
        .try_fold(Maps::NONE, |trusted, (place, _)| trusted.and(place))
}

/// The weights given under the map's name.
fn by_name<'w, T: Real>(
    given: &[(&str, Weights<'w>)],
    map: &MapCall<'_, T>,
) -> Option<Weights<'w>> {
    let name = map.definition()?.name;
    given.iter().find(|(own, _)| *own == name).map(|(_, weights)| *weights)
}
