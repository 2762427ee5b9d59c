//! Units of a sweep on several threads: those of the rayon pool that the caller is in, else of the global
//! one.

use core::marker::PhantomData;
use core::ops::Range;

use segloss_core::Error;
use segloss_core::engine::{
    Problem, Purpose, SerialSweeps, SharedStorage, Sizes, Sweeps, Swept, UnitStorage, Workspace,
};
use segloss_core::lanes::Real;
use segloss_core::summation::{Accumulator, Partial, TILE};
#[cfg(feature = "half")]
use segloss_core::view::Logit;
use segloss_core::view::{Elements, GradientSink, Layout, Shape, ViewMut, Write};

use crate::workspace::{Lines, grow};

/// Parts a thread, so that one that is held up leaves some to the others.
const PARTS: usize = 4;
/// Logits from which on the work is divided.
const WORTHWHILE: usize = 1 << 16;

/// Whether the work on a tensor of this shape is divided.
pub(crate) fn is_worthwhile(Shape { batch, channels, spatial, .. }: Shape) -> bool {
    let [d, h, w] = spatial;
    [batch, channels, d, h, w].into_iter().fold(1, usize::saturating_mul) >= WORTHWHILE
}

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

/// Runs several units at a time.
pub(crate) struct ParallelSweeps<'g, T, A> {
    /// Where the gradient goes, if it is asked for.
    pub places: Option<Places<'g, T>>,
    /// Storage for as many threads as there are.
    pub buffers: &'g mut ThreadBuffers<T, A>,
}

impl<T: Real, A: Accumulator> Sweeps<T, A> for ParallelSweeps<'_, T, A> {
    fn has_gradient(&self) -> bool {
        self.places.is_some()
    }

    fn run(
        &mut self,
        problem: &Problem<'_, T, A>,
        workspace: &mut Workspace<'_, T, A>,
        purpose: Purpose,
    ) -> Result<Swept, Error> {
        let (units, sizes, shape) = (problem.units(), problem.sizes(), problem.shape());
        let places = self.places.as_ref().filter(|_| purpose.writes());
        let divides = is_worthwhile(shape) && units >= 2 && problem.is_active();
        let threads = if divides { rayon::current_num_threads() } else { 1 };
        if threads < 2 {
            // SAFETY: it is the only part, and the gradient is borrowed for as long.
            let mut part = places.map(|places| unsafe { places.part() });
            let sink = part.as_mut().map(|part| part as &mut dyn GradientSink<T>);
            return SerialSweeps { sink }.run(problem, workspace, purpose);
        }
        let parts = units.min(threads.saturating_mul(PARTS));
        let ThreadBuffers { partials, weights, sums } = &mut *self.buffers;
        let times = |argument, length: usize, times: usize| {
            length.checked_mul(times).ok_or(Error::Memory { argument, length: usize::MAX })
        };
        let partials = partials.lend("partials", times("partials", sizes.partials, parts)?)?;
        let of_weights = times("weights", sizes.most_weights(), parts)?;
        let weights = weights.lend("weights", of_weights)?;
        let rows = if purpose.has_sums() { times("sums", sizes.segment, units)? } else { 0 };
        grow("sums", sums, rows)?;
        let sums = &mut sums[..rows];
        sums.fill(A::default());
        let Workspace { factors, slopes, class_weights, .. } = &*workspace;
        let job = Job {
            problem,
            purpose,
            sizes,
            shared: SharedStorage { factors, slopes, class_weights },
            places,
        };
        let swept = job.divide(0..units, parts, partials, weights, sums)?;
        let rows = workspace.sums.chunks_exact_mut(sizes.segment);
        let of_samples = sums.chunks_exact(sizes.segment * problem.segments());
        for (row, of_sample) in rows.zip(of_samples) {
            for of_unit in of_sample.chunks_exact(sizes.segment) {
                row.iter_mut().zip(of_unit).for_each(|(row, sum)| row.merge(sum));
            }
        }
        Ok(swept)
    }
}

struct Job<'j, 'p, T: Real, A: Accumulator> {
    problem: &'j Problem<'p, T, A>,
    purpose: Purpose,
    sizes: Sizes,
    shared: SharedStorage<'j, T>,
    places: Option<&'j Places<'j, T>>,
}

