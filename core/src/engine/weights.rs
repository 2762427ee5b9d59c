//! Weights of pixels: the product, for each term and tile, of the call's weights, the term's maps and
//! its class weights; and the sums of those by which some means are divided.

use super::call::{Call, Link};
use super::problem::Problem;
use super::sweep::{blocks, tiles};
use super::workspace::Workspace;
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::{ACCUMULATORS, Accumulator, BLOCK, SEGMENT, TILE, tree};
use crate::term::Maps;
use crate::tile::{Found, Program, TargetKernels, TargetTile, WeightKernels, fits};
use crate::view::{Mask, Targets};

/// Sample, channel and first pixel of a tile.
pub(super) type At = (usize, usize, usize);

/// Reads the targets of a tile as the link asks for; `valid` is untouched if all of the tile counts.
pub(crate) fn read_targets<T: Real>(
    kernels: &TargetKernels<T>,
    call: &Call<'_>,
    targets: &Targets<'_>,
    at: At,
    count: usize,
    y: &mut [T; TILE],
    valid: &mut [T; TILE],
) -> Found {
    let ignored = call.ignore_index.labels();
    let into = TargetTile { y, valid: &mut *valid };
    let found = match call.link {
        Link::Sigmoid => targets.shares(kernels, at, count, ignored, into),
        Link::Softmax => targets.labels(kernels, at, count, ignored, into),
    };
    match &call.mask {
        None => found,
        Some(mask) => {
            let all = found.all_count;
            Found { all_count: all & apply_mask(mask, at, count, all, valid), ..found }
        }
    }
}

/// Takes pixels out of `valid`, which is written from scratch if `all` count; gives whether none was.
fn apply_mask<T: Real>(
    mask: &Mask<'_>,
    at: At,
    count: usize,
    all: bool,
    valid: &mut [T; TILE],
) -> bool {
    let mut counts = [false; BLOCK];
    mask.read(at, count, &mut counts);
    if all && counts[..TILE].iter().all(|&counts| counts) {
        return true;
    }
    if all {
        valid.fill(T::splat(1.0));
    }
    for (valid, counts) in valid.iter_mut().zip(counts) {
        *valid = if counts { *valid } else { T::default() };
    }
    false
}

/// Writes the product of the call's weights and some of its maps to a tile.
fn of_pixels<T: Real>(
    kernels: &WeightKernels<T>,
    call: &Call<'_>,
    maps: Maps,
    at: At,
    count: usize,
    tile: &mut [T; TILE],
) {
    let maps = maps.iter().filter_map(|place| call.maps.get(place));
    let mut factors = call.weights.iter().chain(maps);
    match factors.next() {
        // Rather than multiplied into ones.
        Some(first) => first.copy(kernels, at, count, tile),
        None => tile.fill(T::splat(1.0)),
    }
    factors.for_each(|factor| factor.multiply(kernels, at, count, tile));
}

/// Fills a tile for each weighted term of a program, and the last one for region terms.
pub(super) struct FillWeights<'f, T: Real, A: Accumulator> {
    pub call: &'f Call<'f>,
    pub program: &'f dyn Program<T, A>,
    /// Channels of the logits, and the weights of each for each term.
    pub classes: usize,
    pub class_weights: &'f [T],
    pub labels: &'f [T; TILE],
    pub at: At,
    pub count: usize,
    pub tiles: &'f mut [[T; TILE]],
}

impl<T: Real, A: Accumulator> FillWeights<'_, T, A> {
    /// Does so, if there are tiles to fill.
    pub fn run(self) {
        let FillWeights { call, program, classes, class_weights, labels, at, count, tiles } = self;
        let (by_call, kernels) = (call.weights.is_some(), &program.kernels().weights);
        let Some((of_regions, of_terms)) = tiles.split_last_mut() else { return };
        for (index, tile) in of_terms.iter_mut().enumerate() {
            let Some(weighting) = program.weighting(index, by_call) else { continue };
            let tile = if weighting.is_region { &mut *of_regions } else { tile };
            of_pixels(kernels, call, weighting.maps, at, count, tile);
            let of_term = class_weights.chunks_exact(classes).nth(index);
            if let (true, Some(own)) = (weighting.by_class, of_term) {
                (kernels.multiply_classes)(labels, own, tile);
            }
        }
    }
}

