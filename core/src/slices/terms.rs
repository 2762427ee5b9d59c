//! What a loss asks for, and what becomes of its sums.

use super::Fault;
use crate::engine::{expected_link, factor, of_slope, saturate, share};
use crate::lanes::{Dual, Real};
use crate::link::Link;
use crate::region::{Classes, Occurring, PlainSums, Pool, Seed, SeededSums};
use crate::summation::Accumulator;
use crate::term::{Absent, Average, ClassNorm, ClassesInUse, Missing, Normalise};
use crate::tile::{Kind, PartVisitor, Parts, Spec};

/// Tells whether any term is evaluated.
///
/// # Errors
/// [`Fault::Coefficient`], [`Fault::Link`], [`Fault::Option`], [`Fault::Map`] for a term or an option
/// that pixels cannot be taken through one by one.
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
        ("classes", options.classes != ClassesInUse::All),
        ("average", options.average != Average::Macro),
        ("normalise", options.class_norm != ClassNorm::Weights),
        ("maps", !options.maps.is_empty() && (is_region || !spec.is_weighable)),
        ("pool", !is_region && options.pool.is_some()),
        ("empty", !is_region && options.empty != Missing::Keep),
        ("absent", !is_region && options.absent != Absent::Keep),
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

/// What the slopes of pixel and class terms are multiplied by, given the number of valid pixels.
///
/// # Errors
/// [`Fault::Coefficient`] of a term whose factor overflows the format.
#[inline(always)]
pub(super) fn factors<T: Real, A: Accumulator, E, P: Parts>(
    loss: &P,
    valid: &A,
) -> Result<P::Each<T>, Fault<T, E>> {
    let mut of_terms = Factors { valid, zero: T::default(), fault: None };
    let factors = loss.visit_parts(0, &mut of_terms);
    of_terms.fault.map_or(Ok(factors), |value| Err(Fault::Coefficient { value }))
}

struct Factors<'s, A, T> {
    valid: &'s A,
    zero: T,
    /// A coefficient that overflows the format.
    fault: Option<f64>,
}

impl<A: Accumulator, T: Real> PartVisitor for Factors<'_, A, T> {
    type Output = T;

    #[inline(always)]
    fn part<P: Parts>(&mut self, _: usize, part: &P) -> T {
        let spec = part.spec(0, 1);
        if !spec.is_active() || spec.is_region() {
            return self.zero;
        }
        factor(share(&spec, self.valid), 1.0).unwrap_or_else(|| {
            self.fault = Some(spec.coefficient);
            self.zero
        })
    }
}

/// The number of samples, as a total over them.
#[inline(always)]
fn one_sample<A: Accumulator>() -> A {
    let mut one = A::default();
    one.count(1);
    one
}

/// The sums of region terms, and where their losses and derivatives go.
pub(super) struct Regions<'s, A, T> {
    /// The sums of the sample.
    pub sample: &'s [A],
    /// Totals over samples: those of the only one.
    pub pooled: &'s [A],
    /// One place a term.
    pub losses: &'s mut [A],
    /// The derivatives of the loss in each class's [`Seed`]s.
    pub slopes: &'s mut [[T; 2]],
}

impl<A: Accumulator, T: Real> Regions<'_, A, T> {
    /// Finds losses and derivatives; the class whose label is `ignored` cannot occur.
    #[inline(always)]
    pub fn finish<P: Parts>(self, loss: &P, valid: &A, ignored: Option<usize>) {
        let Regions { sample, pooled, losses, slopes } = self;
        slopes.fill([T::default(); 2]);
        if valid.total() == A::Real::default() {
            return;
        }
        // As the engine adds derivatives: pooled terms first.
        for (pool, sums) in [(Pool::Batch, pooled), (Pool::Sample, sample)] {
            loss.visit_parts(0, &mut OfPool { pool, sums, ignored, losses, slopes });
        }
        saturate(slopes);
    }
}

/// The regions of terms that are pooled alike.
struct OfPool<'s, A, T> {
    pool: Pool,
    sums: &'s [A],
    ignored: Option<usize>,
    losses: &'s mut [A],
    slopes: &'s mut [[T; 2]],
}

impl<A: Accumulator, T: Real> PartVisitor for OfPool<'_, A, T> {
    type Output = ();

    #[inline(always)]
    fn part<P: Parts>(&mut self, index: usize, part: &P) {
        let classes = self.slopes.len();
        let spec = part.spec(0, classes);
        let is_own = spec.kind == Kind::Region(self.pool) && spec.is_active();
        let occurring = Occurring::AllBut(self.ignored);
        // Without the options that are not served, whose code is then not there either.
        let seeded =
            |seed| PlainSums::of(SeededSums::new(self.sums, occurring, seed, &spec.options));
        let is_skipped = || {
            spec.options.empty == Missing::Skip && seeded(None).target().value == A::Real::default()
        };
        if !is_own || is_skipped() {
            return;
        }
        let share = share(&spec, &one_sample::<A>());
        // The value first, then two derivatives a class. In one loop, so that the term is compiled once.
        for number in 0..=2 * classes {
            let (class, is_negative) = (number.wrapping_sub(1) / 2, number % 2 == 0);
            let seed = match (number, is_negative) {
                (0, _) => None,
                (_, false) => Some(Seed::FalsePositive(class)),
                (_, true) => Some(Seed::FalseNegative(class)),
            };
            let Dual { value, derivative, .. } = part.region(0, &seeded(seed));
            if seed.is_none() {
                self.losses.get_mut(index).into_iter().for_each(|loss| loss.add(value));
            } else if let Some(slopes) = self.slopes.get_mut(class) {
                slopes[usize::from(is_negative)] += of_slope(share, derivative);
            }
        }
    }
}

/// The value of the loss, from the totals of terms.
#[inline(always)]
pub(super) fn value<A: Accumulator, P: Parts>(
    loss: &P,
    losses: &[A],
    valid: &A,
    classes: usize,
) -> A::Real {
    let mut value = Value { losses, valid, classes, sum: A::Real::default() };
    loss.visit_parts(0, &mut value);
    value.sum
}

struct Value<'s, A: Accumulator> {
    losses: &'s [A],
    valid: &'s A,
    classes: usize,
    sum: A::Real,
}

impl<A: Accumulator> PartVisitor for Value<'_, A> {
    type Output = ();

    #[inline(always)]
    fn part<P: Parts>(&mut self, index: usize, part: &P) {
        let spec = part.spec(0, self.classes);
        if !spec.is_active() {
            return;
        }
        let loss = self.losses.get(index).map_or(A::Real::default(), A::total);
        let share = if spec.is_region() {
            share(&spec, &one_sample::<A>())
        } else {
            share(&spec, self.valid)
        };
        self.sum += share * loss;
    }
}
