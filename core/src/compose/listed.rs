use super::add_up::{Sums, add_up};
use super::definition::{Body, Definition, PixelArrays, PixelInputs, TileOutput};
use super::fixed::weigh;
use super::map::MapCall;
use super::program::{
    ClassTile, Kind, PixelTile, Program, Scratch, Spec, TileWeights, Weighting, part,
};
use crate::error::Error;
use crate::lanes::{Dual, Real, Vector};
use crate::level::Level;
use crate::parameter::complete;
use crate::pixel::Pixel;
use crate::region::{self, Pool, SUMS, SeededSums};
use crate::summation::{ACCUMULATORS, Accumulator, Partial, TILE, accumulate};
use crate::term::{Arguments, Options, PARAMETERS};

/// A term of a loss put together at run time.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a, T: Real, A: Accumulator = f64> {
    coefficient: f64,
    definition: Option<&'a Definition<'a, T, A>>,
    values: [f64; PARAMETERS],
    options: Options<'a>,
}

impl<T: Real, A: Accumulator> Default for Term<'_, T, A> {
    /// No term: storage for one that is read from text.
    fn default() -> Self {
        let (coefficient, values, options) = (0.0, [0.0; PARAMETERS], Options::default());
        Term { coefficient, definition: None, values, options }
    }
}

impl<'a, T: Real, A: Accumulator> Term<'a, T, A> {
    /// `coefficient * definition(values)`; parameters without a value take their defaults.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a parameter out of its range, [`Error::Arguments`] for more values
    /// than parameters, [`Error::Coefficient`] for a coefficient that is negative or not finite,
    /// [`Error::ClassWeight`] for a class weight that is, [`Error::NoClassWeights`] for class weights
    /// of a term that takes none, [`Error::NoOption`] for another option that its kind does not have.
    pub fn new(
        coefficient: f64,
        definition: &'a Definition<'a, T, A>,
        values: &[f64],
        options: Options<'a>,
    ) -> Result<Self, Error> {
        let values = complete(definition.name, definition.parameters, values)?;
        let term = Term { coefficient, definition: Some(definition), values, options };
        definition.check(term.arguments())?;
        term.spec(1).check()?;
        Ok(term)
    }

    /// Its weight in the sum.
    pub fn coefficient(&self) -> f64 {
        self.coefficient
    }

    /// What it refers to; none if it is no term.
    pub fn definition(&self) -> Option<&'a Definition<'a, T, A>> {
        self.definition
    }

    /// The values of its parameters, in the definition's order.
    pub fn values(&self) -> &[f64] {
        let count = self.definition.map_or(0, |definition| definition.parameters.len());
        self.values.get(..count).unwrap_or_default()
    }

    /// What the loss says of it.
    pub fn options(&self) -> Options<'a> {
        self.options
    }

    fn arguments(&self) -> Arguments<'_> {
        Arguments::new(self.values(), self.definition.map_or(&[], |d| d.parameters))
    }

    fn body(&self) -> Option<&'a Body<'a, T, A>> {
        self.definition.map(|definition| &definition.body)
    }

    fn is_pixel(&self) -> bool {
        matches!(self.body(), Some(Body::Pixel(_) | Body::PixelTiles(_)))
    }

    fn is_class(&self) -> bool {
        matches!(self.body(), Some(Body::Class(_) | Body::ClassTiles(_)))
    }

    fn is_region(&self) -> bool {
        matches!(self.body(), Some(Body::Region(..) | Body::RegionTiles(_)))
    }

    fn spec(&self, classes: usize) -> Spec<'a> {
        let pool = |chosen: Pool| self.options.pool.unwrap_or(chosen);
        let kind = match self.body() {
            Some(Body::Pixel(_) | Body::PixelTiles(_)) => Kind::Pixel,
            Some(Body::Class(_) | Body::ClassTiles(_)) => Kind::Class,
            Some(Body::Region(_, choose)) => Kind::Region(pool(choose(self.arguments(), classes))),
            Some(Body::RegionTiles(term)) => {
                Kind::Region(pool(term.pool(self.arguments(), classes)))
            }
            None => Kind::Region(Pool::Batch),
        };
        Spec {
            name: self.definition.map_or("", |definition| definition.name),
            coefficient: self.coefficient,
            kind,
            options: self.options,
            class_weights: self.definition.and_then(|definition| definition.class_weights),
            denominator_offset: self.definition.map_or(0.0, |d| d.denominator_offset),
            is_weighable: true,
        }
    }

    /// Whether its losses and slopes are those of `other`, which may differ in coefficient and options.
    fn computes_as(&self, other: &Self) -> bool {
        let definitions = self.definition.zip(other.definition);
        definitions.is_some_and(|(own, other)| core::ptr::eq(own, other))
            && self.values == other.values
    }

    /// Computes a pixel term on a tile. An object computes both outputs, wanted or not.
    fn pixel(
        &self,
        inputs: PixelInputs<'_, T>,
        (tail, valid): (&[T; TILE], Option<&[T; TILE]>),
        wanted: Wanted,
        value: &mut [T; TILE],
        slope: &mut [T; TILE],
    ) {
        match self.body() {
            Some(Body::Pixel(body)) => body(self.arguments(), inputs, wanted.output(value, slope)),
            Some(Body::PixelTiles(term)) => {
                let PixelInputs { z, y, p, q, decay: _ } = inputs;
                let arrays = PixelArrays { z, y, p, q, tail, valid };
                term.tile(self.arguments(), arrays, value, slope);
            }
            _ => {}
        }
    }

    /// Computes a class term on a tile. An object computes both outputs, wanted or not.
    fn class(
        &self,
        input: ClassTile<'_, T>,
        wanted: Wanted,
        value: &mut [T; TILE],
        slope: &mut [T; TILE],
    ) {
        match self.body() {
            Some(Body::Class(body)) => body(self.arguments(), input, wanted.output(value, slope)),
            Some(Body::ClassTiles(term)) => term.tile(self.arguments(), input, value, slope),
            _ => {}
        }
    }
}

