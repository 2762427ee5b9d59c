//! A sweep under the softmax link: all channels of a tile together.

use super::call::Link;
use super::sweep::{Sweep, blocks, scratch, tiles};
use super::weights::{FillWeights, read_targets};
use crate::aligned::Aligned;
use crate::lanes::Real;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, Accumulator, TILE, tree};
use crate::tile::softmax::{Gradients, KeepClasses, RegionGradients};
use crate::tile::{Scratch, Tile, TileGradient, TileSweep, TileWeights, TrueClass};
use crate::view::{GradientSink, Write};

/// What the leaves leave for one another, one number a pixel.
struct Stage<T> {
    class: TrueClass<T>,
    /// The derivative of all class terms in `ln p_t`.
    slope: Aligned<Tile<T>>,
    /// The gradient of class terms in the true class's logit.
    toward: Aligned<Tile<T>>,
    /// The largest class's region slope.
    shift: Aligned<Tile<T>>,
    /// The probability-weighted region slopes less that.
    mean: Aligned<Tile<T>>,
    gradient: Aligned<Tile<T>>,
}

pub(super) fn sweep<T: Real, A: Accumulator>(mut sweep: Sweep<'_, T, A>) {
    let zero = Aligned([T::default(); TILE]);
    let mut stage = Stage {
        class: TrueClass::new(),
        slope: zero,
        toward: zero,
        shift: zero,
        mean: zero,
        gradient: zero,
    };
    let scratch = &mut scratch!(T);
    let weights = core::mem::take(&mut sweep.weights);
    let of_tile = weights.len().min(sweep.rows.terms + 1);
    sweep.weights = &mut weights[..of_tile];
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

    let Stage { class, slope, toward, shift, mean, gradient: gradient_stage } = stage;
    let (slope, toward) = (&mut slope.0, &mut toward.0);
    let (shift, mean) = (&mut shift.0, &mut mean.0);
    let gradient_stage = &mut gradient_stage.0;
    let (labels, valid) = (&mut class.labels.0, &mut class.valid.0);
    let all = read_targets(&kernels.targets, s.call, s.targets, at, count, labels, valid).all_count;

    // What a sweep leaves for the next is in whole tiles of a gradient that is written straight to memory.
    let is_whole = count == TILE && s.call.write == Write::Overwrite;
    let has_region = s.rows.regions > 0;
    let keeps = is_whole && has_region && s.program.keeps_shares(Link::Softmax);
    let is_kept = keeps && s.purpose.is_next();
    let mut sink = s.sink.as_deref_mut();
    let is_kept = is_kept && sink.as_deref_mut().is_some_and(|sink| copy_kept(sink, at, exps));
    if is_kept {
        (kernels.softmax.from_kept)(exps, class);
    } else {
        let planes = s.logits.planes(sample, first, count, &mut logits[..channels]);
        (kernels.softmax.read)(planes, exps, class);
    }
    let class = &*class;
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
    let factors = s.factors;
    let gradient = s.purpose.has_gradient().then_some(TileGradient { factors, into: slope });
    let sweep = TileSweep { partials, gradient };
    s.program.class_tile(class.tile(valid, weights), sweep, scratch);

    if has_region && !is_kept {
        let sums = if s.sums.is_some() { regions.as_chunks_mut::<SUMS>().0 } else { &mut [] };
        (kernels.softmax.keep)(KeepClasses { exps, class, valid, weight, sums });
    }
    let exps = &*exps;
    let Some(sink) = sink else { return };
    if !s.purpose.has_gradient() {
        if keeps {
            for (k, kept) in exps.iter().enumerate() {
                let run = sink.run((sample, k, first), TILE);
                run.into_iter().for_each(|run| run.copy_from_slice(kept));
            }
        }
        return;
    }
    let region = has_region.then_some(RegionGradients { slopes: s.slopes, shift, mean, weight });
    let mut gradients = Gradients { class, slope, toward, valid, region };
    (kernels.softmax.prepare)(&mut gradients, exps);
    for (k, exps) in exps.iter().enumerate() {
        let at = (sample, k, first);
        let place = if is_whole { sink.run(at, TILE) } else { None };
        let place = place.and_then(|run| run.as_chunks_mut().0.first_mut());
        let is_staged = place.is_none();
        let into = place.unwrap_or(&mut *gradient_stage);
        (kernels.softmax.gradient)(&gradients, k, exps, into);
        if is_staged {
            sink.put(at, count, gradient_stage, s.call.write);
        }
    }
}

/// Copies what an earlier sweep kept of a tile's classes, if the gradient is written straight to memory.
fn copy_kept<T: Real>(
    sink: &mut dyn GradientSink<T>,
    (sample, _, first): (usize, usize, usize),
    kept: &mut [Tile<T>],
) -> bool {
    kept.iter_mut().enumerate().all(|(k, kept)| match sink.run((sample, k, first), TILE) {
        Some(run) => {
            kept.copy_from_slice(run);
            true
        }
        None => false,
    })
}
