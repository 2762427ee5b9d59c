//! Terms composed when the program is compiled.

use super::definition::class_weights;
use super::fused::{
    Fused, PixelPass, Takes, class_sweep, pixel_both, pixel_gradient, pixel_sums, plus,
};
use super::inputs::{
    ClassTile, PixelSweep, PixelTile, PixelTiles, Scratch, TileSweep, TileWeights, scaled,
};
use super::kernels::Kernels;
use super::program::Program;
use super::spec::{Kind, Spec, Weighting};
use crate::class::{ClassPixel, ClassTerm};
use crate::lanes::{Dual, Lanes, Real, Vector, weigh};
use crate::level::{Kernel, Level, Scalar};
use crate::link::Link;
use crate::pixel::{Pixel, PixelTerm};
use crate::region::{Classes, Note, Pool, RegionTerm, SeededSums, slopes};
use crate::summation::{Accumulator, TILE};
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
            /// Gives the term options. If a call has weights, or the options name class weights or maps,
            /// see [`Self::weighted`].
            #[must_use]
            pub fn options<'b>(self, options: Options<'b>) -> $part<'b, P> {
                $part { coefficient: self.coefficient, term: self.term, options }
            }

            /// Has the term added up or averaged.
            #[must_use]
            pub fn reduction(self, reduction: Reduction) -> Self {
                $part { options: Options { reduction, ..self.options }, ..self }
            }
        }
    )*};
}
with_options!(PixelPart, ClassPart, RegionPart);

impl<'a, P> PixelPart<'a, P> {
    /// Multiplies the term by the call's weights and by these of its maps.
    #[must_use]
    pub fn weighted(self, maps: Maps) -> PixelPart<'a, P, true> {
        let options = Options { maps, ..self.options };
        PixelPart { coefficient: self.coefficient, term: self.term, options }
    }
}

impl<P> ClassPart<'_, P> {
    /// Multiplies the term by the weight of each pixel's class, the call's weights and these of its maps.
    #[must_use]
    pub fn weighted<'b>(
        self,
        class_weights: Option<NumberList<'b>>,
        maps: Maps,
    ) -> ClassPart<'b, P, true> {
        let Options { reduction, normalise, .. } = self.options;
        let options = Options { reduction, normalise, class_weights, maps, ..Options::default() };
        ClassPart { coefficient: self.coefficient, term: self.term, options }
    }
}

impl<'a, P> RegionPart<'a, P> {
    /// Forms the term per sample or over the whole batch.
    #[must_use]
    pub fn pool(self, pool: Pool) -> Self {
        RegionPart { options: Options { pool: Some(pool), ..self.options }, ..self }
    }

    /// Forms the term of sums that take the call's weights.
    #[must_use]
    pub fn weighted(self) -> RegionPart<'a, P, true> {
        let options = Options { weighted: true, ..self.options };
        RegionPart { coefficient: self.coefficient, term: self.term, options }
    }
}

/// Terms composed at compile time: a part, or a pair of parts (and so any number).
pub trait Parts: Fused {
    /// Describes term `index`.
    fn spec(&self, index: usize, classes: usize) -> Spec<'_>;
    /// Computes the loss of region term `index` and its derivative in the seeded sum.
    fn region<R: Real, C: Classes<Dual<R>>>(&self, index: usize, sums: &C) -> Dual<R>;
    /// Hands the derivatives of region term `index` to `note`, as [`Program::region_slopes`] does.
    fn region_slopes<A: Accumulator>(
        &self,
        index: usize,
        sums: SeededSums<'_, A>,
        note: Note<'_, A::Real>,
    ) -> bool;
    /// Whether slopes of class terms are made of probabilities alone
    /// ([`ClassTerm::slope_is_of_shares`](crate::class::ClassTerm)).
    fn class_slope_is_of_shares(&self) -> bool {
        true
    }
    /// Calls `visitor` with each part that is a term by itself, the first being term number `first`.
    fn visit_parts<V: PartVisitor>(&self, first: usize, visitor: &mut V) -> Self::Each<V::Output>;
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
    };
}

