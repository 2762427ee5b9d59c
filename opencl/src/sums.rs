use segloss_core::lanes::{Dual, Lanes};
use segloss_core::region::{ClassSums, Classes, SUMS, Seed};
use segloss_core::term::Options;

use crate::trace::{Expr, Format, Graph};

/// The region sums of a traced function, read as numbers that know their derivative:
/// [`segloss_core::region::SeededSums`] for numbers that are not there yet.
#[derive(Clone, Debug)]
pub(crate) struct TracedSums<'g, T> {
    sums: Vec<Expr<'g, T>>,
    /// Valid pixels behind each class: of several, because one alone is not asked for where there is none.
    counts: Vec<Expr<'g, T>>,
    seed: Option<Seed>,
    options: Options<'g>,
}

impl<'g, T: Format> TracedSums<'g, T> {
    /// Of `classes`, read from the parameter `sums` of the function, for a term with these options.
    pub(crate) fn read(graph: &'g Graph<T>, classes: usize, options: Options<'g>) -> Self {
        let read = |i| graph.read(&format!("sum_{i}"), &format!("sums[{i}]"));
        let sums = (0..SUMS * classes).map(read).collect();
        let count = |k| graph.read(&format!("count_{k}"), &format!("sums[{}]", SUMS * classes + k));
        let counts = if classes > 1 { (0..classes).map(count).collect() } else { Vec::new() };
        TracedSums { sums, counts, seed: None, options }
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

    fn options(&self) -> &Options<'_> {
        &self.options
    }

    fn cannot_occur(&self, class: usize) -> Option<<Expr<'g, T> as Lanes>::Mask> {
        self.counts.get(class).map(|pixels| pixels.eq(Expr::splat(0.0)))
    }
}
