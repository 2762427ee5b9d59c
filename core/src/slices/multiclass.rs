use super::evaluate::{Pass, check_pixels, evaluate, fits};
use super::sums::Sums;
use super::terms::Weights;
use super::{Fault, Workspace};
use crate::class::{ClassPixel, softmax};
use crate::engine::Report;
use crate::lanes::{Lanes, Real};
use crate::link::Link;
use crate::region::softmax::Pivot;
use crate::region::{self, SUMS};
use crate::summation::Accumulator;
use crate::tile::Parts;
use crate::view::{Target, Wide};

/// One sample of several classes under the softmax link.
#[derive(Clone, Copy, Debug)]
pub struct Multiclass<'a, T, E> {
    /// The plane of the first class, one a pixel in row-major order, then those of the others.
    pub logits: &'a [T],
    /// One label a pixel.
    pub targets: &'a [E],
    /// The target of pixels that do not count, which may hold any logits and weight.
    pub ignored: Option<E>,
    /// What terms refer to by place in [`Options::maps`](crate::term::Options::maps): a finite weight a
    /// pixel.
    pub maps: &'a [&'a [T]],
}

/// Storage lent to an evaluation for each class, whatever it holds.
#[derive(Debug)]
pub struct Classes<'w, T> {
    /// One a class: their number is that of classes.
    pub exps: &'w mut [T],
    /// One pair a class.
    pub slopes: &'w mut [[T; 2]],
}

impl<T: Real, E: Target> Multiclass<'_, T, E> {
    /// The loss, and its gradient with respect to the logits if there is a place for it, as they lie.
    ///
    /// # Errors
    /// [`Fault`]; the gradient is untouched then.
    #[inline(always)]
    pub fn evaluate<A: Accumulator, P: Parts>(
        &self,
        loss: P,
        gradient: Option<&mut [T]>,
        workspace: Workspace<'_, T, A>,
        classes: Classes<'_, T>,
    ) -> Result<Report<A::Real>, Fault<T, E>> {
        let Classes { exps, slopes } = classes;
        let (length, expected) = (slopes.len(), exps.len());
        let Some(slopes) = slopes.get_mut(..expected) else {
            return Err(Fault::Workspace { argument: "slopes", length, expected });
        };
        let pass = MulticlassPass { planes: self, gradient, exps };
        evaluate(pass, &loss, self.maps.len(), slopes, workspace)
    }
}

struct MulticlassPass<'p, 'a, T, E> {
    planes: &'p Multiclass<'a, T, E>,
    gradient: Option<&'p mut [T]>,
    exps: &'p mut [T],
}

impl<T: Real, E: Target> Pass<T> for MulticlassPass<'_, '_, T, E> {
    const LINK: Link = Link::Softmax;
    type Target = E;

    #[inline(always)]
    fn check(&self) -> Result<u64, Fault<T, E>> {
        let Multiclass { logits, targets, ignored, maps } = *self.planes;
        let classes = self.exps.len();
        if !(2..=1 << 24).contains(&classes) {
            return Err(Fault::Classes { classes });
        }
        if targets.is_empty() {
            return Err(Fault::Length { argument: "targets", length: 0, expected: 1 });
        }
        fits("logits", logits.len(), targets.len().saturating_mul(classes))?;
        if let Some(gradient) = &self.gradient {
            fits("gradient", gradient.len(), logits.len())?;
        }
        check_pixels(targets, ignored, maps, |pixel, label| {
            let is_label = label.widen().is_label(classes as u32);
            if is_label { Ok(()) } else { Err(Fault::Label { label, pixel, classes }) }
        })
    }

