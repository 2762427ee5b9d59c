//! A sweep under the sigmoid link: channel by channel, each by itself.

use super::sweep::{Sweep, blocks, scratch, tiles};
use super::weights::{Fill, read_targets};
use crate::aligned::Aligned;
use crate::lanes::Real;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, Accumulator, TILE, tree};
use crate::tile::{PixelTile, Scratch, TileGradient, TileSweep, TileWeights};
use crate::view::Write;

pub(super) fn sweep<T: Real, A: Accumulator>(mut s: Sweep<'_, T, A>) {
    let kernels = s.program.kernels();
    let channels = s.logits.layout().shape().channels;
    let zero = Aligned([T::default(); TILE]);
    let [mut z_stage, mut y, mut valid, mut stage] = [zero; 4];
    let [z_stage, y, valid, stage] = [&mut z_stage.0, &mut y.0, &mut valid.0, &mut stage.0];
    let scratch = &mut scratch!(T);
    for channel in 0..channels {
        s.partials.fill([T::default(); ACCUMULATORS]);
        for block in blocks(s.pixels.clone()) {
            for (first, count) in tiles(block) {
                let at = (s.sample, channel, first);
                let z = s.logits.tile(at, count, z_stage);
                let all = read_targets(kernels, s.call, s.targets, at, count, y, valid);
                if !s.weights.is_empty() {
                    let fill = Fill {
                        call: s.call,
                        program: s.program,
                        classes: channels,
                        class_weights: &[],
                        labels: &*y,
                        at,
                        count,
                        tiles: &mut *s.weights,
                    };
                    fill.run();
                }
                let valid = (!all).then_some(&*valid);
                let weights = TileWeights { tiles: s.weights, by_call: s.call.weights.is_some() };
                let tile = PixelTile { z, y: &*y, valid, weights };
                let partials = s.sums.is_some().then_some(&mut *s.partials);
                let Some(gradient) = &mut s.gradient else {
                    s.program.pixel_tile(tile, TileSweep { partials, gradient: None }, scratch);
                    continue;
                };
                let (factors, region) = (gradient.factors, gradient.slopes.get(channel).copied());
                let is_whole = count == TILE && s.call.write == Write::Overwrite;
                let place = if is_whole { gradient.sink.whole_tile(at) } else { None };
                let is_staged = place.is_none();
                let into = place.unwrap_or(&mut *stage);
                let own = Some(TileGradient { factors, region, into });
                s.program.pixel_tile(tile, TileSweep { partials, gradient: own }, scratch);
                if is_staged {
                    gradient.sink.put(at, count, stage, s.call.write);
                }
            }
            let Some(row) = s.sums.as_deref_mut() else { continue };
            let (terms, regions) = s.partials.split_at_mut(s.rows.terms);
            for (sum, partial) in row.iter_mut().zip(&mut *terms) {
                sum.add(tree(partial));
            }
            let own = &mut row[s.rows.region() + SUMS * channel.min(s.rows.regions)..];
            for (sum, partial) in own.iter_mut().zip(&mut *regions) {
                sum.add(tree(partial));
            }
            s.partials.fill([T::default(); ACCUMULATORS]);
        }
    }
}
