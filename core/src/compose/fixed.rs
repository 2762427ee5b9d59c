use super::program::{
    ClassTile, Kind, PixelTile, Program, Scratch, Spec, TileWeights, Weighting, part,
};
use crate::aligned::Aligned;
use crate::class::{ClassPixel, ClassTerm};
use crate::engine::Link;
use crate::lanes::{Dual, Lanes, Real, Vector};
use crate::level::Level;
use crate::pixel::{Pixel, PixelTerm};
use crate::region::{self, Pool, RegionTerm, SUMS, SeededSums};
use crate::summation::{ACCUMULATORS, Accumulator, Partial, TILE, accumulate};
use crate::term::{Maps, Options, Reduction};
use crate::text::NumberList;

/// A pixel term with its coefficient and options. `WEIGHTED` says that its loop multiplies by weights.
#[derive(Clone, Copy, Debug)]
pub struct PixelPart<'a, P, const WEIGHTED: bool = false> {
    coefficient: f64,
    term: P,
    options: Options<'a>,
}

/// A class term with its coefficient and options. `WEIGHTED` says that its loop multiplies by weights.
#[derive(Clone, Copy, Debug)]
pub struct ClassPart<'a, P, const WEIGHTED: bool = false> {
    coefficient: f64,
    term: P,
    options: Options<'a>,
}

/// A region term with its coefficient and options. `WEIGHTED` says that its sums take weights.
#[derive(Clone, Copy, Debug)]
pub struct RegionPart<'a, P, const WEIGHTED: bool = false> {
    coefficient: f64,
    term: P,
    options: Options<'a>,
}

/// `coefficient * term`, averaged over valid pixels.
pub fn pixel<P: PixelTerm>(coefficient: f64, term: P) -> PixelPart<'static, P> {
    PixelPart { coefficient, term, options: Options::default() }
}

/// `coefficient * term`, averaged over valid pixels.
pub fn class<P: ClassTerm>(coefficient: f64, term: P) -> ClassPart<'static, P> {
    ClassPart { coefficient, term, options: Options::default() }
}

/// `coefficient * term`, pooled as the term does unless told otherwise.
pub fn region<P: RegionTerm>(coefficient: f64, term: P) -> RegionPart<'static, P> {
    RegionPart { coefficient, term, options: Options::default() }
}

macro_rules! with_options {
    ($($part:ident),*) => {$(
        impl<'a, P> $part<'a, P> {
            /// With these options. If a call has weights, or the options name class weights or maps,
            /// see [`Self::weighted`].
            #[must_use]
            pub fn options<'b>(self, options: Options<'b>) -> $part<'b, P> {
                $part { coefficient: self.coefficient, term: self.term, options }
            }

            /// Added up or averaged.
            #[must_use]
            pub fn reduction(self, reduction: Reduction) -> Self {
                $part { options: Options { reduction, ..self.options }, ..self }
            }
        }
    )*};
}
with_options!(PixelPart, ClassPart, RegionPart);

impl<'a, P> PixelPart<'a, P> {
    /// Multiplied by the call's weights and by these of its maps.
    #[must_use]
    pub fn weighted(self, maps: Maps) -> PixelPart<'a, P, true> {
        let options = Options { maps, ..self.options };
        PixelPart { coefficient: self.coefficient, term: self.term, options }
    }
}

impl<P> ClassPart<'_, P> {
    /// Multiplied by the weight of each pixel's class, the call's weights and these of its maps.
    #[must_use]
    pub fn weighted<'b>(
        self,
        class_weights: Option<NumberList<'b>>,
        maps: Maps,
    ) -> ClassPart<'b, P, true> {
        let Options { reduction, normalise, pool, empty, absent, weighted, .. } = self.options;
        let options =
            Options { reduction, normalise, pool, empty, absent, weighted, class_weights, maps };
        ClassPart { coefficient: self.coefficient, term: self.term, options }
    }
}

impl<'a, P> RegionPart<'a, P> {
    /// Formed per sample or over the whole batch.
    #[must_use]
    pub fn pool(self, pool: Pool) -> Self {
        RegionPart { options: Options { pool: Some(pool), ..self.options }, ..self }
    }

    /// Of sums that take the call's weights.
    #[must_use]
    pub fn weighted(self) -> RegionPart<'a, P, true> {
        let options = Options { weighted: true, ..self.options };
        RegionPart { coefficient: self.coefficient, term: self.term, options }
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
    /// Whether a pixel or class term is weighted.
    const WEIGHTED: bool;
    /// Whether a region term is weighted.
    const REGION_WEIGHTED: bool;
    /// One `X` a term.
    type Each<X: Copy>: Copy;