    #[inline(always)]
    fn ignored_class(&self) -> Option<usize> {
        let ignored = self.planes.ignored?.widen();
        ignored.is_label(self.exps.len() as u32).then(|| ignored.index())
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
        let Multiclass { logits, targets, ignored, maps } = *self.planes;
        let mut gradient = self.gradient.as_deref_mut().filter(|_| write);
        let pixels = targets.len();
        for (at, &target) in targets.iter().enumerate() {
            if Some(target) == ignored {
                if let Some(gradient) = &mut gradient {
                    self.exps.fill(T::default());
                    write_pixel(self.exps, gradient, at, pixels);
                }
            } else {
                let label = target.widen().label();
                // From here on they are what is kept of the classes.
                let pixel = read(logits, at, pixels, label, self.exps);
                let weights = loss.visit_parts(0, &mut Weights { maps, pixel: at });
                let mut values = P::each(|_| None, 0);
                let set = |place: &mut Option<T>, value| *place = Some(value);
                let slope = loss.class(&pixel, factors, &weights, &mut values, set, None);
                let slope = slope.unwrap_or_default();
                if let Some(sums) = &mut sums {
                    sums.add_terms::<P>(at, &values);
                    if P::REGION {
                        for (k, class, &p) in classes(&*self.exps) {
                            let values =
                                region::softmax::class_sums(label == class, p, pixel.p, pixel.q);
                            sums.add_region(P::LEN + SUMS * k, at, values);
                        }
                    }
                }
                if let Some(gradient) = &mut gradient {
                    let both = softmax::toward_and_away(slope, pixel.q);
                    let mut pivot = Pivot { p: -T::splat(1.0), slope: T::default() };
                    let mut mean = T::default();
                    let of_region = |k: usize, class: T| {
                        let slopes = slopes.get(k).copied().unwrap_or_default();
                        region::softmax::class_slope(label == class, slopes)
                    };
                    let p_of = |class: T, kept: T| if label == class { pixel.p } else { kept };
                    if P::REGION {
                        for (k, class, &kept) in classes(&*self.exps) {
                            pivot = pivot.with(p_of(class, kept), of_region(k, class));
                        }
                        for (k, class, &kept) in classes(&*self.exps) {
                            let (p, slope) = (p_of(class, kept), of_region(k, class));
                            mean = region::softmax::add_to_mean(mean, p, slope, pivot.slope);
                        }
                    }
                    for (k, class, place) in classes(&mut *self.exps) {
                        let p = p_of(class, *place);
                        *place = softmax::class_gradient(label == class, both, p);
                        if P::REGION {
                            let slope = of_region(k, class);
                            *place += region::softmax::class_gradient(p, slope, pivot.slope, mean);
                        }
                    }
                    write_pixel(self.exps, gradient, at, pixels);
                }
            }
            if let Some(sums) = &mut sums {
                sums.after(at + 1, pixels);
            }
        }
    }
}

/// Reads pixel `at` of planes of `pixels` each, and leaves what is kept of its classes.
#[inline(always)]
fn read<T: Real>(
    logits: &[T],
    at: usize,
    pixels: usize,
    label: T,
    exps: &mut [T],
) -> ClassPixel<T> {
    let mut next = at;
    for place in &mut *exps {
        *place = logits.get(next).copied().unwrap_or_default();
        next = next.wrapping_add(pixels);
    }
    let first = exps.first().copied().unwrap_or_default();
    let largest = exps.iter().skip(1).fold(first, |largest, &z| Lanes::max(largest, z));
    let (mut below, mut own, mut others) = (T::default(), T::default(), T::default());
    for (_, class, place) in classes(&mut *exps) {
        let x = softmax::below(*place, largest);
        *place = x.exp_of_nonpositive();
        if label == class {
            (below, own) = (x, *place);
        }
        others = softmax::add_other(others, label == class, *place);
    }
    let inverse = softmax::inverse(others, own);
    let pixel = ClassPixel::of(below, own, others, inverse);
    for (_, class, place) in classes(exps) {
        let p = softmax::probability(*place, inverse);
        *place = softmax::kept(label == class, p, pixel.smaller());
    }
    pixel
}

/// Writes one number a class to pixel `at` of planes of `pixels` each.
#[inline(always)]
fn write_pixel<T: Copy>(numbers: &[T], planes: &mut [T], at: usize, pixels: usize) {
    let mut next = at;
    for &number in numbers {
        planes.get_mut(next).into_iter().for_each(|place| *place = number);
        next = next.wrapping_add(pixels);
    }
}

/// Each class, as an index and as a number, with what there is of it.
#[inline(always)]
fn classes<T: Real, X>(
    of_each: impl IntoIterator<Item = X>,
) -> impl Iterator<Item = (usize, T, X)> {
    // Counted in the format itself, which holds every class: a conversion would go through f64.
    let mut next = T::default();
    of_each.into_iter().enumerate().map(move |(k, x)| {
        let class = next;
        next += T::splat(1.0);
        (k, class, x)
    })
}
