//! Losses from text that one loop computes: a pixel or class term that has such a loop, alone or beside any
//! region terms.

use super::fused::{
    Fused, PixelPass, Regions, Takes, class_sweep, pixel_both, pixel_gradient, pixel_sums,
};
use super::inputs::{ClassTile, PixelTiles, TileGradient};
use super::parts::{class, pixel};
use crate::class::ClassTerm;
use crate::lanes::{Real, Vector};
use crate::level::{Kernel, Level, enter};
use crate::pixel::PixelTerm;
use crate::summation::Partial;
use crate::term::{Arguments, Maps, WithTerm};

/// The fused loops of a pixel term.
pub(crate) struct FusedPixels<T> {
    /// Whether loops without weights take targets that are not 0 or 1; those with weights take none.
    pub take_soft: bool,
    /// Whether the loops are for these parameters.
    pub are_for: fn(Arguments<'_>) -> bool,
    /// All of a loss that is this term.
    pub alone: FusedSweep<T>,
    /// All of a loss that is this term with weights.
    pub weighted: FusedSweep<T>,
    /// All of a loss that is this term and any region terms, whose sums follow its own.
    pub with_regions: FusedSweep<T>,
}

/// Computes tiles.
pub(crate) type FusedSweep<T> = fn(Arguments<'_>, PixelTiles<'_, T>, PixelPass<'_, T>);

/// The fused loop of a class term.
pub(crate) struct FusedClass<T> {
    /// Whether the loop is for these parameters.
    pub are_for: fn(Arguments<'_>) -> bool,
    /// All class terms of a loss that has this one only.
    pub alone: fn(
        Arguments<'_>,
        ClassTile<'_, T>,
        sum: Option<&mut Partial<T>>,
        gradient: Option<TileGradient<'_, T>>,
    ),
}

impl<T: Real> FusedPixels<T> {
    /// Compiles the loops of a term that has some. In `f32` alone: those of `f64` would be twice as large.
    pub const fn of<P: PixelTerm, Lv: Level>() -> Option<Self> {
        if T::DOUBLE || !P::FUSED {
            return None;
        }
        Some(FusedPixels {
            take_soft: P::FUSED_SOFT,
            are_for: |arguments| P::new(arguments).is_common(),
            alone: |arguments, tiles, pass| {
                let term = P::new(arguments);
                enter::<Lv, _>(PixelAlone::<T, P, false> { term, tiles, pass });
            },
            weighted: |arguments, tiles, pass| {
                let term = P::new(arguments);
                enter::<Lv, _>(PixelAlone::<T, P, true> { term, tiles, pass });
            },
            with_regions: |arguments, tiles, pass| {
                let term = P::new(arguments);
                enter::<Lv, _>(WithRegions { term, tiles, pass });
            },
        })
    }
}

impl<T: Real> FusedClass<T> {
    /// Compiles the loop of a term that has one, in `f32`.
    pub const fn of<P: ClassTerm, Lv: Level>() -> Option<Self> {
        if T::DOUBLE || !P::FUSED {
            return None;
        }
        Some(FusedClass {
            are_for: |arguments| P::new(arguments).is_common(),
            alone: |arguments, tile, sum, gradient| {
                let term = P::new(arguments);
                enter::<Lv, _>(ClassAlone { term, tile, sum, gradient });
            },
        })
    }
}

/// The targets that the loops of a term take.
const fn takes<P: PixelTerm>() -> Takes {
    if P::FUSED_SOFT { Takes::Any } else { Takes::Hard }
}

/// Sweeps a loss without region terms, whose gradient comes with the sums.
#[inline(always)]
fn alone<V: Vector, P: Fused>(
    fused: &P,
    tiles: PixelTiles<'_, V::Elem>,
    pass: PixelPass<'_, V::Elem>,
    takes: Takes,
) {
    match pass {
        PixelPass::Sums { sums, keep } => pixel_sums::<V, P>(fused, tiles, sums, keep, takes),
        PixelPass::Both { sums, gradient } => {
            pixel_both::<V, P>(fused, tiles, sums, gradient, takes);
        }
        PixelPass::Gradient(_) => {}
    }
}

/// Sweeps a loss with region terms, whose slopes need all sums: no sweep gives both.
#[inline(always)]
fn with_regions<V: Vector, P: Fused>(
    fused: &P,
    tiles: PixelTiles<'_, V::Elem>,
    pass: PixelPass<'_, V::Elem>,
    takes: Takes,
) {
    match pass {
        PixelPass::Sums { sums, keep } => pixel_sums::<V, P>(fused, tiles, sums, keep, takes),
        PixelPass::Both { .. } => {}
        PixelPass::Gradient(gradient) => pixel_gradient::<V, P>(fused, tiles, gradient, takes),
    }
}

struct PixelAlone<'t, T, P, const WEIGHTED: bool> {
    term: P,
    tiles: PixelTiles<'t, T>,
    pass: PixelPass<'t, T>,
}

impl<T: Real, P: PixelTerm, const WEIGHTED: bool> Kernel for PixelAlone<'_, T, P, WEIGHTED> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let PixelAlone { term, tiles, pass } = self;
        term.with_common(PixelAloneLoop::<T::In<Lv>, WEIGHTED> { tiles, pass });
    }
}

