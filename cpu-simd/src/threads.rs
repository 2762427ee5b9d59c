//! Units of a sweep on several threads: those of the rayon pool that the caller is in, else of the global
//! one.

use core::marker::PhantomData;
use core::ops::Range;

use segloss_core::Error;
use segloss_core::compose::Program;
use segloss_core::engine::{InTurn, Own, Problem, Shared, Sizes, Sweeps, Workspace};
use segloss_core::lanes::Real;
use segloss_core::level::Level;
use segloss_core::summation::{Accumulator, Partial, TILE};
use segloss_core::view::{
    GradientSink, Layout, Logit, LogitSource, NoGradient, TargetSource, ViewMut, Write,
};

use crate::sink::MemorySink;
use crate::workspace::{Lines, grow};

/// Parts a thread, so that one that is held up leaves some to the others.
const PARTS: usize = 4;
/// Logits from which on the work is divided.
const WORTHWHILE: usize = 1 << 16;

/// Storage of the parts that run at the same time.
#[derive(Debug)]
pub(crate) struct ThreadBuffers<T, A> {
    partials: Lines<T>,
    weights: Lines<T>,
    sums: Vec<A>,
}

impl<T, A> Default for ThreadBuffers<T, A> {
    fn default() -> Self {
        ThreadBuffers { partials: Lines::default(), weights: Lines::default(), sums: Vec::new() }
    }
}

/// Several units at a time.
pub(crate) struct AtOnce<'g, Lv, T, A, G> {
    pub level: Lv,
    pub sink: Option<&'g mut G>,
    pub buffers: &'g mut ThreadBuffers<T, A>,
}

impl<T, A, P, Z, Y, Lv, G> Sweeps<T, A, P, Z, Y> for AtOnce<'_, Lv, T, A, G>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    Lv: Level,
    G: MemorySink<T>,
{
    fn has_gradient(&self) -> bool {
        self.sink.is_some()
    }

    fn check(
        &mut self,
        problem: &Problem<'_, T, A, P, Z, Y>,
        workspace: &mut Workspace<'_, T, A>,
    ) -> Result<u64, Error> {
        problem.check(self.level, workspace)
    }

    fn run(
        &mut self,
        problem: &Problem<'_, T, A, P, Z, Y>,
        workspace: &mut Workspace<'_, T, A>,
        sum: bool,
        gradient: bool,
    ) -> Result<(), Error> {
        let (units, sizes, shape) = (problem.units(), problem.sizes(), problem.shape());
        let parts = units.min(rayon::current_num_threads().saturating_mul(PARTS));
        let logits = shape.pixels().saturating_mul(shape.batch).saturating_mul(shape.channels);
        let mut sink = self.sink.as_deref_mut().filter(|_| gradient);
        if parts < 2
            || logits < WORTHWHILE
            || rayon::current_num_threads() < 2
            || !problem.is_active()
        {
            return InTurn { level: self.level, sink }.run(problem, workspace, sum, gradient);
        }
        let ThreadBuffers { partials, weights, sums } = &mut *self.buffers;
        let times = |argument, length: usize, times: usize| {
            length.checked_mul(times).ok_or(Error::Memory { argument, length: usize::MAX })
        };
        let partials = partials.lend("partials", times("partials", sizes.partials, parts)?)?;
        let weights = weights.lend("weights", times("weights", sizes.weights, parts)?)?;
        let rows = if sum { times("sums", sizes.segment, units)? } else { 0 };
        grow("sums", sums, rows)?;
        let sums = &mut sums[..rows];
        sums.fill(A::default());
        let Workspace { factors, slopes, class_weights, .. } = &*workspace;
        let job = Job {
            problem,
            level: self.level,
            sizes,
            shared: Shared { factors, slopes, class_weights },
            places: match &mut sink {
                Some(sink) => Some(Places::new(&mut **sink)?),
                None => None,
            },
        };
        job.divide(0..units, parts, partials, weights, sums)?;
        let rows = workspace.sums.chunks_exact_mut(sizes.segment);
        let of_samples = sums.chunks_exact(sizes.segment * problem.segments());
        for (row, of_sample) in rows.zip(of_samples) {
            for of_unit in of_sample.chunks_exact(sizes.segment) {
                row.iter_mut().zip(of_unit).for_each(|(row, sum)| row.merge(sum));
            }
        }
        Ok(())
    }
}

struct Job<'j, 'p, Lv, T, A, P, Z, Y, E> {
    problem: &'j Problem<'p, T, A, P, Z, Y>,
    level: Lv,
    sizes: Sizes,
    shared: Shared<'j, T>,
    places: Option<Places<'j, E>>,
}

