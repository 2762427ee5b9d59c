//! Losses from text that one loop computes: a pixel or class term that has such a loop, alone or beside any
//! region terms.

use super::fused::{PixelPass, Regions, class_sweep, pixel_sweep};
use super::inputs::{ClassTile, PixelTiles, TileGradient};
use super::parts::{class, pixel};
use crate::class::ClassTerm;
use crate::lanes::{Real, Vector};
use crate::level::{Kernel, Level, enter};
use crate::pixel::PixelTerm;
use crate::summation::Partial;
use crate::term::{Arguments, WithTerm};

/// The fused loops of a pixel term.
pub(crate) struct FusedPixels<T> {
    /// All of a loss that is this term.
    pub alone: FusedSweep<T>,
    /// All of a loss that is this term and any region terms, whose sums follow its own.
    pub with_regions: FusedSweep<T>,
}

/// Computes tiles.
pub(crate) type FusedSweep<T> = fn(Arguments<'_>, PixelTiles<'_, T>, PixelPass<'_, T>);

/// The fused loop of a class term.
pub(crate) struct FusedClass<T> {
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
            alone: |arguments, tiles, pass| {
                let term = P::new(arguments);
                enter::<Lv, _>(PixelAlone { term, tiles, pass });
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
            alone: |arguments, tile, sum, gradient| {
                let term = P::new(arguments);
                enter::<Lv, _>(ClassAlone { term, tile, sum, gradient });
            },
        })
    }
}

struct PixelAlone<'t, T, P> {
    term: P,
    tiles: PixelTiles<'t, T>,
    pass: PixelPass<'t, T>,
}

impl<T: Real, P: PixelTerm> Kernel for PixelAlone<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let PixelAlone { term, tiles, pass } = self;
        term.with_constants(PixelAloneLoop::<T::In<Lv>> { tiles, pass });
    }
}

struct PixelAloneLoop<'t, V: Vector> {
    tiles: PixelTiles<'t, V::Elem>,
    pass: PixelPass<'t, V::Elem>,
}

impl<V: Vector, P: PixelTerm> WithTerm<P> for PixelAloneLoop<'_, V> {
    #[inline(always)]
    fn run(self, term: P) {
        // A gradient comes with the sums.
        if !matches!(self.pass, PixelPass::Gradient(_)) {
            pixel_sweep::<V, _>(&pixel(1.0, term), self.tiles, self.pass);
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
        term.with_constants(WithRegionsLoop::<T::In<Lv>> { tiles, pass });
    }
}

struct WithRegionsLoop<'t, V: Vector> {
    tiles: PixelTiles<'t, V::Elem>,
    pass: PixelPass<'t, V::Elem>,
}

impl<V: Vector, P: PixelTerm> WithTerm<P> for WithRegionsLoop<'_, V> {
    #[inline(always)]
    fn run(self, term: P) {
        // Slopes need all sums: no sweep gives both.
        if !matches!(self.pass, PixelPass::Both { .. }) {
            pixel_sweep::<V, _>(&(pixel(1.0, term), Regions), self.tiles, self.pass);
        }
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
        if !matches!(self.pass, PixelPass::Both { .. }) {
            pixel_sweep::<T::In<Lv>, _>(&Regions, self.tiles, self.pass);
        }
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
        term.with_constants(ClassAloneLoop::<T::In<Lv>> { tile, sum, gradient });
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