    /// One value a term.
    fn each<X: Copy>(get: impl FnMut(usize) -> X + Copy, first: usize) -> Self::Each<X>;
    /// Calls `put(index, value)` for each term.
    fn visit<X: Copy>(each: &Self::Each<X>, put: &mut impl FnMut(usize, X), first: usize);
    /// Term `index`.
    fn spec(&self, index: usize, classes: usize) -> Spec<'_>;
    /// The loss of region term `index` and its derivative in the seeded sum.
    fn region<A: Accumulator>(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real>;
    /// Calls `visitor` with each part that is a term by itself, the first being term number `first`.
    fn visit_parts<V: PartVisitor>(&self, first: usize, visitor: &mut V) -> Self::Each<V::Output>;

    /// Adds each pixel term's loss where `add` does and its slope times its factor to `gradient`,
    /// which is none before the first. Both are multiplied by the weights of terms that have some.
    fn pixel<L: Lanes, X: Copy>(
        &self,
        pixel: &Pixel<L>,
        factors: &Self::Each<L>,
        weights: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        gradient: Option<L>,
    ) -> Option<L>;

    /// The same for class terms and the slope in `ln p_t`.
    fn class<L: Lanes, X: Copy>(
        &self,
        pixel: &ClassPixel<L>,
        factors: &Self::Each<L>,
        weights: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        slope: Option<L>,
    ) -> Option<L>;
}

/// Looks at each term of [`Parts`]. A trait and not a closure, which the compiler is free not to inline: the
/// constants of a term would be numbers in memory then.
pub trait PartVisitor {
    /// What it gives for a term.
    type Output: Copy;
    /// Looks at term number `index`, which is term 0 of `part`.
    fn part<P: Parts>(&mut self, index: usize, part: &P) -> Self::Output;
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

        #[inline(always)]
        fn visit_parts<V: PartVisitor>(&self, first: usize, visitor: &mut V) -> V::Output {
            visitor.part(first, self)
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
            _: &L,
            _: &mut X,
            _: impl Fn(&mut X, L) + Copy,
            gradient: Option<L>,
        ) -> Option<L> {
            gradient
        }
    )*};
}

/// A loss or slope times a weight; nothing where the weight is 0, be the loss infinite.
#[inline(always)]
pub fn weigh<L: Lanes>(weight: L, x: L) -> L {
    let zero = L::splat(0.0);
    L::select(weight.eq(zero), zero, weight * x)
}

/// The sum so far with one more part. Not from 0 on, which would be one addition a pixel.
#[inline(always)]
pub(crate) fn plus<L: Lanes>(sum: Option<L>, part: L) -> L {
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
            weight: &L,
            sum: &mut X,
            add: impl Fn(&mut X, L) + Copy,
            gradient: Option<L>,
        ) -> Option<L> {
            let (mut value, mut slope) = self.term.value_and_slope(pixel);
            if WEIGHTED {
                (value, slope) = (weigh(*weight, value), weigh(*weight, slope));
            }
            add(sum, value);
            Some(plus(gradient, part(*factor, slope)))
        }
    };
}

impl<P: PixelTerm, const WEIGHTED: bool> Parts for PixelPart<'_, P, WEIGHTED> {
    const LINK: Option<Link> = Some(Link::Sigmoid);
    const WEIGHTED: bool = WEIGHTED;
    const REGION_WEIGHTED: bool = false;
    one_part!();
    not_a_region!();
    value_and_slope!(pixel(Pixel));
    nothing_per_pixel!(class(ClassPixel));

    #[inline(always)]
    fn spec(&self, _: usize, _: usize) -> Spec<'_> {
        Spec {
            name: P::NAME,
            coefficient: self.coefficient,
            kind: Kind::Pixel,
            options: self.options,
            class_weights: None,
            denominator_offset: 0.0,
            is_weighable: WEIGHTED,
        }
    }
}

impl<P: ClassTerm, const WEIGHTED: bool> Parts for ClassPart<'_, P, WEIGHTED> {
    const LINK: Option<Link> = Some(Link::Softmax);
    const WEIGHTED: bool = WEIGHTED;
    const REGION_WEIGHTED: bool = false;
    one_part!();
    not_a_region!();
    value_and_slope!(class(ClassPixel));
    nothing_per_pixel!(pixel(Pixel));

    #[inline(always)]
    fn spec(&self, _: usize, _: usize) -> Spec<'_> {
        Spec {
            name: P::NAME,
            coefficient: self.coefficient,
            kind: Kind::Class,
            options: self.options,
            class_weights: P::CLASS_WEIGHTS,
            denominator_offset: P::DENOMINATOR_OFFSET,
            is_weighable: WEIGHTED,
        }
    }
}

