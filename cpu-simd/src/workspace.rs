use segloss_core::Error;
use segloss_core::engine::{Sizes, Workspace};
use segloss_core::lanes::Real;
use segloss_core::summation::Accumulator;

/// What a [`Workspace`] borrows.
#[derive(Debug)]
pub(crate) struct WorkspaceBuffers<T, A> {
    partials: Lines<T>,
    sums: Vec<A>,
    segment: Vec<A>,
    totals: Vec<A>,
    factors: Vec<T>,
    slopes: Vec<[T; 2]>,
    weights: Lines<T>,
    class_weights: Vec<T>,
}

impl<T, A> Default for WorkspaceBuffers<T, A> {
    fn default() -> Self {
        WorkspaceBuffers {
            partials: Lines::default(),
            sums: Vec::new(),
            segment: Vec::new(),
            totals: Vec::new(),
            factors: Vec::new(),
            slopes: Vec::new(),
            weights: Lines::default(),
            class_weights: Vec::new(),
        }
    }
}

impl<T: Real, A: Accumulator> WorkspaceBuffers<T, A> {
    pub(crate) fn lend(&mut self, sizes: &Sizes) -> Result<Workspace<'_, T, A>, Error> {
        grow("sums", &mut self.sums, sizes.sums)?;
        grow("segment", &mut self.segment, sizes.segment)?;
        grow("totals", &mut self.totals, sizes.totals)?;
        grow("factors", &mut self.factors, sizes.factors)?;
        grow("slopes", &mut self.slopes, sizes.slopes)?;
        grow("class_weights", &mut self.class_weights, sizes.class_weights)?;
        Ok(Workspace {
            partials: self.partials.lend("partials", sizes.partials)?,
            sums: &mut self.sums[..sizes.sums],
            segment: &mut self.segment[..sizes.segment],
            totals: &mut self.totals[..sizes.totals],
            factors: &mut self.factors[..sizes.factors],
            slopes: &mut self.slopes[..sizes.slopes],
            weights: self.weights.lend("weights", sizes.most_weights())?,
            class_weights: &mut self.class_weights[..sizes.class_weights],
        })
    }
}

/// Numbers from the start of a cache line on: no vector of theirs then lies in two.
#[derive(Debug)]
pub(crate) struct Lines<T>(Vec<T>);

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Lines(Vec::new())
    }
}

impl<T: Real> Lines<T> {
    /// `length` arrays.
    pub(crate) fn lend<const N: usize>(
        &mut self,
        argument: &'static str,
        length: usize,
    ) -> Result<&mut [[T; N]], Error> {
        let Lines(numbers) = self;
        let room = LINE / size_of::<T>();
        let count = length.checked_mul(N).and_then(|count| count.checked_add(room));
        grow(argument, numbers, count.ok_or(Error::Memory { argument, length })?)?;
        let first = numbers.as_ptr().align_offset(LINE).min(room);
        Ok(&mut numbers[first..].as_chunks_mut().0[..length])
    }
}

/// Bytes.
const LINE: usize = 64;

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
