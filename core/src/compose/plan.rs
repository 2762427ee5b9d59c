//! Losses put together at run time.

use core::fmt;

use super::map::MapCall;
use crate::error::Error;
use crate::lanes::{Dual, Real};
use crate::link::Link;
use crate::parameter::complete;
use crate::region::{Note, Pool, SUMS, SeededSums};
use crate::summation::{Accumulator, Partial, TILE};
use crate::term::{Arguments, Options, PARAMETERS};
use crate::tile::{
    AddUp, AddValues, Body, ClassLoops, ClassTile, Definition, FusedClass, FusedPixels, Kernels,
    Kind, MadeOf, PixelArrays, PixelGradient, PixelInputs, PixelLoops, PixelPass, PixelSweep,
    PixelTile, PixelTiles, Program, RegionTile, RegionsAlone, Scratch, Spec, Sums, TileGradient,
    TileOutput, TileSweep, TileWeights, Weighting,
};

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

    fn is_object_of_pixels(&self) -> bool {
        matches!(self.body(), Some(Body::PixelTiles(_)))
    }

    /// Whether its slope is made of probabilities alone, or has no weight; so of all but class terms.
    fn needs_shares_alone(&self) -> bool {
        match self.body() {
            Some(Body::Class(loops)) => {
                self.coefficient == 0.0 || (loops.slope_is_of_shares)(self.arguments())
            }
            Some(Body::ClassTiles(_)) => false,
            _ => true,
        }
    }

    fn is_class(&self) -> bool {
        matches!(self.body(), Some(Body::Class(_) | Body::ClassTiles(_)))
    }

    fn is_region(&self) -> bool {
        matches!(self.body(), Some(Body::Region(_) | Body::RegionTiles(_)))
    }

    fn spec(&self, classes: usize) -> Spec<'a> {
        let pool = |chosen: Pool| self.options.pool.unwrap_or(chosen);
        let kind = match self.body() {
            Some(Body::Pixel(_) | Body::PixelTiles(_)) => Kind::Pixel,
            Some(Body::Class(_) | Body::ClassTiles(_)) => Kind::Class,
            Some(Body::Region(own)) => Kind::Region(pool((own.pool)(self.arguments(), classes))),
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
            classes: self.definition.and_then(|definition| definition.classes),
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
        arrays: PixelArrays<'_, T>,
        wanted: Wanted,
        value: &mut [T; TILE],
        slope: &mut [T; TILE],
    ) {
        match self.body() {
            Some(Body::Pixel(loops)) => {
                (loops.terms)(self.arguments(), inputs, wanted.output(value, slope));
            }
            Some(Body::PixelTiles(term)) => {
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
            Some(Body::Class(loops)) => {
                (loops.terms)(self.arguments(), input, wanted.output(value, slope));
            }
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

/// The one call that computes a tile of a loss, if there is one.
#[derive(Clone, Copy)]
enum Fusion<'a, T> {
    /// None: the loss is computed term by term.
    None,
    /// Region terms alone.
    Regions,
    /// A pixel term, number `index`, alone.
    Pixel { index: usize, loops: &'a FusedPixels<T> },
    /// A pixel term, number `index`, beside region terms.
    PixelAndRegions { index: usize, loops: &'a FusedPixels<T> },
    /// The only class term, number `index`.
    Class { index: usize, loops: &'a FusedClass<T> },
}

impl<'a, T: Real> Fusion<'a, T> {
    fn of<A: Accumulator>(terms: &'a [Term<'a, T, A>]) -> Self {
        let has_region = terms.iter().any(Term::is_region);
        let mut others = terms.iter().enumerate().filter(|(_, term)| !term.is_region());
        let (only, further) = (others.next(), others.next());
        match (only, further) {
            (None, _) if has_region => Fusion::Regions,
            // One that is not evaluated adds zeros, which only a sum of terms does.
            (Some((index, term)), None) if term.coefficient != 0.0 => match term.body() {
                Some(Body::Pixel(PixelLoops { fused: Some(loops), .. })) => {
                    match ((loops.are_for)(term.arguments()), has_region) {
                        (false, _) => Fusion::None,
                        (true, true) => Fusion::PixelAndRegions { index, loops },
                        (true, false) => Fusion::Pixel { index, loops },
                    }
                }
                Some(Body::Class(ClassLoops { fused: Some(loops), .. }))
                    if (loops.are_for)(term.arguments()) =>
                {
                    Fusion::Class { index, loops }
                }
                _ => Fusion::None,
            },
            _ => Fusion::None,
        }
    }
}

/// A loss put together at run time: terms in the caller's storage, evaluated tile by tile.
#[derive(Clone, Copy)]
pub struct Plan<'a, T: Real, A: Accumulator = f64> {
    terms: &'a [Term<'a, T, A>],
    maps: &'a [MapCall<'a, T>],
    kernels: &'static Kernels<T>,
    fusion: Fusion<'a, T>,
    /// Whether a term is an object that computes tiles of pixels.
    has_pixel_tiles: bool,
    has_region: bool,
    region_is_weighted: bool,
    /// Whether the slopes of class terms are made of probabilities alone.
    classes_need_shares_alone: bool,
}

impl<T: Real, A: Accumulator> fmt::Debug for Plan<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { terms, maps, .. } = self;
        f.debug_struct("Plan").field("terms", terms).field("maps", maps).finish_non_exhaustive()
    }
}

