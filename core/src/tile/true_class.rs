//! The probability of each pixel's true class, of one tile: all channels together, one loop over its
//! pixels at a time, so that any number of classes vectorises over pixels.

use super::inputs::{ClassTile, TileWeights};
use crate::aligned::Aligned;
use crate::class::{ClassPixel, softmax};
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
    /// The largest logit.
    largest: Aligned<Tile<T>>,
    /// How far the true class's logit is below it.
    below: Aligned<Tile<T>>,
    /// The true class's exponential, and the sum of the others'.
    own: Aligned<Tile<T>>,
    others: Aligned<Tile<T>>,
    /// `1 / (others + own)`.
    pub inverse: Aligned<Tile<T>>,
    log_p: Aligned<Tile<T>>,
    pub p: Aligned<Tile<T>>,
    pub q: Aligned<Tile<T>>,
}

impl<T: Real> TrueClass<T> {
    pub(crate) fn new() -> Self {
        let zero = Aligned([T::default(); TILE]);
        TrueClass {
            labels: zero,
            valid: zero,
            largest: zero,
            below: zero,
            own: zero,
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
    let TrueClass { labels, largest, below, own, others, inverse, log_p, p, q, .. } = class;
    let (labels, largest, below) = (&labels.0, &mut largest.0, &mut below.0);
    let (own, others) = (&mut own.0, &mut others.0);
    largest.copy_from_slice(planes.class(0));
    let mut k = 1;
    while k < channels {
        if channels - k >= TOGETHER {
            find_largest::<V, _>(following::<_, TOGETHER>(&planes, k), largest);
            k += TOGETHER;
        } else {
            find_largest::<V, _>(following::<_, 1>(&planes, k), largest);
            k += 1;
        }
    }
    // The label's own, once its class has been met.
    below.fill(V::Elem::default());
    own.fill(V::Elem::default());
    others.fill(V::Elem::default());
    let (several, rest) = exps.as_chunks_mut::<TOGETHER>();
    let single = several.len() * TOGETHER;
    for (i, exps) in several.iter_mut().enumerate() {
        let k = i * TOGETHER;
        let z = following::<_, TOGETHER>(&planes, k);
        exponentials::<V, _>(k, z, labels, largest, exps, below, own, others);
    }
    for (k, exps) in (single..).zip(rest.as_chunks_mut::<1>().0) {
        let z = following::<_, 1>(&planes, k);
        exponentials::<V, _>(k, z, labels, largest, exps, below, own, others);
    }
    true_class::<V>(below, own, others, &mut log_p.0, &mut p.0, &mut q.0, &mut inverse.0);
}

/// Returns the tiles of `N` classes from `k` on.
#[inline(always)]
fn following<'s, T, const N: usize>(planes: &Planes<'s, T>, k: usize) -> [&'s Tile<T>; N] {
    core::array::from_fn(|j| planes.class(k + j))
}

#[inline(always)]
fn find_largest<V: Vector, const N: usize>(z: [&Tile<V::Elem>; N], largest: &mut Tile<V::Elem>) {
    for at in (0..TILE).step_by(V::LANES) {
        let mut found = V::load(&largest[at..]);
        for z in z {
            found = found.max(V::load(&z[at..]));
        }
        found.store(&mut largest[at..]);
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn exponentials<V: Vector, const N: usize>(
    k: usize,
    z: [&Tile<V::Elem>; N],
    labels: &Tile<V::Elem>,
    largest: &Tile<V::Elem>,
    exps: &mut [Tile<V::Elem>; N],
    below: &mut Tile<V::Elem>,
    own: &mut Tile<V::Elem>,
    others: &mut Tile<V::Elem>,
) {
    for at in (0..TILE).step_by(V::LANES) {
        let (label, largest) = (V::load(&labels[at..]), V::load(&largest[at..]));
        let mut own_below = V::load(&below[at..]);
        let mut own_exp = V::load(&own[at..]);
        let mut sum = V::load(&others[at..]);
        for (j, (z, exps)) in z.iter().zip(&mut *exps).enumerate() {
            let is_label = label.eq(V::splat((k + j) as f64));
            let x = softmax::below(V::load(&z[at..]), largest);
            let exp = x.exp_of_nonpositive();
            exp.store(&mut exps[at..]);
            own_below = V::select(is_label, x, own_below);
            own_exp = V::select(is_label, exp, own_exp);
            sum = softmax::add_other(sum, is_label, exp);
        }
        own_below.store(&mut below[at..]);
        own_exp.store(&mut own[at..]);
        sum.store(&mut others[at..]);
    }
}

#[inline(always)]
fn true_class<V: Vector>(
    below: &Tile<V::Elem>,
    own: &Tile<V::Elem>,
    others: &Tile<V::Elem>,
    log_p: &mut Tile<V::Elem>,
    p: &mut Tile<V::Elem>,
    q: &mut Tile<V::Elem>,
    inverses: &mut Tile<V::Elem>,
) {
    for at in (0..TILE).step_by(V::LANES) {
        let (below, own) = (V::load(&below[at..]), V::load(&own[at..]));
        let others = V::load(&others[at..]);
        let inverse = softmax::inverse(others, own);
        let pixel = ClassPixel::of(below, own, others, inverse);
        pixel.log_p.store(&mut log_p[at..]);
        pixel.p.store(&mut p[at..]);
        pixel.q.store(&mut q[at..]);
        inverse.store(&mut inverses[at..]);
    }
}

/// Finds `p` and `1 - p` of the true class among what is kept of all classes.
pub(super) struct FromKept<'t, T> {
    /// A tile a class.
    pub kept: &'t [Tile<T>],
    pub class: &'t mut TrueClass<T>,
}

impl<T: Real> Kernel for FromKept<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let TrueClass { labels, own, p, q, .. } = self.class;
        own.0.fill(T::default());
        for (k, kept) in self.kept.iter().enumerate() {
            choose::<T::In<Lv>>(k, kept, &labels.0, &mut own.0);
        }
        from_kept::<T::In<Lv>>(&own.0, &mut p.0, &mut q.0);
    }
}

#[inline(always)]
fn choose<V: Vector>(
    k: usize,
    kept: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    own: &mut Tile<V::Elem>,
) {
    let class = V::splat(k as f64);
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let found = V::select(is_label, V::load(&kept[at..]), V::load(&own[at..]));
        found.store(&mut own[at..]);
    }
}

#[inline(always)]
fn from_kept<V: Vector>(own: &Tile<V::Elem>, p: &mut Tile<V::Elem>, q: &mut Tile<V::Elem>) {
    for at in (0..TILE).step_by(V::LANES) {
        let pixel = ClassPixel::of_kept(V::load(&own[at..]));
        pixel.p.store(&mut p[at..]);
        pixel.q.store(&mut q[at..]);
    }
}
