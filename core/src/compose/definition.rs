use core::fmt;

use super::fixed::weigh;
use super::program::{ClassTile, part};
use super::tiles::{TileClassTerm, TilePixelTerm, TileRegionTerm};
use crate::class::{ClassPixel, ClassTerm};
use crate::engine::Link;
use crate::error::Error;
use crate::lanes::{Dual, Real, Vector};
use crate::level::{Kernel, Level, Scalar};
use crate::pixel::{Pixel, PixelTerm};
use crate::region::{Pool, RegionTerm, SeededSums};
use crate::summation::{ACCUMULATORS, Accumulator, Partial, TILE, accumulate};
use crate::term::{Arguments, ClassWeights, Parameter};

/// The shared quantities of a tile, [`Pixel`] as arrays; `valid` positive where a pixel counts.
#[derive(Clone, Copy, Debug)]
pub struct PixelArrays<'t, T> {
    /// Logits.
    pub z: &'t [T; TILE],
    /// Targets, 0 to 1.
    pub y: &'t [T; TILE],
    /// `sigmoid(z)`.
    pub p: &'t [T; TILE],
    /// `1 - p`.
    pub q: &'t [T; TILE],
    /// `ln(1 + exp(-|z|))`.
    pub tail: &'t [T; TILE],
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t [T; TILE]>,
}

/// What becomes of the losses and slopes of a tile.
#[derive(Debug)]
pub enum Output<'t, T> {
    /// They are added up: losses to `partial`, where given, and slopes times `factor` to the gradient
    /// or slope of all terms, where given.
    Sum {
        /// What slopes are multiplied by.
        factor: T,
        /// Whether `slope` is still to be written: this is the first term.
        first: bool,
        /// The term's sum.
        partial: Option<&'t mut Partial<T>>,
        /// The sum of all terms' slopes.
        slope: Option<&'t mut [T; TILE]>,
    },
    /// They are written, pixel by pixel.
    Each {
        /// Losses.
        value: &'t mut [T; TILE],
        /// Slopes.
        slope: &'t mut [T; TILE],
    },
}

