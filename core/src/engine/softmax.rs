//! A sweep under the softmax link: all channels of a tile together, one loop over its pixels at a
//! time, so that any number of classes vectorises over pixels.

use super::sweep::{Sweep, blocks};
use crate::class::softmax::{Largest, class_gradient, inverse, probability};
use crate::compose::{ClassTile, Program};
use crate::lanes::{Real, Vector};
use crate::level::Level;
use crate::region::{self, SUMS};
use crate::summation::{ACCUMULATORS, Accumulator, Partial, TILE, accumulate, tree};
use crate::view::{GradientSink, LogitSource, TargetSource, Write};

type Tile<T> = [T; TILE];

/// Classes taken together where what is found so far would else be loaded and stored for each.
const TOGETHER: usize = 4;

/// What the loops leave for one another, one number a pixel.
struct Stage<T> {
    logits: [Tile<T>; TOGETHER],
    labels: Tile<T>,
    valid: Tile<T>,
    /// The largest logit and its class.
    largest: Tile<T>,
    largest_class: Tile<T>,
    /// The true class's logit.
    label_logit: Tile<T>,
    /// The sum of exponentials of all classes but the largest.
    others: Tile<T>,
    /// `1 / (1 + others)`.
    inverse: Tile<T>,
    log_p: Tile<T>,
    p: Tile<T>,
    q: Tile<T>,
    /// The derivative of all class terms in `ln p_t`.
    slope: Tile<T>,
    /// The largest class's region slope.
    shift: Tile<T>,
    /// The probability-weighted region slopes of the other classes.
    mean: Tile<T>,
    gradient: Tile<T>,
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
    let zero = [T::default(); TILE];
    let mut stage = Stage {
        logits: [zero; TOGETHER],
        labels: zero,
        valid: zero,
        largest: zero,
        largest_class: zero,
        label_logit: zero,
        others: zero,
        inverse: zero,
        log_p: zero,
        p: zero,
        q: zero,
        slope: zero,
        shift: zero,
        mean: zero,
        gradient: zero,
    };
    let sums = sweep.rows.terms + SUMS * sweep.rows.regions;
    sweep.partials[..sums].fill([T::default(); ACCUMULATORS]);
    blocks(
        sweep.pixels.clone(),
        &mut sweep,
        |s, first, count| one_tile::<Lv, T, A, P, Z, Y, G>(s, &mut stage, first, count),
        |s| {
            let Some(row) = s.sums.as_deref_mut() else { return };
            for (sum, partial) in row.iter_mut().zip(&mut s.partials[..sums]) {
                sum.add(tree(partial));
                partial.fill(T::default());
            }
        },
    );
}

