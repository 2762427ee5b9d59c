use segloss_core::lanes::{Dual, Lanes};
use segloss_core::region::{ClassSums, Classes, SUMS, Seed};
use segloss_core::term::Missing;

use crate::trace::{Expr, Format, Graph};

/// The region sums of a traced function, read as numbers that know their derivative:
/// [`segloss_core::region::SeededSums`] for numbers that are not there yet.
#[derive(Debug)]
pub(crate) struct TracedSums<'g, T> {
    sums: Vec<Expr<'g, T>>,
    seed: Option<Seed>,
    absent: Missing,
}

impl<'g, T: Format> TracedSums<'g, T> {
    /// Of `classes`, read from the parameter `sums` of the function.
    pub(crate) fn read(graph: &'g Graph<T>, classes: usize, absent: Missing) -> Self {
        let read = |i| graph.read(&format!("sum_{i}"), &format!("sums[{i}]"));
        TracedSums { sums: (0..SUMS * classes).map(read).collect(), seed: None, absent }
    }

    /// Returns these sums, to be differentiated in `seed`.
    pub(crate) fn seeded(&self, seed: Seed) -> Self {
        TracedSums { sums: self.sums.clone(), seed: Some(seed), absent: self.absent }
    }
}

impl<'g, T: Format> Classes<Dual<Expr<'g, T>>> for TracedSums<'g, T> {
    fn len(&self) -> usize {
        self.sums.len() / SUMS
    }

    fn get(&self, class: usize) -> ClassSums<Dual<Expr<'g, T>>> {
        let (classes, _) = self.sums.as_chunks::<SUMS>();
        ClassSums::from(classes[class]).seeded(class, self.seed)
    }

    /// Averages over classes like sums of numbers do, with choices in place of branches.
    fn mean(
        &self,
        loss: impl Fn(&ClassSums<Dual<Expr<'g, T>>>) -> Dual<Expr<'g, T>>,
    ) -> Dual<Expr<'g, T>> {
        let (zero, one) = (Expr::splat(0.0), Expr::splat(1.0));
        let mut sum = Dual::constant(zero);
        let mut count = zero;
        for class in 0..Classes::len(self) {
            let sums = self.get(class);
            let with = sum + loss(&sums);
            if self.absent == Missing::Keep {
                sum = with;
                count = count + one;
            } else {
                let is_absent = sums.target().value.eq(zero);
                sum = Dual::select(is_absent, sum, with);
                count = Expr::select(is_absent, count, count + one);
            }
        }
        Dual::select(count.eq(zero), sum, sum / Dual::constant(count))
    }
}
