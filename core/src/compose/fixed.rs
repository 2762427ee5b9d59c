use super::program::{ClassTile, Kind, PixelTile, Program, Spec, part};
use crate::class::{ClassPixel, ClassTerm};
use crate::engine::Link;
use crate::lanes::{Dual, Lanes, Real, Vector};
use crate::level::Level;
use crate::pixel::{Pixel, PixelTerm};
use crate::region::{self, Pool, RegionTerm, SUMS, SeededSums};
use crate::summation::{ACCUMULATORS, Accumulator, Partial, TILE, accumulate};
use crate::term::Reduction;

/// A pixel term with its coefficient.
#[derive(Clone, Copy, Debug)]
pub struct PixelPart<P> {
    coefficient: f64,
    term: P,
    reduction: Reduction,
}

/// A class term with its coefficient.
#[derive(Clone, Copy, Debug)]
pub struct ClassPart<P> {
    coefficient: f64,
    term: P,
    reduction: Reduction,
}

/// A region term with its coefficient.
#[derive(Clone, Copy, Debug)]
pub struct RegionPart<P> {
    coefficient: f64,
    term: P,
    pool: Option<Pool>,
    reduction: Reduction,
}

/// `coefficient * term`, averaged over valid pixels.
pub fn pixel<P: PixelTerm>(coefficient: f64, term: P) -> PixelPart<P> {
    PixelPart { coefficient, term, reduction: Reduction::Mean }
}

/// `coefficient * term`, averaged over valid pixels.
pub fn class<P: ClassTerm>(coefficient: f64, term: P) -> ClassPart<P> {
    ClassPart { coefficient, term, reduction: Reduction::Mean }
}

/// `coefficient * term`, pooled as the term does unless told otherwise.
pub fn region<P: RegionTerm>(coefficient: f64, term: P) -> RegionPart<P> {
    RegionPart { coefficient, term, pool: None, reduction: Reduction::Mean }
}

macro_rules! with_reduction {
    ($($part:ident),*) => {$(
        impl<P> $part<P> {
            /// Added up or averaged.
            #[must_use]
            pub fn reduction(self, reduction: Reduction) -> Self {
                $part { reduction, ..self }
            }
        }
    )*};
}
with_reduction!(PixelPart, ClassPart, RegionPart);

impl<P> RegionPart<P> {
    /// Formed per sample or over the whole batch.
    #[must_use]
    pub fn pool(self, pool: Pool) -> Self {
        RegionPart { pool: Some(pool), ..self }
    }
}

/// Terms composed at compile time: a part, or a pair of parts (and so any number).
///
/// The methods serve one pixel, or one vector of pixels; what a kind of part has no use for stays
/// as it is.
pub trait Parts: Copy + Sync {
    /// Number of terms.
    const LEN: usize;
    /// Whether one of them is a region term.
    const REGION: bool;
    /// The link that a term asks for.
    const LINK: Option<Link>;
    /// One `X` a term.
    type Each<X: Copy>: Copy;

