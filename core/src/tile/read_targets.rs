//! Targets read and checked as they are stored, a tile at a time.
//!
//! Loops are compiled for the few storages that targets are [read as](Wide). Others are widened first, a tile or a block
//! at a time; where several labels are ignored, all of them become the first, so that loops compare with one.

use super::targets::{Leaves, OfStorage, ReadTargets, TargetKernels, read_some};
use crate::lanes::Real;
use crate::summation::{BLOCK, TILE};
use crate::view::{Bad, Mask, Number, Target, Targets, View, Wide, each_view, stored_labels};

/// A tile's place, and where its targets go.
#[derive(Debug)]
pub(crate) struct TargetTile<'t, T> {
    /// Shares or labels.
    pub y: &'t mut [T; TILE],
    /// 1 where a pixel counts, 0 where it does not.
    pub valid: &'t mut [T; TILE],
}

/// Adjacent targets of one sample and channel, whose storage has been looked up once.
pub(crate) enum TargetRun<'a, T> {
    U8(RunOf<'a, u8, T>),
    I32(RunOf<'a, i32, T>),
    I64(RunOf<'a, i64, T>),
    F32(RunOf<'a, f32, T>),
    F64(RunOf<'a, f64, T>),
}

/// A run of targets of one storage.
pub(crate) struct RunOf<'a, E, T> {
    stored: &'a [E],
    ignored: Option<E>,
    read: ReadTargets<E, T>,
}

impl<T: Real> TargetRun<'_, T> {
    /// Reads `count` targets from the `first` on; returns whether all of the tile counts, `valid` being
    /// untouched if so.
    #[inline]
    pub(crate) fn read(
        &self,
        first: usize,
        count: usize,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        macro_rules! read {
            ($run:expr) => {
                read_some($run.read, &$run.stored[first..first + count], $run.ignored, y, valid)
            };
        }
        match self {
            TargetRun::U8(run) => read!(run),
            TargetRun::I32(run) => read!(run),
            TargetRun::I64(run) => read!(run),
            TargetRun::F32(run) => read!(run),
            TargetRun::F64(run) => read!(run),
        }
    }
}

/// The number that stands for foreground in a mask of integers: none before one is found.
///
/// One for all of a call's targets, so that 0 and 1 in one sample and 0 and 255 in another are told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Foreground(Option<i64>);

// What chooses a storage is a function of its own, because it is large and called from many places.
impl Targets<'_> {
    /// Reads the shares of `count` pixels, and 1 or 0 to `valid` (0 at `ignored` labels and past `count`).
    /// Returns whether all of the tile is valid; `valid` is untouched if so.
    #[inline(never)]
    pub(crate) fn shares<T: Real>(
        &self,
        kernels: &TargetKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        ignored: &[i64],
        into: TargetTile<'_, T>,
    ) -> bool {
        each_view!(self, view => {
            view.tile(at, count, ignored, view.leaves(kernels).shares, Target::widen_share, into)
        })
    }

    /// Reads labels, as [`Targets::shares`] reads shares.
    #[inline(never)]
    pub(crate) fn labels<T: Real>(
        &self,
        kernels: &TargetKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        ignored: &[i64],
        into: TargetTile<'_, T>,
    ) -> bool {
        each_view!(self, view => {
            view.tile(at, count, ignored, view.leaves(kernels).labels, Target::widen, into)
        })
    }

    /// Returns the shares of `count` pixels of one sample and channel, if they are adjacent, stored as they are read,
    /// and at most one label is ignored.
    pub(crate) fn share_run<T>(
        &self,
        kernels: &TargetKernels<T>,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        ignored: &[i64],
    ) -> Option<TargetRun<'_, T>> {
        if self.layout().pixel_stride() != Some(1) || ignored.len() > 1 {
            return None;
        }
        let first = self.layout().index(sample, channel, pixel);
        macro_rules! run {
            ($view:expr, $own:expr, $variant:ident) => {{
                let stored = &$view.data[first..first + count];
                let ignored = stored_labels(ignored).next();
                Some(TargetRun::$variant(RunOf { stored, ignored, read: $own.shares }))
            }};
        }
        match self {
            Targets::U8(view) => run!(view, kernels.u8, U8),
            Targets::I32(view) => run!(view, kernels.i32, I32),
            Targets::I64(view) => run!(view, kernels.i64, I64),
            Targets::F32(view) => run!(view, kernels.f32, F32),
            Targets::F64(view) => run!(view, kernels.f64, F64),
            _ => None,
        }
    }

    /// Counts the valid pixels among shares of one sample and channel: neither ignored nor left out by
    /// `mask`. A mask of integers keeps to `foreground`, which is set by the first number that is not 0.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no share.
    #[inline(never)]
    pub(crate) fn check_shares<T>(
        &self,
        kernels: &TargetKernels<T>,
        (sample, channel): (usize, usize),
        ignored: &[i64],
        mask: Option<&Mask<'_>>,
        foreground: &mut Foreground,
    ) -> Result<u64, Bad> {
        each_view!(self, view => {
            view.check_shares(view.leaves(kernels), (sample, channel), ignored, mask, foreground)
        })
    }

    /// Counts the valid pixels among labels of one sample.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no label.
    #[inline(never)]
    pub(crate) fn check_labels<T>(
        &self,
        kernels: &TargetKernels<T>,
        sample: usize,
        classes: u32,
        ignored: &[i64],
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each_view!(self, view => {
            view.check_labels(view.leaves(kernels), sample, classes, ignored, mask)
        })
    }
}

