//! Losses from text that one loop computes: a pixel or class term that has such a loop, alone or beside any
//! region terms.

use super::fused::{Regions, class_sweep, pixel_sweep};
use super::inputs::{ClassTile, PixelTile, TileGradient};
use super::parts::{class, pixel};
use crate::class::ClassTerm;
use crate::lanes::{Real, Vector};
use crate::level::{Kernel, Level, enter};
use crate::pixel::PixelTerm;
use crate::summation::Partial;
use crate::term::{Arguments, WithTerm};

/// The fused loops of a pixel term.
pub(crate) struct FusedPixels<T> {
    /// All of a loss that is this term: the sum, and maybe the gradient.
    pub alone: fn(
        Arguments<'_>,
        PixelTile<'_, T>,
        sum: &mut Partial<T>,
        gradient: Option<TileGradient<'_, T>>,
    ),
    /// All of a loss that is this term and any region terms.
    pub with_regions: fn(Arguments<'_>, PixelTile<'_, T>, RegionPass<'_, T>),
}

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
            alone: |arguments, tile, sum, gradient| {
                let term = P::new(arguments);
                enter::<Lv, _>(PixelAlone { term, tile, sum, gradient });
            },
            with_regions: |arguments, tile, pass| {
                let term = P::new(arguments);
                enter::<Lv, _>(WithRegions { term, tile, pass });
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

/// The two passes of a loss that has region terms: slopes need all sums.
pub(crate) enum RegionPass<'t, T> {
    /// Adds up the sums of a pixel term and of regions.
    Sums {
        /// The pixel term's.
        term: &'t mut [Partial<T>],
        /// One for each region sum.
        regions: &'t mut [Partial<T>],
    },
    /// Writes the gradient.
    Gradient(TileGradient<'t, T>),
}

struct PixelAlone<'t, T, P> {
    term: P,
    tile: PixelTile<'t, T>,
    sum: &'t mut Partial<T>,
    gradient: Option<TileGradient<'t, T>>,
}

impl<T: Real, P: PixelTerm> Kernel for PixelAlone<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let PixelAlone { term, tile, sum, gradient } = self;
        term.with_constants(PixelAloneLoop::<T::In<Lv>> { tile, sum, gradient });
    }
}

struct PixelAloneLoop<'t, V: Vector> {
    tile: PixelTile<'t, V::Elem>,
    sum: &'t mut Partial<V::Elem>,
    gradient: Option<TileGradient<'t, V::Elem>>,
}

impl<V: Vector, P: PixelTerm> WithTerm<P> for PixelAloneLoop<'_, V> {
    #[inline(always)]
    fn run(self, term: P) {
        let PixelAloneLoop { tile, sum, gradient } = self;
        let sums = (core::slice::from_mut(sum), &mut [][..]);
        pixel_sweep::<V, _>(&pixel(1.0, term), tile, Some(sums), gradient);
    }
}

struct WithRegions<'t, T, P> {
    term: P,
    tile: PixelTile<'t, T>,
    pass: RegionPass<'t, T>,
}

impl<T: Real, P: PixelTerm> Kernel for WithRegions<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let WithRegions { term, tile, pass } = self;
        term.with_constants(WithRegionsLoop::<T::In<Lv>> { tile, pass });
    }
}

struct WithRegionsLoop<'t, V: Vector> {
    tile: PixelTile<'t, V::Elem>,
    pass: RegionPass<'t, V::Elem>,
}

impl<V: Vector, P: PixelTerm> WithTerm<P> for WithRegionsLoop<'_, V> {
    #[inline(always)]
    fn run(self, term: P) {
        let WithRegionsLoop { tile, pass } = self;
        let fused = &(pixel(1.0, term), Regions);
        match pass {
            RegionPass::Sums { term, regions } => {
                pixel_sweep::<V, _>(fused, tile, Some((term, regions)), None);
            }
            RegionPass::Gradient(gradient) => {
                pixel_sweep::<V, _>(fused, tile, None, Some(gradient));
            }
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