macro_rules! visited_once {
    () => {
        #[inline(always)]
        fn visit_parts<V: PartVisitor>(&self, first: usize, visitor: &mut V) -> V::Output {
            visitor.part(first, self)
        }
    };
}

macro_rules! not_a_region {
    () => {
        fn region<R: Real, C: Classes<Dual<R>>>(&self, _: usize, _: &C) -> Dual<R> {
            Dual::splat(0.0)
        }

        fn region_slopes<A: Accumulator>(
            &self,
            _: usize,
            _: SeededSums<'_, A>,
            _: Note<'_, A::Real>,
        ) -> bool {
            false
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
            Some(plus(gradient, scaled(*factor, slope)))
        }
    };
}

impl<P: PixelTerm, const WEIGHTED: bool> Fused for PixelPart<'_, P, WEIGHTED> {
    const REGION: bool = false;
    const WEIGHTED: bool = WEIGHTED;
    const REGION_WEIGHTED: bool = false;
    const SLOPE_OF_SHARES: bool = P::SLOPE_OF_SHARES;
    one_part!();
    value_and_slope!(pixel(Pixel));
    nothing_per_pixel!(class(ClassPixel));
}

impl<P: PixelTerm, const WEIGHTED: bool> Parts for PixelPart<'_, P, WEIGHTED> {
    visited_once!();
    not_a_region!();

    #[inline(always)]
    fn spec(&self, _: usize, _: usize) -> Spec<'_> {
        Spec {
            name: P::NAME,
            coefficient: self.coefficient,
            kind: Kind::Pixel,
            options: self.options,
            class_weights: None,
            classes: None,
            denominator_offset: 0.0,
            is_weighable: WEIGHTED,
        }
    }
}

impl<P: ClassTerm, const WEIGHTED: bool> Fused for ClassPart<'_, P, WEIGHTED> {
    const REGION: bool = false;
    const WEIGHTED: bool = WEIGHTED;
    const REGION_WEIGHTED: bool = false;
    const SLOPE_OF_SHARES: bool = true;
    one_part!();
    value_and_slope!(class(ClassPixel));
    nothing_per_pixel!(pixel(Pixel));
}

impl<P: ClassTerm, const WEIGHTED: bool> Parts for ClassPart<'_, P, WEIGHTED> {
    visited_once!();
    not_a_region!();

    fn class_slope_is_of_shares(&self) -> bool {
        self.term.slope_is_of_shares()
    }

    #[inline(always)]
    fn spec(&self, _: usize, _: usize) -> Spec<'_> {
        Spec {
            name: P::NAME,
            coefficient: self.coefficient,
            kind: Kind::Class,
            options: self.options,
            class_weights: P::CLASS_WEIGHTS,
            classes: None,
            denominator_offset: P::DENOMINATOR_OFFSET,
            is_weighable: WEIGHTED,
        }
    }
}

impl<P: RegionTerm, const WEIGHTED: bool> Fused for RegionPart<'_, P, WEIGHTED> {
    const REGION: bool = true;
    const WEIGHTED: bool = false;
    const REGION_WEIGHTED: bool = WEIGHTED;
    const SLOPE_OF_SHARES: bool = true;
    one_part!();
    nothing_per_pixel!(pixel(Pixel), class(ClassPixel));
}

impl<P: RegionTerm, const WEIGHTED: bool> Parts for RegionPart<'_, P, WEIGHTED> {
    visited_once!();

    #[inline(always)]
    fn spec(&self, _: usize, classes: usize) -> Spec<'_> {
        let pool = self.options.pool.unwrap_or_else(|| self.term.pool(classes));
        Spec {
            name: P::NAME,
            coefficient: self.coefficient,
            kind: Kind::Region(pool),
            options: self.options,
            class_weights: class_weights(P::CLASSES),
            classes: Some(P::CLASSES),
            denominator_offset: 0.0,
            is_weighable: WEIGHTED,
        }
    }

    #[inline(always)]
    fn region<R: Real, C: Classes<Dual<R>>>(&self, _: usize, sums: &C) -> Dual<R> {
        self.term.loss(sums)
    }

    fn region_slopes<A: Accumulator>(
        &self,
        _: usize,
        sums: SeededSums<'_, A>,
        note: Note<'_, A::Real>,
    ) -> bool {
        slopes(&self.term, sums, note)
    }
}

