use core::fmt;

use super::fusion::{FusedClass, FusedPixels};
use super::inputs::{ClassTile, PixelInputs, TileOutput};
use super::object::{TileClassTerm, TilePixelTerm, TileRegionTerm};
use crate::class::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::{Dual, Real, Vector};
use crate::level::{Kernel, Level, enter};
use crate::link::Link;
use crate::pixel::PixelTerm;
use crate::region::{ClassUse, Note, Pool, RegionTerm, SeededSums, slopes};
use crate::summation::{Accumulator, TILE};
use crate::term::{About, Arguments, ClassWeights, Parameter, WithTerm};

/// Computes a tile of a pixel term.
pub type PixelBody<T> = fn(Arguments<'_>, PixelInputs<'_, T>, TileOutput<'_, T>);
/// Computes a tile of a class term.
pub type ClassBody<T> = fn(Arguments<'_>, ClassTile<'_, T>, TileOutput<'_, T>);
/// Computes a region term's loss and the derivative in the seeded sum.
pub type RegionBody<A> = fn(Arguments<'_>, SeededSums<'_, A>) -> Dual<<A as Accumulator>::Real>;
/// Computes the derivatives in all seeds, or says that it cannot.
type RegionSlopes<A> =
    fn(Arguments<'_>, SeededSums<'_, A>, Note<'_, <A as Accumulator>::Real>) -> bool;

/// A pixel term, compiled for one format and one level.
pub(crate) struct PixelLoops<T> {
    /// Its losses and slopes, from what all terms of a sum share.
    pub terms: PixelBody<T>,
    /// All of a loss in one loop.
    pub fused: Option<FusedPixels<T>>,
}

/// A class term, compiled for one format and one level.
pub(crate) struct ClassLoops<T> {
    /// Its losses and slopes.
    pub terms: ClassBody<T>,
    /// All of a loss's class terms in one loop.
    pub fused: Option<FusedClass<T>>,
    /// [`ClassTerm::slope_is_of_shares`].
    pub slope_is_of_shares: fn(Arguments<'_>) -> bool,
}

/// A region term, compiled for one accumulator.
pub(crate) struct RegionFormulas<A: Accumulator> {
    /// Its loss.
    pub loss: RegionBody<A>,
    /// Its derivatives in all seeds, if one pass finds them.
    pub slopes: RegionSlopes<A>,
    /// How it pools for a number of classes.
    pub pool: fn(Arguments<'_>, usize) -> Pool,
}

impl<A: Accumulator> RegionFormulas<A> {
    /// Those of a term: the same functions whatever the format of logits.
    const fn of<P: RegionTerm>() -> Self {
        RegionFormulas {
            loss: |arguments, sums| P::new(arguments).loss(&sums),
            slopes: |arguments, sums, note| slopes(&P::new(arguments), sums, note),
            pool: |arguments, classes| P::new(arguments).pool(classes),
        }
    }
}

/// What a definition does, compiled for one format and one level.
pub(crate) enum Body<'d, T: Real, A: Accumulator> {
    Pixel(PixelLoops<T>),
    Class(ClassLoops<T>),
    Region(RegionFormulas<A>),
    PixelTiles(&'d dyn TilePixelTerm<T>),
    ClassTiles(&'d dyn TileClassTerm<T>),
    RegionTiles(&'d dyn TileRegionTerm<A>),
}

/// A term by name: what a loss that is put together at run time refers to.
///
/// Made from the author's generic trait, once for each format and level it is to run at; it can then
/// be a `static`. Or made from an object that computes tiles by itself.
pub struct Definition<'d, T: Real, A: Accumulator = f64> {
    /// The term's name.
    pub name: &'static str,
    /// Another name that is read too.
    pub also: Option<&'static str>,
    /// What lists say of it.
    pub about: About,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// The list of class weights that it takes.
    pub class_weights: Option<ClassWeights>,
    /// How a region term makes one number of its classes; none for one of pixels.
    pub classes: Option<ClassUse>,
    pub(crate) denominator_offset: f64,
    pub(crate) body: Body<'d, T, A>,
}

impl<T: Real, A: Accumulator> fmt::Debug for Definition<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Real, A: Accumulator> Definition<'static, T, A> {
    /// Defines a pixel term, run at level `Lv`.
    pub const fn pixel<P: PixelTerm, Lv: Level>() -> Self {
        Definition {
            name: P::NAME,
            also: None,
            about: P::ABOUT,
            parameters: P::PARAMETERS,
            class_weights: None,
            classes: None,
            denominator_offset: 0.0,
            body: Body::Pixel(PixelLoops {
                terms: |arguments, input, output| {
                    let term = P::new(arguments);
                    enter::<Lv, _>(PixelKernel { term, input, output });
                },
                fused: FusedPixels::of::<P, Lv>(),
            }),
        }
    }

    /// Defines a class term, run at level `Lv`.
    pub const fn class<P: ClassTerm, Lv: Level>() -> Self {
        Definition {
            name: P::NAME,
            also: None,
            about: P::ABOUT,
            parameters: P::PARAMETERS,
            class_weights: P::CLASS_WEIGHTS,
            classes: None,
            denominator_offset: P::DENOMINATOR_OFFSET,
            body: Body::Class(ClassLoops {
                terms: |arguments, input, output| {
                    let term = P::new(arguments);
                    enter::<Lv, _>(ClassKernel { term, input, output });
                },
                fused: FusedClass::of::<P, Lv>(),
                slope_is_of_shares: |arguments| P::new(arguments).slope_is_of_shares(),
            }),
        }
    }

    /// Defines a region term.
    pub const fn region<P: RegionTerm>() -> Self {
        Definition {
            name: P::NAME,
            also: P::ALSO,
            about: P::ABOUT,
            parameters: P::PARAMETERS,
            class_weights: class_weights(P::CLASSES),
            classes: Some(P::CLASSES),
            denominator_offset: 0.0,
            body: Body::Region(RegionFormulas::of::<P>()),
        }
    }
}

impl<'d, T: Real, A: Accumulator> Definition<'d, T, A> {
    const fn of_tiles(
        name: &'static str,
        parameters: &'static [Parameter],
        body: Body<'d, T, A>,
    ) -> Self {
        let classes = match body {
            Body::RegionTiles(_) => Some(ClassUse::Whole),
            _ => None,
        };
        Definition {
            name,
            also: None,
            about: About::NOTHING,
            parameters,
            class_weights: None,
            classes,
            denominator_offset: 0.0,
            body,
        }
    }

    /// Defines a pixel term whose tiles an object computes.
    pub const fn pixel_tiles(
        name: &'static str,
        parameters: &'static [Parameter],
        term: &'d dyn TilePixelTerm<T>,
    ) -> Self {
        Definition::of_tiles(name, parameters, Body::PixelTiles(term))
    }

    /// Defines a class term whose tiles an object computes.
    pub const fn class_tiles(
        name: &'static str,
        parameters: &'static [Parameter],
        term: &'d dyn TileClassTerm<T>,
    ) -> Self {
        Definition::of_tiles(name, parameters, Body::ClassTiles(term))
    }

    /// Defines a region term that an object computes from its sums.
    pub const fn region_tiles(
        name: &'static str,
        parameters: &'static [Parameter],
        term: &'d dyn TileRegionTerm<A>,
    ) -> Self {
        Definition::of_tiles(name, parameters, Body::RegionTiles(term))
    }

    /// Whether `name` refers to it.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.also == Some(name)
    }

    /// Returns the link that the term asks for: none for a region term.
    pub fn link(&self) -> Option<Link> {
        match self.body {
            Body::Pixel(_) | Body::PixelTiles(_) => Some(Link::Sigmoid),
            Body::Class(_) | Body::ClassTiles(_) => Some(Link::Softmax),
            Body::Region(_) | Body::RegionTiles(_) => None,
        }
    }

    /// Asks an object, which may refuse parameters that are in their ranges.
    pub(crate) fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        match &self.body {
            Body::PixelTiles(term) => term.check(arguments),
            Body::ClassTiles(term) => term.check(arguments),
            Body::RegionTiles(term) => term.check(arguments),
            Body::Pixel(_) | Body::Class(_) | Body::Region(_) => Ok(()),
        }
    }
}

/// The list of class weights of a region term.
pub(super) const fn class_weights(classes: ClassUse) -> Option<ClassWeights> {
    match classes {
        ClassUse::Averaged | ClassUse::Joined => Some(ClassWeights::OF_REGIONS),
        ClassUse::Whole => None,
    }
}

/// One loop for each combination of what is wanted: of what is not, the compiler leaves the operations
/// out. A macro, because a closure of that size is not always inlined, and then has no vectors.
macro_rules! each_wanted {
    ($output:expr, $vector:ty, |$place:ident| $value_and_slope:expr) => {
        match $output {
            TileOutput { value: Some(values), slope: Some(slopes) } => {
                for $place in (0..TILE).step_by(<$vector>::LANES) {
                    let (value, slope) = $value_and_slope;
                    value.store(&mut values[$place..]);
                    slope.store(&mut slopes[$place..]);
                }
            }
            TileOutput { value: Some(values), slope: None } => {
                for $place in (0..TILE).step_by(<$vector>::LANES) {
                    let (value, _) = $value_and_slope;
                    value.store(&mut values[$place..]);
                }
            }
            TileOutput { value: None, slope: Some(slopes) } => {
                for $place in (0..TILE).step_by(<$vector>::LANES) {
                    let (_, slope) = $value_and_slope;
                    slope.store(&mut slopes[$place..]);
                }
            }
            TileOutput { value: None, slope: None } => {}
        }
    };
}

/// One loop for all combinations, into tiles of its own, of which what is wanted is copied: of places that may be either the
/// caller's or nobody's the compiler would not know that they do not overlap, and have another loop for when they do.
macro_rules! both {
    ($output:expr, $vector:ty, |$place:ident| $value_and_slope:expr) => {
        let mut values = [<$vector as Vector>::Elem::default(); TILE];
        let mut slopes = [<$vector as Vector>::Elem::default(); TILE];
        for $place in (0..TILE).step_by(<$vector>::LANES) {
            let (value, slope) = $value_and_slope;
            value.store(&mut values[$place..]);
            slope.store(&mut slopes[$place..]);
        }
        if let Some(to) = $output.value {
            *to = values;
        }
        if let Some(to) = $output.slope {
            *to = slopes;
        }
    };
}

struct PixelKernel<'t, T, P> {
    term: P,
    input: PixelInputs<'t, T>,
    output: TileOutput<'t, T>,
}

impl<T: Real, P: PixelTerm> Kernel for PixelKernel<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let PixelKernel { term, input, output } = self;
        term.with_constants(PixelLoop::<T::In<Lv>> { input, output });
    }
}

