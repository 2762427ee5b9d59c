//! A sweep under the sigmoid link: channel by channel, each by itself.

use super::sweep::{Sweep, blocks, scratch, tiles};
use super::weights::{FillWeights, read_targets};
use crate::aligned::Aligned;
use crate::lanes::Real;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, Accumulator, TILE, tree};
use crate::tile::{PixelTile, Scratch, TileGradient, TileSweep, TileWeights};
use crate::view::{GradientSink, Write};

/// Where the gradient of one channel goes.
enum Places<'s, T: Real> {
    /// It is not asked for.
    Nowhere,
    /// Straight to memory.
    Run(&'s mut [T]),
    /// By way of a tile.
    Sink(&'s mut dyn GradientSink<T>),
}

pub(super) fn sweep<T: Real, A: Accumulator>(mut s: Sweep<'_, T, A>) {
    let kernels = s.program.kernels();
    let channels = s.logits.layout().shape().channels;
    let zero = Aligned([T::default(); TILE]);
    let [mut z_stage, mut y, mut valid, mut stage] = [zero; 4];
    let [z_stage, y, valid, stage] = [&mut z_stage.0, &mut y.0, &mut valid.0, &mut stage.0];
    let scratch = &mut scratch!(T);
    let (start, pixels) = (s.pixels.start, s.pixels.len());
    for channel in 0..channels {
        s.partials.fill([T::default(); ACCUMULATORS]);
        // What lies adjacent is found once, not for every tile.
        let from = (s.sample, channel, start);
        let logits = s.logits.run(from, pixels);
        let targets = match s.call.mask {
            None => {
                let (kernels, ignored) = (&kernels.targets, s.call.ignore_index.labels());
                s.targets.share_run(kernels, from, pixels, ignored)
            }
            Some(_) => None,
        };
        let mut places = match &mut s.sink {
            None => Places::Nowhere,
            Some(sink) if s.call.write == Write::Overwrite => match sink.run(from, pixels) {
                Some(run) => Places::Run(run),
                None => Places::Sink(&mut **sink),
            },
            Some(sink) => Places::Sink(&mut **sink),
        };
        let region = s.slopes.get(channel).copied();
        for block in blocks(s.pixels.clone()) {
            for (first, count) in tiles(block) {
                let (at, within) = ((s.sample, channel, first), first - start);
                let z = match logits {
                    Some(run) if count == TILE => &run[within..within + TILE].as_chunks().0[0],
                    _ => s.logits.tile(at, count, z_stage),
                };
                let all = match &targets {
                    Some(run) => run.read(within, count, y, valid),
                    None => read_targets(kernels, s.call, s.targets, at, count, y, valid),
                };
                if !s.weights.is_empty() {
                    let fill = FillWeights {
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
                let run = |into: Option<&mut [T; TILE]>| {
                    let factors = s.factors;
                    let gradient = into.map(|into| TileGradient { factors, region, into });
                    s.program.pixel_tile(tile, TileSweep { partials, gradient }, scratch);
                };
                match &mut places {
                    Places::Nowhere => run(None),
                    Places::Run(all) if count == TILE => {
                        run(Some(&mut all[within..within + TILE].as_chunks_mut().0[0]));
                    }
                    Places::Run(all) => {
                        run(Some(&mut *stage));
                        all[within..within + count].copy_from_slice(&stage[..count]);
                    }
                    Places::Sink(sink) => {
                        run(Some(&mut *stage));
                        sink.put(at, count, stage, s.call.write);
                    }
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
