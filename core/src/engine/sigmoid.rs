//! A sweep under the sigmoid link: channel by channel, each by itself.

use super::sweep::{Sweep, blocks, scratch, tiles};
use super::weights::{Fill, read_targets};
use crate::aligned::Aligned;
use crate::compose::{PixelTile, Program, Scratch, TileWeights};
use crate::lanes::Real;
use crate::level::Level;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, Accumulator, TILE, tree};
use crate::view::{GradientSink, LogitSource, TargetSource, Write};

#[inline(always)]
pub(super) fn sweep<Lv, T, A, P, Z, Y, G>(mut sweep: Sweep<'_, T, A, P, Z, Y, G>)
where
    Lv: Level,
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    G: GradientSink<T>,
{
    let channels = sweep.logits.layout().shape().channels;
    let zero = Aligned([T::default(); TILE]);
    let [mut z_stage, mut y, mut valid, mut stage] = [zero; 4];
    let [z_stage, y, valid, stage] = [&mut z_stage.0, &mut y.0, &mut valid.0, &mut stage.0];
    let scratch = &mut scratch!(T);
    for channel in 0..channels {
        sweep.partials.fill([T::default(); ACCUMULATORS]);
        for block in blocks(sweep.pixels.clone()) {
            let s = &mut sweep;
            for (first, count) in tiles(block) {
                let (sample, at) = (s.sample, (s.sample, channel, first));
                let z = s.logits.tile(sample, channel, first, count, z_stage);
                let all = read_targets(&s.call, s.targets, at, count, y, valid);
                let fill = Fill {
                    call: &s.call,
                    program: s.program,
                    classes: channels,
                    class_weights: &[],
                    labels: &*y,
                    at,
                    count,
                    tiles: &mut *s.weights,
                };
                fill.enter::<Lv, A>();
                let valid = (!all).then_some(&*valid);
                let weights = TileWeights { tiles: s.weights, by_call: s.call.weights.is_some() };
                let tile = PixelTile { z, y: &*y, valid, weights };
                let partials = s.sums.is_some().then_some(&mut *s.partials);
                let Some(gradient) = &mut s.gradient else {
                    s.program.pixel_tile::<Lv>(tile, &[], None, partials, None, scratch);
                    continue;
                };
                let slopes = gradient.slopes.get(channel).copied();
                let whole = count == TILE && s.call.write == Write::Overwrite;
                if whole && let Some(place) = gradient.sink.whole_tile(sample, channel, first) {
                    let factors = gradient.factors;
                    s.program.pixel_tile::<Lv>(
                        tile,
                        factors,
                        slopes,
                        partials,
                        Some(place),
                        scratch,
                    );
                    continue;
                }
                s.program.pixel_tile::<Lv>(
                    tile,
                    gradient.factors,
                    slopes,
                    partials,
                    Some(&mut *stage),
                    scratch,
                );
                gradient.sink.put((sample, channel, first), count, &*stage, s.call.write);
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
