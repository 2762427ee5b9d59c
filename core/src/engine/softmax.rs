//! A sweep under the softmax link: all channels of a tile together.

use super::sweep::{Sweep, blocks, scratch, tiles};
use super::weights::{FillWeights, read_targets};
use crate::aligned::Aligned;
use crate::lanes::Real;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, Accumulator, TILE, tree};
use crate::tile::softmax::{ClassGradient, RegionGradient, RegionSlopes, RegionTile};
use crate::tile::{Scratch, Tile, TileGradient, TileSweep, TileWeights, TrueClass};
use crate::view::Write;

/// What the leaves leave for one another, one number a pixel.
struct Stage<T> {
    class: TrueClass<T>,
    /// The derivative of all class terms in `ln p_t`.
    slope: Aligned<Tile<T>>,
    /// The largest class's region slope.
    shift: Aligned<Tile<T>>,
    /// The probability-weighted region slopes of the other classes.
    mean: Aligned<Tile<T>>,
    gradient: Aligned<Tile<T>>,
}

pub(super) fn sweep<T: Real, A: Accumulator>(mut sweep: Sweep<'_, T, A>) {
    let zero = Aligned([T::default(); TILE]);
    let mut stage =
        Stage { class: TrueClass::new(), slope: zero, shift: zero, mean: zero, gradient: zero };
    let scratch = &mut scratch!(T);
    let sums = sweep.rows.terms + SUMS * sweep.rows.regions;
    sweep.partials[..sums].fill([T::default(); ACCUMULATORS]);
    for block in blocks(sweep.pixels.clone()) {
        for (first, count) in tiles(block) {
            one_tile(&mut sweep, &mut stage, scratch, first, count);
        }
        let Some(row) = sweep.sums.as_deref_mut() else { continue };
        let (terms, regions) = row.split_at_mut(sweep.rows.region());
        let row = terms[..sweep.rows.terms].iter_mut().chain(regions);
        for (sum, partial) in row.zip(&mut sweep.partials[..sums]) {
            sum.add(tree(partial));
            partial.fill(T::default());
        }
    }
}

fn one_tile<T: Real, A: Accumulator>(
    s: &mut Sweep<'_, T, A>,
    stage: &mut Stage<T>,
    scratch: &mut Scratch<'_, T>,
    first: usize,
    count: usize,
) {
    let kernels = s.program.kernels();
    let channels = s.logits.layout().shape().channels;
    let (sample, at) = (s.sample, (s.sample, 0, first));
    let (terms, rest) = s.partials.split_at_mut(s.rows.terms);
    let (regions, exps) = rest.split_at_mut(SUMS * s.rows.regions);
    let (exps, _) = exps.as_flattened_mut().as_chunks_mut::<TILE>();
    let (exps, logits) = exps.split_at_mut(channels);

    let Stage { class, slope, shift, mean, gradient: gradient_stage } = stage;
    let (slope, shift, mean) = (&mut slope.0, &mut shift.0, &mut mean.0);
    let gradient_stage = &mut gradient_stage.0;
    let (labels, valid) = (&mut class.labels.0, &mut class.valid.0);
    let all = read_targets(kernels, s.call, s.targets, at, count, labels, valid);
    let planes = s.logits.planes(sample, first, count, &mut logits[..channels]);
    (kernels.softmax.read)(planes, exps, class);
    let (exps, class) = (&*exps, &*class);
    if !s.weights.is_empty() {
        let fill = FillWeights {
            call: s.call,
            program: s.program,
            classes: channels,
            class_weights: s.class_weights,
            labels: &class.labels.0,
            at,
            count,
            tiles: &mut *s.weights,
        };
        fill.run();
    }
    let valid = (!all).then_some(&class.valid.0);
    let weight = if s.region_is_weighted { s.weights.last() } else { None };
    let weights = TileWeights { tiles: s.weights, by_call: s.call.weights.is_some() };
    let partials = s.sums.is_some().then_some(terms);
    let gradient = s.sink.is_some().then_some(TileGradient {
        factors: s.factors,
        region: None,
        into: &mut *slope,
    });
    let sweep = TileSweep { partials, gradient };
    s.program.class_tile(class.tile(valid, weights), sweep, scratch);

    let region = RegionTile { exps, class, valid, weight };
    if s.sums.is_some() && !regions.is_empty() {
        (kernels.softmax.region_sums)(region, regions.as_chunks_mut::<SUMS>().0);
    }

    let Some(sink) = &mut s.sink else { return };
    let slopes = s.slopes;
    if !slopes.is_empty() {
        let into = RegionSlopes { shift: &mut *shift, mean: &mut *mean };
        (kernels.softmax.region_slopes)(region, slopes, into);
    }
    let is_whole = count == TILE && s.call.write == Write::Overwrite;
    for (k, exps) in exps.iter().enumerate() {
        let at = (sample, k, first);
        let place = if is_whole { sink.run(at, TILE) } else { None };
        let place = place.and_then(|run| run.as_chunks_mut().0.first_mut());
        let is_staged = place.is_none();
        let into = place.unwrap_or(&mut *gradient_stage);
        let own = ClassGradient { class_index: k, exps, class, slope, valid };
        let region = slopes.get(k).map(|&slopes| RegionGradient { slopes, shift, mean, weight });
        (kernels.softmax.gradient)(own, region, into);
        if is_staged {
            sink.put(at, count, gradient_stage, s.call.write);
        }
    }
}
