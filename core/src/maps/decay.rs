//! Weights that fall with the distance to the nearest pixel of another label.

use super::edt::{self, Cost, Finish, Spacing};
use super::scratch::{check, fits};
use super::{Fork, Labels, MapLevel, Void};
use crate::error::Error;
use crate::lanes::{Lanes, Real};
use crate::parameter::Parameter;

/// Its name in text.
pub(super) const NAME: &str = "decay";
/// In what distance weights fall to 1/e.
pub(super) const SIGMA: Parameter = Parameter::number("sigma", 5.0).within(1e-30, 1e30);

/// What the weight is where there is no other label, the distance being infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// The limit for long distances. A loss weighted so takes nothing from an image of one label, false
    /// positives in an image without foreground included.
    #[default]
    Zero,
    /// 1, which no map would have too: where masks are empty, this is the one to choose.
    One,
}

/// `exp(-d / sigma)` for the distance `d` to the nearest pixel of another label, in pixels or in the unit of
/// the spacing.
///
/// With unit spacing `d` is at least 1, beside the boundary: weights never reach 1 but `exp(-1 / sigma)`.
/// Both sides of the boundary are the same. The distance-map loss with sigma 5 is the usual one.
///
/// Void, the pixels that are ignored, has the label of the nearest pixel that counts ([`Void::Nearest`]); or
/// no distance is measured to it, as [`edt`] does ([`Void::Cut`]), and its pixels have the weight that
/// `empty` says. What a void pixel itself weighs, no loss uses. An image of which no pixel counts has the
/// weight that `empty` says.
///
/// In an image of one label all weights are 0 ([`Empty::Zero`]), and the loss takes nothing from it: where
/// masks may be empty, false positives in those are learned from with [`Empty::One`] alone, or by another
/// term beside this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decay {
    sigma: f64,
    empty: Empty,
    void: Void,
}

impl Decay {
    /// Weights that fall to 1/e in `sigma`.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `sigma` is from 1e-30 to 1e30.
    pub fn new(sigma: f64, empty: Empty) -> Result<Self, Error> {
        Ok(Decay { sigma: SIGMA.check(NAME, sigma)?, empty, void: Void::Nearest })
    }

    /// The map with this for void.
    #[must_use]
    pub fn with_void(self, void: Void) -> Self {
        Decay { void, ..self }
    }

    /// What void is taken for.
    pub fn void(&self) -> Void {
        self.void
    }

    /// Returns the length of the storage for [`Decay::weights`], in words of 64 bits: that of
    /// [`edt::scratch_words`]. Where pixels may be ignored and void is filled, a code a pixel more, or more
    /// than that where filling takes two bytes a pixel.
    ///
    /// # Errors
    /// Those of [`edt::scratch_words`].
    pub fn scratch_words<S: Labels>(
        &self,
        labels: &S,
        spacing: Spacing,
        fork: impl Fork,
    ) -> Result<usize, Error> {
        let (work, workers) = (edt::scratch_words(labels, spacing, fork)?, Fork::workers(fork));
        self.void.storage::<S::Code>(labels, spacing, workers, work)
    }

    /// Computes the weights of one image.
    ///
    /// # Errors
    /// Those of [`edt::distance_to_other`].
    pub fn weights<Lv: MapLevel, S: Labels, T: Real>(
        &self,
        level: Lv,
        fork: impl Fork,
        labels: &S,
        spacing: Spacing,
        out: &mut [T],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        let weight = Weight { rate: self.rate(), empty: self.without_other() };
        let words = self.scratch_words(labels, spacing, fork)?;
        fits("out", out.len(), labels.spatial().iter().product())?;
        check("scratch", scratch.len(), words)?;
        self.void.fill::<S::Code>(
            &level,
            &fork,
            labels,
            spacing,
            scratch,
            &mut |labels, scratch| {
                edt::to_other(level, fork, &labels, spacing, weight, out, scratch)
            },
        )
    }

    /// What distances are multiplied by: `-1 / sigma`.
    pub fn rate<T: Real>(&self) -> T {
        T::round_from(-1.0 / self.sigma)
    }

    /// The weight where there is no other label.
    pub fn without_other<T: Real>(&self) -> T {
        T::round_from(f64::from(u8::from(self.empty == Empty::One)))
    }
}

/// The weight at a distance that is not infinite, with [`Decay::rate`].
#[inline(always)]
pub fn weight<L: Lanes>(distance: L, rate: L) -> L {
    (distance * rate).exp_of_nonpositive()
}

#[derive(Clone, Copy)]
struct Weight<T> {
    rate: T,
    empty: T,
}

impl<T: Real> Finish for Weight<T> {
    type Out = T;

    #[inline(always)]
    fn value<C: Cost>(self, cost: C) -> T {
        let weight = weight(cost.distance::<T>(), self.rate);
        if cost >= C::NONE { self.empty } else { weight }
    }
}