/// A tile of a pixel term.
pub type PixelBody<T> = fn(Arguments<'_>, PixelArrays<'_, T>, Output<'_, T>);
/// A tile of a class term.
pub type ClassBody<T> = fn(Arguments<'_>, ClassTile<'_, T>, Output<'_, T>);
/// A region term: its loss and the derivative in the seeded sum.
pub type RegionBody<A> = fn(Arguments<'_>, SeededSums<'_, A>) -> Dual<<A as Accumulator>::Real>;

/// What a definition does, compiled for one format and one level.
pub(super) enum Body<'d, T: Real, A: Accumulator> {
    Pixel(PixelBody<T>),
    Class(ClassBody<T>),
    /// With how it pools for a number of classes.
    Region(RegionBody<A>, fn(Arguments<'_>, usize) -> Pool),
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
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// The list of class weights that it takes.
    pub class_weights: Option<ClassWeights>,
    pub(super) denominator_offset: f64,
    check: Option<fn(Arguments<'_>) -> Result<(), Error>>,
    pub(super) body: Body<'d, T, A>,
}

impl<T: Real, A: Accumulator> fmt::Debug for Definition<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Real, A: Accumulator> Definition<'static, T, A> {
    /// Of a pixel term, run at level `Lv`.
    pub const fn pixel<P: PixelTerm, Lv: Level>() -> Self {
        Definition {
            name: P::NAME,
            parameters: P::PARAMETERS,
            class_weights: None,
            denominator_offset: 0.0,
            check: Some(|arguments| P::new(arguments).map(|_| ())),
            body: Body::Pixel(|arguments, input, output| {
                if let Ok(term) = P::new(arguments) {
                    enter::<Lv, _>(PixelKernel { term, input, output });
                }
            }),
        }
    }

    /// Of a class term, run at level `Lv`.
    pub const fn class<P: ClassTerm, Lv: Level>() -> Self {
        Definition {
            name: P::NAME,
            parameters: P::PARAMETERS,
            class_weights: P::CLASS_WEIGHTS,
            denominator_offset: P::DENOMINATOR_OFFSET,
            check: Some(|arguments| P::new(arguments).map(|_| ())),
            body: Body::Class(|arguments, input, output| {
                if let Ok(term) = P::new(arguments) {
                    enter::<Lv, _>(ClassKernel { term, input, output });
                }
            }),
        }
    }

    /// Of a region term.
    pub const fn region<P: RegionTerm>() -> Self {
        Definition {
            name: P::NAME,
            parameters: P::PARAMETERS,
            class_weights: None,
            denominator_offset: 0.0,
            check: Some(|arguments| P::new(arguments).map(|_| ())),
            body: Body::Region(
                |arguments, sums| match P::new(arguments) {
                    Ok(term) => term.loss(&sums),
                    Err(_) => Dual::constant(A::Real::default()),
                },
                |arguments, classes| match P::new(arguments) {
                    Ok(term) => term.pool(classes),
                    Err(_) => Pool::Batch,
                },
            ),
        }
    }
}

impl<'d, T: Real, A: Accumulator> Definition<'d, T, A> {
    const fn of_tiles(
        name: &'static str,
        parameters: &'static [Parameter],
        body: Body<'d, T, A>,
    ) -> Self {
        let (class_weights, denominator_offset, check) = (None, 0.0, None);
        Definition { name, parameters, class_weights, denominator_offset, check, body }
    }

    /// Of an object that computes tiles of a pixel term.
    pub const fn pixel_tiles(
        name: &'static str,
        parameters: &'static [Parameter],
        term: &'d dyn TilePixelTerm<T>,
    ) -> Self {
        Definition::of_tiles(name, parameters, Body::PixelTiles(term))
    }

    /// Of an object that computes tiles of a class term.
    pub const fn class_tiles(
        name: &'static str,
        parameters: &'static [Parameter],
        term: &'d dyn TileClassTerm<T>,
    ) -> Self {
        Definition::of_tiles(name, parameters, Body::ClassTiles(term))
    }

    /// Of an object that computes a region term from its sums.
    pub const fn region_tiles(
        name: &'static str,
        parameters: &'static [Parameter],
        term: &'d dyn TileRegionTerm<A>,
    ) -> Self {
        Definition::of_tiles(name, parameters, Body::RegionTiles(term))
    }

    /// The link it asks for: none for a region term.
    pub fn link(&self) -> Option<Link> {
        match self.body {
            Body::Pixel(_) | Body::PixelTiles(_) => Some(Link::Sigmoid),
            Body::Class(_) | Body::ClassTiles(_) => Some(Link::Softmax),
            Body::Region(..) | Body::RegionTiles(_) => None,
        }
    }

    pub(super) fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        match (&self.body, self.check) {
            (_, Some(check)) => check(arguments),
            (Body::PixelTiles(term), None) => term.check(arguments),
            (Body::ClassTiles(term), None) => term.check(arguments),
            (Body::RegionTiles(term), None) => term.check(arguments),
            (_, None) => Ok(()),
        }
    }
}

/// A term's losses and slopes of a tile, multiplied by weights and added up as [`Output::Sum`] says.
#[inline(always)]
pub(super) fn add_up<V: Vector>(
    value: &[V::Elem; TILE],
    slope: &[V::Elem; TILE],
    weight: Option<&[V::Elem; TILE]>,
    valid: Option<&[V::Elem; TILE]>,
    output: Output<'_, V::Elem>,
) {
    let one = &[V::Elem::round_from(1.0); TILE];
    let (is_weighted, weight) = (weight.is_some(), weight.unwrap_or(one));
    each_vector::<V>(valid, output, |at| {
        let (value, slope) = (V::load(&value[at..]), V::load(&slope[at..]));
        if is_weighted {
            let weight = V::load(&weight[at..]);
            (weigh(weight, value), weigh(weight, slope))
        } else {
            (value, slope)
        }
    });
}

/// Runs `kernel` at `Lv`; as scalar code on a machine without its instructions.
fn enter<Lv: Level, K: Kernel>(kernel: K) -> K::Output {
    match Lv::detect() {
        Some(level) => level.enter(kernel),
        None => Scalar.enter(kernel),
    }
}

struct PixelKernel<'t, T, P> {
    term: P,
    input: PixelArrays<'t, T>,
    output: Output<'t, T>,
}

impl<T: Real, P: PixelTerm> Kernel for PixelKernel<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let PixelArrays { z, y, p, q, tail, valid } = self.input;
        let term = self.term;
        // Into arrays first: the formula then stands in one loop that the compiler can make vectors of,
        // not in each way of adding up, where a long one is left as calls, one a pixel.
        let (mut values, mut slopes) = ([T::default(); TILE], [T::default(); TILE]);
        for at in (0..TILE).step_by(T::In::<Lv>::LANES) {
            let (value, slope) = term.value_and_slope(&Pixel::<T::In<Lv>> {
                z: Vector::load(&z[at..]),
                y: Vector::load(&y[at..]),
                p: Vector::load(&p[at..]),
                q: Vector::load(&q[at..]),
                tail: Vector::load(&tail[at..]),
            });
            value.store(&mut values[at..]);
            slope.store(&mut slopes[at..]);
        }
        add_up::<T::In<Lv>>(&values, &slopes, None, valid, self.output);
    }
}