struct PixelAloneLoop<'t, V: Vector, const WEIGHTED: bool> {
    tiles: PixelTiles<'t, V::Elem>,
    pass: PixelPass<'t, V::Elem>,
}

impl<V: Vector, P: PixelTerm, const WEIGHTED: bool> WithTerm<P>
    for PixelAloneLoop<'_, V, WEIGHTED>
{
    #[inline(always)]
    fn run(self, term: P) {
        let PixelAloneLoop { tiles, pass } = self;
        if WEIGHTED {
            alone::<V, _>(&pixel(1.0, term).weighted(Maps::NONE), tiles, pass, Takes::Hard);
        } else {
            alone::<V, _>(&pixel(1.0, term), tiles, pass, takes::<P>());
        }
    }
}

struct WithRegions<'t, T, P> {
    term: P,
    tiles: PixelTiles<'t, T>,
    pass: PixelPass<'t, T>,
}

impl<T: Real, P: PixelTerm> Kernel for WithRegions<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let WithRegions { term, tiles, pass } = self;
        term.with_common(WithRegionsLoop::<T::In<Lv>> { tiles, pass });
    }
}

struct WithRegionsLoop<'t, V: Vector> {
    tiles: PixelTiles<'t, V::Elem>,
    pass: PixelPass<'t, V::Elem>,
}

impl<V: Vector, P: PixelTerm> WithTerm<P> for WithRegionsLoop<'_, V> {
    #[inline(always)]
    fn run(self, term: P) {
        let fused = &(pixel(1.0, term), Regions);
        with_regions::<V, _>(fused, self.tiles, self.pass, takes::<P>());
    }
}

/// Tiles of a loss that is region terms alone.
pub(crate) struct RegionsAlone<'t, T> {
    pub tiles: PixelTiles<'t, T>,
    pub pass: PixelPass<'t, T>,
}

impl<T: Real> Kernel for RegionsAlone<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        with_regions::<T::In<Lv>, _>(&Regions, self.tiles, self.pass, Takes::Any);
    }
}

struct ClassAlone<'t, T, P> {
    term: P,
    tile: ClassTile<'t, T>,
    sum: Option<&'t mut Partial<T>>,
    gradient: Option<TileGradient<'t, T>>,
}

impl<T: Real, P: ClassTerm> Kernel for ClassAlone<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let ClassAlone { term, tile, sum, gradient } = self;
        term.with_common(ClassAloneLoop::<T::In<Lv>> { tile, sum, gradient });
    }
}

struct ClassAloneLoop<'t, V: Vector> {
    tile: ClassTile<'t, V::Elem>,
    sum: Option<&'t mut Partial<V::Elem>>,
    gradient: Option<TileGradient<'t, V::Elem>>,
}

impl<V: Vector, P: ClassTerm> WithTerm<P> for ClassAloneLoop<'_, V> {
    #[inline(always)]
    fn run(self, term: P) {
        let ClassAloneLoop { tile, sum, gradient } = self;
        class_sweep::<V, _>(&class(1.0, term), tile, sum.map(core::slice::from_mut), gradient);
    }
}
