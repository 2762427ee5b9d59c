//! Leaves under the softmax link: one loop over the pixels of a tile at a time, all classes in a call, so
//! that any number of classes vectorises over pixels.

use super::true_class::{FromKept, Read, TrueClass};
use crate::class::{ClassPixel, softmax};
use crate::lanes::{Real, Vector, weigh};
use crate::level::{Kernel, Level, enter};
use crate::region::{self, SUMS};
use crate::summation::{ACCUMULATORS, Partial, TILE, accumulate};
use crate::tile::Tile;
use crate::view::Planes;

/// The leaves.
pub(crate) struct SoftmaxKernels<T> {
    /// Computes the true class's probability and each class's exponentials, a tile a class.
    pub read: fn(Planes<'_, T>, exps: &mut [Tile<T>], class: &mut TrueClass<T>),
    /// Makes of exponentials what is kept of a pixel's classes, and adds up region sums.
    pub keep: fn(KeepClasses<'_, T>),
    /// Finds `p` and `1 - p` of the true class among what is kept.
    pub from_kept: fn(kept: &[Tile<T>], class: &mut TrueClass<T>),
    /// Computes what the gradients of all classes share.
    pub prepare: fn(&mut Gradients<'_, T>, kept: &[Tile<T>]),
    /// Writes the gradient of class `k` from its exponentials, or with region terms from what is kept.
    pub gradient: fn(&Gradients<'_, T>, k: usize, class: &Tile<T>, into: &mut Tile<T>),
}

/// The classes of a tile's pixels, and what region terms add up.
pub(crate) struct KeepClasses<'t, T> {
    /// Exponentials, a tile a class; then what is kept.
    pub exps: &'t mut [Tile<T>],
    pub class: &'t TrueClass<T>,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t Tile<T>>,
    /// What sums are multiplied by.
    pub weight: Option<&'t Tile<T>>,
    /// Where they are added; nowhere if empty.
    pub sums: &'t mut [[Partial<T>; SUMS]],
}

/// What the gradients of a tile's classes are made of.
pub(crate) struct Gradients<'t, T> {
    pub class: &'t TrueClass<T>,
    /// The derivative of all class terms in `ln p_t`; then what gives the gradient in other classes' logits.
    pub slope: &'t mut Tile<T>,
    /// The gradient in the true class's logit.
    pub toward: &'t mut Tile<T>,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t Tile<T>>,
    pub region: Option<RegionGradients<'t, T>>,
}

/// What region terms add.
pub(crate) struct RegionGradients<'t, T> {
    /// One pair a class.
    pub slopes: &'t [[T; 2]],
    /// The largest class's slope.
    pub shift: &'t mut Tile<T>,
    /// The mean of all slopes less that; before, the largest probability.
    pub mean: &'t mut Tile<T>,
    /// What the gradient is multiplied by.
    pub weight: Option<&'t Tile<T>>,
}

impl<T: Real> SoftmaxKernels<T> {
    pub const fn new<Lv: Level>() -> Self {
        SoftmaxKernels {
            read: |planes, exps, class| enter::<Lv, _>(Read { planes, exps, class }),
            keep: |work| enter::<Lv, _>(work),
            from_kept: |kept, class| enter::<Lv, _>(FromKept { kept, class }),
            prepare: |gradients, kept| enter::<Lv, _>(Prepare { gradients, kept }),
            gradient: |gradients, k, class, into| {
                enter::<Lv, _>(Gradient { gradients, k, class, into });
            },
        }
    }
}

impl<T: Real> Kernel for KeepClasses<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let KeepClasses { exps, class, valid, weight, sums } = self;
        if sums.is_empty() {
            for (k, exps) in exps.iter_mut().enumerate() {
                keep::<T::In<Lv>>(
                    k,
                    exps,
                    &class.inverse.0,
                    &class.labels.0,
                    &class.p.0,
                    &class.q.0,
                );
            }
            return;
        }
        let (inverse, labels) = (&class.inverse.0, &class.labels.0);
        let (p, q) = (&class.p.0, &class.q.0);
        let all = [T::round_from(1.0); TILE];
        for ((k, sums), exps) in sums.iter_mut().enumerate().zip(exps) {
            match (valid, weight) {
                (None, None) => {
                    keep_and_sum::<T::In<Lv>, false, false>(
                        k, exps, inverse, labels, p, q, q, q, sums,
                    );
                }
                (Some(valid), None) => {
                    keep_and_sum::<T::In<Lv>, true, false>(
                        k, exps, inverse, labels, p, q, valid, q, sums,
                    );
                }
                (_, Some(weight)) => {
                    let valid = valid.unwrap_or(&all);
                    keep_and_sum::<T::In<Lv>, true, true>(
                        k, exps, inverse, labels, p, q, valid, weight, sums,
                    );
                }
            }
        }
    }
}

