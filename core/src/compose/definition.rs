use core::fmt;

use super::program::part;
use crate::class::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::{Dual, Real, Vector};
use crate::level::{Kernel, Level, Scalar};
use crate::pixel::{Pixel, PixelTerm};
use crate::region::{Pool, RegionTerm, SeededSums};
use crate::summation::{ACCUMULATORS, Accumulator, Partial, TILE, accumulate};
use crate::term::{Arguments, Parameter};

/// The shared quantities of a tile, [`Pixel`] as arrays; `valid` positive where a pixel counts.
#[derive(Clone, Copy, Debug)]
pub struct PixelArrays<'t, T> {
    pub(super) z: &'t [T; TILE],
    pub(super) y: &'t [T; TILE],
    pub(super) p: &'t [T; TILE],
    pub(super) q: &'t [T; TILE],
    pub(super) tail: &'t [T; TILE],
    pub(super) valid: Option<&'t [T; TILE]>,
}

/// What a term adds to: its sum, where given, and the gradient or slope of all terms, where given,
/// each of its own times `factor`.
#[derive(Debug)]
pub struct Output<'t, T> {
    pub(super) factor: T,
    /// Whether the slope is still to be written: this is the first term.
    pub(super) first: bool,
    pub(super) partial: Option<&'t mut Partial<T>>,
    pub(super) slope: Option<&'t mut [T; TILE]>,
}

/// A tile of a pixel term.
pub type PixelBody<T> = fn(Arguments<'_>, PixelArrays<'_, T>, Output<'_, T>);
/// A tile of a class term.
pub type ClassBody<T> = fn(Arguments<'_>, super::ClassTile<'_, T>, Output<'_, T>);
/// A region term: its loss and the derivative in the seeded sum.
pub type RegionBody<A> = fn(Arguments<'_>, SeededSums<'_, A>) -> Dual<<A as Accumulator>::Real>;

/// What a definition does, compiled for one format and one level.
pub enum Body<T: Real, A: Accumulator> {
    /// A pixel term.
    Pixel(PixelBody<T>),
    /// A class term.
    Class(ClassBody<T>),
    /// A region term, and how it pools for a number of classes.
    Region(RegionBody<A>, fn(Arguments<'_>, usize) -> Pool),
}

/// A term by name: what a loss that is put together at run time refers to.
///
/// Made from the author's generic trait, once for each format and level it is to run at. It can be
/// a `static`.
pub struct Definition<T: Real, A: Accumulator = f64> {
    /// The term's name.
    pub name: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    pub(super) check: fn(Arguments<'_>) -> Result<(), Error>,
    pub(super) body: Body<T, A>,
}

impl<T: Real, A: Accumulator> fmt::Debug for Definition<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Real, A: Accumulator> Definition<T, A> {
    /// Of a pixel term, run at level `Lv`.
    pub const fn pixel<P: PixelTerm, Lv: Level>() -> Self {
        Definition {
            name: P::NAME,
            parameters: P::PARAMETERS,
            check: |arguments| P::new(arguments).map(|_| ()),
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
            check: |arguments| P::new(arguments).map(|_| ()),
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
            check: |arguments| P::new(arguments).map(|_| ()),
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
        each_vector::<T::In<Lv>>(valid, self.output, |at| {
            term.value_and_slope(&Pixel {
                z: Vector::load(&z[at..]),
                y: Vector::load(&y[at..]),
                p: Vector::load(&p[at..]),
                q: Vector::load(&q[at..]),
                tail: Vector::load(&tail[at..]),
            })
        });
    }
}

struct ClassKernel<'t, T, P> {
    term: P,
    input: super::ClassTile<'t, T>,
    output: Output<'t, T>,
}

impl<T: Real, P: ClassTerm> Kernel for ClassKernel<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let super::ClassTile { log_p, p, q, valid } = self.input;
        let term = self.term;
        each_vector::<T::In<Lv>>(valid, self.output, |at| {
            term.value_and_slope(&ClassPixel {
                log_p: Vector::load(&log_p[at..]),
                p: Vector::load(&p[at..]),
                q: Vector::load(&q[at..]),
            })
        });
    }
}

#[inline(always)]
fn each_vector<V: Vector>(
    valid: Option<&[V::Elem; TILE]>,
    output: Output<'_, V::Elem>,
    value_and_slope: impl Fn(usize) -> (V, V) + Copy,
) {
    let factor = V::splat(output.factor.widen());
    // The gradient of masked pixels is set to 0 once, after the last term, so `slope` needs no mask.
    match (output.partial, output.slope, output.first) {
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
            let none = &mut Partial::default();
            term_loop::<V, false, WRITE>(value_and_slope, factor, None, none, slope);
        }
        (None, Some(slope), false) => {
            let none = &mut Partial::default();
            term_loop::<V, false, ADD>(value_and_slope, factor, None, none, slope);
        }
        (None, None, _) => {}
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