impl<T: Real, A: Accumulator> Job<'_, '_, T, A> {
    /// Runs units in `parts` parts, with storage for each. `sums` holds a row a unit, or is empty.
    fn divide(
        &self,
        units: Range<usize>,
        parts: usize,
        partials: &mut [Partial<T>],
        weights: &mut [[T; TILE]],
        sums: &mut [A],
    ) -> Result<Swept, Error> {
        if parts < 2 {
            return self.run(units, partials, weights, sums);
        }
        let half = parts / 2;
        let middle = units.start + units.len() * half / parts;
        let rows = if sums.is_empty() { 0 } else { (middle - units.start) * self.sizes.segment };
        let (partials, later_partials) = partials.split_at_mut(half * self.sizes.partials);
        let (weights, later_weights) = weights.split_at_mut(half * self.sizes.most_weights());
        let (sums, later_sums) = sums.split_at_mut(rows);
        let (first, second) = rayon::join(
            || self.divide(units.start..middle, half, partials, weights, sums),
            || {
                let later = middle..units.end;
                self.divide(later, parts - half, later_partials, later_weights, later_sums)
            },
        );
        Ok(first?.and(second?))
    }

    fn run(
        &self,
        units: Range<usize>,
        partials: &mut [Partial<T>],
        weights: &mut [[T; TILE]],
        sums: &mut [A],
    ) -> Result<Swept, Error> {
        let mut swept = Swept::NOTHING;
        let mut own = UnitStorage { partials, weights };
        let mut rows = sums.chunks_exact_mut(self.sizes.segment);
        for unit in units {
            let row = rows.next();
            // SAFETY: every unit is run once, and a unit writes no other unit's pixels.
            let mut part = self.places.map(|places| unsafe { places.part() });
            let sink = part.as_mut().map(|part| part as &mut dyn GradientSink<T>);
            let (problem, purpose) = (self.problem, self.purpose);
            let own = problem.sweep_unit(unit, &self.shared, &mut own, purpose, row, sink)?;
            swept = swept.and(own);
        }
        Ok(swept)
    }
}

/// The memory of a gradient while it is written, by several threads or by one, whatever its elements are
/// stored as: sweeps are compiled for this alone.
pub(crate) struct Places<'g, T> {
    data: *mut (),
    layout: Layout,
    /// Whether elements are stored as they are computed.
    is_computed: bool,
    put: Put<T>,
    borrowed: PhantomData<&'g mut [T]>,
}

/// Writes some pixels ([`GradientSink::put`]).
type Put<T> = unsafe fn(*mut (), &Layout, (usize, usize, usize), &[T], Write);

// SAFETY: what it does with the memory is up to `Places::part`; elements may be written on any thread.
unsafe impl<T: Send> Sync for Places<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Places<'_, T> {}

impl<'g, T: Real> Places<'g, T> {
    /// # Errors
    /// [`Error::Extent`] for a sink whose elements are fewer than its layout says, or are not its alone;
    /// [`Error::Overlap`] for one whose layout gives two pixels one place. (A sink may be anyone's.)
    pub(crate) fn new(sink: &'g mut dyn GradientSink<T>) -> Result<Self, Error> {
        let layout = *sink.layout();
        match sink.elements() {
            Some(Elements::Computed(own)) => Places::of(own, layout, put_computed::<T>, true),
            #[cfg(feature = "half")]
            Some(Elements::F16(own)) => Places::of(own, layout, put_halves::<T, half::f16>, false),
            #[cfg(feature = "half")]
            Some(Elements::Bf16(own)) => {
                Places::of(own, layout, put_halves::<T, half::bf16>, false)
            }
            // Or of a storage that this crate is built without.
            _ => {
                let (shape, strides) = (*layout.shape(), *layout.strides());
                Err(Error::Extent { shape, strides, length: 0 })
            }
        }
    }

    /// `put` writes elements of type `E`; `is_computed` says that they are `T`.
    fn of<E>(
        own: &'g mut [E],
        layout: Layout,
        put: Put<T>,
        is_computed: bool,
    ) -> Result<Self, Error> {
        ViewMut::new(&mut *own, layout)?;
        Ok(Places {
            data: own.as_mut_ptr().cast(),
            layout,
            is_computed,
            put,
            borrowed: PhantomData,
        })
    }

