use segloss_core::engine::{Sizes, Workspace};
use segloss_core::lanes::Real;
use segloss_core::summation::{Accumulator, Partial};

/// Owned storage for evaluations. Grows to what the largest call needs, then allocates no more.
#[derive(Debug, Default)]
pub struct Buffers<T, A = f64> {
    partials: Vec<Partial<T>>,
    sums: Vec<A>,
    segment: Vec<A>,
    totals: Vec<A>,
    factors: Vec<T>,
    slopes: Vec<[T; 2]>,
}

impl<T: Real, A: Accumulator> Buffers<T, A> {
    /// Nothing allocated yet.
    pub fn new() -> Self {
        Buffers::default()
    }

    /// A workspace of at least these sizes.
    pub fn lend(&mut self, sizes: &Sizes) -> Workspace<'_, T, A> {
        grow(&mut self.partials, sizes.partials);
        grow(&mut self.sums, sizes.sums);
        grow(&mut self.segment, sizes.segment);
        grow(&mut self.totals, sizes.totals);
        grow(&mut self.factors, sizes.factors);
        grow(&mut self.slopes, sizes.slopes);
        Workspace {
            partials: &mut self.partials,
            sums: &mut self.sums,
            segment: &mut self.segment,
            totals: &mut self.totals,
            factors: &mut self.factors,
            slopes: &mut self.slopes,
        }
    }
}

fn grow<X: Clone + Default>(part: &mut Vec<X>, length: usize) {
    if part.len() < length {
        part.resize(length, X::default());
    }
}