impl<Lv, T, A, P, Z, Y, E> Job<'_, '_, Lv, T, A, P, Z, Y, E>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    Lv: Level,
    E: Logit<Compute = T>,
{
    /// Runs units in `parts` parts, with storage for each. `sums` holds a row a unit, or is empty.
    fn divide(
        &self,
        units: Range<usize>,
        parts: usize,
        partials: &mut [Partial<T>],
        weights: &mut [[T; TILE]],
        sums: &mut [A],
    ) -> Result<(), Error> {
        if parts < 2 {
            return self.run(units, partials, weights, sums);
        }
        let half = parts / 2;
        let middle = units.start + units.len() * half / parts;
        let rows = if sums.is_empty() { 0 } else { (middle - units.start) * self.sizes.segment };
        let (partials, later_partials) = partials.split_at_mut(half * self.sizes.partials);
        let (weights, later_weights) = weights.split_at_mut(half * self.sizes.weights);
        let (sums, later_sums) = sums.split_at_mut(rows);
        let (first, second) = rayon::join(
            || self.divide(units.start..middle, half, partials, weights, sums),
            || {
                let later = middle..units.end;
                self.divide(later, parts - half, later_partials, later_weights, later_sums)
            },
        );
        first.and(second)
    }

    fn run(
        &self,
        units: Range<usize>,
        partials: &mut [Partial<T>],
        weights: &mut [[T; TILE]],
        sums: &mut [A],
    ) -> Result<(), Error> {
        let mut own = Own { partials, weights };
        let mut rows = sums.chunks_exact_mut(self.sizes.segment);
        for unit in units {
            let row = rows.next();
            match &self.places {
                None => {
                    let sink = None::<&mut NoGradient>;
                    self.problem.sweep_unit(self.level, unit, &self.shared, &mut own, row, sink)?;
                }
                Some(places) => {
                    // SAFETY: every unit is run once, and a unit writes no other unit's pixels.
                    let mut part = unsafe { places.part() };
                    let sink = Some(&mut part);
                    self.problem.sweep_unit(self.level, unit, &self.shared, &mut own, row, sink)?;
                }
            }
        }
        Ok(())
    }
}

/// The memory of a gradient while several threads write to it.
struct Places<'g, E> {
    data: *mut E,
    layout: Layout,
    borrowed: PhantomData<&'g mut [E]>,
}

// SAFETY: what it does with the memory is up to `Places::part`; elements may be written on any thread.
unsafe impl<E: Send> Sync for Places<'_, E> {}
// SAFETY: as above.
unsafe impl<E: Send> Send for Places<'_, E> {}

impl<'g, E: Logit> Places<'g, E> {
    fn new<G>(sink: &'g mut G) -> Result<Self, Error>
    where
        G: MemorySink<E::Compute, Element = E>,
    {
        let (data, layout) = sink.memory();
        // Again, because a sink may be anyone's: elements exist and have a place each.
        let (data, layout) = ViewMut::new(data, layout)?.into_parts();
        Ok(Places { data: data.as_mut_ptr(), layout, borrowed: PhantomData })
    }

    /// A way to write some pixels.
    ///
    /// # Safety
    /// While the part lives, nothing else reads or writes the elements of the pixels it writes.
    unsafe fn part(&self) -> Part<'_, E> {
        Part(self)
    }
}

/// The pixels that one unit writes.
struct Part<'p, E>(&'p Places<'p, E>);

impl<E: Logit> GradientSink<E::Compute> for Part<'_, E> {
    #[inline(always)]
    fn layout(&self) -> &Layout {
        &self.0.layout
    }

    #[inline(always)]
    fn whole_tile(
        &mut self,
        sample: usize,
        channel: usize,
        pixel: usize,
    ) -> Option<&mut [E::Compute; TILE]> {
        let layout = &self.0.layout;
        if layout.pixel_stride() != Some(1) {
            return None;
        }
        let first = self.checked(layout.index(sample, channel, pixel), TILE);
        // SAFETY: `checked` keeps the elements within the memory, and they are this part's alone.
        let places = unsafe { core::slice::from_raw_parts_mut(self.0.data.add(first), TILE) };
        E::as_computed_mut(places)?.try_into().ok()
    }

    #[inline(always)]
    fn put(
        &mut self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        tile: &[E::Compute; TILE],
        write: Write,
    ) {
        let layout = &self.0.layout;
        if layout.pixel_stride() == Some(1) && write == Write::Overwrite {
            let first = self.checked(layout.index(sample, channel, pixel), count);
            // SAFETY: `checked` keeps the elements within the memory, and they are this part's alone.
            let places = unsafe { core::slice::from_raw_parts_mut(self.0.data.add(first), count) };
            return E::store_all(tile, places);
        }
        layout.scan(sample, channel, pixel, count, |i, at| {
            let at = self.checked(at, 1);
            // SAFETY: `checked` keeps the element within the memory, and it is this part's alone.
            let place = unsafe { &mut *self.0.data.add(at) };
            let gradient = tile[i];
            *place = match write {
                Write::Overwrite => E::store(gradient),
                Write::Accumulate => E::store(place.load() + gradient),
            };
        });
    }
}

impl<E> Part<'_, E> {
    /// `first`, if `count` elements from there on are within the memory.
    #[inline(always)]
    fn checked(&self, first: usize, count: usize) -> usize {
        let span = self.0.layout.span();
        assert!(first <= span && count <= span - first, "a pixel outside the gradient");
        first
    }
}