const LOSSES: Wanted = Wanted { value: true, slope: false };

/// Which outputs of a term are read.
#[derive(Clone, Copy)]
struct Wanted {
    value: bool,
    slope: bool,
}

impl Wanted {
    fn output<'t, T>(
        self,
        value: &'t mut [T; TILE],
        slope: &'t mut [T; TILE],
    ) -> TileOutput<'t, T> {
        TileOutput { value: self.value.then_some(value), slope: self.slope.then_some(slope) }
    }
}

/// A loss put together at run time: terms in the caller's storage, evaluated tile by tile.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a, T: Real, A: Accumulator = f64> {
    terms: &'a [Term<'a, T, A>],
    maps: &'a [MapCall<'a, T>],
}

impl<'a, T: Real, A: Accumulator> Listed<'a, T, A> {
    /// The sum of `terms`, none of which refers to a map that the call does not have.
    pub fn new(terms: &'a [Term<'a, T, A>]) -> Self {
        Listed { terms, maps: &[] }
    }

    /// With maps that are to be computed from the targets, in the order of [`crate::engine::Call::maps`].
    #[must_use]
    pub fn maps(self, maps: &'a [MapCall<'a, T>]) -> Self {
        Listed { maps, ..self }
    }

    /// Its terms.
    pub fn terms(&self) -> &'a [Term<'a, T, A>] {
        self.terms
    }

    /// The maps that its terms refer to, by place.
    pub fn map_calls(&self) -> &'a [MapCall<'a, T>] {
        self.maps
    }

    fn has_pixel_tiles(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.body(), Some(Body::PixelTiles(_))))
    }

    fn has_region(&self) -> bool {
        self.terms.iter().any(Term::is_region)
    }

    /// The terms that are `own`, with their tiles of weights, if any.
    #[inline(always)]
    fn own<'s, 't>(
        &'s self,
        own: impl Fn(&Term<'a, T, A>) -> bool + 's,
        weights: TileWeights<'t, T>,
    ) -> impl Iterator<Item = (usize, &'s Term<'a, T, A>, Option<&'t [T; TILE]>)> {
        self.terms.iter().enumerate().filter(move |(_, term)| own(term)).map(
            move |(index, term)| {
                let weighting = Weighting::of(&term.options, false, weights.by_call);
                (index, term, weighting.and_then(|_| weights.tiles.get(index)))
            },
        )
    }
}

