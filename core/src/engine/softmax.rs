//! A sweep under the softmax link: all channels of a tile together, one loop over its pixels at a
//! time, so that any number of classes vectorises over pixels.

use super::sweep::{Sweep, blocks, scratch, tiles};
use super::true_class::TrueClass;
use super::weights::{Fill, read_targets};
use crate::aligned::Aligned;
use crate::class::softmax::{class_gradient, probability};
use crate::compose::{Program, Scratch, TileWeights, weigh};
use crate::lanes::{Real, Vector};
use crate::level::Level;
use crate::region::{self, SUMS};
use crate::summation::{ACCUMULATORS, Accumulator, Partial, TILE, accumulate, tree};
use crate::view::{GradientSink, LogitSource, TargetSource, Write};

type Tile<T> = [T; TILE];

/// What the loops leave for one another, one number a pixel.
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
    let zero = Aligned([T::default(); TILE]);
    let mut stage =
        Stage { class: TrueClass::new(), slope: zero, shift: zero, mean: zero, gradient: zero };
    let scratch = &mut scratch!(T);
    let sums = sweep.rows.terms + SUMS * sweep.rows.regions;
    sweep.partials[..sums].fill([T::default(); ACCUMULATORS]);
    for block in blocks(sweep.pixels.clone()) {
        for (first, count) in tiles(block) {
            one_tile::<Lv, T, A, P, Z, Y, G>(&mut sweep, &mut stage, scratch, first, count);
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

#[inline(always)]
fn one_tile<Lv, T, A, P, Z, Y, G>(
    s: &mut Sweep<'_, T, A, P, Z, Y, G>,
    stage: &mut Stage<T>,
    scratch: &mut Scratch<'_, T>,
    first: usize,
    count: usize,
) where
    Lv: Level,
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    G: GradientSink<T>,
{
    let channels = s.logits.layout().shape().channels;
    let (sample, at) = (s.sample, (s.sample, 0, first));
    let (terms, rest) = s.partials.split_at_mut(s.rows.terms);
    let (regions, exps) = rest.split_at_mut(SUMS * s.rows.regions);
    let (exps, _) = exps.as_flattened_mut().as_chunks_mut::<TILE>();

    let Stage { class: stage, slope, shift, mean, gradient: gradient_stage } = stage;
    let (slope, shift, mean) = (&mut slope.0, &mut shift.0, &mut mean.0);
    let gradient_stage = &mut gradient_stage.0;
    let (labels, valid) = (&mut stage.labels.0, &mut stage.valid.0);
    let all = read_targets(&s.call, s.targets, at, count, labels, valid);
    stage.read::<Lv, Z>(s.logits, at, count, exps);
    let fill = Fill {
        call: &s.call,
        program: s.program,
        classes: channels,
        class_weights: s.class_weights,
        labels: &stage.labels.0,
        at,
        count,
        tiles: &mut *s.weights,
    };
    fill.enter::<Lv, A>();
    let valid = (!all).then_some(&stage.valid.0);
    let region_weight = if P::WEIGHABLE && s.region_is_weighted { s.weights.last() } else { None };
    let tile =
        stage.tile(valid, TileWeights { tiles: s.weights, by_call: s.call.weights.is_some() });
    let factors = s.gradient.as_ref().map_or(&[][..], |gradient| gradient.factors);
    let into = s.gradient.is_some().then_some(&mut *slope);
    let partials = s.sums.is_some().then_some(terms);
    s.program.class_tile::<Lv>(tile, factors, partials, into, scratch);

    if s.sums.is_some() {
        let (regions, _) = regions.as_chunks_mut::<SUMS>();
        for ((k, sums), exps) in regions.iter_mut().enumerate().zip(&*exps) {
            let (inverse, labels, q) = (&stage.inverse.0, &stage.labels.0, &stage.q.0);
            region_sums::<T::In<Lv>>(k, exps, inverse, labels, q, valid, region_weight, sums);
        }
    }

    let Some(gradient) = &mut s.gradient else { return };
    let slopes = gradient.slopes;
    if !slopes.is_empty() {
        for (k, slopes) in slopes.iter().enumerate() {
            let (class, labels) = (&stage.largest_class.0, &stage.labels.0);
            region_shift::<T::In<Lv>>(k, *slopes, class, labels, shift);
        }
        mean.fill(T::default());
        for ((k, slopes), exps) in slopes.iter().enumerate().zip(&*exps) {
            region_mean::<T::In<Lv>>(
                k,
                *slopes,
                exps,
                &stage.inverse.0,
                &stage.largest_class.0,
                &stage.labels.0,
                shift,
                mean,
            );
        }
    }
    let whole = count == TILE && s.call.write == Write::Overwrite;
    for (k, exps) in exps.iter().enumerate() {
        let (direct, place) = if whole {
            match gradient.sink.whole_tile(sample, k, first) {
                Some(place) => (true, place),
                None => (false, &mut *gradient_stage),
            }
        } else {
            (false, &mut *gradient_stage)
        };
        let class = ClassPart {
            exps,
            inverse: &stage.inverse.0,
            labels: &stage.labels.0,
            q: &stage.q.0,
            slope,
        };
        match slopes.get(k) {
            None => gradient_of_class::<T::In<Lv>>(k, class, valid, place),
            Some(slopes) => gradient_of_class_and_region::<T::In<Lv>>(
                k,
                class,
                *slopes,
                (shift, mean),
                region_weight,
                valid,
                place,
            ),
        }
        if !direct {
            gradient.sink.put((sample, k, first), count, gradient_stage, s.call.write);
        }
    }
}

/// True positives and false negatives where `k` is the label, false positives where it is not.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn region_sums<V: Vector>(
    k: usize,
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    valid: Option<&Tile<V::Elem>>,
    weight: Option<&Tile<V::Elem>>,
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    match (valid, weight) {
        (None, None) => {
            region_sum_loop::<V, false, false>(k, exps, inverse, labels, q, q, q, sums);
        }
        (Some(valid), None) => {
            region_sum_loop::<V, true, false>(k, exps, inverse, labels, q, valid, q, sums);
        }
        (_, Some(weight)) => {
            let all = [V::Elem::round_from(1.0); TILE];
            let valid = valid.unwrap_or(&all);
            region_sum_loop::<V, true, true>(k, exps, inverse, labels, q, valid, weight, sums);
        }
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn region_sum_loop<V: Vector, const MASKED: bool, const WEIGHTED: bool>(
    k: usize,
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    valid: &Tile<V::Elem>,
    weight: &Tile<V::Elem>,
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    let mut totals = *sums;
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let is_label = V::load(&labels[at..]).eq(class);
            let p = probability(V::load(&exps[at..]), V::load(&inverse[at..]));
            let keep = zero.lt(V::load(&valid[at..]));
            let values = region::softmax::class_sums(is_label, p, V::load(&q[at..]));
            let weight = V::load(&weight[at..]);
            for (total, value) in totals.iter_mut().zip(values) {
                let value = if WEIGHTED { weigh(weight, value) } else { value };
                let value = if MASKED { V::select(keep, value, zero) } else { value };
                accumulate(total, lane, value);
            }
        }
    }
    *sums = totals;
}

/// The derivative of the loss in `p_k`.
#[inline(always)]
fn region_slope<V: Vector>(is_label: V::Mask, slopes: [V::Elem; 2]) -> V {
    region::softmax::class_slope(is_label, slopes.map(|x| V::splat(x.widen())))
}

#[inline(always)]
fn region_shift<V: Vector>(
    k: usize,
    slopes: [V::Elem; 2],
    largest_class: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    shift: &mut Tile<V::Elem>,
) {
    let class = V::splat(k as f64);
    for at in (0..TILE).step_by(V::LANES) {
        let slope = region_slope::<V>(V::load(&labels[at..]).eq(class), slopes);
        let is_largest = V::load(&largest_class[at..]).eq(class);
        let found = region::softmax::shift(V::load(&shift[at..]), is_largest, slope);
        found.store(&mut shift[at..]);
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn region_mean<V: Vector>(
    k: usize,
    slopes: [V::Elem; 2],
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    largest_class: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    shift: &Tile<V::Elem>,
    mean: &mut Tile<V::Elem>,
) {
    let class = V::splat(k as f64);
    for at in (0..TILE).step_by(V::LANES) {
        let slope = region_slope::<V>(V::load(&labels[at..]).eq(class), slopes);
        let is_largest = V::load(&largest_class[at..]).eq(class);
        let p = probability(V::load(&exps[at..]), V::load(&inverse[at..]));
        let (shift, so_far) = (V::load(&shift[at..]), V::load(&mean[at..]));
        let sum = region::softmax::add_to_mean(so_far, is_largest, p, slope, shift);
        sum.store(&mut mean[at..]);
    }
}

/// What the class terms' gradient of one class comes from.
#[derive(Clone, Copy)]
struct ClassPart<'t, T> {
    exps: &'t Tile<T>,
    inverse: &'t Tile<T>,
    labels: &'t Tile<T>,
    q: &'t Tile<T>,
    slope: &'t Tile<T>,
}

#[inline(always)]
fn gradient_of_class<V: Vector>(
    k: usize,
    ClassPart { exps, inverse, labels, q, slope }: ClassPart<'_, V::Elem>,
    valid: Option<&Tile<V::Elem>>,
    gradient: &mut Tile<V::Elem>,
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let p = probability(V::load(&exps[at..]), V::load(&inverse[at..]));
        let slope = V::load(&slope[at..]);
        let g = class_gradient(is_label, slope, V::load(&q[at..]), p);
        let g = match valid {
            None => g,
            Some(valid) => V::select(zero.lt(V::load(&valid[at..])), g, zero),
        };
        g.store(&mut gradient[at..]);
    }
}

/// The same with region terms.
#[inline(always)]
fn gradient_of_class_and_region<V: Vector>(
    k: usize,
    ClassPart { exps, inverse, labels, q, slope }: ClassPart<'_, V::Elem>,
    slopes: [V::Elem; 2],
    (shift, mean): (&Tile<V::Elem>, &Tile<V::Elem>),
    weight: Option<&Tile<V::Elem>>,
    valid: Option<&Tile<V::Elem>>,
    gradient: &mut Tile<V::Elem>,
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let p = probability(V::load(&exps[at..]), V::load(&inverse[at..]));
        let g = class_gradient(is_label, V::load(&slope[at..]), V::load(&q[at..]), p);
        let (shift, mean) = (V::load(&shift[at..]), V::load(&mean[at..]));
        let region_slope = region_slope::<V>(is_label, slopes);
        let of_region = region::softmax::class_gradient(p, region_slope, shift, mean);
        let of_region = match weight {
            None => of_region,
            Some(weight) => weigh(V::load(&weight[at..]), of_region),
        };
        let g = g + of_region;
        let g = match valid {
            None => g,
            Some(valid) => V::select(zero.lt(V::load(&valid[at..])), g, zero),
        };
        g.store(&mut gradient[at..]);
    }
}
