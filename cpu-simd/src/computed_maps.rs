use segloss_core::Error;
use segloss_core::compose::MapCall;
use segloss_core::engine::Call;
use segloss_core::lanes::Real;
use segloss_core::term::Maps;
use segloss_core::view::{Layout, Shape, Targets, View, Weights};

use crate::workspace::grow;

/// Owned storage for computed weight maps.
#[derive(Debug)]
pub(crate) struct ComputedMaps<T> {
    scratch: Vec<u64>,
    weights: Vec<Vec<T>>,
}

impl<T> Default for ComputedMaps<T> {
    fn default() -> Self {
        ComputedMaps { scratch: Vec::new(), weights: Vec::new() }
    }
}

impl<T: Real> ComputedMaps<T> {
    /// Computes the maps that are not given.
    pub(crate) fn compute(
        &mut self,
        maps: &[MapCall<'_, T>],
        given: &[(&str, Weights<'_>)],
        call: &Call<'_>,
        targets: &Targets<'_>,
    ) -> Result<(), Error> {
        let shape = *targets.layout().shape();
        let targets_count = shape.batch * shape.channels * shape.pixels();
        if self.weights.len() < maps.len() {
            let length = maps.len();
            let more = self.weights.try_reserve_exact(length - self.weights.len());
            more.map_err(|_| Error::Memory { argument: "maps", length })?;
            self.weights.resize_with(length, Vec::new);
        }
        for (map, weights) in maps.iter().zip(&mut self.weights) {
            if by_name(given, map).is_some() {
                continue;
            }
            let length = map.scratch(call, targets)?;
            grow("map scratch", &mut self.scratch, length)?;
            grow("map weights", weights, targets_count)?;
            map.compute(call, targets, &mut self.scratch, &mut weights[..targets_count])?;
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
        let computed = self.weights.get(place).map_or(&[][..], Vec::as_slice);
        Ok(Weights::of(View::new(computed, Layout::channels_first(targets)?)?))
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