impl<'a, T: Real, A: Accumulator> Plan<'a, T, A> {
    /// The sum of `terms`, none of which refers to a map that the call does not have, with the loops of a
    /// level ([`Kernels::at`]).
    pub fn new(terms: &'a [Term<'a, T, A>], kernels: &'static Kernels<T>) -> Self {
        Plan {
            terms,
            maps: &[],
            kernels,
            fusion: Fusion::of(terms),
            has_pixel_tiles: terms.iter().any(Term::is_object_of_pixels),
            has_region: terms.iter().any(Term::is_region),
            region_is_weighted: terms.iter().any(|term| term.is_region() && term.options.weighted),
            classes_need_shares_alone: terms.iter().all(Term::needs_shares_alone),
        }
    }

    /// With maps that are to be computed from the targets, in the order of [`crate::engine::Call::maps`].
    #[must_use]
    pub fn maps(self, maps: &'a [MapCall<'a, T>]) -> Self {
        Plan { maps, ..self }
    }

    /// Its terms.
    pub fn terms(&self) -> &'a [Term<'a, T, A>] {
        self.terms
    }

    /// The maps that its terms refer to, by place.
    pub fn map_calls(&self) -> &'a [MapCall<'a, T>] {
        self.maps
    }

    fn arguments(&self, index: usize) -> Arguments<'_> {
        self.terms[index].arguments()
    }

    /// Returns the terms that are `own`, with their tiles of weights, if any.
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

    /// Computes what the terms of a tile share, and lends room for a term's losses and slopes.
    fn inputs<'t>(
        &self,
        PixelTile { z, y, is_hard, valid, .. }: PixelTile<'t, T>,
        kept: Option<&[T; TILE]>,
        scratch: &'t mut Scratch<'_, T>,
    ) -> (PixelInputs<'t, T>, PixelArrays<'t, T>, [&'t mut [T; TILE]; 2]) {
        let kernels = &self.kernels.pixel;
        let Scratch { p, q, exp_neg_abs, smaller, softplus_tail, value, slope } = scratch;
        match kept {
            Some(kept) => exp_neg_abs.copy_from_slice(kept),
            None => (kernels.exponentials)(z, exp_neg_abs),
        }
        (kernels.smaller_shares)(exp_neg_abs, smaller);
        let inputs = PixelInputs { z, y, is_hard, exp_neg_abs, smaller };
        if self.has_pixel_tiles {
            (kernels.arrays)(inputs, p, q, softplus_tail);
        }
        (inputs, PixelArrays { z, y, p, q, softplus_tail, valid }, [value, slope])
    }

    /// Computes tiles term by term.
    fn each_term(
        &self,
        tiles: PixelTiles<'_, T>,
        PixelSweep { mut partials, gradient, mut keep }: PixelSweep<'_, T>,
        scratch: &mut Scratch<'_, T>,
    ) {
        let (factors, mut into, is_kept) = match gradient {
            Some(PixelGradient { factors, region, into, made_of }) => {
                ((factors, region), Some(into), made_of != MadeOf::Logits)
            }
            None => ((&[][..], None), None, false),
        };
        for (i, tile) in tiles.each().enumerate() {
            let partials = partials.as_deref_mut();
            let into = into.as_deref_mut().map(|into| &mut into[i]);
            self.pixel_terms(tile, partials, factors, into, is_kept, scratch);
            if let Some(keep) = &mut keep {
                keep[i].copy_from_slice(scratch.exp_neg_abs);
            }
        }
    }

    /// Computes a tile term by term.
    fn pixel_terms(
        &self,
        tile: PixelTile<'_, T>,
        mut partials: Option<&mut [Partial<T>]>,
        (factors, slopes): (&[T], Option<[T; 2]>),
        mut gradient: Option<&mut [T; TILE]>,
        is_kept: bool,
        scratch: &mut Scratch<'_, T>,
    ) {
        let kernels = self.kernels;
        let PixelTile { z, y, valid, weights, .. } = tile;
        let kept = gradient.as_deref().filter(|_| is_kept);
        let (inputs, arrays, [value, slope]) = self.inputs(tile, kept, scratch);
        let wanted = Wanted { value: partials.is_some(), slope: gradient.is_some() };
        let (mut first, mut last) = (true, None);
        for (index, term, weight) in self.own(Term::is_pixel, weights) {
            if term.coefficient == 0.0 {
                add_nothing(first, gradient.as_deref_mut());
                first = false;
                continue;
            }
            if !last.is_some_and(|last| term.computes_as(last)) {
                term.pixel(inputs, arrays, wanted, value, slope);
            }
            last = Some(term);
            let factor = factors.get(index).copied().unwrap_or_default();
            let partial = partials.as_deref_mut().and_then(|p| p.get_mut(index));
            let sums = Sums { factor, first, partial, slope: gradient.as_deref_mut() };
            (kernels.add_up)(AddUp { value, slope, weight, valid, sums });
            first = false;
        }
        if self.has_region {
            let weight = weights.tiles.last().filter(|_| self.region_is_weighted);
            let region = RegionTile { z, y, smaller: inputs.smaller, valid, weight };
            let sums = partials.and_then(|p| p[self.terms.len()..].first_chunk_mut::<SUMS>());
            if let Some(sums) = sums {
                (kernels.pixel.region_sums)(region, sums);
            }
            if let (Some(slopes), Some(gradient)) = (slopes, gradient.as_deref_mut()) {
                (kernels.pixel.region_gradient)(region, slopes, !first, gradient);
                first = false;
            }
        }
        if let (true, Some(gradient)) = (first, gradient.as_deref_mut()) {
            gradient.fill(T::default());
        }
        if let (Some(gradient), Some(valid)) = (gradient, valid) {
            (kernels.pixel.keep_valid)(valid, gradient);
        }
    }

    /// Computes each pixel's loss, those that the terms' loops add up, multiplied by coefficients instead.
    fn tile_values(
        &self,
        tile: PixelTile<'_, T>,
        values: &mut [T; TILE],
        scratch: &mut Scratch<'_, T>,
    ) {
        let PixelTile { valid, weights, .. } = tile;
        let (inputs, arrays, [value, slope]) = self.inputs(tile, None, scratch);
        values.fill(T::default());
        let mut first = true;
        for (_, term, weight) in self.own(Term::is_pixel, weights) {
            let coefficient = term.coefficient;
            if coefficient == 0.0 {
                add_nothing(first, Some(&mut *values));
            } else {
                term.pixel(inputs, arrays, LOSSES, value, slope);
                (self.kernels.add_values)(AddValues { coefficient, value, weight, first, values });
            }
            first = false;
        }
        if let Some(valid) = valid {
            (self.kernels.pixel.keep_valid)(valid, values);
        }
    }

    /// Computes a tile of class terms, term by term.
    fn class_terms(
        &self,
        tile: ClassTile<'_, T>,
        sweep: TileSweep<'_, T>,
        Scratch { value, slope: of_term, .. }: &mut Scratch<'_, T>,
    ) {
        let kernels = self.kernels;
        let TileSweep { mut partials, gradient } = sweep;
        let (factors, mut slope) = match gradient {
            Some(TileGradient { factors, into, .. }) => (factors, Some(into)),
            None => (&[][..], None),
        };
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
            let valid = tile.valid;
            (kernels.add_up)(AddUp { value, slope: of_term, weight, valid, sums });
            first = false;
        }
        if let (true, Some(slope)) = (first, slope.as_deref_mut()) {
            slope.fill(T::default());
        }
        if let (Some(slope), Some(valid)) = (slope, tile.valid) {
            (kernels.pixel.keep_valid)(valid, slope);
        }
    }
}