/// The true class's quantities, but for `ln p`.
#[inline(always)]
fn true_class<V: Vector>(p: &Tile<V::Elem>, q: &Tile<V::Elem>, at: usize) -> ClassPixel<V> {
    ClassPixel { log_p: V::splat(0.0), p: V::load(&p[at..]), q: V::load(&q[at..]) }
}

/// Keeps lanes of a class in place of its exponentials; returns where it is the label, the true class, and its probability.
#[inline(always)]
fn keep_lanes<V: Vector>(
    class: V,
    exps: &mut Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    at: usize,
) -> (V::Mask, ClassPixel<V>, V) {
    let is_label = V::load(&labels[at..]).eq(class);
    let own = true_class::<V>(p, q, at);
    let p_k = softmax::probability(V::load(&exps[at..]), V::load(&inverse[at..]));
    softmax::kept(is_label, p_k, own.smaller()).store(&mut exps[at..]);
    (is_label, own, p_k)
}

#[inline(always)]
fn keep<V: Vector>(
    k: usize,
    exps: &mut Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
) {
    let class = V::splat(k as f64);
    for at in (0..TILE).step_by(V::LANES) {
        keep_lanes(class, exps, inverse, labels, p, q, at);
    }
}

/// Adds true positives and false negatives where `k` is the label, false positives where it is not.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn keep_and_sum<V: Vector, const MASKED: bool, const WEIGHTED: bool>(
    k: usize,
    exps: &mut Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    valid: &Tile<V::Elem>,
    weight: &Tile<V::Elem>,
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    // Variables, not an array of them, which would stay in memory.
    let [mut right, mut wrong, mut missed] = *sums;
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let (is_label, own, p_k) = keep_lanes(class, exps, inverse, labels, p, q, at);
            let keep = zero.lt(V::load(&valid[at..]));
            let weight = V::load(&weight[at..]);
            let counted = |value: V| {
                let value = if WEIGHTED { weigh(weight, value) } else { value };
                if MASKED { V::select(keep, value, zero) } else { value }
            };
            let [a, b, c] = region::softmax::class_sums(is_label, p_k, own.p, own.q).map(counted);
            accumulate(&mut right, lane, a);
            accumulate(&mut wrong, lane, b);
            accumulate(&mut missed, lane, c);
        }
    }
    *sums = [right, wrong, missed];
}

struct Prepare<'g, 't, T> {
    gradients: &'g mut Gradients<'t, T>,
    /// What is kept of each class.
    kept: &'g [Tile<T>],
}

impl<T: Real> Kernel for Prepare<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Gradients { class, slope, toward, region, .. } = self.gradients;
        let (labels, p, q) = (&class.labels.0, &class.p.0, &class.q.0);
        for at in (0..TILE).step_by(<T::In<Lv>>::LANES) {
            let slopes = &mut slope[at..];
            let slope = <T::In<Lv>>::load(slopes);
            let (to, away) = softmax::toward_and_away(slope, Vector::load(&q[at..]));
            to.store(&mut toward[at..]);
            away.store(slopes);
        }
        let Some(RegionGradients { slopes, shift, mean, .. }) = region else { return };
        // Below every probability.
        mean.fill(T::splat(-1.0));
        for (k, (&slopes, kept)) in slopes.iter().zip(self.kept).enumerate() {
            pivot::<T::In<Lv>>(k, slopes, kept, labels, p, mean, shift);
        }
        mean.fill(T::default());
        for (k, (&slopes, kept)) in slopes.iter().zip(self.kept).enumerate() {
            region_mean::<T::In<Lv>>(k, slopes, kept, labels, p, shift, mean);
        }
    }
}

