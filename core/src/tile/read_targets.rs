//! Targets read and checked as they are stored, a tile at a time.

use super::targets::{CheckTargets, ReadTargets, TargetKernels, read_some};
use crate::lanes::Real;
use crate::summation::{BLOCK, TILE};
use crate::view::{Bad, Mask, Target, Targets, View};

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

macro_rules! each {
    ($self:expr, $kernels:expr, |$view:ident, $own:ident| $body:expr) => {
        match $self {
            Targets::U8($view) => {
                let $own = &$kernels.u8;
                $body
            }
            Targets::I32($view) => {
                let $own = &$kernels.i32;
                $body
            }
            Targets::I64($view) => {
                let $own = &$kernels.i64;
                $body
            }
            Targets::F32($view) => {
                let $own = &$kernels.f32;
                $body
            }
            Targets::F64($view) => {
                let $own = &$kernels.f64;
                $body
            }
        }
    };
}

// What chooses a storage is a function of its own, because it is large and called from many places.
impl Targets<'_> {
    /// Reads the shares of `count` pixels, and 1 or 0 to `valid` (0 at `ignore_index` and past `count`).
    /// Returns whether all of the tile is valid; `valid` is untouched if so.
    #[inline(never)]
    pub(crate) fn shares<T: Real>(
        &self,
        kernels: &TargetKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        ignore_index: Option<i64>,
        into: TargetTile<'_, T>,
    ) -> bool {
        each!(self, kernels, |view, own| view.tile(at, count, ignore_index, own.shares, into))
    }

    /// Reads labels, as [`Targets::shares`] reads shares.
    #[inline(never)]
    pub(crate) fn labels<T: Real>(
        &self,
        kernels: &TargetKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        ignore_index: Option<i64>,
        into: TargetTile<'_, T>,
    ) -> bool {
        each!(self, kernels, |view, own| view.tile(at, count, ignore_index, own.labels, into))
    }

    /// Returns the shares of `count` pixels of one sample and channel, if they are adjacent.
    pub(crate) fn share_run<T>(
        &self,
        kernels: &TargetKernels<T>,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        ignore_index: Option<i64>,
    ) -> Option<TargetRun<'_, T>> {
        if self.layout().pixel_stride() != Some(1) {
            return None;
        }
        let first = self.layout().index(sample, channel, pixel);
        macro_rules! run {
            ($view:expr, $own:expr, $variant:ident) => {{
                let stored = &$view.data[first..first + count];
                let ignored = ignore_index.and_then(Target::from_label);
                TargetRun::$variant(RunOf { stored, ignored, read: $own.shares })
            }};
        }
        Some(match self {
            Targets::U8(view) => run!(view, kernels.u8, U8),
            Targets::I32(view) => run!(view, kernels.i32, I32),
            Targets::I64(view) => run!(view, kernels.i64, I64),
            Targets::F32(view) => run!(view, kernels.f32, F32),
            Targets::F64(view) => run!(view, kernels.f64, F64),
        })
    }

    /// Counts the valid pixels among shares of one sample and channel: neither ignored nor left out by
    /// `mask`.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no share.
    #[inline(never)]
    pub(crate) fn check_shares<T>(
        &self,
        kernels: &TargetKernels<T>,
        sample: usize,
        channel: usize,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each!(self, kernels, |view, own| {
            view.check_shares(own.check_shares, (sample, channel), ignore_index, mask)
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
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each!(self, kernels, |view, own| {
            view.check_labels(own.check_labels, sample, classes, ignore_index, mask)
        })
    }
}

impl<E: Target> View<'_, E> {
    fn tile<T: Real>(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        ignore_index: Option<i64>,
        read: ReadTargets<E, T>,
        TargetTile { y, valid }: TargetTile<'_, T>,
    ) -> bool {
        let ignored = ignore_index.and_then(E::from_label);
        let first = self.layout.index(sample, channel, pixel);
        if self.layout.pixel_stride() == Some(1) {
            return read_some(read, &self.data[first..first + count], ignored, y, valid);
        }
        let mut gathered = [self.data[first]; TILE];
        self.load((sample, channel, pixel), &mut gathered[..count]);
        read_some(read, &gathered[..count], ignored, y, valid)
    }

    fn check_shares(
        &self,
        good: CheckTargets<E>,
        (sample, channel): (usize, usize),
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        let ignores = ignore_index.and_then(E::from_label).is_some();
        if E::ALWAYS_A_SHARE && !ignores && mask.is_none() {
            return Ok(self.layout.shape().pixels() as u64);
        }
        self.check(good, (sample, channel), 0, ignore_index, mask, E::is_share)
    }

    fn check_labels(
        &self,
        good: CheckTargets<E>,
        sample: usize,
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        self.check(good, (sample, 0), classes, ignore_index, mask, |e| e.is_label(classes))
    }

    fn check(
        &self,
        good: CheckTargets<E>,
        (sample, channel): (usize, usize),
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
        fits: impl Fn(E) -> bool,
    ) -> Result<u64, Bad> {
        let pixels = self.layout.shape().pixels();
        let ignored = ignore_index.and_then(E::from_label);
        let mut valid = 0u64;
        let mut counts = [true; BLOCK];
        let adjacent = self.layout.pixel_stride() == Some(1);
        for from in (0..pixels).step_by(BLOCK) {
            let count = BLOCK.min(pixels - from);
            let at = (sample, channel, from);
            if let Some(mask) = mask {
                mask.read(at, count, &mut counts);
            }
            let first = self.layout.index(sample, channel, from);
            let mut gathered;
            let stored = if adjacent {
                &self.data[first..first + count]
            } else {
                gathered = [self.data[first]; BLOCK];
                self.load(at, &mut gathered[..count]);
                &gathered[..count]
            };
            let counts = mask.map(|_| &counts[..count]);
            let Some(kept) = good(stored, classes, ignored, counts) else {
                let counts = |i: usize| counts.is_none_or(|counts| counts[i]);
                let bad = |&i: &usize| counts(i) && !fits(stored[i]) && Some(stored[i]) != ignored;
                let i = (0..count).find(bad).unwrap_or_default();
                return Err(Bad { pixel: from + i, target: stored[i].number() });
            };
            valid += u64::from(kept);
        }
        Ok(valid)
    }
}
