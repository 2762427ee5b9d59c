use segloss_core::Error;
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
    ///
    /// # Errors
    /// [`Error::Memory`] if the system does not give that much.
    pub fn lend(&mut self, sizes: &Sizes) -> Result<Workspace<'_, T, A>, Error> {
        grow("partials", &mut self.partials, sizes.partials)?;
        grow("sums", &mut self.sums, sizes.sums)?;
        grow("segment", &mut self.segment, sizes.segment)?;
        grow("totals", &mut self.totals, sizes.totals)?;
        grow("factors", &mut self.factors, sizes.factors)?;
        grow("slopes", &mut self.slopes, sizes.slopes)?;
        Ok(Workspace {
            partials: &mut self.partials,
            sums: &mut self.sums,
            segment: &mut self.segment,
            totals: &mut self.totals,
            factors: &mut self.factors,
            slopes: &mut self.slopes,
        })
    }
}

pub(crate) fn grow<X: Clone + Default>(
    argument: &'static str,
    part: &mut Vec<X>,
    length: usize,
) -> Result<(), Error> {
    if part.len() < length {
        let more = part.try_reserve_exact(length - part.len());
        more.map_err(|_| Error::Memory { argument, length })?;
        part.resize(length, X::default());
    }
    Ok(())
}