impl<P: Fused, Q: Fused> Fused for (P, Q) {
    const LEN: usize = P::LEN + Q::LEN;
    const REGION: bool = P::REGION || Q::REGION;
    const WEIGHTED: bool = P::WEIGHTED || Q::WEIGHTED;
    const REGION_WEIGHTED: bool = P::REGION_WEIGHTED || Q::REGION_WEIGHTED;
    const SLOPE_OF_SHARES: bool = P::SLOPE_OF_SHARES && Q::SLOPE_OF_SHARES;
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

impl<P: Parts, Q: Parts> Parts for (P, Q) {
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

    fn region<R: Real, C: Classes<Dual<R>>>(&self, index: usize, sums: &C) -> Dual<R> {
        match index.checked_sub(P::LEN) {
            None => self.0.region(index, sums),
            Some(index) => self.1.region(index, sums),
        }
    }

    fn region_slopes<A: Accumulator>(
        &self,
        index: usize,
        sums: SeededSums<'_, A>,
        note: Note<'_, A::Real>,
    ) -> bool {
        match index.checked_sub(P::LEN) {
            None => self.0.region_slopes(index, sums, note),
            Some(index) => self.1.region_slopes(index, sums, note),
        }
    }

    fn class_slope_is_of_shares(&self) -> bool {
        self.0.class_slope_is_of_shares() && self.1.class_slope_is_of_shares()
    }
}

/// Terms composed at compile time, bound to a level.
#[derive(Clone, Copy, Debug)]
pub struct At<Lv, P> {
    level: Lv,
    parts: P,
}

impl<Lv: Level, P: Parts> At<Lv, P> {
    /// Binds `parts` to the level whose token is `level`.
    pub fn new(level: Lv, parts: P) -> Self {
        At { level, parts }
    }
}

/// Terms without a level run as plain scalar code.
macro_rules! program {
    ([$($generic:tt)*] $own:ty, $self:ident => $level:expr, $parts:expr, $kernels:expr) => {
        impl<T: Real, A: Accumulator, P: Parts $($generic)*> Program<T, A> for $own {
            fn len(&self) -> usize {
                P::LEN
            }

            fn kernels(&self) -> &'static Kernels<T> {
                $kernels
            }

            fn spec(&self, index: usize, classes: usize) -> Spec<'_> {
                let $self = self;
                Parts::spec($parts, index, classes)
            }

            /// A loop that multiplies by weights multiplies by ones where there are none.
            fn weighting(&self, index: usize, by_call: bool) -> Option<Weighting> {
                let $self = self;
                let spec = Parts::spec($parts, index, 1);
                let by_ones = spec.is_weighable && spec.is_active() && !spec.is_region();
                spec.weighting(by_call).or(by_ones.then_some(Weighting::NONE))
            }

            fn keeps_shares(&self, link: Link) -> bool {
                let $self = self;
                link == Link::Sigmoid || Parts::class_slope_is_of_shares($parts)
            }

            fn keeps_signs(&self) -> bool {
                true
            }

            fn region(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real> {
                let $self = self;
                Parts::region($parts, index, &sums)
            }

            fn region_slopes(
                &self,
                index: usize,
                sums: SeededSums<'_, A>,
                note: Note<'_, A::Real>,
            ) -> bool {
                let $self = self;
                Parts::region_slopes($parts, index, sums, note)
            }

            fn pixel_tiles(
                &self,
                tiles: PixelTiles<'_, T>,
                sweep: PixelSweep<'_, T>,
                _: &mut Scratch<'_, T>,
            ) {
                let $self = self;
                if let Some(pass) = PixelPass::of(sweep, P::LEN) {
                    $level.enter(SweepPixels { parts: $parts, tiles, pass });
                }
            }

            fn class_tile(
                &self,
                tile: ClassTile<'_, T>,
                sweep: TileSweep<'_, T>,
                _: &mut Scratch<'_, T>,
            ) {
                let $self = self;
                $level.enter(SweepClasses { parts: $parts, tile, sweep });
            }

            fn pixel_values(
                &self,
                tiles: PixelTiles<'_, T>,
                values: &mut [[T; TILE]],
                _: &mut Scratch<'_, T>,
            ) {
                let $self = self;
                $level.enter(PixelValues { parts: $parts, tiles, values });
            }

            fn class_values(
                &self,
                tile: ClassTile<'_, T>,
                values: &mut [T; TILE],
                _: &mut Scratch<'_, T>,
            ) {
                let $self = self;
                $level.enter(ClassValues { parts: $parts, tile, values });
            }
        }
    };
}
program!([] P, own => Scalar, own, Kernels::at::<Scalar>());
program!([, Lv: Level] At<Lv, P>, own => own.level, &own.parts, Kernels::at::<Lv>());

