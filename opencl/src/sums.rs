use segloss_core::lanes::{Dual, Lanes};
use segloss_core::region::{ClassSums, Classes, SUMS, Seed};
use segloss_core::term::Missing;

use crate::trace::{Expr, Format, Graph};

/// The region sums of a traced function, read as numbers that know their derivative:
/// [`segloss_core::region::SeededSums`] for numbers that are not there yet.
#[derive(Clone, Debug)]
pub(crate) struct TracedSums<'g, T> {
    sums: Vec<Expr<'g, T>>,
    /// Valid pixels behind each class: of several, because one alone is not asked for where there is none.
    counts: Vec<Expr<'g, T>>,
    seed: Option<Seed>,
    absent: Missing,
}

impl<'g, T: Format> TracedSums<'g, T> {
    /// Of `classes`, read from the parameter `sums` of the function.
    pub(crate) fn read(graph: &'g Graph<T>, classes: usize, absent: Missing) -> Self {
        let read = |i| graph.read(&format!("sum_{i}"), &format!("sums[{i}]"));
        let sums = (0..SUMS * classes).map(read).collect();
        let count = |k| graph.read(&format!("count_{k}"), &format!("sums[{}]", SUMS * classes + k));
        let counts = if classes > 1 { (0..classes).map(count).collect() } else { Vec::new() };
        TracedSums { sums, counts, seed: None, absent }
    }

    /// Returns these sums, to be differentiated in `seed`.
    pub(crate) fn seeded(&self, seed: Seed) -> Self {
        TracedSums { seed: Some(seed), ..self.clone() }
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
            let (mut with, mut counted) = (sum + loss(&sums), count + one);
            let mut leave_out = |is_out| {
                with = Dual::select(is_out, sum, with);
                counted = Expr::select(is_out, count, counted);
            };
            if self.absent == Missing::Skip {
                leave_out(sums.target().value.eq(zero));
            }
            if let Some(&pixels) = self.counts.get(class) {
                leave_out(pixels.eq(zero));
            }
            (sum, count) = (with, counted);
        }
        Dual::select(count.eq(zero), sum, sum / Dual::constant(count))
    }
}
