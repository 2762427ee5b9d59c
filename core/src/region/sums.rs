//! What region losses are made of: the sums of each class, and how a loss goes through the classes.

use crate::lanes::{Dual, Lanes, weigh};
use crate::summation::Accumulator;
use crate::term::{Absent, Average, ClassNorm, ClassesInUse, Options};

/// Sums held for each class: true positives, false positives, false negatives.
pub const SUMS: usize = 3;

/// The sums of one class, over valid pixels, of probabilities `p` and targets `g`.
///
/// Each is a sum of products that are not negative, and what a loss needs besides is added up of them:
/// a difference such as `sum g - FN` would lose the digits of `TP` where a target is missed.
#[derive(Clone, Copy, Debug)]
pub struct ClassSums<L> {
    /// `TP = sum p g`: true positives.
    pub true_positive: L,
    /// `FP = sum p (1 - g)`: false positives.
    pub false_positive: L,
    /// `FN = sum (1 - p) g`: false negatives.
    pub false_negative: L,
}

impl<L> From<[L; SUMS]> for ClassSums<L> {
    /// Reads sums in the order of [`SUMS`].
    fn from([true_positive, false_positive, false_negative]: [L; SUMS]) -> Self {
        ClassSums { true_positive, false_positive, false_negative }
    }
}

impl<L> From<ClassSums<L>> for [L; SUMS] {
    fn from(sums: ClassSums<L>) -> Self {
        [sums.true_positive, sums.false_positive, sums.false_negative]
    }
}

impl<L: Lanes> ClassSums<L> {
    /// Returns the target's mass, `sum g = TP + FN`.
    ///
    /// 0 only where every target is 0, in floating point too: of `p` and `1 - p` one is at least 1/2, so
    /// of `p g` and `(1 - p) g` one is not 0 for any weighted target `g` above the smallest denormal
    /// number.
    #[inline(always)]
    pub fn target(&self) -> L {
        self.true_positive + self.false_negative
    }

    /// Returns the predicted mass, `sum p = TP + FP`.
    #[inline(always)]
    pub fn predicted(&self) -> L {
        self.true_positive + self.false_positive
    }

    /// Returns the sums of class `class` as dual numbers that are differentiated in `seed`.
    #[inline(always)]
    pub fn seeded(self, class: usize, seed: Option<Seed>) -> ClassSums<Dual<L>> {
        let mut sums = ClassSums {
            true_positive: Dual::constant(self.true_positive),
            false_positive: Dual::constant(self.false_positive),
            false_negative: Dual::constant(self.false_negative),
        };
        if seed == Some(Seed::FalsePositive(class)) {
            sums.false_positive = Dual::new(self.false_positive, L::splat(1.0));
        } else if seed == Some(Seed::FalseNegative(class)) {
            sums.true_positive = Dual::new(self.true_positive, L::splat(-1.0));
            sums.false_negative = Dual::new(self.false_negative, L::splat(1.0));
        }
        sums
    }
}

/// The sums of all classes, and what the loss says of them.
///
/// A loss goes through the classes in use ([`Classes::each`]), or leaves that to [`Classes::mean`].
pub trait Classes<L: Lanes> {
    /// Returns how many classes there are, in use or not; 1 for a binary mask.
    fn len(&self) -> usize;

    /// Returns the sums of class `class < len`.
    fn get(&self, class: usize) -> ClassSums<L>;

    /// Returns what the loss says of the term: its [`Options::classes`], weights, and how they are averaged.
    fn options(&self) -> &Options<'_>;

    /// Tells where no pixel behind the sums can be of class `class`, which then has no part in a mean: a channel that is
    /// ignored as a whole, a label that is ignored. None if that is nowhere.
    fn cannot_occur(&self, class: usize) -> Option<L::Mask>;

    /// Tells whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns class `class` as the loss sees it.
    #[inline(always)]
    fn in_use(&self, class: usize, weight: Option<L>) -> ClassInUse<L> {
        let sums = self.get(class);
        let is_absent = sums.target().eq(L::splat(0.0));
        let Options { absent, average, .. } = *self.options();
        let is_skipped = match (absent, average) {
            (Absent::Skip, _) | (Absent::Zero, Average::Micro) => true,
            (Absent::Zero, Average::Macro) | (Absent::Keep, _) => false,
        };
        let left_out = [self.cannot_occur(class), is_skipped.then_some(is_absent)];
        ClassInUse { class, sums, weight, is_absent, left_out }
    }

    /// Calls `visit` with each class in use, in ascending order.
    #[inline(always)]
    fn each(&self, mut visit: impl FnMut(ClassInUse<L>)) {
        let Options { classes, class_weights, .. } = *self.options();
        let mut weights = class_weights.map(|list| list.iter());
        for class in classes.iter(self.len()) {
            let weight = weights.as_mut().map(|rest| rest.next().unwrap_or_default());
            visit(self.in_use(class, weight.map(L::splat)));
        }
    }

