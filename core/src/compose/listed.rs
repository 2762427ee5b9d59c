use super::definition::{Body, Definition, Output, PixelArrays};
use super::program::{ClassTile, Kind, PixelTile, Program, Spec};
use crate::error::Error;
use crate::lanes::{Dual, Real, Vector};
use crate::level::Level;
use crate::pixel::Pixel;
use crate::region::{self, Pool, SUMS, SeededSums};
use crate::summation::{ACCUMULATORS, Accumulator, Partial, TILE, accumulate};
use crate::term::{Arguments, Reduction};

/// A term of a loss put together at run time.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a, T: Real, A: Accumulator = f64> {
    coefficient: f64,
    definition: &'a Definition<T, A>,
    arguments: Arguments<'a>,
    pool: Option<Pool>,
    reduction: Reduction,
}

impl<'a, T: Real, A: Accumulator> Term<'a, T, A> {
    /// `coefficient * definition(values)`; parameters without a value take their defaults.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a parameter out of its range, [`Error::Arguments`] for more values
    /// than parameters, [`Error::Coefficient`] for a coefficient that is negative or not finite.
    pub fn new(
        coefficient: f64,
        definition: &'a Definition<T, A>,
        values: &'a [f64],
    ) -> Result<Self, Error> {
        let (given, expected) = (values.len(), definition.parameters.len());
        if given > expected {
            return Err(Error::Arguments { term: definition.name, given, expected });
        }
        let arguments = Arguments::new(values, definition.parameters);
        (definition.check)(arguments)?;
        let term =
            Term { coefficient, definition, arguments, pool: None, reduction: Reduction::Mean };
        term.spec(1).check()?;
        Ok(term)
    }

    /// Added up or averaged.
    #[must_use]
    pub fn reduction(self, reduction: Reduction) -> Self {
        Term { reduction, ..self }
    }

    /// Formed per sample or over the whole batch; of no meaning but to region terms.
    #[must_use]
    pub fn pool(self, pool: Pool) -> Self {
        Term { pool: Some(pool), ..self }
    }

    fn spec(&self, classes: usize) -> Spec {
        let kind = match self.definition.body {
            Body::Pixel(_) => Kind::Pixel(self.reduction),
            Body::Class(_) => Kind::Class(self.reduction),
            Body::Region(_, pool) => {
                let pool = self.pool.unwrap_or_else(|| pool(self.arguments, classes));
                Kind::Region(pool, self.reduction)
            }
        };
        Spec { name: self.definition.name, coefficient: self.coefficient, kind }
    }
}

/// A loss put together at run time: terms in the caller's storage, evaluated tile by tile.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a, T: Real, A: Accumulator = f64> {
    terms: &'a [Term<'a, T, A>],
}

impl<'a, T: Real, A: Accumulator> Listed<'a, T, A> {
    /// The sum of `terms`.
    pub fn new(terms: &'a [Term<'a, T, A>]) -> Self {
        Listed { terms }
    }

    fn has_pixel(&self) -> bool {
        let is_pixel = |term: &Term<'_, T, A>| matches!(term.definition.body, Body::Pixel(_));
        self.terms.iter().any(is_pixel)
    }

    fn has_region(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.definition.body, Body::Region(..)))
    }
}

impl<T: Real, A: Accumulator> Program<T, A> for Listed<'_, T, A> {
    fn len(&self) -> usize {
        self.terms.len()
    }

    fn spec(&self, index: usize, classes: usize) -> Spec {
        self.terms[index].spec(classes)
    }

    fn region(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real> {
        let term = &self.terms[index];
        match term.definition.body {
            Body::Region(region, _) => region(term.arguments, sums),
            _ => Dual::constant(A::Real::default()),
        }
    }

    #[inline(always)]
    fn pixel_tile<Lv: Level>(
        &self,
        tile: PixelTile<'_, T>,
        factors: &[T],
        region: Option<[T; 2]>,
        mut partials: Option<&mut [Partial<T>]>,
        mut gradient: Option<&mut [T; TILE]>,
    ) {
        let mut p = [T::default(); TILE];
        let mut q = [T::default(); TILE];
        let mut tail = [T::default(); TILE];
        shared::<T::In<Lv>>(tile.z, tile.y, self.has_pixel(), &mut p, &mut q, &mut tail);
        let PixelTile { z, y, valid } = tile;
        let arrays = PixelArrays { z, y, p: &p, q: &q, tail: &tail, valid };
        let mut first = true;
        for (index, term) in self.terms.iter().enumerate() {
            if let Body::Pixel(body) = term.definition.body {
                if term.coefficient == 0.0 {
                    // As if it added 0.
                    if let (true, Some(gradient)) = (first, gradient.as_deref_mut()) {
                        gradient.fill(T::default());
                    }
                    first = false;
                    continue;
                }
                let factor = factors.get(index).copied().unwrap_or_default();
                let partial = partials.as_deref_mut().and_then(|p| p.get_mut(index));
                let slope = gradient.as_deref_mut();
                body(term.arguments, arrays, Output { factor, first, partial, slope });
                first = false;
            }
        }
        if self.has_region() {
            let sums = partials.and_then(|p| p[self.terms.len()..].first_chunk_mut::<SUMS>());
            if let Some(sums) = sums {
                match valid {
                    None => region_sums::<T::In<Lv>, false>(y, &p, &q, y, sums),
                    Some(valid) => region_sums::<T::In<Lv>, true>(y, &p, &q, valid, sums),
                }
            }
            if let (Some(slopes), Some(gradient)) = (region, gradient.as_deref_mut()) {
                if first {
                    region_gradient::<T::In<Lv>, false>(y, &p, &q, slopes, gradient);
                } else {
                    region_gradient::<T::In<Lv>, true>(y, &p, &q, slopes, gradient);
                }
                first = false;
            }
        }
        if let (true, Some(gradient)) = (first, gradient.as_deref_mut()) {
            gradient.fill(T::default());
        }
        if let (Some(gradient), Some(valid)) = (gradient, valid) {
            keep_valid::<T::In<Lv>>(valid, gradient);
        }
    }

    #[inline(always)]
    fn class_tile<Lv: Level>(
        &self,
        tile: ClassTile<'_, T>,
        factors: &[T],
        mut partials: Option<&mut [Partial<T>]>,
        mut slope: Option<&mut [T; TILE]>,
    ) {
        let mut first = true;
        for (index, term) in self.terms.iter().enumerate() {
            if let Body::Class(body) = term.definition.body {
                if term.coefficient == 0.0 {
                    // As if it added 0.
                    if let (true, Some(slope)) = (first, slope.as_deref_mut()) {
                        slope.fill(T::default());
                    }
                    first = false;
                    continue;
                }
                let factor = factors.get(index).copied().unwrap_or_default();
                let partial = partials.as_deref_mut().and_then(|p| p.get_mut(index));
                let slope = slope.as_deref_mut();
                body(term.arguments, tile, Output { factor, first, partial, slope });
                first = false;
            }
        }
        if let (true, Some(slope)) = (first, slope.as_deref_mut()) {
            slope.fill(T::default());
        }
        if let (Some(slope), Some(valid)) = (slope, tile.valid) {
            keep_valid::<T::In<Lv>>(valid, slope);
        }
    }
}