struct ClassKernel<'t, T, P> {
    term: P,
    input: ClassTile<'t, T>,
    output: Output<'t, T>,
}

impl<T: Real, P: ClassTerm> Kernel for ClassKernel<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let ClassTile { log_p, p, q, valid, weights: _ } = self.input;
        let term = self.term;
        // As for pixels.
        let (mut values, mut slopes) = ([T::default(); TILE], [T::default(); TILE]);
        for at in (0..TILE).step_by(T::In::<Lv>::LANES) {
            let (value, slope) = term.value_and_slope(&ClassPixel::<T::In<Lv>> {
                log_p: Vector::load(&log_p[at..]),
                p: Vector::load(&p[at..]),
                q: Vector::load(&q[at..]),
            });
            value.store(&mut values[at..]);
            slope.store(&mut slopes[at..]);
        }
        add_up::<T::In<Lv>>(&values, &slopes, None, valid, self.output);
    }
}

#[inline(always)]
fn each_vector<V: Vector>(
    valid: Option<&[V::Elem; TILE]>,
    output: Output<'_, V::Elem>,
    value_and_slope: impl Fn(usize) -> (V, V) + Copy,
) {
    let none = &mut Partial::default();
    match output {
        Output::Sum { factor, first, partial, slope } => {
            let factor = V::splat(factor.widen());
            // The gradient of masked pixels is set to 0 once, after the last term, so `slope` needs
            // no mask.
            match (partial, slope, first) {
                (Some(sum), Some(slope), true) => {
                    term_loop::<V, true, WRITE>(value_and_slope, factor, valid, sum, slope);
                }
                (Some(sum), Some(slope), false) => {
                    term_loop::<V, true, ADD>(value_and_slope, factor, valid, sum, slope);
                }
                (Some(sum), None, _) => {
                    let unused = &mut [V::Elem::default(); TILE];
                    term_loop::<V, true, NO_SLOPE>(value_and_slope, factor, valid, sum, unused);
                }
                (None, Some(slope), true) => {
                    term_loop::<V, false, WRITE>(value_and_slope, factor, None, none, slope);
                }
                (None, Some(slope), false) => {
                    term_loop::<V, false, ADD>(value_and_slope, factor, None, none, slope);
                }
                (None, None, _) => {}
            }
        }
        Output::Each { value: values, slope: slopes } => {
            for at in (0..TILE).step_by(V::LANES) {
                let (value, slope) = value_and_slope(at);
                value.store(&mut values[at..]);
                slope.store(&mut slopes[at..]);
            }
        }
    }
}

const NO_SLOPE: u8 = 0;
const WRITE: u8 = 1;
const ADD: u8 = 2;

#[inline(always)]
fn term_loop<V: Vector, const SUM: bool, const SLOPE: u8>(
    value_and_slope: impl Fn(usize) -> (V, V) + Copy,
    factor: V,
    valid: Option<&[V::Elem; TILE]>,
    sum: &mut Partial<V::Elem>,
    slopes: &mut [V::Elem; TILE],
) {
    match valid {
        None => masked_loop::<V, false, SUM, SLOPE>(
            value_and_slope,
            factor,
            slopes,
            sum,
            &[V::Elem::default(); TILE],
        ),
        Some(valid) => {
            masked_loop::<V, true, SUM, SLOPE>(value_and_slope, factor, slopes, sum, valid)
        }
    }
}

#[inline(always)]
fn masked_loop<V: Vector, const MASKED: bool, const SUM: bool, const SLOPE: u8>(
    value_and_slope: impl Fn(usize) -> (V, V),
    factor: V,
    slopes: &mut [V::Elem; TILE],
    sum: &mut Partial<V::Elem>,
    valid: &[V::Elem; TILE],
) {
    let zero = V::splat(0.0);
    let mut total = *sum;
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let (value, slope) = value_and_slope(at);
            if SUM {
                let keep = zero.lt(V::load(&valid[at..]));
                let value = if MASKED { V::select(keep, value, zero) } else { value };
                accumulate(&mut total, lane, value);
            }
            let slopes = &mut slopes[at..];
            match SLOPE {
                NO_SLOPE => {}
                WRITE => part(factor, slope).store(slopes),
                _ => (V::load(slopes) + part(factor, slope)).store(slopes),
            }
        }
    }
    *sum = total;
}