    /// Returns the target's mass of all classes in use.
    #[inline(always)]
    fn target(&self) -> L {
        let mut target = L::splat(0.0);
        self.each(|class| target = target + class.sums.target());
        target
    }

    /// Returns what a mean over classes is divided by, as [`Options::class_norm`] says; 0 if no class counts.
    #[inline(always)]
    fn divisor(&self) -> L {
        let mut divisor = L::splat(0.0);
        let by_weights = self.options().class_norm == ClassNorm::Weights;
        self.each(|class| {
            let share = class.weight.filter(|_| by_weights).unwrap_or(L::splat(1.0));
            divisor = class.or_left_out(divisor + share, divisor);
        });
        divisor
    }

    /// Returns what a class adds to the sum of a mean over classes: its loss of `sums`, which are its own or the same numbers
    /// with their derivatives, times its weight.
    #[inline(always)]
    fn share(
        &self,
        class: &ClassInUse<L>,
        sums: &ClassSums<L>,
        loss: impl Fn(&ClassSums<L>) -> L,
    ) -> L {
        let own = loss(sums);
        let is_zero = self.options().absent == Absent::Zero;
        class.weighed(if is_zero { L::select(class.is_absent, L::splat(0.0), own) } else { own })
    }

    /// Returns the losses of the classes as one number, as [`Options::average`] says; 0 if no class counts.
    #[inline(always)]
    fn mean(&self, loss: impl Fn(&ClassSums<L>) -> L) -> L {
        mean_of(self, loss)
    }
}

#[inline(always)]
fn mean_of<L: Lanes, C: Classes<L> + ?Sized>(classes: &C, loss: impl Fn(&ClassSums<L>) -> L) -> L {
    let zero = L::splat(0.0);
    if classes.options().average == Average::Micro {
        let mut count = zero;
        let mut total = ClassSums::from([zero; SUMS]);
        classes.each(|class| {
            let of = |sums: &ClassSums<L>| <[L; SUMS]>::from(*sums);
            let (mut all, own) = (of(&total), of(&class.sums));
            for (all, own) in all.iter_mut().zip(own) {
                *all = class.or_left_out(*all + class.weighed(own), *all);
            }
            total = ClassSums::from(all);
            count = class.or_left_out(count + L::splat(1.0), count);
        });
        return L::select(count.eq(zero), zero, loss(&total));
    }
    let mut sum = zero;
    classes.each(|class| {
        sum = class.or_left_out(sum + classes.share(&class, &class.sums, &loss), sum);
    });
    let divisor = classes.divisor();
    L::select(divisor.eq(zero), zero, sum / divisor)
}

/// A class that a loss sees.
#[derive(Clone, Copy, Debug)]
pub struct ClassInUse<L: Lanes> {
    /// Its number.
    pub class: usize,
    /// Its sums.
    pub sums: ClassSums<L>,
    /// Its weight, if classes have any.
    pub weight: Option<L>,
    /// Where its target has no mass.
    pub is_absent: L::Mask,
    /// Where it counts for nothing.
    left_out: [Option<L::Mask>; 2],
}

impl<L: Lanes> ClassInUse<L> {
    /// Returns `with`, or `without` where the class counts for nothing.
    #[inline(always)]
    pub fn or_left_out(&self, with: L, without: L) -> L {
        let choose = |with, &is_out: &L::Mask| L::select(is_out, without, with);
        self.left_out.iter().flatten().fold(with, choose)
    }

    /// Returns `x` times the class's weight.
    #[inline(always)]
    pub fn weighed(&self, x: L) -> L {
        self.weight.map_or(x, |weight| weigh(weight, x))
    }
}

/// In which mass of a class a region loss is differentiated: the prediction's where there is no target,
/// or the target's that it misses.
///
/// These two are all that a probability moves. A loss that grows with false positives and negatives and
/// falls with true positives has contributions of one sign in each, so that nothing cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// False positives of a class: `d/dFP`.
    FalsePositive(usize),
    /// Mass that moves from the true positives of a class to its false negatives, the target's mass
    /// being given: `d/dFN - d/dTP`.
    FalseNegative(usize),
}

/// Which classes can occur in the pixels behind region sums.
#[derive(Clone, Copy, Debug)]
pub enum Occurring<'a, A> {
    /// Those with valid pixels: the number of them for each class.
    Counts(&'a [A]),
    /// All but one, if any, whose label is ignored.
    AllBut(Option<usize>),
}

/// Accumulated sums, read as numbers that know their derivative.
#[derive(Clone, Copy, Debug)]
pub struct SeededSums<'a, A> {
    sums: &'a [A],
    occurring: Occurring<'a, A>,
    seed: Option<Seed>,
    options: &'a Options<'a>,
}