/// Fills `p` and `q`, and `tail` if a term reads it. In several loops, as the fused one.
#[inline(always)]
fn shared<V: Vector>(
    z: &[V::Elem; TILE],
    y: &[V::Elem; TILE],
    with_tail: bool,
    p: &mut [V::Elem; TILE],
    q: &mut [V::Elem; TILE],
    tail: &mut [V::Elem; TILE],
) {
    for at in (0..TILE).step_by(V::LANES) {
        Pixel::decay(V::load(&z[at..])).store(&mut p[at..]);
    }
    let pixel =
        |at: usize, decay: V| Pixel::with_decay(V::load(&z[at..]), V::load(&y[at..]), decay);
    if with_tail {
        for at in (0..TILE).step_by(V::LANES) {
            pixel(at, V::load(&p[at..])).tail.store(&mut tail[at..]);
        }
    }
    for at in (0..TILE).step_by(V::LANES) {
        let pixel = pixel(at, V::load(&p[at..]));
        pixel.p.store(&mut p[at..]);
        pixel.q.store(&mut q[at..]);
    }
}

/// The quantities a region sum needs, `z` and `tail` left at what is not read.
#[inline(always)]
fn load_region<V: Vector>(
    y: &[V::Elem; TILE],
    p: &[V::Elem; TILE],
    q: &[V::Elem; TILE],
    at: usize,
) -> Pixel<V> {
    let zero = V::splat(0.0);
    let (y, p, q) = (V::load(&y[at..]), V::load(&p[at..]), V::load(&q[at..]));
    Pixel { z: zero, y, p, q, tail: zero }
}

#[inline(always)]
fn region_sums<V: Vector, const MASKED: bool>(
    y: &[V::Elem; TILE],
    p: &[V::Elem; TILE],
    q: &[V::Elem; TILE],
    valid: &[V::Elem; TILE],
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    let zero = V::splat(0.0);
    let mut totals = *sums;
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let keep = zero.lt(V::load(&valid[at..]));
            let values = region::pixel_sums(&load_region::<V>(y, p, q, at));
            for (total, value) in totals.iter_mut().zip(values) {
                let value = if MASKED { V::select(keep, value, zero) } else { value };
                accumulate(total, lane, value);
            }
        }
    }
    *sums = totals;
}

#[inline(always)]
fn region_gradient<V: Vector, const ADD: bool>(
    y: &[V::Elem; TILE],
    p: &[V::Elem; TILE],
    q: &[V::Elem; TILE],
    slopes: [V::Elem; 2],
    gradient: &mut [V::Elem; TILE],
) {
    let slopes = slopes.map(|x| V::splat(x.widen()));
    for at in (0..TILE).step_by(V::LANES) {
        let pixel = load_region::<V>(y, p, q, at);
        let gradient = &mut gradient[at..];
        let slope = region::pixel_gradient(&pixel, slopes);
        if ADD { (V::load(gradient) + slope).store(gradient) } else { slope.store(gradient) }
    }
}

#[inline(always)]
fn keep_valid<V: Vector>(valid: &[V::Elem; TILE], gradient: &mut [V::Elem; TILE]) {
    let zero = V::splat(0.0);
    for at in (0..TILE).step_by(V::LANES) {
        let keep = zero.lt(V::load(&valid[at..]));
        let gradient = &mut gradient[at..];
        V::select(keep, V::load(gradient), zero).store(gradient);
    }
}