#[inline(always)]
fn one_tile<Lv, T, A, P, Z, Y, G>(
    s: &mut Sweep<'_, T, A, P, Z, Y, G>,
    stage: &mut Stage<T>,
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
    let (sample, ignore) = (s.sample, s.call.ignore_index);
    let (terms, rest) = s.partials.split_at_mut(s.rows.terms);
    let (regions, exps) = rest.split_at_mut(SUMS * s.rows.regions);
    let (exps, _) = exps.as_flattened_mut().as_chunks_mut::<TILE>();

    let all = s.targets.labels(sample, first, count, ignore, &mut stage.labels, &mut stage.valid);
    let z = s.logits.tile(sample, 0, first, count, &mut stage.logits[0]);
    stage.largest.copy_from_slice(z);
    stage.largest_class.fill(T::default());
    // The label's own, once its class has been met.
    stage.label_logit.copy_from_slice(z);
    let mut k = 1;
    while k < channels {
        let (labels, largest) = (&stage.labels, &mut stage.largest);
        let (largest_class, label_logit) = (&mut stage.largest_class, &mut stage.label_logit);
        if channels - k >= TOGETHER {
            let z = following(s.logits, (sample, k, first), count, &mut stage.logits);
            find_largest::<T::In<Lv>, _>(k, z, labels, largest, largest_class, label_logit);
            k += TOGETHER;
        } else {
            let z = [s.logits.tile(sample, k, first, count, &mut stage.logits[0])];
            find_largest::<T::In<Lv>, _>(k, z, labels, largest, largest_class, label_logit);
            k += 1;
        }
    }
    stage.others.fill(T::default());
    let (largest, largest_class) = (&stage.largest, &stage.largest_class);
    let (several, rest) = exps.as_chunks_mut::<TOGETHER>();
    let single = several.len() * TOGETHER;
    for (i, exps) in several.iter_mut().enumerate() {
        let k = i * TOGETHER;
        let z = following(s.logits, (sample, k, first), count, &mut stage.logits);
        exponentials::<T::In<Lv>, _>(k, z, largest, largest_class, exps, &mut stage.others);
    }
    for (k, exps) in (single..).zip(rest.as_chunks_mut::<1>().0) {
        let z = [s.logits.tile(sample, k, first, count, &mut stage.logits[0])];
        exponentials::<T::In<Lv>, _>(k, z, largest, largest_class, exps, &mut stage.others);
    }
    true_class::<T::In<Lv>>(
        &stage.labels,
        &stage.largest,
        &stage.largest_class,
        &stage.label_logit,
        &stage.others,
        &mut stage.log_p,
        &mut stage.p,
        &mut stage.q,
        &mut stage.inverse,
    );
    let valid = (!all).then_some(&stage.valid);
    let tile = ClassTile { log_p: &stage.log_p, p: &stage.p, q: &stage.q, valid };
    let factors = s.gradient.as_ref().map_or(&[][..], |gradient| gradient.factors);
    let slope = s.gradient.is_some().then_some(&mut stage.slope);
    let partials = s.sums.is_some().then_some(terms);
    s.program.class_tile::<Lv>(tile, factors, partials, slope);

    if s.sums.is_some() {
        let (regions, _) = regions.as_chunks_mut::<SUMS>();
        for ((k, sums), exps) in regions.iter_mut().enumerate().zip(&*exps) {
            region_sums::<T::In<Lv>>(k, exps, &stage.inverse, &stage.labels, &stage.q, valid, sums);
        }
    }

    let Some(gradient) = &mut s.gradient else { return };
    let slopes = gradient.slopes;
    if !slopes.is_empty() {
        for (k, slopes) in slopes.iter().enumerate() {
            let (class, labels) = (&stage.largest_class, &stage.labels);
            region_shift::<T::In<Lv>>(k, *slopes, class, labels, &mut stage.shift);
        }
        stage.mean.fill(T::default());
        for ((k, slopes), exps) in slopes.iter().enumerate().zip(&*exps) {
            region_mean::<T::In<Lv>>(
                k,
                *slopes,
                exps,
                &stage.inverse,
                &stage.largest_class,
                &stage.labels,
                &stage.shift,
                &mut stage.mean,
            );
        }
    }
    let whole = count == TILE && s.call.write == Write::Overwrite;
    for (k, exps) in exps.iter().enumerate() {
        let (direct, place) = if whole {
            match gradient.sink.whole_tile(sample, k, first) {
                Some(place) => (true, place),
                None => (false, &mut stage.gradient),
            }
        } else {
            (false, &mut stage.gradient)
        };
        let class = ClassPart {
            exps,
            inverse: &stage.inverse,
            labels: &stage.labels,
            q: &stage.q,
            slope: &stage.slope,
        };
        match slopes.get(k) {
            None => gradient_of_class::<T::In<Lv>>(k, class, valid, place),
            Some(slopes) => gradient_of_class_and_region::<T::In<Lv>>(
                k,
                class,
                *slopes,
                &stage.shift,
                &stage.mean,
                valid,
                place,
            ),
        }
        if !direct {
            gradient.sink.put((sample, k, first), count, &stage.gradient, s.call.write);
        }
    }
}

/// The tiles of `N` classes from `k` on.
#[inline(always)]
fn following<'s, T: Real, Z: LogitSource<T>, const N: usize>(
    logits: &'s Z,
    (sample, k, first): (usize, usize, usize),
    count: usize,
    stages: &'s mut [Tile<T>; N],
) -> [&'s Tile<T>; N] {
    let mut classes = k..k + N;
    stages.each_mut().map(|stage| {
        let class = classes.next().unwrap_or(k);
        logits.tile(sample, class, first, count, stage)
    })
}

