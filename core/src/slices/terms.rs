//! What a loss asks for, and what becomes of its sums.

use core::cell::Cell;

use super::Fault;
use crate::compose::{Kind, Parts, Spec};
use crate::engine::{
    Link, OfSample, add_slopes, expected_link, factor, region_loss, saturate, share,
};
use crate::lanes::Real;
use crate::region::Pool;
use crate::summation::Accumulator;
use crate::term::{Maps, Missing, Normalise};

/// Refuses a loss of terms or options that pixels cannot be taken through one by one.
///
/// # Errors
/// [`Fault::Coefficient`], [`Fault::Link`], [`Fault::Option`], [`Fault::Map`].
#[inline(always)]
pub(super) fn check<T: Copy, E: Copy, P: Parts>(
    loss: &P,
    link: Link,
    maps: usize,
) -> Result<(), Fault<T, E>> {
    let first = Cell::new(Ok(()));
    P::each(|index| first.set(first.get().and(check_term(&loss.spec(index, 1), link, maps))), 0);
    first.get()
}

#[inline(always)]
fn check_term<T, E>(spec: &Spec<'_>, link: Link, maps: usize) -> Result<(), Fault<T, E>> {
    let (term, value) = (spec.name, spec.coefficient);
    if !(value.is_finite() && value >= 0.0) {
        return Err(Fault::Coefficient { value });
    }
    if let Some(expected) = expected_link(spec.kind, link) {
        return Err(Fault::Link { term, expected });
    }
    if let Some(option) = not_served(spec) {
        return Err(Fault::Option { term, option });
    }
    match spec.options.maps.iter().find(|&place| place >= maps) {
        Some(place) => Err(Fault::Map { place, maps }),
        None => Ok(()),
    }
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

/// Whether any term is evaluated.
#[inline(always)]
pub(super) fn is_active<P: Parts>(loss: &P) -> bool {
    let any = Cell::new(false);
    P::each(|index| any.set(any.get() | loss.spec(index, 1).is_active()), 0);
    any.get()
}

/// What a pixel's loss is multiplied by in a term: the product of the term's maps.
#[inline(always)]
pub(super) fn weight<T: Real>(of_term: Maps, maps: &[&[T]], pixel: usize) -> T {
    let at = |place: usize| maps.get(place).and_then(|map| map.get(pixel)).copied();
    of_term.iter().filter_map(at).fold(T::splat(1.0), |product, weight| product * weight)
}

/// The sums of a sample and the number of its valid pixels.
pub(super) struct Sample<'s, A> {
    pub terms: &'s [A],
    pub regions: &'s [A],
    pub valid: A,
}

impl<A: Accumulator> Sample<'_, A> {
    /// A term's loss and what it is divided by, as totals over samples, of which there is one.
    #[inline(always)]
    fn total<P: Parts>(&self, loss: &P, index: usize, spec: &Spec<'_>) -> OfSample<A> {
        let sum = self.terms.get(index).copied().unwrap_or_default();
        let own = OfSample::new(spec, sum, self.valid, || self.region_loss(loss, index, spec));
        let mut total = OfSample { loss: A::default(), count: A::default() };
        total.loss.merge(&own.loss);
        total.count.merge(&own.count);
        total
    }

    #[inline(always)]
    fn region_loss<P: Parts>(&self, loss: &P, index: usize, spec: &Spec<'_>) -> Option<A::Real> {
        region_loss(spec, self.regions, &self.valid, |sums| loss.region(index, sums))
    }

    /// The value of the loss.
    #[inline(always)]
    pub fn value<P: Parts>(&self, loss: &P, classes: usize) -> A::Real {
        let value = Cell::new(A::Real::default());
        let add = |index| {
            let spec = loss.spec(index, classes);
            if !spec.is_active() {
                return;
            }
            let total = self.total(loss, index, &spec);
            let of_term = if spec.kind == Kind::Region(Pool::Batch) {
                self.region_loss(loss, index, &spec).unwrap_or_default()
            } else {
                total.loss.total()
            };
            value.set(value.get() + share(&spec, &total.count) * of_term);
        };
        P::each(add, 0);
        value.get()
    }

    /// What the slopes of pixel and class terms are multiplied by.
    ///
    /// # Errors
    /// [`Fault::Coefficient`] of a term whose factor overflows the format.
    #[inline(always)]
    pub fn factors<T: Real, E: Copy, P: Parts>(
        &self,
        loss: &P,
        classes: usize,
    ) -> Result<P::Each<T>, Fault<T, E>> {
        let fault = Cell::new(Ok(()));
        let of_term = |index| {
            let spec = loss.spec(index, classes);
            if !spec.is_active() || spec.is_region() {
                return T::default();
            }
            let share = share(&spec, &self.total(loss, index, &spec).count);
            factor(share, 1.0).unwrap_or_else(|| {
                fault.set(Err(Fault::Coefficient { value: spec.coefficient }));
                T::default()
            })
        };
        let factors = P::each(of_term, 0);
        fault.get().map(|()| factors)
    }

    /// Writes the derivatives of the loss in each class's false positives and false negatives.
    #[inline(always)]
    pub fn slopes<T: Real, P: Parts>(&self, loss: &P, slopes: &mut [[T; 2]]) {
        let classes = slopes.len();
        slopes.fill([T::default(); 2]);
        if self.valid.total() == A::Real::default() {
            return;
        }
        // As the engine adds them: pooled terms first.
        for pool in [Pool::Batch, Pool::Sample] {
            let slopes = Cell::new(&mut *slopes);
            let add = |index| {
                let spec = loss.spec(index, classes);
                if spec.kind == Kind::Region(pool) && spec.is_active() {
                    let share = share(&spec, &self.total(loss, index, &spec).count);
                    let into = slopes.take();
                    add_slopes(&spec, self.regions, share, into, |sums| loss.region(index, sums));
                    slopes.set(into);
                }
            };
            P::each(add, 0);
        }
        saturate(slopes);
    }
}