struct SweepPixels<'t, T, P> {
    parts: &'t P,
    tiles: PixelTiles<'t, T>,
    pass: PixelPass<'t, T>,
}

impl<T: Real, P: Parts> Kernel for SweepPixels<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let SweepPixels { parts, tiles, pass } = self;
        match pass {
            PixelPass::Sums { sums, keep } => {
                pixel_sums::<T::In<Lv>, P>(parts, tiles, sums, keep, Takes::Any);
            }
            PixelPass::Both { sums, gradient } => {
                pixel_both::<T::In<Lv>, P>(parts, tiles, sums, gradient, Takes::Any);
            }
            PixelPass::Gradient(gradient) => {
                pixel_gradient::<T::In<Lv>, P>(parts, tiles, gradient, Takes::Any);
            }
        }
    }
}

struct SweepClasses<'t, T, P> {
    parts: &'t P,
    tile: ClassTile<'t, T>,
    sweep: TileSweep<'t, T>,
}

impl<T: Real, P: Parts> Kernel for SweepClasses<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let SweepClasses { parts, tile, sweep: TileSweep { partials, gradient } } = self;
        class_sweep::<T::In<Lv>, P>(parts, tile, partials, gradient);
    }
}

struct PixelValues<'t, T, P> {
    parts: &'t P,
    tiles: PixelTiles<'t, T>,
    values: &'t mut [[T; TILE]],
}

impl<T: Real, P: Parts> Kernel for PixelValues<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (tile, values) in self.tiles.each().zip(self.values) {
            pixel_values::<T::In<Lv>, P>(self.parts, tile, values);
        }
    }
}

struct ClassValues<'t, T, P> {
    parts: &'t P,
    tile: ClassTile<'t, T>,
    values: &'t mut [T; TILE],
}

impl<T: Real, P: Parts> Kernel for ClassValues<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        class_values::<T::In<Lv>, P>(self.parts, self.tile, self.values);
    }
}

/// The loss of each pixel by itself. What it does not need of slopes is left out by the compiler.
#[inline(always)]
fn pixel_values<V: Vector, P: Parts>(
    parts: &P,
    tile: PixelTile<'_, V::Elem>,
    values: &mut [V::Elem; TILE],
) {
    let PixelTile { z, y, valid, weights: TileWeights { tiles: weights, .. }, .. } = tile;
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

/// The loss of each pixel by itself, of class terms.
#[inline(always)]
fn class_values<V: Vector, P: Parts>(
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
        sum = value.map(|value| plus(sum, scaled(c, value))).or(sum);
    };
    P::visit(each, &mut add, 0);
    let value = sum.unwrap_or(zero);
    let value = match valid {
        None => value,
        Some(valid) => V::select(zero.lt(V::load(&valid[at..])), value, zero),
    };
    value.store(&mut values[at..]);
}