struct PixelLoop<'t, V: Vector> {
    input: PixelInputs<'t, V::Elem>,
    output: TileOutput<'t, V::Elem>,
}

impl<V: Vector, P: PixelTerm> WithTerm<P> for PixelLoop<'_, V> {
    #[inline(always)]
    fn run(self, term: P) {
        let input = self.input;
        if input.is_hard {
            each_wanted!(self.output, V, |at| term.value_and_slope(&input.pixel::<V>(at, true)));
        } else {
            each_wanted!(self.output, V, |at| term.value_and_slope(&input.pixel::<V>(at, false)));
        }
    }

    #[inline(always)]
    fn run_compact(self, term: P) {
        let input = self.input;
        both!(self.output, V, |at| term.value_and_slope(&input.pixel::<V>(at, false)));
    }
}

struct ClassKernel<'t, T, P> {
    term: P,
    input: ClassTile<'t, T>,
    output: TileOutput<'t, T>,
}

impl<T: Real, P: ClassTerm> Kernel for ClassKernel<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let ClassKernel { term, input, output } = self;
        term.with_constants(ClassLoop::<T::In<Lv>> { input, output });
    }
}

struct ClassLoop<'t, V: Vector> {
    input: ClassTile<'t, V::Elem>,
    output: TileOutput<'t, V::Elem>,
}

impl<V: Vector, P: ClassTerm> WithTerm<P> for ClassLoop<'_, V> {
    #[inline(always)]
    fn run(self, term: P) {
        let input = self.input;
        each_wanted!(self.output, V, |at| term.value_and_slope(&class_pixel::<V>(&input, at)));
    }

    #[inline(always)]
    fn run_compact(self, term: P) {
        let input = self.input;
        both!(self.output, V, |at| term.value_and_slope(&class_pixel::<V>(&input, at)));
    }
}

/// Returns the pixels from `at` on.
#[inline(always)]
fn class_pixel<V: Vector>(input: &ClassTile<'_, V::Elem>, at: usize) -> ClassPixel<V> {
    ClassPixel {
        log_p: V::load(&input.log_p[at..]),
        p: V::load(&input.p[at..]),
        q: V::load(&input.q[at..]),
    }
}