impl<T: Real, A: Accumulator> Program<T, A> for Plan<'_, T, A> {
    fn len(&self) -> usize {
        self.terms.len()
    }

    fn kernels(&self) -> &'static Kernels<T> {
        self.kernels
    }

    fn spec(&self, index: usize, classes: usize) -> Spec<'_> {
        self.terms[index].spec(classes)
    }

    fn is_active(&self, index: usize) -> bool {
        self.terms[index].coefficient != 0.0
    }

    /// Leaves out the rest of the spec, which asks a region term how it pools.
    fn weighting(&self, index: usize, by_call: bool) -> Option<Weighting> {
        let term = &self.terms[index];
        let weighting = Weighting::of(&term.options, term.is_region(), by_call);
        weighting.filter(|_| term.coefficient != 0.0)
    }

    fn keeps_shares(&self, link: Link) -> bool {
        match link {
            Link::Sigmoid => self.has_region,
            Link::Softmax => self.classes_need_shares_alone,
        }
    }

    fn keeps_signs(&self) -> bool {
        matches!(self.fusion, Fusion::PixelAndRegions { .. } | Fusion::Regions)
    }

    fn region(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real> {
        let term = &self.terms[index];
        match term.body() {
            Some(Body::Region(own)) => (own.loss)(term.arguments(), sums),
            Some(Body::RegionTiles(region)) => region.loss(term.arguments(), sums),
            _ => Dual::constant(A::Real::default()),
        }
    }

    fn region_slopes(
        &self,
        index: usize,
        sums: SeededSums<'_, A>,
        note: Note<'_, A::Real>,
    ) -> bool {
        let term = &self.terms[index];
        match term.body() {
            Some(Body::Region(own)) => (own.slopes)(term.arguments(), sums, note),
            _ => false,
        }
    }

    fn pixel_tiles(
        &self,
        tiles: PixelTiles<'_, T>,
        sweep: PixelSweep<'_, T>,
        scratch: &mut Scratch<'_, T>,
    ) {
        let (fusion, is_weighted) = (self.fusion, !tiles.weights.tiles.is_empty());
        let is_fused = match fusion {
            // Its gradient comes with its sums.
            Fusion::Pixel { loops, .. } => {
                let takes = tiles.is_hard || !is_weighted && loops.take_soft;
                takes && sweep.partials.is_some()
            }
            Fusion::PixelAndRegions { loops, .. } => {
                !is_weighted && (tiles.is_hard || loops.take_soft)
            }
            Fusion::Regions => !is_weighted,
            Fusion::Class { .. } | Fusion::None => false,
        };
        if !is_fused {
            return self.each_term(tiles, sweep, scratch);
        }
        let Some(pass) = PixelPass::of(sweep, self.terms.len()) else { return };
        match fusion {
            Fusion::Pixel { index, loops } => {
                let run = if is_weighted { loops.weighted } else { loops.alone };
                run(self.arguments(index), tiles, pass.of_term(index));
            }
            Fusion::PixelAndRegions { index, loops } => {
                (loops.with_regions)(self.arguments(index), tiles, pass.of_term(index));
            }
            Fusion::Regions => (self.kernels.pixel.regions)(RegionsAlone { tiles, pass }),
            Fusion::Class { .. } | Fusion::None => {}
        }
    }

    fn class_tile(
        &self,
        tile: ClassTile<'_, T>,
        sweep: TileSweep<'_, T>,
        scratch: &mut Scratch<'_, T>,
    ) {
        match self.fusion {
            Fusion::Class { index, loops } if tile.weights.tiles.is_empty() => {
                let TileSweep { partials, gradient } = sweep;
                let sum = partials.and_then(|partials| partials.get_mut(index));
                let gradient = gradient.map(|gradient| gradient.of_term(index));
                (loops.alone)(self.arguments(index), tile, sum, gradient);
            }
            _ => self.class_terms(tile, sweep, scratch),
        }
    }

    fn pixel_values(
        &self,
        tiles: PixelTiles<'_, T>,
        values: &mut [[T; TILE]],
        scratch: &mut Scratch<'_, T>,
    ) {
        for (tile, values) in tiles.each().zip(values) {
            self.tile_values(tile, values, scratch);
        }
    }

    fn class_values(
        &self,
        tile: ClassTile<'_, T>,
        values: &mut [T; TILE],
        Scratch { value, slope, .. }: &mut Scratch<'_, T>,
    ) {
        values.fill(T::default());
        let mut first = true;
        for (_, term, weight) in self.own(Term::is_class, tile.weights) {
            let coefficient = term.coefficient;
            if coefficient == 0.0 {
                add_nothing(first, Some(&mut *values));
            } else {
                term.class(tile, LOSSES, value, slope);
                (self.kernels.add_values)(AddValues { coefficient, value, weight, first, values });
            }
            first = false;
        }
        if let Some(valid) = tile.valid {
            (self.kernels.pixel.keep_valid)(valid, values);
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
