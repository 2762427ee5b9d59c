//! What a loss asks for, and what becomes of its sums.

use super::Fault;
use crate::compose::{Kind, PartVisitor, Parts, Spec};
use crate::engine::{Link, add_slopes, expected_link, factor, region_loss, saturate, share};
use crate::lanes::Real;
use crate::region::Pool;
use crate::summation::Accumulator;
use crate::term::{Missing, Normalise};

/// Whether any term is evaluated.
///
/// # Errors
/// Of terms or options that pixels cannot be taken through one by one: [`Fault::Coefficient`],
/// [`Fault::Link`], [`Fault::Option`], [`Fault::Map`].
#[inline(always)]
pub(super) fn check<T: Copy, E: Copy, P: Parts>(
    loss: &P,
    link: Link,
    maps: usize,
) -> Result<bool, Fault<T, E>> {
    let mut checked = Checked { link, maps, found: Ok(false) };
    loss.visit_parts(0, &mut checked);
    checked.found
}

struct Checked<T, E> {
    link: Link,
    maps: usize,
    found: Result<bool, Fault<T, E>>,
}

impl<T: Copy, E: Copy> PartVisitor for Checked<T, E> {
    type Output = ();

    #[inline(always)]
    fn part<P: Parts>(&mut self, _: usize, part: &P) {
        let Ok(is_active) = self.found else { return };
        let spec = part.spec(0, 1);
        self.found =
            fault(&spec, self.link, self.maps).map_or(Ok(is_active | spec.is_active()), Err);
    }
}

#[inline(always)]
fn fault<T, E>(spec: &Spec<'_>, link: Link, maps: usize) -> Option<Fault<T, E>> {
    let (term, value) = (spec.name, spec.coefficient);
    if !(value.is_finite() && value >= 0.0) {
        return Some(Fault::Coefficient { value });
    }
    if let Some(expected) = expected_link(spec.kind, link) {
        return Some(Fault::Link { term, expected });
    }
    if let Some(option) = not_served(spec) {
        return Some(Fault::Option { term, option });
    }
    let place = spec.options.maps.iter().find(|&place| place >= maps)?;
    Some(Fault::Map { place, maps })
}

/// An option that is set and takes the engine, or that the term does not have.
#[inline(always)]
fn not_served(spec: &Spec<'_>) -> Option<&'static str> {
    let (options, is_region) = (&spec.options, spec.is_region());
    [
        ("normalise", options.normalise != Normalise::Valid),
        ("weighted", options.weighted),
        ("class weights", options.class_weights.is_some()),
        ("maps", !options.maps.is_empty() && (is_region || !spec.is_weighable)),
        ("pool", !is_region && options.pool.is_some()),
        ("empty", !is_region && options.empty != Missing::Keep),
        ("absent", !is_region && options.absent != Missing::Keep),
    ]
    .into_iter()
    .find_map(|(option, is_set)| is_set.then_some(option))
}

/// What a pixel's loss is multiplied by in a term: the product of the term's maps.
pub(super) struct Weights<'m, T> {
    pub maps: &'m [&'m [T]],
    pub pixel: usize,
}

impl<T: Real> PartVisitor for Weights<'_, T> {
    type Output = T;

    #[inline(always)]
    fn part<P: Parts>(&mut self, _: usize, part: &P) -> T {
        let at = |place: usize| self.maps.get(place)?.get(self.pixel).copied();
        let weights = part.spec(0, 1).options.maps.iter().filter_map(at);
        weights.fold(T::splat(1.0), |product, weight| product * weight)
    }
}

/// What has been added up of a sample.
#[derive(Clone, Copy)]
pub(super) struct Sample<'s, A> {
    /// The sums of terms and regions as totals over samples, of which there is one.
    pub totals: &'s [A],
    /// The sums of regions in the sample.
    pub regions: &'s [A],
    /// The number of valid pixels as a total over samples.
    pub valid: &'s A,
    pub classes: usize,
}