    /// A way to write some pixels.
    ///
    /// # Safety
    /// While the part lives, nothing else reads or writes the elements of the pixels it writes.
    unsafe fn part(&self) -> Part<'_, T> {
        Part(self)
    }
}

/// The pixels that one unit writes.
struct Part<'p, T>(&'p Places<'p, T>);

impl<T: Real> GradientSink<T> for Part<'_, T> {
    fn layout(&self) -> &Layout {
        &self.0.layout
    }

    fn run(
        &mut self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
    ) -> Option<&mut [T]> {
        let layout = &self.0.layout;
        if !self.0.is_computed || layout.pixel_stride() != Some(1) {
            return None;
        }
        let first = checked(layout, layout.index(sample, channel, pixel), count);
        // SAFETY: elements are stored as `T`; `checked` keeps these within the memory, and they are this
        // part's alone.
        Some(unsafe { core::slice::from_raw_parts_mut(self.0.data.cast::<T>().add(first), count) })
    }

    fn put(&mut self, at: (usize, usize, usize), count: usize, tile: &[T; TILE], write: Write) {
        // SAFETY: the elements are of the type that `put` is for, laid out so, and this part's alone.
        unsafe { (self.0.put)(self.0.data, &self.0.layout, at, &tile[..count], write) };
    }

    fn elements(&mut self) -> Option<Elements<'_, T>> {
        None
    }
}

/// Writes gradients to elements stored as they are computed.
///
/// # Safety
/// `data` points to elements laid out so, and nothing else uses those of these pixels.
unsafe fn put_computed<T: Real>(
    data: *mut (),
    layout: &Layout,
    at: (usize, usize, usize),
    gradients: &[T],
    write: Write,
) {
    let add = |place: &mut T, gradient: T| *place += gradient;
    // SAFETY: the caller's word.
    unsafe {
        put(data, layout, at, gradients, write, |to, own: &mut [T]| own.copy_from_slice(to), add)
    };
}

/// Writes gradients to elements stored in 16 bits.
///
/// # Safety
/// `data` points to elements laid out so, and nothing else uses those of these pixels.
#[cfg(feature = "half")]
unsafe fn put_halves<T: Real, E: Logit<Compute = f32>>(
    data: *mut (),
    layout: &Layout,
    at: (usize, usize, usize),
    gradients: &[T],
    write: Write,
) {
    let store = |gradients: &[T], own: &mut [E]| {
        let mut narrow = [0f32; TILE];
        let narrow = &mut narrow[..own.len()];
        narrow.iter_mut().zip(gradients).for_each(|(to, gradient)| *to = gradient.narrow());
        E::store_all(narrow, own);
    };
    let add = |place: &mut E, gradient: T| *place = E::store(place.load() + gradient.narrow());
    // SAFETY: the caller's word.
    unsafe { put(data, layout, at, gradients, write, store, add) };
}

/// Writes gradients of adjacent pixels to elements stored as `E`: with `store` several, or with `add` to one.
///
/// # Safety
/// `data` points to elements laid out so, and nothing else uses those of these pixels.
unsafe fn put<T: Real, E>(
    data: *mut (),
    layout: &Layout,
    (sample, channel, pixel): (usize, usize, usize),
    gradients: &[T],
    write: Write,
    store: impl Fn(&[T], &mut [E]),
    add: impl Fn(&mut E, T),
) {
    let count = gradients.len();
    if layout.pixel_stride() == Some(1) && write == Write::Overwrite {
        let first = checked(layout, layout.index(sample, channel, pixel), count);
        // SAFETY: `checked` keeps the elements within the memory, and the caller's word.
        let places = unsafe { core::slice::from_raw_parts_mut(data.cast::<E>().add(first), count) };
        return store(gradients, places);
    }
    layout.scan(sample, channel, pixel, count, |i, at| {
        let at = checked(layout, at, 1);
        // SAFETY: `checked` keeps the element within the memory, and the caller's word.
        let place = unsafe { &mut *data.cast::<E>().add(at) };
        match write {
            Write::Overwrite => store(&gradients[i..=i], core::slice::from_mut(place)),
            Write::Accumulate => add(place, gradients[i]),
        }
    });
}

/// `first`, if `count` elements from there on are within the memory.
#[inline(always)]
fn checked(layout: &Layout, first: usize, count: usize) -> usize {
    let span = layout.span();
    assert!(first <= span && count <= span - first, "a pixel outside the gradient");
    first
}