    /// One value a term.
    fn each<X: Copy>(get: impl FnMut(usize) -> X + Copy, first: usize) -> Self::Each<X>;
    /// Calls `put(index, value)` for each term.
    fn visit<X: Copy>(each: &Self::Each<X>, put: &mut impl FnMut(usize, X), first: usize);
    /// Term `index`.
    fn spec(&self, index: usize, classes: usize) -> Spec;
    /// The loss of region term `index` and its derivative in the seeded sum.
    fn region<A: Accumulator>(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real>;

    /// Adds each pixel term's loss where `add` does and its slope times its factor to `gradient`,
    /// which is none before the first.
    fn pixel<L: Lanes, X: Copy>(
        &self,
        pixel: &Pixel<L>,
        factors: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        gradient: Option<L>,
    ) -> Option<L>;

    /// The same for class terms and the slope in `ln p_t`.
    fn class<L: Lanes, X: Copy>(
        &self,
        pixel: &ClassPixel<L>,
        factors: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        slope: Option<L>,
    ) -> Option<L>;
}

macro_rules! one_part {
    () => {
        const LEN: usize = 1;
        type Each<X: Copy> = X;

        #[inline(always)]
        fn each<X: Copy>(mut get: impl FnMut(usize) -> X + Copy, first: usize) -> X {
            get(first)
        }

        #[inline(always)]
        fn visit<X: Copy>(each: &X, put: &mut impl FnMut(usize, X), first: usize) {
            put(first, *each);
        }
    };
}

macro_rules! not_a_region {
    () => {
        const REGION: bool = false;

        fn region<A: Accumulator>(&self, _: usize, _: SeededSums<'_, A>) -> Dual<A::Real> {
            Dual::splat(0.0)
        }
    };
}

macro_rules! nothing_per_pixel {
    ($($name:ident($pixel:ident)),*) => {$(
        #[inline(always)]
        fn $name<L: Lanes, X: Copy>(
            &self,
            _: &$pixel<L>,
            _: &L,
            _: &mut X,
            _: impl Fn(&mut X, L) + Copy,
            gradient: Option<L>,
        ) -> Option<L> {
            gradient
        }
    )*};
}

/// The sum so far with one more part. Not from 0 on, which would be one addition a pixel.
#[inline(always)]
fn plus<L: Lanes>(sum: Option<L>, part: L) -> L {
    match sum {
        None => part,
        Some(sum) => sum + part,
    }
}

macro_rules! value_and_slope {
    ($name:ident($pixel:ident)) => {
        #[inline(always)]
        fn $name<L: Lanes, X: Copy>(
            &self,
            pixel: &$pixel<L>,
            factor: &L,
            sum: &mut X,
            add: impl Fn(&mut X, L) + Copy,
            gradient: Option<L>,
        ) -> Option<L> {
            let (value, slope) = self.term.value_and_slope(pixel);
            add(sum, value);
            Some(plus(gradient, part(*factor, slope)))
        }
    };
}

impl<P: PixelTerm> Parts for PixelPart<P> {
    const LINK: Option<Link> = Some(Link::Sigmoid);
    one_part!();
    not_a_region!();
    value_and_slope!(pixel(Pixel));
    nothing_per_pixel!(class(ClassPixel));

    fn spec(&self, _: usize, _: usize) -> Spec {
        let kind = Kind::Pixel(self.reduction);
        Spec { name: P::NAME, coefficient: self.coefficient, kind }
    }
}

impl<P: ClassTerm> Parts for ClassPart<P> {
    const LINK: Option<Link> = Some(Link::Softmax);
    one_part!();
    not_a_region!();
    value_and_slope!(class(ClassPixel));
    nothing_per_pixel!(pixel(Pixel));

    fn spec(&self, _: usize, _: usize) -> Spec {
        let kind = Kind::Class(self.reduction);
        Spec { name: P::NAME, coefficient: self.coefficient, kind }
    }
}

impl<P: RegionTerm> Parts for RegionPart<P> {
    const LINK: Option<Link> = None;
    one_part!();
    nothing_per_pixel!(pixel(Pixel), class(ClassPixel));
    const REGION: bool = true;

    fn spec(&self, _: usize, classes: usize) -> Spec {
        let pool = self.pool.unwrap_or_else(|| self.term.pool(classes));
        let kind = Kind::Region(pool, self.reduction);
        Spec { name: P::NAME, coefficient: self.coefficient, kind }
    }

    fn region<A: Accumulator>(&self, _: usize, sums: SeededSums<'_, A>) -> Dual<A::Real> {
        self.term.loss(&sums)
    }
}

impl<P: Parts, Q: Parts> Parts for (P, Q) {
    const LEN: usize = P::LEN + Q::LEN;
    const REGION: bool = P::REGION || Q::REGION;
    const LINK: Option<Link> = if P::LINK.is_some() { P::LINK } else { Q::LINK };
    type Each<X: Copy> = (P::Each<X>, Q::Each<X>);

    #[inline(always)]
    fn each<X: Copy>(get: impl FnMut(usize) -> X + Copy, first: usize) -> Self::Each<X> {
        (P::each(get, first), Q::each(get, first + P::LEN))
    }