impl<P: RegionTerm, const WEIGHTED: bool> Parts for RegionPart<'_, P, WEIGHTED> {
    const LINK: Option<Link> = None;
    const WEIGHTED: bool = false;
    const REGION_WEIGHTED: bool = WEIGHTED;
    one_part!();
    nothing_per_pixel!(pixel(Pixel), class(ClassPixel));
    const REGION: bool = true;

    #[inline(always)]
    fn spec(&self, _: usize, classes: usize) -> Spec<'_> {
        let pool = self.options.pool.unwrap_or_else(|| self.term.pool(classes));
        Spec {
            name: P::NAME,
            coefficient: self.coefficient,
            kind: Kind::Region(pool),
            options: self.options,
            class_weights: None,
            denominator_offset: 0.0,
            is_weighable: WEIGHTED,
        }
    }

    #[inline(always)]
    fn region<A: Accumulator>(&self, _: usize, sums: SeededSums<'_, A>) -> Dual<A::Real> {
        self.term.loss(&sums)
    }
}

impl<P: Parts, Q: Parts> Parts for (P, Q) {
    const LEN: usize = P::LEN + Q::LEN;
    const REGION: bool = P::REGION || Q::REGION;
    const LINK: Option<Link> = if P::LINK.is_some() { P::LINK } else { Q::LINK };
    const WEIGHTED: bool = P::WEIGHTED || Q::WEIGHTED;
    const REGION_WEIGHTED: bool = P::REGION_WEIGHTED || Q::REGION_WEIGHTED;
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

    #[inline(always)]
    fn visit_parts<V: PartVisitor>(&self, first: usize, visitor: &mut V) -> Self::Each<V::Output> {
        (self.0.visit_parts(first, visitor), self.1.visit_parts(first + P::LEN, visitor))
    }

    fn spec(&self, index: usize, classes: usize) -> Spec<'_> {
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
        weights: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        gradient: Option<L>,
    ) -> Option<L> {
        let gradient = self.0.pixel(pixel, &factors.0, &weights.0, &mut sums.0, add, gradient);
        self.1.pixel(pixel, &factors.1, &weights.1, &mut sums.1, add, gradient)
    }

    #[inline(always)]
    fn class<L: Lanes, X: Copy>(
        &self,
        pixel: &ClassPixel<L>,
        factors: &Self::Each<L>,
        weights: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        slope: Option<L>,
    ) -> Option<L> {
        let slope = self.0.class(pixel, &factors.0, &weights.0, &mut sums.0, add, slope);
        self.1.class(pixel, &factors.1, &weights.1, &mut sums.1, add, slope)
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
    let weights = tile.weights.tiles;
    let mut sums = P::each(|i| if SUM { partials[i] } else { Default::default() }, 0);
    let mut region_sums = [Partial::default(); SUMS];
    if SUM && P::REGION {
        region_sums.copy_from_slice(&partials[P::LEN..P::LEN + SUMS]);
    }
    let (z, y) = (tile.z, tile.y);
    let valid = tile.valid.unwrap_or(tile.z);
    // In a loop of its own: one chain of operations as long as both loops leaves a processor waiting.
    let mut decay = Aligned([V::Elem::default(); TILE]);
    let decay = &mut decay.0;
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
            let weight = |i: usize| if P::WEIGHTED { V::load(&weights[i][at..]) } else { zero };
            let weight = P::each::<V>(weight, 0);
            let slope = parts.pixel(&pixel, &factors, &weight, &mut sums, add, None);
            let in_region = |x: V| {
                if P::REGION_WEIGHTED { weigh(V::load(&weights[P::LEN][at..]), x) } else { x }
            };
            if SUM && P::REGION {
                let values = region::pixel_sums(&pixel).map(in_region);
                region_sums.iter_mut().zip(values).for_each(|(sum, value)| add(sum, value));
            }
            if GRADIENT {
                let slope = if P::REGION {
                    plus(slope, in_region(region::pixel_gradient(&pixel, slopes)))
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
    let (log_p, p, q, weights) = (tile.log_p, tile.p, tile.q, tile.weights.tiles);
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
            let weight = |i: usize| if P::WEIGHTED { V::load(&weights[i][at..]) } else { zero };
            let weight = P::each::<V>(weight, 0);
            let slope = parts.class(&pixel, &factors, &weight, &mut sums, add, None);
            if GRADIENT {
                kept(slope.unwrap_or(zero)).store(&mut slopes[at..]);
            }
        }
    }
    if SUM {
        P::visit(&sums, &mut |i, sum| partials[i] = sum, 0);
    }
}