/// The labels that are ignored, as a storage holds them and in what it is read as.
struct IgnoredAs<'a, E: Target> {
    first: Option<E>,
    /// Those that a storage holds besides.
    more: &'a [i64],
    several: bool,
}

impl<'a, E: Target> IgnoredAs<'a, E> {
    #[inline(always)]
    fn of(labels: &'a [i64]) -> Self {
        let mut stored = stored_labels::<E>(labels);
        let first = stored.next();
        IgnoredAs { first, more: labels, several: stored.next().is_some() }
    }

    /// Whether a target is ignored.
    fn contains(&self, e: E) -> bool {
        Some(e) == self.first
            || (self.several && stored_labels(self.more).any(|label: E| label == e))
    }

    /// The first of them, in what it is read as.
    fn wide(&self) -> Option<E::Wide> {
        self.first.map(E::widen)
    }

    /// A target in what it is read as: the first of those that are ignored instead of another.
    #[inline(always)]
    fn widen(&self, e: E, widen: fn(E) -> E::Wide) -> E::Wide {
        match self.first {
            Some(first) if self.several && self.contains(e) => first.widen(),
            Some(first) if e == first => first.widen(),
            _ => widen(e),
        }
    }
}

impl<E: Target> View<'_, E> {
    /// Returns the leaves of what these targets are read as.
    #[inline(always)]
    fn leaves<'k, T>(&self, kernels: &'k TargetKernels<T>) -> &'k OfStorage<E::Wide, T>
    where
        E::Wide: Leaves,
    {
        E::Wide::of(kernels)
    }

    fn tile<T: Real>(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        ignored: &[i64],
        read: ReadTargets<E::Wide, T>,
        widen: fn(E) -> E::Wide,
        TargetTile { y, valid }: TargetTile<'_, T>,
    ) -> bool {
        let ignored = IgnoredAs::<E>::of(ignored);
        let first = self.layout.index(sample, channel, pixel);
        if self.layout.pixel_stride() == Some(1)
            && !ignored.several
            && let Some(stored) = E::as_wide(&self.data[first..first + count])
        {
            return read_some(read, stored, ignored.wide(), y, valid);
        }
        let mut gathered = [E::Wide::ZERO; TILE];
        self.gather((sample, channel, pixel), &ignored, widen, &mut gathered[..count]);
        read_some(read, &gathered[..count], ignored.wide(), y, valid)
    }

    /// Writes pixels of one sample and channel, in what they are read as.
    fn gather(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        ignored: &IgnoredAs<'_, E>,
        widen: fn(E) -> E::Wide,
        into: &mut [E::Wide],
    ) {
        let count = into.len();
        let each = |i: usize, at: usize| into[i] = ignored.widen(self.data[at], widen);
        self.layout.scan(sample, channel, pixel, count, each);
    }

    fn check_shares<T>(
        &self,
        leaves: &OfStorage<E::Wide, T>,
        plane: (usize, usize),
        ignored: &[i64],
        mask: Option<&Mask<'_>>,
        foreground: &mut Foreground,
    ) -> Result<u64, Bad> {
        let mut own = foreground.0.and_then(E::Wide::from_label).unwrap_or(E::Wide::ZERO);
        let check = |stored: &[E::Wide], ignored, counts: Option<&[bool]>| {
            if let Some(kept) = (leaves.check_shares)(stored, own, ignored, counts) {
                return Ok(kept);
            }
            // The first that does not fit stands for foreground, if nothing did before and it can.
            let at = first_bad(stored, ignored, counts, |e| e.is_share(own));
            if own != E::Wide::ZERO || !stored[at].is_foreground() {
                return Err(at);
            }
            own = stored[at];
            let kept = (leaves.check_shares)(stored, own, ignored, counts);
            kept.ok_or_else(|| first_bad(stored, ignored, counts, |e| e.is_share(own)))
        };
        let checked = self.check(plane, ignored, mask, E::widen_share, check);
        if own != E::Wide::ZERO {
            foreground.0 = own.integer();
        }
        checked.map_err(|(pixel, target)| {
            let foreground = (own != E::Wide::ZERO).then(|| own.number());
            Bad { pixel, target, foreground }
        })
    }

    fn check_labels<T>(
        &self,
        leaves: &OfStorage<E::Wide, T>,
        sample: usize,
        classes: u32,
        ignored: &[i64],
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        let check = |stored: &[E::Wide], ignored, counts: Option<&[bool]>| {
            let kept = (leaves.check_labels)(stored, classes, ignored, counts);
            kept.ok_or_else(|| first_bad(stored, ignored, counts, |e| e.is_label(classes)))
        };
        let checked = self.check((sample, 0), ignored, mask, E::widen, check);
        checked.map_err(|(pixel, target)| Bad { pixel, target, foreground: None })
    }

    /// Adds up what `check` counts in blocks of pixels, or gives the first that it finds bad.
    fn check(
        &self,
        (sample, channel): (usize, usize),
        ignored: &[i64],
        mask: Option<&Mask<'_>>,
        widen: fn(E) -> E::Wide,
        mut check: impl FnMut(&[E::Wide], Option<E::Wide>, Option<&[bool]>) -> Result<u32, usize>,
    ) -> Result<u64, (usize, Number)> {
        let pixels = self.layout.shape().pixels();
        let ignored = IgnoredAs::<E>::of(ignored);
        let is_direct = self.layout.pixel_stride() == Some(1) && !ignored.several;
        let mut valid = 0u64;
        let mut counts = [true; BLOCK];
        for from in (0..pixels).step_by(BLOCK) {
            let count = BLOCK.min(pixels - from);
            let at = (sample, channel, from);
            if let Some(mask) = mask {
                mask.read(at, count, &mut counts);
            }
            let first = self.layout.index(sample, channel, from);
            let direct =
                if is_direct { E::as_wide(&self.data[first..first + count]) } else { None };
            let mut gathered;
            let stored = match direct {
                Some(stored) => stored,
                None => {
                    gathered = [E::Wide::ZERO; BLOCK];
                    self.gather(at, &ignored, widen, &mut gathered[..count]);
                    &gathered[..count]
                }
            };
            let kept = check(stored, ignored.wide(), mask.map(|_| &counts[..count]));
            let kept = kept.map_err(|bad| {
                let at = self.layout.index(sample, channel, from + bad);
                (from + bad, self.data[at].number())
            })?;
            valid += u64::from(kept);
        }
        Ok(valid)
    }
}

/// Returns the first of targets that counts and does not fit.
#[cold]
fn first_bad<E: Wide>(
    stored: &[E],
    ignored: Option<E>,
    counts: Option<&[bool]>,
    fits: impl Fn(E) -> bool,
) -> usize {
    let counts = |i: usize| counts.is_none_or(|counts| counts[i]);
    let bad = |&i: &usize| counts(i) && !fits(stored[i]) && Some(stored[i]) != ignored;
    (0..stored.len()).find(bad).unwrap_or_default()
}
