//! The derivatives of a region loss in the masses of every class, in time that grows with the number of classes.
//!
//! Seed by seed, K classes take 2 K evaluations of the whole loss, each of which goes through K classes. But a loss that is a
//! mean over classes changes with the masses of a class by that class's own loss alone. So the loss is evaluated once with a
//! mean that is a number like any other, which gives its derivative in the mean, and once more with a mean that, when it is
//! formed, evaluates each class's loss twice, for its two seeds, and hands the products out.
//!
//! A loss that forms no mean, or several, or one of joined sums ([`Average::Micro`]), or that reads sums beside its mean, is left
//! to be done seed by seed. The bits are those of that way: the same operations, less the additions of zeros.

use core::cell::{Cell, RefCell};

use super::sums::ClassLoss;
use super::{ClassSums, Classes, RegionTerm, Seed, SeededSums};
use crate::lanes::{Dual, Lanes};
use crate::summation::Accumulator;
use crate::term::{Average, Options};

/// Takes the derivatives in a class's two [`Seed`]s.
pub type Note<'n, R> = &'n mut dyn FnMut(usize, [R; 2]);

/// Hands the derivatives of `term` in each class in use to `note`, if they can be found in one pass; says whether they could.
pub(crate) fn slopes<P: RegionTerm, A: Accumulator>(
    term: &P,
    sums: SeededSums<'_, A>,
    note: Note<'_, A::Real>,
) -> bool {
    if sums.options().average == Average::Micro {
        return false;
    }
    let counting = MeanSums { sums, means: Cell::new(0), reads: Cell::new(false), noting: None };
    let loss = term.loss(&counting);
    if counting.means.get() != 1 || counting.reads.get() {
        return false;
    }
    let noting = Some((loss.derivative, RefCell::new(note)));
    term.loss(&MeanSums { noting, ..counting });
    true
}

/// Sums whose mean over classes is the number that is differentiated in.
struct MeanSums<'s, 'n, A: Accumulator> {
    sums: SeededSums<'s, A>,
    /// Means that were formed.
    means: Cell<u32>,
    /// Whether the loss read sums by itself.
    reads: Cell<bool>,
    /// The derivative of the loss in its mean, and what takes those in the seeds.
    noting: Option<(A::Real, RefCell<Note<'n, A::Real>>)>,
}

impl<A: Accumulator> Classes<Dual<A::Real>> for MeanSums<'_, '_, A> {
    fn len(&self) -> usize {
        Classes::len(&self.sums)
    }

    fn get(&self, class: usize) -> ClassSums<Dual<A::Real>> {
        self.reads.set(true);
        self.sums.get(class)
    }

    fn options(&self) -> &Options<'_> {
        self.sums.options()
    }

    fn cannot_occur(&self, class: usize) -> Option<bool> {
        self.sums.cannot_occur(class)
    }

    fn mean(&self, loss: impl Fn(&ClassSums<Dual<A::Real>>) -> Dual<A::Real>) -> Dual<A::Real> {
        self.mean_and_slopes(&loss)
    }
}

impl<A: Accumulator> MeanSums<'_, '_, A> {
    #[inline(never)]
    fn mean_and_slopes(&self, loss: ClassLoss<'_, A::Real>) -> Dual<A::Real> {
        self.means.set(self.means.get() + 1);
        let one = A::Real::splat(1.0);
        let Some((outer, note)) = &self.noting else {
            return Dual::new(self.sums.mean_with_options(loss).value, one);
        };
        let (zero, divisor) = (Dual::splat(0.0), self.sums.divisor());
        self.sums.each(|class| {
            let derivative = |seed: Seed| {
                let seeded = self.sums.seeded(seed).get(class.class);
                let share = class.or_left_out(self.sums.share(&class, &seeded, loss), zero);
                Dual::select(divisor.eq(zero), zero, share / divisor).derivative * *outer
            };
            let seeds = [Seed::FalsePositive(class.class), Seed::FalseNegative(class.class)];
            if let Ok(mut note) = note.try_borrow_mut() {
                note(class.class, seeds.map(derivative));
            }
        });
        // The value was found before.
        Dual::new(A::Real::default(), one)
    }
}