/// The derivative of the loss in `p_k`, and `p_k`.
#[inline(always)]
fn slope_and_probability<V: Vector>(
    is_label: V::Mask,
    slopes: [V::Elem; 2],
    kept: V,
    p: V,
) -> (V, V) {
    let slopes = slopes.map(|x| V::splat(x.widen()));
    (region::softmax::class_slope(is_label, slopes), V::select(is_label, p, kept))
}

#[inline(always)]
fn pivot<V: Vector>(
    k: usize,
    slopes: [V::Elem; 2],
    kept: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    largest: &mut Tile<V::Elem>,
    shift: &mut Tile<V::Elem>,
) {
    let class = V::splat(k as f64);
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let (kept, p) = (V::load(&kept[at..]), V::load(&p[at..]));
        let (slope, p_k) = slope_and_probability::<V>(is_label, slopes, kept, p);
        let pivot =
            region::softmax::Pivot { p: V::load(&largest[at..]), slope: V::load(&shift[at..]) };
        let pivot = pivot.with(p_k, slope);
        pivot.p.store(&mut largest[at..]);
        pivot.slope.store(&mut shift[at..]);
    }
}

#[inline(always)]
fn region_mean<V: Vector>(
    k: usize,
    slopes: [V::Elem; 2],
    kept: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    shift: &Tile<V::Elem>,
    mean: &mut Tile<V::Elem>,
) {
    let class = V::splat(k as f64);
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let (kept, p) = (V::load(&kept[at..]), V::load(&p[at..]));
        let (slope, p_k) = slope_and_probability::<V>(is_label, slopes, kept, p);
        let (shift, so_far) = (V::load(&shift[at..]), V::load(&mean[at..]));
        region::softmax::add_to_mean(so_far, p_k, slope, shift).store(&mut mean[at..]);
    }
}

struct Gradient<'g, 't, T> {
    gradients: &'g Gradients<'t, T>,
    k: usize,
    class: &'g Tile<T>,
    into: &'g mut Tile<T>,
}

impl<T: Real> Kernel for Gradient<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Gradient { gradients, k, class: of_class_k, into } = self;
        let Gradients { class, slope, toward, valid, region } = gradients;
        let (labels, p, inverse) = (&class.labels.0, &class.p.0, &class.inverse.0);
        match region {
            None => {
                of_class::<T::In<Lv>>(k, of_class_k, inverse, labels, toward, slope, *valid, into);
            }
            Some(RegionGradients { slopes, shift, mean, weight }) => {
                let slopes = slopes.get(k).copied().unwrap_or_default();
                of_class_and_region::<T::In<Lv>>(
                    k, of_class_k, labels, p, toward, slope, slopes, shift, mean, *weight, *valid,
                    into,
                );
            }
        }
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn of_class<V: Vector>(
    k: usize,
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    toward: &Tile<V::Elem>,
    away: &Tile<V::Elem>,
    valid: Option<&Tile<V::Elem>>,
    gradient: &mut Tile<V::Elem>,
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let p = softmax::probability(V::load(&exps[at..]), V::load(&inverse[at..]));
        let both = (V::load(&toward[at..]), V::load(&away[at..]));
        let g = softmax::class_gradient(is_label, both, p);
        let g = match valid {
            None => g,
            Some(valid) => V::select(zero.lt(V::load(&valid[at..])), g, zero),
        };
        g.store(&mut gradient[at..]);
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn of_class_and_region<V: Vector>(
    k: usize,
    kept: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    toward: &Tile<V::Elem>,
    away: &Tile<V::Elem>,
    slopes: [V::Elem; 2],
    shift: &Tile<V::Elem>,
    mean: &Tile<V::Elem>,
    weight: Option<&Tile<V::Elem>>,
    valid: Option<&Tile<V::Elem>>,
    gradient: &mut Tile<V::Elem>,
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let (kept, p) = (V::load(&kept[at..]), V::load(&p[at..]));
        let (slope, p_k) = slope_and_probability::<V>(is_label, slopes, kept, p);
        let both = (V::load(&toward[at..]), V::load(&away[at..]));
        let g = softmax::class_gradient(is_label, both, p_k);
        let (shift, mean) = (V::load(&shift[at..]), V::load(&mean[at..]));
        let of_region = region::softmax::class_gradient(p_k, slope, shift, mean);
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