    #[inline(always)]
    fn visit<X: Copy>(each: &Self::Each<X>, put: &mut impl FnMut(usize, X), first: usize) {
        P::visit(&each.0, put, first);
        Q::visit(&each.1, put, first + P::LEN);
    }

    fn spec(&self, index: usize, classes: usize) -> Spec {
        match index.checked_sub(P::LEN) {
            None => self.0.spec(index, classes),
            Some(index) => self.1.spec(index, classes),
        }
    }

    fn region<A: Accumulator>(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real> {
        match index.checked_sub(P::LEN) {
            None => self.0.region(index, sums),
            Some(index) => self.1.region(index, sums),
        }
    }

    #[inline(always)]
    fn pixel<L: Lanes, X: Copy>(
        &self,
        pixel: &Pixel<L>,
        factors: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        gradient: Option<L>,
    ) -> Option<L> {
        let gradient = self.0.pixel(pixel, &factors.0, &mut sums.0, add, gradient);
        self.1.pixel(pixel, &factors.1, &mut sums.1, add, gradient)
    }

    #[inline(always)]
    fn class<L: Lanes, X: Copy>(
        &self,
        pixel: &ClassPixel<L>,
        factors: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        slope: Option<L>,
    ) -> Option<L> {
        let slope = self.0.class(pixel, &factors.0, &mut sums.0, add, slope);
        self.1.class(pixel, &factors.1, &mut sums.1, add, slope)
    }
}

/// One loop over a tile, all parts fused. The flags are constants, so each use has the loop it
/// needs and no more.
#[inline(always)]
fn pixel_loop<V, P, const MASKED: bool, const SUM: bool, const GRADIENT: bool>(
    parts: &P,
    tile: PixelTile<'_, V::Elem>,
    factors: &[V::Elem],
    region: Option<[V::Elem; 2]>,
    partials: &mut [Partial<V::Elem>],
    gradient: &mut [V::Elem; TILE],
) where
    V: Vector,
    P: Parts,
{
    let zero = V::splat(0.0);
    let factor = |i: usize| if GRADIENT { V::splat(factors[i].widen()) } else { zero };
    let factors = P::each::<V>(factor, 0);
    let slopes = region.unwrap_or_default().map(|x| V::splat(x.widen()));
    let mut sums = P::each(|i| if SUM { partials[i] } else { Default::default() }, 0);
    let mut region_sums = [Partial::default(); SUMS];
    if SUM && P::REGION {
        region_sums.copy_from_slice(&partials[P::LEN..P::LEN + SUMS]);
    }
    let (z, y) = (tile.z, tile.y);
    let valid = tile.valid.unwrap_or(tile.z);
    // In a loop of its own: one chain of operations as long as both loops leaves a processor waiting.
    let mut decay = [V::Elem::default(); TILE];
    for at in (0..TILE).step_by(V::LANES) {
        Pixel::decay(V::load(&z[at..])).store(&mut decay[at..]);
    }
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let (z, y) = (V::load(&z[at..]), V::load(&y[at..]));
            let pixel = Pixel::with_decay(z, y, V::load(&decay[at..]));
            let keep = zero.lt(V::load(&valid[at..]));
            let kept = |x: V| if MASKED { V::select(keep, x, zero) } else { x };
            let add = |sum: &mut Partial<V::Elem>, value: V| {
                if SUM {
                    accumulate(sum, lane, kept(value));
                }
            };
            let slope = parts.pixel(&pixel, &factors, &mut sums, add, None);
            if SUM && P::REGION {
                let values = region::pixel_sums(&pixel);
                region_sums.iter_mut().zip(values).for_each(|(sum, value)| add(sum, value));
            }
            if GRADIENT {
                let slope = if P::REGION {
                    plus(slope, region::pixel_gradient(&pixel, slopes))
                } else {
                    slope.unwrap_or(zero)
                };
                kept(slope).store(&mut gradient[at..]);
            }
        }
    }
    if SUM {
        P::visit(&sums, &mut |i, sum| partials[i] = sum, 0);
        if P::REGION {
            partials[P::LEN..P::LEN + SUMS].copy_from_slice(&region_sums);
        }
    }
}

