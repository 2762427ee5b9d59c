use super::evaluate::{Pass, check_pixels, evaluate, fits};
use super::sums::Sums;
use super::terms::Weights;
use super::{Fault, Workspace};
use crate::engine::Report;
use crate::lanes::Real;
use crate::link::Link;
use crate::pixel::Pixel;
use crate::region::{self, PixelSlopes};
use crate::summation::Accumulator;
use crate::tile::{Parts, plus};
use crate::view::{Target, Wide};

/// One sample of one channel under the sigmoid link.
#[derive(Clone, Copy, Debug)]
pub struct Binary<'a, T, E> {
    /// One a pixel, in row-major order.
    pub logits: &'a [T],
    /// One a pixel: floats are shares of foreground from 0 to 1; integers are 0 and one positive number, which is
    /// foreground.
    pub targets: &'a [E],
    /// The target of pixels that do not count, which may hold any logit and weight.
    pub ignored: Option<E>,
    /// What terms refer to by place in [`Options::maps`](crate::term::Options::maps): a finite weight a
    /// pixel.
    pub maps: &'a [&'a [T]],
}

impl<T: Real, E: Target> Binary<'_, T, E> {
    /// The loss, and its gradient with respect to the logits if there is a place for it, one a pixel.
    ///
    /// # Errors
    /// [`Fault`]; the gradient is untouched then.
    #[inline(always)]
    pub fn evaluate<A: Accumulator, P: Parts>(
        &self,
        loss: P,
        gradient: Option<&mut [T]>,
        workspace: Workspace<'_, T, A>,
    ) -> Result<Report<A::Real>, Fault<T, E>> {
        let pass = BinaryPass { plane: self, gradient };
        let mut slopes = [[T::default(); 2]];
        evaluate(pass, &loss, self.maps.len(), &mut slopes, workspace)
    }
}

struct BinaryPass<'p, 'a, T, E> {
    plane: &'p Binary<'a, T, E>,
    gradient: Option<&'p mut [T]>,
}

impl<T: Real, E: Target> Pass<T> for BinaryPass<'_, '_, T, E> {
    const LINK: Link = Link::Sigmoid;
    type Target = E;

    #[inline(always)]
    fn check(&self) -> Result<u64, Fault<T, E>> {
        let Binary { logits, targets, ignored, maps } = *self.plane;
        if logits.is_empty() {
            return Err(Fault::Length { argument: "logits", length: 0, expected: 1 });
        }
        fits("targets", targets.len(), logits.len())?;
        if let Some(gradient) = &self.gradient {
            fits("gradient", gradient.len(), logits.len())?;
        }
        let mut foreground = E::Wide::ZERO;
        check_pixels(targets, ignored, maps, |pixel, target| {
            let share = target.widen_share();
            if foreground == E::Wide::ZERO && share.is_foreground() {
                foreground = share;
            }
            if share.is_share(foreground) { Ok(()) } else { Err(Fault::Share { target, pixel }) }
        })
    }

    #[inline(always)]
    fn ignored_class(&self) -> Option<usize> {
        None
    }

    #[inline(always)]
    fn has_gradient(&self) -> bool {
        self.gradient.is_some()
    }

    #[inline(always)]
    fn write_zeros(&mut self) {
        self.gradient.iter_mut().for_each(|all| all.fill(T::default()));
    }

    #[inline(always)]
    fn run<A: Accumulator, P: Parts>(
        &mut self,
        loss: &P,
        factors: &P::Each<T>,
        slopes: &[[T; 2]],
        mut sums: Option<&mut Sums<'_, T, A>>,
        write: bool,
    ) {
        let Binary { logits, targets, ignored, maps } = *self.plane;
        let mut gradient = self.gradient.as_deref_mut().filter(|_| write);
        let slopes = PixelSlopes::new(slopes.first().copied().unwrap_or_default());
        let zero = T::default();
        for (at, (&z, &target)) in logits.iter().zip(targets).enumerate() {
            let mut slope = zero;
            if Some(target) != ignored {
                let y = target.widen_share().share();
                let e = Pixel::exp_neg_abs(z);
                let smaller = e.smaller_share();
                let pixel = Pixel::from_shares(z, y, e, smaller, E::Wide::IS_INTEGER);
                // One pixel at a time products take less than choices, which terms alone gain by.
                let of_region = Pixel::from_shares(z, y, e, smaller, false);
                let weights = loss.visit_parts(0, &mut Weights { maps, pixel: at });
                let mut values = P::each(|_| None, 0);
                let set = |place: &mut Option<T>, value| *place = Some(value);
                let of_terms = loss.pixel(&pixel, factors, &weights, &mut values, set, None);
                if let Some(sums) = &mut sums {
                    sums.add_terms::<P>(at, &values);
                    if P::REGION {
                        sums.add_region(P::LEN, at, region::pixel_sums(&of_region));
                    }
                }
                slope = if P::REGION {
                    plus(of_terms, region::pixel_gradient(&of_region, &slopes))
                } else {
                    of_terms.unwrap_or(zero)
                };
            }
            if let Some(place) = gradient.as_deref_mut().and_then(|all| all.get_mut(at)) {
                *place = slope;
            }
            if let Some(sums) = &mut sums {
                sums.after(at + 1, logits.len());
            }
        }
    }
}