/// The loss of each pixel by itself. What it does not need of slopes is left out by the compiler.
#[inline(always)]
fn pixel_value_loop<V: Vector, P: Parts>(
    parts: &P,
    tile: PixelTile<'_, V::Elem>,
    values: &mut [V::Elem; TILE],
) {
    let PixelTile { z, y, valid, weights: TileWeights { tiles: weights, .. } } = tile;
    let zero = V::splat(0.0);
    for at in (0..TILE).step_by(V::LANES) {
        let pixel = Pixel::new(V::load(&z[at..]), V::load(&y[at..]));
        let weight = |i: usize| if P::WEIGHTED { V::load(&weights[i][at..]) } else { zero };
        let (weight, factors) = (P::each::<V>(weight, 0), P::each::<V>(|_| zero, 0));
        let mut each = coefficients::<V, P>(parts);
        parts.pixel(&pixel, &factors, &weight, &mut each, |x, value| x.1 = Some(value), None);
        put_value::<V, P>(&each, valid, at, values);
    }
}

/// The same of class terms.
#[inline(always)]
fn class_value_loop<V: Vector, P: Parts>(
    parts: &P,
    tile: ClassTile<'_, V::Elem>,
    values: &mut [V::Elem; TILE],
) {
    let ClassTile { log_p, p, q, valid, weights: TileWeights { tiles: weights, .. } } = tile;
    let zero = V::splat(0.0);
    for at in (0..TILE).step_by(V::LANES) {
        let (log_p, p, q) = (V::load(&log_p[at..]), V::load(&p[at..]), V::load(&q[at..]));
        let weight = |i: usize| if P::WEIGHTED { V::load(&weights[i][at..]) } else { zero };
        let (weight, factors) = (P::each::<V>(weight, 0), P::each::<V>(|_| zero, 0));
        let mut each = coefficients::<V, P>(parts);
        let pixel = ClassPixel { log_p, p, q };
        parts.class(&pixel, &factors, &weight, &mut each, |x, value| x.1 = Some(value), None);
        put_value::<V, P>(&each, valid, at, values);
    }
}

/// Each term's coefficient, with a place for its value, which region terms leave empty.
#[inline(always)]
fn coefficients<V: Vector, P: Parts>(parts: &P) -> P::Each<(V, Option<V>)> {
    let coefficient = |i| V::splat(parts.spec(i, 1).coefficient);
    P::each(|i| (coefficient(i), None), 0)
}

#[inline(always)]
fn put_value<V: Vector, P: Parts>(
    each: &P::Each<(V, Option<V>)>,
    valid: Option<&[V::Elem; TILE]>,
    at: usize,
    values: &mut [V::Elem; TILE],
) {
    let zero = V::splat(0.0);
    let mut sum = None;
    let mut add = |_, (c, value): (V, Option<V>)| {
        sum = value.map(|value| plus(sum, part(c, value))).or(sum);
    };
    P::visit(each, &mut add, 0);
    let value = sum.unwrap_or(zero);
    let value = match valid {
        None => value,
        Some(valid) => V::select(zero.lt(V::load(&valid[at..])), value, zero),
    };
    value.store(&mut values[at..]);
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
    const WEIGHABLE: bool = P::WEIGHTED || P::REGION_WEIGHTED;

    fn len(&self) -> usize {
        P::LEN
    }

    fn spec(&self, index: usize, classes: usize) -> Spec<'_> {
        Parts::spec(self, index, classes)
    }

    /// A loop that multiplies by weights multiplies by ones where there are none.
    #[inline(always)]
    fn weighting(&self, index: usize, by_call: bool) -> Option<Weighting> {
        let spec = Parts::spec(self, index, 1);
        let by_ones = spec.is_weighable && spec.is_active() && !spec.is_region();
        spec.weighting(by_call).or(by_ones.then_some(Weighting::NONE))
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
        _: &mut Scratch<'_, T>,
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
        _: &mut Scratch<'_, T>,
    ) {
        with_flags!(
            class_loop::<T::In<Lv>, P>(self, tile, factors),
            tile.valid.is_some(),
            partials,
            slope
        );
    }

    #[inline(always)]
    fn pixel_values<Lv: Level>(&self, tile: PixelTile<'_, T>, values: &mut [T; TILE]) {
        pixel_value_loop::<T::In<Lv>, P>(self, tile, values);
    }

    #[inline(always)]
    fn class_values<Lv: Level>(&self, tile: ClassTile<'_, T>, values: &mut [T; TILE]) {
        class_value_loop::<T::In<Lv>, P>(self, tile, values);
    }
}