impl<T: Real, A: Accumulator> Problem<'_, T, A> {
    /// Writes each term's class weights to its part of `class_weights`.
    pub(super) fn load_class_weights(&self, class_weights: &mut [T]) {
        let classes = self.shape().channels;
        for (index, own) in class_weights.chunks_exact_mut(classes).enumerate() {
            let list = self.program.spec(index, classes).options.class_weights;
            let list = list.iter().flat_map(|list| list.iter());
            own.iter_mut().zip(list).for_each(|(own, weight)| *own = T::round_from(weight));
        }
    }

    /// Checks the call's weights and maps and adds up each term's own denominator. Gives whether the
    /// call has weights and all of them are 0.
    pub(super) fn weigh(&self, workspace: &mut Workspace<'_, T, A>) -> Result<bool, Error> {
        let call = &self.call;
        let to_check = (0..call.maps.len()).any(|place| !self.trusted.contains(place));
        if call.weights.is_none() && !to_check && self.rows.denominators == 0 {
            return Ok(false);
        }
        let Workspace { partials, sums, segment, class_weights, .. } = workspace;
        let (pixels, kernels, targets) = (self.shape().pixels(), self.kernels(), &self.targets);
        let mut y = [T::default(); TILE];
        let mut valid = [T::default(); TILE];
        let mut weightless = call.weights.is_some();
        let mut fault = None;
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            for start in (0..pixels).step_by(SEGMENT) {
                segment.fill(A::default());
                for channel in 0..self.planes() {
                    let of_segment = start..pixels.min(start + SEGMENT);
                    partials[..self.rows.terms].fill([T::default(); ACCUMULATORS]);
                    for block in blocks(of_segment) {
                        for (first, count) in tiles(block) {
                            let at = (sample, channel, first);
                            valid.fill(T::splat(1.0));
                            read_targets(
                                &kernels.targets,
                                call,
                                targets,
                                at,
                                count,
                                &mut y,
                                &mut valid,
                            );
                            if fault.is_none() {
                                fault = self.check_tile(at, count, &valid, &mut weightless).err();
                            }
                            self.add_denominators(at, count, &y, &valid, class_weights, partials);
                        }
                        let own = segment[self.rows.terms..].iter_mut();
                        let own = own.take(self.rows.denominators);
                        for (sum, partial) in own.zip(partials.iter_mut()) {
                            sum.add(tree(partial));
                            partial.fill(T::default());
                        }
                    }
                }
                if let Some(fault) = fault {
                    return Err(fault);
                }
                row.iter_mut().zip(&**segment).for_each(|(row, sum)| row.merge(sum));
            }
        }
        Ok(weightless)
    }

    /// The call's weights and maps at the pixels of a tile that count.
    fn check_tile(
        &self,
        at: At,
        count: usize,
        valid: &[T; TILE],
        weightless: &mut bool,
    ) -> Result<(), Error> {
        let kernels = &self.kernels().weights;
        let of_call = self.call.weights.iter().map(|weights| ("weights", weights));
        let to_check = |(place, _): &(usize, _)| !self.trusted.contains(*place);
        let maps = self.call.maps.iter().enumerate().filter(to_check).map(|(_, map)| ("map", map));
        for (argument, weights) in of_call.chain(maps) {
            let mut tile = [T::default(); TILE];
            weights.copy(kernels, at, count, &mut tile);
            let tile = &tile[..count];
            let (all_fit, all_zero) = (kernels.check)(tile, valid, self.needs_positive);
            *weightless &= argument != "weights" || all_zero;
            if !all_fit {
                return Err(self.bad_weight(argument, at, tile, valid));
            }
        }
        Ok(())
    }

    /// The first of a tile's weights that does not fit.
    #[cold]
    fn bad_weight(
        &self,
        argument: &'static str,
        (sample, channel, first): At,
        tile: &[T],
        valid: &[T; TILE],
    ) -> Error {
        let is_bad = |&i: &usize| valid[i] != T::default() && !fits(tile[i], self.needs_positive);
        let i = (0..tile.len()).find(is_bad).unwrap_or_default();
        let value = tile.get(i).map_or(f64::NAN, |weight| weight.widen());
        let is_signed = !self.needs_positive;
        Error::Weight { argument, value, sample, channel, pixel: first + i, is_signed }
    }

    /// Adds what the means of some terms are divided by, of one tile.
    fn add_denominators(
        &self,
        at: At,
        count: usize,
        labels: &[T; TILE],
        valid: &[T; TILE],
        class_weights: &[T],
        partials: &mut [[T; ACCUMULATORS]],
    ) {
        if self.rows.denominators == 0 {
            return;
        }
        let (kernels, classes) = (&self.kernels().weights, self.shape().channels);
        for index in self.active() {
            let spec = self.spec(index);
            if !spec.has_denominator() {
                continue;
            }
            let mut tile = [T::splat(1.0); TILE];
            if spec.divides_by_weights() {
                of_pixels(kernels, &self.call, spec.options.maps, at, count, &mut tile);
            }
            let of_term = class_weights.chunks_exact(classes).nth(index);
            if let (true, Some(own)) = (spec.divides_by_class_weights(), of_term) {
                (kernels.multiply_classes)(labels, own, &mut tile);
            }
            (kernels.add)(&tile, valid, &mut partials[index]);
        }
    }
}