/// The same for class terms.
#[inline(always)]
fn class_loop<V, P, const MASKED: bool, const SUM: bool, const GRADIENT: bool>(
    parts: &P,
    tile: ClassTile<'_, V::Elem>,
    factors: &[V::Elem],
    partials: &mut [Partial<V::Elem>],
    slopes: &mut [V::Elem; TILE],
) where
    V: Vector,
    P: Parts,
{
    let zero = V::splat(0.0);
    let factor = |i: usize| if GRADIENT { V::splat(factors[i].widen()) } else { zero };
    let factors = P::each::<V>(factor, 0);
    let mut sums = P::each(|i| if SUM { partials[i] } else { Default::default() }, 0);
    let (log_p, p, q) = (tile.log_p, tile.p, tile.q);
    let valid = tile.valid.unwrap_or(tile.p);
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let (log_p, p, q) = (V::load(&log_p[at..]), V::load(&p[at..]), V::load(&q[at..]));
            let keep = zero.lt(V::load(&valid[at..]));
            let kept = |x: V| if MASKED { V::select(keep, x, zero) } else { x };
            let add = |sum: &mut Partial<V::Elem>, value: V| {
                if SUM {
                    accumulate(sum, lane, kept(value));
                }
            };
            let pixel = ClassPixel { log_p, p, q };
            let slope = parts.class(&pixel, &factors, &mut sums, add, None);
            if GRADIENT {
                kept(slope.unwrap_or(zero)).store(&mut slopes[at..]);
            }
        }
    }
    if SUM {
        P::visit(&sums, &mut |i, sum| partials[i] = sum, 0);
    }
}

/// Picks the loop whose flags fit what is there.
macro_rules! with_flags {
    ($run:ident::<$vector:ty, $parts:ty>($($argument:expr),*), $masked:expr, $sums:expr, $gradient:expr) => {{
        let mut none = [];
        let mut unused = [<$vector as Vector>::Elem::default(); TILE];
        match ($masked, $sums, $gradient) {
            (false, Some(s), Some(g)) => $run::<$vector, $parts, false, true, true>($($argument,)* s, g),
            (true, Some(s), Some(g)) => $run::<$vector, $parts, true, true, true>($($argument,)* s, g),
            (false, Some(s), None) => {
                $run::<$vector, $parts, false, true, false>($($argument,)* s, &mut unused)
            }
            (true, Some(s), None) => {
                $run::<$vector, $parts, true, true, false>($($argument,)* s, &mut unused)
            }
            (false, None, Some(g)) => {
                $run::<$vector, $parts, false, false, true>($($argument,)* &mut none, g)
            }
            (true, None, Some(g)) => {
                $run::<$vector, $parts, true, false, true>($($argument,)* &mut none, g)
            }
            (_, None, None) => {}
        }
    }};
}

impl<T: Real, A: Accumulator, P: Parts> Program<T, A> for P {
    const LINK: Option<Link> = P::LINK;

    fn len(&self) -> usize {
        P::LEN
    }

    fn spec(&self, index: usize, classes: usize) -> Spec {
        Parts::spec(self, index, classes)
    }

    fn region(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real> {
        Parts::region(self, index, sums)
    }

    #[inline(always)]
    fn pixel_tile<Lv: Level>(
        &self,
        tile: PixelTile<'_, T>,
        factors: &[T],
        region: Option<[T; 2]>,
        partials: Option<&mut [Partial<T>]>,
        gradient: Option<&mut [T; TILE]>,
    ) {
        with_flags!(
            pixel_loop::<T::In<Lv>, P>(self, tile, factors, region),
            tile.valid.is_some(),
            partials,
            gradient
        );
    }

    #[inline(always)]
    fn class_tile<Lv: Level>(
        &self,
        tile: ClassTile<'_, T>,
        factors: &[T],
        partials: Option<&mut [Partial<T>]>,
        slope: Option<&mut [T; TILE]>,
    ) {
        with_flags!(
            class_loop::<T::In<Lv>, P>(self, tile, factors),
            tile.valid.is_some(),
            partials,
            slope
        );
    }
}
