use super::sums::Sums;
use super::terms::{Sample, check, is_active, weight};
use super::{Fault, Workspace, accumulators};
use crate::compose::{Parts, plus};
use crate::engine::{Link, Report};
use crate::lanes::Real;
use crate::pixel::Pixel;
use crate::region;
use crate::summation::Accumulator;
use crate::view::Target;

/// One sample of one channel under the sigmoid link.
#[derive(Clone, Copy, Debug)]
pub struct Binary<'a, T, E> {
    /// One a pixel, in row-major order.
    pub logits: &'a [T],
    /// One a pixel: shares of foreground from 0 to 1, integers being 0 or not.
    pub targets: &'a [E],
    /// The target of pixels that do not count, which may hold any logit and weight.
    pub ignored: Option<E>,
    /// What terms refer to by place in [`Options::maps`](crate::term::Options::maps): a finite weight a
    /// pixel.
    pub maps: &'a [&'a [T]],
}

impl<T: Real, E: Target> Binary<'_, T, E> {
    /// The loss, and its gradient with respect to the logits if there is a place for it.
    ///
    /// # Errors
    /// [`Fault`]; the gradient is untouched then.
    #[inline(always)]
    pub fn evaluate<A: Accumulator, P: Parts>(
        &self,
        loss: P,
        mut gradient: Option<&mut [T]>,
        workspace: Workspace<'_, T, A>,
    ) -> Result<Report<A::Real>, Fault<T, E>> {
        check(&loss, Link::Sigmoid, self.maps.len())?;
        let valid = self.check(gradient.as_deref())?;
        let mut sums = Sums::new(workspace, accumulators::<P>(1))?;
        if !is_active(&loss) {
            // Then not even a NaN logit counts.
            gradient.into_iter().for_each(|all| all.fill(T::default()));
            return Ok(Report { value: A::Real::default(), valid });
        }
        let mut count = A::default();
        count.count(valid);
        let factors = Sample { terms: &[], regions: &[], valid: count }.factors(&loss, 1)?;
        let mut slopes = [[T::default(); 2]];
        // The slopes of regions need all of their sums, so the gradient takes a second pass. One loop of
        // both, because a loop by itself would be compiled twice.
        let last = u32::from(P::REGION && gradient.is_some());
        for pass in 0..=last {
            if pass == 1 {
                let (terms, regions) = sums.of_terms(P::LEN);
                Sample { terms, regions, valid: count }.slopes(&loss, &mut slopes);
            }
            let sums = (pass == 0).then_some(&mut sums);
            let gradient = gradient.as_deref_mut().filter(|_| pass == last);
            self.sweep(&loss, &factors, slopes[0], sums, gradient);
        }
        let (terms, regions) = sums.of_terms(P::LEN);
        let value = Sample { terms, regions, valid: count }.value(&loss, 1);
        Ok(Report { value, valid })
    }

    /// The number of valid pixels.
    #[inline(always)]
    fn check(&self, gradient: Option<&[T]>) -> Result<u64, Fault<T, E>> {
        let expected = self.logits.len();
        let fits = |argument, length| {
            if length == expected {
                Ok(())
            } else {
                Err(Fault::Length { argument, length, expected })
            }
        };
        if expected == 0 {
            return Err(Fault::Length { argument: "logits", length: 0, expected: 1 });
        }
        fits("targets", self.targets.len())?;
        self.maps.iter().try_for_each(|map| fits("map", map.len()))?;
        gradient.map_or(Ok(()), |gradient| fits("gradient", gradient.len()))?;
        let mut valid = 0;
        for (pixel, &target) in self.targets.iter().enumerate() {
            if Some(target) == self.ignored {
                continue;
            }
            if !target.is_share() {
                return Err(Fault::Share { target, pixel });
            }
            for (place, map) in self.maps.iter().enumerate() {
                let weight = map.get(pixel).copied().unwrap_or_default();
                if !weight.abs().lt(T::splat(f64::INFINITY)) {
                    return Err(Fault::Weight { place, weight, pixel });
                }
            }
            valid += 1;
        }
        Ok(valid)
    }

    #[inline(always)]
    fn sweep<A: Accumulator, P: Parts>(
        &self,
        loss: &P,
        factors: &P::Each<T>,
        slopes: [T; 2],
        mut sums: Option<&mut Sums<'_, T, A>>,
        mut gradient: Option<&mut [T]>,
    ) {
        let zero = T::default();
        let all = self.logits.len();
        for (at, (&z, &target)) in self.logits.iter().zip(self.targets).enumerate() {
            let mut slope = zero;
            if Some(target) != self.ignored {
                let pixel = Pixel::new(z, target.share());
                let weights = P::each(|i| weight(loss.spec(i, 1).options.maps, self.maps, at), 0);
                let mut values = P::each(|_| None, 0);
                let set = |place: &mut Option<T>, value| *place = Some(value);
                let of_terms = loss.pixel(&pixel, factors, &weights, &mut values, set, None);
                if let Some(sums) = &mut sums {
                    let mut add = |term, value: Option<T>| {
                        value.into_iter().for_each(|value| sums.add(term, at, value));
                    };
                    P::visit(&values, &mut add, 0);
                    if P::REGION {
                        let values = region::pixel_sums(&pixel);
                        (P::LEN..).zip(values).for_each(|(sum, value)| sums.add(sum, at, value));
                    }
                }
                slope = if P::REGION {
                    plus(of_terms, region::pixel_gradient(&pixel, slopes))
                } else {
                    of_terms.unwrap_or(zero)
                };
            }
            if let Some(place) = gradient.as_deref_mut().and_then(|all| all.get_mut(at)) {
                *place = slope;
            }
            if let Some(sums) = &mut sums {
                sums.after(at + 1, all);
            }
        }
    }
}
