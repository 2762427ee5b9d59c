//! A sweep under the sigmoid link: channel by channel, each by itself.

use core::ops::Range;
use core::slice::{from_mut, from_ref};

use super::call::Link;
use super::sweep::{Purpose, Sweep, Swept, blocks, scratch};
use super::weights::{FillWeights, read_targets};
use super::workspace::TILES;
use crate::aligned::Aligned;
use crate::lanes::Real;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, Accumulator, TILE, tree};
use crate::tile::{
    Found, MadeOf, PixelGradient, PixelSweep, PixelTiles, Scratch, Tile, TileWeights,
};
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

/// Tiles that are read or written by way of a copy.
struct Stage<T> {
    z: Aligned<Tile<T>>,
    y: Aligned<[Tile<T>; TILES]>,
    valid: Aligned<[Tile<T>; TILES]>,
    gradient: Aligned<Tile<T>>,
}

pub(super) fn sweep<T: Real, A: Accumulator>(mut s: Sweep<'_, T, A>) -> Result<Swept, Unfit> {
    let channels = s.logits.layout().shape().channels;
    let zero = [T::default(); TILE];
    let mut stage = Stage {
        z: Aligned(zero),
        y: Aligned([zero; TILES]),
        valid: Aligned([zero; TILES]),
        gradient: Aligned(zero),
    };
    let scratch = &mut scratch!(T);
    let mut swept = Swept::NOTHING;
    for channel in 0..channels {
        s.partials.fill([T::default(); ACCUMULATORS]);
        swept = swept.and(of_channel(&mut s, channel, &mut stage, scratch)?);
    }
    Ok(swept)
}

/// A share that is none: its check rode along with the sweep.
pub(super) struct Unfit;

fn of_channel<T: Real, A: Accumulator>(
    s: &mut Sweep<'_, T, A>,
    channel: usize,
    stage: &mut Stage<T>,
    scratch: &mut Scratch<'_, T>,
) -> Result<Swept, Unfit> {
    let mut swept = Swept::NOTHING;
    let kernels = s.program.kernels();
    let (start, pixels) = (s.pixels.start, s.pixels.len());
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
    // What a sweep leaves for the next is in whole tiles of a gradient that is written straight to memory.
    let keeps = s.program.keeps_shares(Link::Sigmoid);
    let is_signed = keeps
        && s.weights.is_empty()
        && s.program.keeps_signs()
        && s.purpose == Purpose::GradientOfHard;
    // Several tiles at a time, if none is copied and there is room for the weights of all.
    let is_straight = logits.is_some() && !matches!(places, Places::Sink(_));
    let of_tile = s.weights.len().min(s.rows.terms + 1);
    let with_weights = s.weights.len().checked_div(of_tile).unwrap_or(TILES);
    let most = if is_straight { with_weights } else { 1 };
    for block in blocks(s.pixels.clone()) {
        for (first, count) in parts(block, most) {
            let (at, within) = ((s.sample, channel, first), first - start);
            let count_of = |tile: usize| TILE.min(count - tile * TILE);
            let tiles = count.div_ceil(TILE);
            let z = match logits {
                Some(run) if count >= TILE => run[within..within + count].as_chunks().0,
                _ => from_ref(s.logits.tile(at, count, &mut stage.z.0)),
            };
            let (y, valid) = (&mut stage.y.0[..tiles], &mut stage.valid.0[..tiles]);
            let mut found = Found::OF_NONE;
            let mut counts = [true; TILES];
            // Targets in signs are not read again.
            let in_signs = is_signed && count >= TILE && matches!(places, Places::Run(_));
            let to_read = if in_signs { 0 } else { tiles };
            for (tile, (y, valid)) in y.iter_mut().zip(&mut *valid).enumerate().take(to_read) {
                let (past, count) = (tile * TILE, count_of(tile));
                let own = match &targets {
                    Some(run) => run.read(within + past, count, y, valid),
                    None => {
                        let at = (s.sample, channel, first + past);
                        read_targets(&kernels.targets, s.call, s.targets, at, count, y, valid)
                    }
                };
                counts[tile] = own.all_count;
                found = found.and(own);
            }
            if s.checks && !found.all_fit {
                return Err(Unfit);
            }
            if count >= TILE {
                swept.all_hard &= found.all_hard && found.all_count;
            }
            if !found.all_count {
                let all = valid.iter_mut().zip(counts).filter(|(_, all)| *all);
                all.for_each(|(valid, _)| valid.fill(T::splat(1.0)));
            }
            let (y, valid) = (&*y, (!found.all_count).then_some(&*valid));
            let weights = &mut s.weights[..tiles * of_tile];
            for (tile, own) in weights.chunks_exact_mut(of_tile.max(1)).enumerate() {
                let fill = FillWeights {
                    call: s.call,
                    program: s.program,
                    classes: 1,
                    class_weights: &[],
                    labels: &y[tile],
                    at: (s.sample, channel, first + tile * TILE),
                    count: count_of(tile),
                    tiles: own,
                };
                fill.run();
            }
            let weights = TileWeights { tiles: weights, by_call: s.call.weights.is_some() };
            let tiles = PixelTiles { z, y, is_hard: found.all_hard, valid, weights };
            let partials = s.sums.is_some().then_some(&mut *s.partials);
            let place = match &mut places {
                Places::Run(all) if count >= TILE => {
                    Some(all[within..within + count].as_chunks_mut().0)
                }
                _ => None,
            };
            if !s.purpose.has_gradient() {
                let keep = place.filter(|_| keeps);
                let sweep = PixelSweep { partials, gradient: None, keep };
                s.program.pixel_tiles(tiles, sweep, scratch);
                continue;
            }
            let made_of = if in_signs {
                MadeOf::Signed
            } else if keeps && place.is_some() && s.purpose.is_next() {
                MadeOf::Kept
            } else {
                MadeOf::Logits
            };
            let is_staged = place.is_none();
            let into = place.unwrap_or(from_mut(&mut stage.gradient.0));
            let gradient = PixelGradient { factors: s.factors, region, into, made_of };
            let sweep = PixelSweep { partials, gradient: Some(gradient), keep: None };
            s.program.pixel_tiles(tiles, sweep, scratch);
            let staged = &stage.gradient.0;
            match &mut places {
                Places::Run(all) if is_staged => {
                    all[within..within + count].copy_from_slice(&staged[..count]);
                }
                Places::Sink(sink) => sink.put(at, count, staged, s.call.write),
                Places::Run(_) | Places::Nowhere => {}
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
    Ok(swept)
}

/// Returns first pixel and number of pixels of the parts of a block: up to `most` whole tiles at a time, then what is left.
fn parts(block: Range<usize>, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let Range { mut start, end } = block;
    core::iter::from_fn(move || {
        let left = end - start;
        let count = if left < TILE { left } else { (left / TILE).min(most) * TILE };
        let first = start;
        start += count;
        (count > 0).then_some((first, count))
    })
}