impl<T: Real, A: Accumulator> Program<T, A> for Listed<'_, T, A> {
    fn len(&self) -> usize {
        self.terms.len()
    }

    fn spec(&self, index: usize, classes: usize) -> Spec<'_> {
        self.terms[index].spec(classes)
    }

    /// Without the rest of the spec, which asks a region term how it pools.
    #[inline(always)]
    fn weighting(&self, index: usize, by_call: bool) -> Option<Weighting> {
        let term = &self.terms[index];
        let weighting = Weighting::of(&term.options, term.is_region(), by_call);
        weighting.filter(|_| term.coefficient != 0.0)
    }

    fn region(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real> {
        let term = &self.terms[index];
        match term.body() {
            Some(Body::Region(region, _)) => region(term.arguments(), sums),
            Some(Body::RegionTiles(region)) => region.loss(term.arguments(), sums),
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
        Scratch { p, q, decay, tail, value, slope }: &mut Scratch<'_, T>,
    ) {
        let PixelTile { z, y, valid, weights } = tile;
        shared::<T::In<Lv>>(z, y, decay, p, q);
        if self.has_pixel_tiles() {
            tails::<T::In<Lv>>(decay, tail);
        }
        let inputs = PixelInputs { z, y, p, q, decay };
        let wanted = Wanted { value: partials.is_some(), slope: gradient.is_some() };
        let (mut first, mut last) = (true, None);
        for (index, term, weight) in self.own(Term::is_pixel, weights) {
            if term.coefficient == 0.0 {
                add_nothing(first, gradient.as_deref_mut());
                first = false;
                continue;
            }
            if !last.is_some_and(|last| term.computes_as(last)) {
                term.pixel(inputs, (tail, valid), wanted, value, slope);
            }
            last = Some(term);
            let factor = factors.get(index).copied().unwrap_or_default();
            let partial = partials.as_deref_mut().and_then(|p| p.get_mut(index));
            let sums = Sums { factor, first, partial, slope: gradient.as_deref_mut() };
            add_up::<T::In<Lv>>(value, slope, weight, valid, sums);
            first = false;
        }
        if self.has_region() {
            let is_weighted = |term: &Term<'_, T, A>| term.is_region() && term.options.weighted;
            let weight = weights.tiles.last().filter(|_| self.terms.iter().any(is_weighted));
            let sums = partials.and_then(|p| p[self.terms.len()..].first_chunk_mut::<SUMS>());
            if let Some(sums) = sums {
                region_sums::<T::In<Lv>>(y, p, q, valid, weight, sums);
            }
            if let (Some(slopes), Some(gradient)) = (region, gradient.as_deref_mut()) {
                region_gradient::<T::In<Lv>>(y, p, q, slopes, weight, !first, gradient);
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
        Scratch { value, slope: of_term, .. }: &mut Scratch<'_, T>,
    ) {
        let wanted = Wanted { value: partials.is_some(), slope: slope.is_some() };
        let (mut first, mut last) = (true, None);
        for (index, term, weight) in self.own(Term::is_class, tile.weights) {
            if term.coefficient == 0.0 {
                add_nothing(first, slope.as_deref_mut());
                first = false;
                continue;
            }
            if !last.is_some_and(|last| term.computes_as(last)) {
                term.class(tile, wanted, value, of_term);
            }
            last = Some(term);
            let factor = factors.get(index).copied().unwrap_or_default();
            let partial = partials.as_deref_mut().and_then(|p| p.get_mut(index));
            let sums = Sums { factor, first, partial, slope: slope.as_deref_mut() };
            add_up::<T::In<Lv>>(value, of_term, weight, tile.valid, sums);
            first = false;
        }
        if let (true, Some(slope)) = (first, slope.as_deref_mut()) {
            slope.fill(T::default());
        }
        if let (Some(slope), Some(valid)) = (slope, tile.valid) {
            keep_valid::<T::In<Lv>>(valid, slope);
        }
    }

    /// The losses are those that the terms' loops add up, multiplied by coefficients instead.
    #[inline(always)]
    fn pixel_values<Lv: Level>(&self, tile: PixelTile<'_, T>, values: &mut [T; TILE]) {
        let PixelTile { z, y, valid, weights } = tile;
        let [mut p, mut q, mut decay, mut tail] = [[T::default(); TILE]; 4];
        shared::<T::In<Lv>>(z, y, &mut decay, &mut p, &mut q);
        if self.has_pixel_tiles() {
            tails::<T::In<Lv>>(&decay, &mut tail);
        }
        let inputs = PixelInputs { z, y, p: &p, q: &q, decay: &decay };
        values.fill(T::default());
        let mut first = true;
        for (_, term, weight) in self.own(Term::is_pixel, weights) {
            if term.coefficient == 0.0 {
                add_nothing(first, Some(&mut *values));
                first = false;
                continue;
            }
            let (mut value, mut slope) = ([T::default(); TILE], [T::default(); TILE]);
            term.pixel(inputs, (&tail, valid), LOSSES, &mut value, &mut slope);
            add_values::<T::In<Lv>>(term.coefficient, &value, weight, first, values);
            first = false;
        }
        if let Some(valid) = valid {
            keep_valid::<T::In<Lv>>(valid, values);
        }
    }

    #[inline(always)]
    fn class_values<Lv: Level>(&self, tile: ClassTile<'_, T>, values: &mut [T; TILE]) {
        values.fill(T::default());
        let mut first = true;
        for (_, term, weight) in self.own(Term::is_class, tile.weights) {
            if term.coefficient == 0.0 {
                add_nothing(first, Some(&mut *values));
                first = false;
                continue;
            }
            let (mut value, mut slope) = ([T::default(); TILE], [T::default(); TILE]);
            term.class(tile, LOSSES, &mut value, &mut slope);
            add_values::<T::In<Lv>>(term.coefficient, &value, weight, first, values);
            first = false;
        }
        if let Some(valid) = tile.valid {
            keep_valid::<T::In<Lv>>(valid, values);
        }
    }
}

/// What a term that is not evaluated does to the sum of all terms: it adds 0, as in the fused loop, so
/// that no zero keeps its sign here and loses it there.
fn add_nothing<T: Real>(first: bool, sum: Option<&mut [T; TILE]>) {
    for sum in sum.into_iter().flatten() {
        *sum = if first { T::default() } else { *sum + T::default() };
    }
}

/// Adds a term's losses times its weights and coefficient to the pixels' own.
#[inline(always)]
fn add_values<V: Vector>(
    coefficient: f64,
    value: &[V::Elem; TILE],
    weight: Option<&[V::Elem; TILE]>,
    first: bool,
    values: &mut [V::Elem; TILE],
) {
    let coefficient = V::splat(coefficient);
    for at in (0..TILE).step_by(V::LANES) {
        let value = V::load(&value[at..]);
        let value = match weight {
            None => value,
            Some(weight) => weigh(V::load(&weight[at..]), value),
        };
        let (value, places) = (part(coefficient, value), &mut values[at..]);
        let value = if first { value } else { V::load(places) + value };
        value.store(places);
    }
}

/// Fills `decay`, `p` and `q`. In two loops, as the fused one.
#[inline(always)]
fn shared<V: Vector>(
    z: &[V::Elem; TILE],
    y: &[V::Elem; TILE],
    decay: &mut [V::Elem; TILE],
    p: &mut [V::Elem; TILE],
    q: &mut [V::Elem; TILE],
) {
    for at in (0..TILE).step_by(V::LANES) {
        Pixel::decay(V::load(&z[at..])).store(&mut decay[at..]);
    }
    for at in (0..TILE).step_by(V::LANES) {
        let decay = V::load(&decay[at..]);
        let pixel = Pixel::with_decay(V::load(&z[at..]), V::load(&y[at..]), decay);
        pixel.p.store(&mut p[at..]);
        pixel.q.store(&mut q[at..]);
    }
}

/// Fills `tail`.
#[inline(always)]
fn tails<V: Vector>(decay: &[V::Elem; TILE], tail: &mut [V::Elem; TILE]) {
    for at in (0..TILE).step_by(V::LANES) {
        Pixel::tail_of(V::load(&decay[at..])).store(&mut tail[at..]);
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
fn region_sums<V: Vector>(
    y: &[V::Elem; TILE],
    p: &[V::Elem; TILE],
    q: &[V::Elem; TILE],
    valid: Option<&[V::Elem; TILE]>,
    weight: Option<&[V::Elem; TILE]>,
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    match (valid, weight) {
        (None, None) => region_sum_loop::<V, false, false>(y, p, q, y, y, sums),
        (Some(valid), None) => region_sum_loop::<V, true, false>(y, p, q, valid, y, sums),
        (_, Some(weight)) => {
            let all = [V::Elem::round_from(1.0); TILE];
            let valid = valid.unwrap_or(&all);
            region_sum_loop::<V, true, true>(y, p, q, valid, weight, sums);
        }
    }
}

#[inline(always)]
fn region_sum_loop<V: Vector, const MASKED: bool, const WEIGHTED: bool>(
    y: &[V::Elem; TILE],
    p: &[V::Elem; TILE],
    q: &[V::Elem; TILE],
    valid: &[V::Elem; TILE],
    weight: &[V::Elem; TILE],
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    let zero = V::splat(0.0);
    let mut totals = *sums;
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let keep = zero.lt(V::load(&valid[at..]));
            let weight = V::load(&weight[at..]);
            let values = region::pixel_sums(&load_region::<V>(y, p, q, at));
            for (total, value) in totals.iter_mut().zip(values) {
                let value = if WEIGHTED { weigh(weight, value) } else { value };
                let value = if MASKED { V::select(keep, value, zero) } else { value };
                accumulate(total, lane, value);
            }
        }
    }
    *sums = totals;
}

#[inline(always)]
fn region_gradient<V: Vector>(
    y: &[V::Elem; TILE],
    p: &[V::Elem; TILE],
    q: &[V::Elem; TILE],
    slopes: [V::Elem; 2],
    weight: Option<&[V::Elem; TILE]>,
    add: bool,
    gradient: &mut [V::Elem; TILE],
) {
    let slopes = slopes.map(|x| V::splat(x.widen()));
    for at in (0..TILE).step_by(V::LANES) {
        let pixel = load_region::<V>(y, p, q, at);
        let gradient = &mut gradient[at..];
        let slope = region::pixel_gradient(&pixel, slopes);
        let slope = match weight {
            None => slope,
            Some(weight) => weigh(V::load(&weight[at..]), slope),
        };
        if add { (V::load(gradient) + slope).store(gradient) } else { slope.store(gradient) }
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