impl<'a, A: Accumulator> SeededSums<'a, A> {
    /// [`SUMS`] accumulators a class, which classes can occur, and what the loss says of the term.
    pub fn new(
        sums: &'a [A],
        occurring: Occurring<'a, A>,
        seed: Option<Seed>,
        options: &'a Options<'a>,
    ) -> Self {
        SeededSums { sums, occurring, seed, options }
    }

    /// The accumulators themselves, a class after the other in the order of [`SUMS`].
    pub fn accumulators(&self) -> &'a [A] {
        self.sums
    }

    /// Which classes can occur.
    pub fn occurring(&self) -> Occurring<'a, A> {
        self.occurring
    }

    /// Whether class `class` can occur. One that cannot (a channel that is ignored as a whole, a label that is ignored)
    /// has no part in a mean over classes.
    #[inline]
    pub fn can_occur(&self, class: usize) -> bool {
        match self.occurring {
            Occurring::Counts(counts) => {
                counts.get(class).is_some_and(|count| count.total() != A::Real::default())
            }
            Occurring::AllBut(ignored) => ignored != Some(class),
        }
    }

    /// Returns these sums, to be differentiated in `seed`.
    #[must_use]
    pub fn seeded(self, seed: Seed) -> Self {
        SeededSums { seed: Some(seed), ..self }
    }

    /// What the loss is to be differentiated in.
    pub fn seed(&self) -> Option<Seed> {
        self.seed
    }

    /// What the loss says of the term.
    pub fn options(&self) -> &'a Options<'a> {
        self.options
    }

    /// The sums of class `class` as plain numbers; 0 past the last.
    #[inline]
    pub fn total(&self, class: usize) -> ClassSums<A::Real> {
        let (classes, _) = self.sums.as_chunks::<SUMS>();
        let own = classes.get(class);
        ClassSums::from(own.map_or([A::Real::default(); SUMS], |own| own.each_ref().map(A::total)))
    }

    /// Whether no class in use has a target.
    #[inline]
    pub fn is_untargeted(&self) -> bool {
        self.target().value == A::Real::default()
    }
}

impl<A: Accumulator> Classes<Dual<A::Real>> for SeededSums<'_, A> {
    fn len(&self) -> usize {
        self.sums.len() / SUMS
    }

    #[inline]
    fn get(&self, class: usize) -> ClassSums<Dual<A::Real>> {
        self.total(class).seeded(class, self.seed)
    }

    fn options(&self) -> &Options<'_> {
        self.options
    }

    #[inline]
    fn cannot_occur(&self, class: usize) -> Option<bool> {
        Some(!self.can_occur(class))
    }

    /// Compiled for each loss as if classes had no options, which is little code, and once for all losses with them.
    #[inline(always)]
    fn mean(&self, loss: impl Fn(&ClassSums<Dual<A::Real>>) -> Dual<A::Real>) -> Dual<A::Real> {
        let Options { classes, class_weights, average, absent, .. } = *self.options;
        let is_plain = matches!(classes, ClassesInUse::All)
            && class_weights.is_none()
            && average == Average::Macro
            && absent != Absent::Zero;
        if is_plain { PlainSums::of(*self).mean(loss) } else { self.mean_with_options(&loss) }
    }
}

/// Sums of classes that are all in use, and of which none has a weight: without the code that reads lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainSums<'a, A> {
    sums: SeededSums<'a, A>,
    options: Options<'a>,
}

impl<'a, A> PlainSums<'a, A> {
    /// Of sums whose options are no others than [`Options::absent`], or are to be left out.
    #[inline(always)]
    pub(crate) fn of(sums: SeededSums<'a, A>) -> Self {
        let options = Options { absent: sums.options.absent, ..Options::default() };
        PlainSums { sums, options }
    }
}

impl<A: Accumulator> Classes<Dual<A::Real>> for PlainSums<'_, A> {
    #[inline(always)]
    fn len(&self) -> usize {
        Classes::len(&self.sums)
    }

    #[inline(always)]
    fn get(&self, class: usize) -> ClassSums<Dual<A::Real>> {
        self.sums.get(class)
    }

    #[inline(always)]
    fn options(&self) -> &Options<'_> {
        &self.options
    }

    #[inline(always)]
    fn each(&self, mut visit: impl FnMut(ClassInUse<Dual<A::Real>>)) {
        (0..self.len()).for_each(|class| visit(self.in_use(class, None)));
    }

    #[inline(always)]
    fn cannot_occur(&self, class: usize) -> Option<bool> {
        self.sums.cannot_occur(class)
    }
}

/// The loss of a class from its sums.
pub(super) type ClassLoss<'l, R> = &'l dyn Fn(&ClassSums<Dual<R>>) -> Dual<R>;

impl<A: Accumulator> SeededSums<'_, A> {
    /// Forms the mean of a loss as the options say.
    #[inline(never)]
    pub(super) fn mean_with_options(&self, loss: ClassLoss<'_, A::Real>) -> Dual<A::Real> {
        mean_of(self, loss)
    }
}
