//! The probability of each pixel's true class, of one tile: all channels together, one loop over its
//! pixels at a time, so that any number of classes vectorises over pixels.

use super::inputs::{ClassTile, TileWeights};
use crate::aligned::Aligned;
use crate::class::softmax::{Largest, inverse};
use crate::lanes::{Real, Vector};
use crate::level::{Kernel, Level};
use crate::summation::TILE;
use crate::tile::Tile;
use crate::view::Planes;

/// Classes taken together where what is found so far would else be loaded and stored for each.
const TOGETHER: usize = 4;

/// What is known of each pixel of a tile.
pub(crate) struct TrueClass<T> {
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
    pub(crate) fn new() -> Self {
        let zero = Aligned([T::default(); TILE]);
        TrueClass {
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

    /// What class terms read.
    #[inline(always)]
    pub(crate) fn tile<'t>(
        &'t self,
        valid: Option<&'t Tile<T>>,
        weights: TileWeights<'t, T>,
    ) -> ClassTile<'t, T> {
        ClassTile { log_p: &self.log_p.0, p: &self.p.0, q: &self.q.0, valid, weights }
    }
}

/// Computes what is known of each pixel from the labels that are there and the logits of a tile, and each
/// class's exponentials.
pub(super) struct Read<'t, T> {
    pub planes: Planes<'t, T>,
    /// A tile a class.
    pub exps: &'t mut [Tile<T>],
    pub class: &'t mut TrueClass<T>,
}

impl<T: Real> Kernel for Read<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        read::<T::In<Lv>>(self.planes, self.exps, self.class);
    }
}

#[inline(always)]
fn read<V: Vector>(
    planes: Planes<'_, V::Elem>,
    exps: &mut [Tile<V::Elem>],
    class: &mut TrueClass<V::Elem>,
) {
    let channels = exps.len();
    let TrueClass { labels, largest, largest_class, label_logit, others, .. } = class;
    let (labels, largest, largest_class) = (&labels.0, &mut largest.0, &mut largest_class.0);
    let (label_logit, others) = (&mut label_logit.0, &mut others.0);
    let z = planes.class(0);
    largest.copy_from_slice(z);
    largest_class.fill(V::Elem::default());
    // The label's own, once its class has been met.
    label_logit.copy_from_slice(z);
    let mut k = 1;
    while k < channels {
        if channels - k >= TOGETHER {
            let z = following::<_, TOGETHER>(&planes, k);
            find_largest::<V, _>(k, z, labels, largest, largest_class, label_logit);
            k += TOGETHER;
        } else {
            let z = following::<_, 1>(&planes, k);
            find_largest::<V, _>(k, z, labels, largest, largest_class, label_logit);
            k += 1;
        }
    }
    others.fill(V::Elem::default());
    let (largest, largest_class) = (&*largest, &*largest_class);
    let (several, rest) = exps.as_chunks_mut::<TOGETHER>();
    let single = several.len() * TOGETHER;
    for (i, exps) in several.iter_mut().enumerate() {
        let k = i * TOGETHER;
        let z = following::<_, TOGETHER>(&planes, k);
        exponentials::<V, _>(k, z, largest, largest_class, exps, others);
    }
    for (k, exps) in (single..).zip(rest.as_chunks_mut::<1>().0) {
        let z = following::<_, 1>(&planes, k);
        exponentials::<V, _>(k, z, largest, largest_class, exps, others);
    }
    true_class::<V>(
        labels,
        largest,
        largest_class,
        label_logit,
        others,
        &mut class.log_p.0,
        &mut class.p.0,
        &mut class.q.0,
        &mut class.inverse.0,
    );
}

/// Returns the tiles of `N` classes from `k` on.
#[inline(always)]
fn following<'s, T, const N: usize>(planes: &Planes<'s, T>, k: usize) -> [&'s Tile<T>; N] {
    core::array::from_fn(|j| planes.class(k + j))
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
