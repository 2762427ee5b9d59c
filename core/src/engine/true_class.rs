//! The probability of each pixel's true class, of one tile: all channels together, one loop over its
//! pixels at a time, so that any number of classes vectorises over pixels.

use super::weights::At;
use crate::aligned::Aligned;
use crate::class::softmax::{Largest, inverse};
use crate::compose::{ClassTile, TileWeights};
use crate::lanes::{Real, Vector};
use crate::level::Level;
use crate::summation::TILE;
use crate::view::LogitSource;

type Tile<T> = [T; TILE];

/// Classes taken together where what is found so far would else be loaded and stored for each.
const TOGETHER: usize = 4;

/// What is known of each pixel of a tile.
pub(super) struct TrueClass<T> {
    logits: [Aligned<Tile<T>>; TOGETHER],
    pub labels: Aligned<Tile<T>>,
    pub valid: Aligned<Tile<T>>,
    /// The largest logit and its class.
    largest: Aligned<Tile<T>>,
    pub largest_class: Aligned<Tile<T>>,
    /// The true class's logit.
    label_logit: Aligned<Tile<T>>,
    /// The sum of exponentials of all classes but the largest.
    others: Aligned<Tile<T>>,
    /// `1 / (1 + others)`.
    pub inverse: Aligned<Tile<T>>,
    log_p: Aligned<Tile<T>>,
    p: Aligned<Tile<T>>,
    pub q: Aligned<Tile<T>>,
}

impl<T: Real> TrueClass<T> {
    #[inline(always)]
    pub fn new() -> Self {
        let zero = Aligned([T::default(); TILE]);
        TrueClass {
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
        }
    }

    /// Computes all from the labels and logits of a tile, and each class's exponentials.
    #[inline(always)]
    pub fn read<Lv: Level, Z: LogitSource<T>>(
        &mut self,
        logits: &Z,
        (sample, _, first): At,
        count: usize,
        exps: &mut [Tile<T>],
    ) {
        let channels = exps.len();
        let is_ready = logits.is_ready();
        if !is_ready {
            // To where the exponentials will be, because all are read twice.
            for (k, exps) in exps.iter_mut().enumerate() {
                logits.tile(sample, k, first, count, exps);
            }
        }
        let stage = &mut self.logits;
        let [z] =
            following(logits, (sample, 0, first), count, one(stage), copies(is_ready, exps, 0));
        self.largest.0.copy_from_slice(z);
        self.largest_class.0.fill(T::default());
        // The label's own, once its class has been met.
        self.label_logit.0.copy_from_slice(z);
        let (labels, largest) = (&self.labels.0, &mut self.largest.0);
        let (largest_class, label_logit) = (&mut self.largest_class.0, &mut self.label_logit.0);
        let mut k = 1;
        while k < channels {
            let at = (sample, k, first);
            if channels - k >= TOGETHER {
                let z: [_; TOGETHER] =
                    following(logits, at, count, stage, copies(is_ready, exps, k));
                find_largest::<T::In<Lv>, _>(k, z, labels, largest, largest_class, label_logit);
                k += TOGETHER;
            } else {
                let z: [_; 1] = following(logits, at, count, one(stage), copies(is_ready, exps, k));
                find_largest::<T::In<Lv>, _>(k, z, labels, largest, largest_class, label_logit);
                k += 1;
            }
        }
        self.others.0.fill(T::default());
        let (largest, largest_class) = (&*largest, &*largest_class);
        let (several, rest) = exps.as_chunks_mut::<TOGETHER>();
        let single = several.len() * TOGETHER;
        let others = &mut self.others.0;
        for (i, exps) in several.iter_mut().enumerate() {
            let k = i * TOGETHER;
            let own = (!is_ready).then_some(*exps);
            let z = following(logits, (sample, k, first), count, stage, own.as_ref());
            exponentials::<T::In<Lv>, _>(k, z, largest, largest_class, exps, others);
        }
        for (k, exps) in (single..).zip(rest.as_chunks_mut::<1>().0) {
            let own = (!is_ready).then_some(*exps);
            let z = following(logits, (sample, k, first), count, one(stage), own.as_ref());
            exponentials::<T::In<Lv>, _>(k, z, largest, largest_class, exps, others);
        }
        true_class::<T::In<Lv>>(
            &self.labels.0,
            &self.largest.0,
            &self.largest_class.0,
            &self.label_logit.0,
            &self.others.0,
            &mut self.log_p.0,
            &mut self.p.0,
            &mut self.q.0,
            &mut self.inverse.0,
        );
    }

    /// What class terms read.
    #[inline(always)]
    pub fn tile<'t>(
        &'t self,
        valid: Option<&'t Tile<T>>,
        weights: TileWeights<'t, T>,
    ) -> ClassTile<'t, T> {
        ClassTile { log_p: &self.log_p.0, p: &self.p.0, q: &self.q.0, valid, weights }
    }
}

#[inline(always)]
fn one<X, const N: usize>(stages: &mut [X; N]) -> &mut [X; 1] {
    core::array::from_mut(&mut stages[0])
}

/// The copies of `N` classes from `k` on, unless logits are read where they lie.
#[inline(always)]
fn copies<T, const N: usize>(is_ready: bool, exps: &[Tile<T>], k: usize) -> Option<&[Tile<T>; N]> {
    if is_ready { None } else { exps.get(k..)?.first_chunk() }
}

/// The tiles of `N` classes from `k` on: their copies, if they have been copied.
#[inline(always)]
fn following<'s, T: Real, Z: LogitSource<T>, const N: usize>(
    logits: &'s Z,
    (sample, k, first): (usize, usize, usize),
    count: usize,
    stages: &'s mut [Aligned<Tile<T>>; N],
    copies: Option<&'s [Tile<T>; N]>,
) -> [&'s Tile<T>; N] {
    if let Some(copies) = copies {
        return copies.each_ref();
    }
    let mut classes = k..k + N;
    stages.each_mut().map(|stage| {
        let class = classes.next().unwrap_or(k);
        logits.tile(sample, class, first, count, &mut stage.0)
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