#[inline(always)]
fn find_largest<V: Vector, const N: usize>(
    k: usize,
    z: [&Tile<V::Elem>; N],
    labels: &Tile<V::Elem>,
    largest: &mut Tile<V::Elem>,
    largest_class: &mut Tile<V::Elem>,
    label_logit: &mut Tile<V::Elem>,
) {
    for at in (0..TILE).step_by(V::LANES) {
        let label = V::load(&labels[at..]);
        let mut found =
            Largest { logit: V::load(&largest[at..]), class: V::load(&largest_class[at..]) };
        let mut own = V::load(&label_logit[at..]);
        for (j, z) in z.iter().enumerate() {
            let (z, class) = (V::load(&z[at..]), V::splat((k + j) as f64));
            found = found.with(z, class);
            own = V::select(label.eq(class), z, own);
        }
        found.logit.store(&mut largest[at..]);
        found.class.store(&mut largest_class[at..]);
        own.store(&mut label_logit[at..]);
    }
}

#[inline(always)]
fn exponentials<V: Vector, const N: usize>(
    k: usize,
    z: [&Tile<V::Elem>; N],
    largest: &Tile<V::Elem>,
    largest_class: &Tile<V::Elem>,
    exps: &mut [Tile<V::Elem>; N],
    others: &mut Tile<V::Elem>,
) {
    for at in (0..TILE).step_by(V::LANES) {
        let largest =
            Largest { logit: V::load(&largest[at..]), class: V::load(&largest_class[at..]) };
        let mut sum = V::load(&others[at..]);
        for (j, (z, exps)) in z.iter().zip(&mut *exps).enumerate() {
            let class = V::splat((k + j) as f64);
            let exp = largest.exp_of(V::load(&z[at..]), class);
            exp.store(&mut exps[at..]);
            sum = largest.add_other(sum, exp, class);
        }
        sum.store(&mut others[at..]);
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn true_class<V: Vector>(
    labels: &Tile<V::Elem>,
    largest: &Tile<V::Elem>,
    largest_class: &Tile<V::Elem>,
    label_logit: &Tile<V::Elem>,
    others: &Tile<V::Elem>,
    log_p: &mut Tile<V::Elem>,
    p: &mut Tile<V::Elem>,
    q: &mut Tile<V::Elem>,
    inverses: &mut Tile<V::Elem>,
) {
    for at in (0..TILE).step_by(V::LANES) {
        let largest =
            Largest { logit: V::load(&largest[at..]), class: V::load(&largest_class[at..]) };
        let (label, logit) = (V::load(&labels[at..]), V::load(&label_logit[at..]));
        let others = V::load(&others[at..]);
        let pixel = largest.class_pixel(label, logit, others);
        pixel.log_p.store(&mut log_p[at..]);
        pixel.p.store(&mut p[at..]);
        pixel.q.store(&mut q[at..]);
        inverse(others).store(&mut inverses[at..]);
    }
}

/// False positives where `k` is not the label, false negatives and target mass where it is.
#[inline(always)]
fn region_sums<V: Vector>(
    k: usize,
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    valid: Option<&Tile<V::Elem>>,
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    match valid {
        None => region_sum_loop::<V, false>(k, exps, inverse, labels, q, labels, sums),
        Some(valid) => region_sum_loop::<V, true>(k, exps, inverse, labels, q, valid, sums),
    }
}

#[inline(always)]
fn region_sum_loop<V: Vector, const MASKED: bool>(
    k: usize,
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    valid: &Tile<V::Elem>,
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
            for (total, value) in totals.iter_mut().zip(values) {
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
    shift: &Tile<V::Elem>,
    mean: &Tile<V::Elem>,
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
        let g = g + region::softmax::class_gradient(p, region_slope, shift, mean);
        let g = match valid {
            None => g,
            Some(valid) => V::select(zero.lt(V::load(&valid[at..])), g, zero),
        };
        g.store(&mut gradient[at..]);
    }
}