impl<A: Accumulator> Sample<'_, A> {
    /// The value of the loss.
    #[inline(always)]
    pub fn value<P: Parts>(self, loss: &P) -> A::Real {
        let mut value = Value { sample: self, terms: P::LEN, sum: A::Real::default() };
        loss.visit_parts(0, &mut value);
        value.sum
    }

    /// What the slopes of pixel and class terms are multiplied by.
    ///
    /// # Errors
    /// [`Fault::Coefficient`] of a term whose factor overflows the format.
    #[inline(always)]
    pub fn factors<T: Real, E, P: Parts>(self, loss: &P) -> Result<P::Each<T>, Fault<T, E>> {
        let mut of_terms = Factors { sample: self, zero: T::default(), fault: None };
        let factors = loss.visit_parts(0, &mut of_terms);
        of_terms.fault.map_or(Ok(factors), |value| Err(Fault::Coefficient { value }))
    }

    /// Writes the derivatives of the loss in each class's false positives and false negatives.
    #[inline(always)]
    pub fn slopes<T: Real, P: Parts>(self, loss: &P, slopes: &mut [[T; 2]]) {
        slopes.fill([T::default(); 2]);
        if self.valid.total() == A::Real::default() {
            return;
        }
        // As the engine adds them: pooled terms first.
        for pool in [Pool::Batch, Pool::Sample] {
            loss.visit_parts(0, &mut Slopes { sample: self, terms: P::LEN, pool, slopes });
        }
        saturate(slopes);
    }

    /// The sums that a region term pooled like this is formed of.
    #[inline(always)]
    fn regions(&self, terms: usize, pool: Pool) -> &[A] {
        match pool {
            Pool::Batch => self.totals.get(terms..).unwrap_or_default(),
            Pool::Sample => self.regions,
        }
    }

    /// What the slopes of a term are multiplied by: of a region term that is skipped there are none.
    #[inline(always)]
    fn share(&self, spec: &Spec<'_>) -> A::Real {
        if spec.is_region() { share(spec, &one_sample::<A>()) } else { share(spec, self.valid) }
    }
}

/// The number of samples, as a total over them.
#[inline(always)]
fn one_sample<A: Accumulator>() -> A {
    let mut one = A::default();
    one.count(1);
    one
}

struct Value<'s, A: Accumulator> {
    sample: Sample<'s, A>,
    terms: usize,
    sum: A::Real,
}

impl<A: Accumulator> PartVisitor for Value<'_, A> {
    type Output = ();

    #[inline(always)]
    fn part<P: Parts>(&mut self, index: usize, part: &P) {
        let (sample, spec) = (self.sample, part.spec(0, self.sample.classes));
        if !spec.is_active() {
            return;
        }
        let Kind::Region(pool) = spec.kind else {
            let total = sample.totals.get(index).map_or(A::Real::default(), A::total);
            self.sum += sample.share(&spec) * total;
            return;
        };
        let regions = sample.regions(self.terms, pool);
        // A region that is skipped leaves nothing to average.
        if let Some(loss) = region_loss(&spec, regions, sample.valid, |sums| part.region(0, sums)) {
            let mut total = A::default();
            total.add(loss);
            self.sum += sample.share(&spec) * total.total();
        }
    }
}

struct Factors<'s, A, T> {
    sample: Sample<'s, A>,
    zero: T,
    /// A coefficient that overflows the format.
    fault: Option<f64>,
}

impl<A: Accumulator, T: Real> PartVisitor for Factors<'_, A, T> {
    type Output = T;

    #[inline(always)]
    fn part<P: Parts>(&mut self, _: usize, part: &P) -> T {
        let spec = part.spec(0, self.sample.classes);
        if !spec.is_active() || spec.is_region() {
            return self.zero;
        }
        factor(self.sample.share(&spec), 1.0).unwrap_or_else(|| {
            self.fault = Some(spec.coefficient);
            self.zero
        })
    }
}

struct Slopes<'s, 't, A, T> {
    sample: Sample<'s, A>,
    terms: usize,
    pool: Pool,
    slopes: &'t mut [[T; 2]],
}

impl<A: Accumulator, T: Real> PartVisitor for Slopes<'_, '_, A, T> {
    type Output = ();

    #[inline(always)]
    fn part<P: Parts>(&mut self, _: usize, part: &P) {
        let (sample, spec) = (self.sample, part.spec(0, self.sample.classes));
        if spec.kind == Kind::Region(self.pool) && spec.is_active() {
            let regions = sample.regions(self.terms, self.pool);
            add_slopes(&spec, regions, sample.share(&spec), self.slopes, |sums| {
                part.region(0, sums)
            });
        }
    }
}
