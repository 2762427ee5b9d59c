//! Targets read as they are stored, a tile at a time.
//!
//! Loops are compiled for the few storages that targets are [read as](Wide). Others are widened first, a tile or a block
//! at a time ([`Widened`]); where several labels are ignored, all of them become the first, so that loops compare with one.

use super::targets::{Found, Leaves, OfStorage, ReadTargets, TargetKernels, read_some};
use crate::lanes::Real;
use crate::summation::TILE;
use crate::view::{IgnoredAs, Target, Targets, View, Wide, each_view, stored_labels};

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
    /// Reads `count` targets from the `first` on; `valid` is untouched if all of the tile counts.
    #[inline]
    pub(crate) fn read(
        &self,
        first: usize,
        count: usize,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> Found {
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

// What chooses a storage is a function of its own, because it is large and called from many places.
impl Targets<'_> {
    /// Reads the shares of `count` pixels, and 1 or 0 to `valid` (0 at `ignored` labels and past `count`), which is
    /// untouched if all of the tile counts.
    #[inline(never)]
    pub(crate) fn shares<T: Real>(
        &self,
        kernels: &TargetKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        ignored: &[i64],
        into: TargetTile<'_, T>,
    ) -> Found {
        each_view!(self, view => {
            Widened::shares(view, ignored).tile(at, count, view.leaves(kernels).shares, into)
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
    ) -> Found {
        each_view!(self, view => {
            Widened::labels(view, ignored).tile(at, count, view.leaves(kernels).labels, into)
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
}

/// Targets in what they are read as.
pub(super) struct Widened<'v, E: Target> {
    view: &'v View<'v, E>,
    ignored: IgnoredAs<'v, E>,
    widen: fn(E) -> E::Wide,
}

impl<'v, E: Target> Widened<'v, E> {
    /// Reads shares.
    #[inline(always)]
    pub(super) fn shares(view: &'v View<'_, E>, ignored: &'v [i64]) -> Self {
        Widened { view, ignored: IgnoredAs::of(ignored), widen: E::widen_share }
    }

    /// Reads labels.
    #[inline(always)]
    pub(super) fn labels(view: &'v View<'_, E>, ignored: &'v [i64]) -> Self {
        Widened { view, ignored: IgnoredAs::of(ignored), widen: E::widen }
    }

    /// Returns the view.
    pub(super) fn view(&self) -> &View<'v, E> {
        self.view
    }

    /// Returns the label that is ignored in what is read.
    #[inline(always)]
    pub(super) fn ignored(&self) -> Option<E::Wide> {
        self.ignored.first().map(E::widen)
    }

    /// Returns pixels of one sample and channel without a copy, if they are adjacent and stored so.
    #[inline(always)]
    pub(super) fn adjacent(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
    ) -> Option<&[E::Wide]> {
        let View { data, layout } = self.view;
        if layout.pixel_stride() != Some(1) || self.ignored.several() {
            return None;
        }
        let first = layout.index(sample, channel, pixel);
        E::as_wide(&data[first..first + count])
    }

    /// Writes pixels of one sample and channel.
    pub(super) fn gather(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        into: &mut [E::Wide],
    ) {
        let View { data, layout } = self.view;
        let count = into.len();
        let each = |i: usize, at: usize| into[i] = self.ignored.widen(data[at], self.widen);
        layout.scan(sample, channel, pixel, count, each);
    }

    fn tile<T: Real>(
        &self,
        at: (usize, usize, usize),
        count: usize,
        read: ReadTargets<E::Wide, T>,
        TargetTile { y, valid }: TargetTile<'_, T>,
    ) -> Found {
        if let Some(stored) = self.adjacent(at, count) {
            return read_some(read, stored, self.ignored(), y, valid);
        }
        let mut gathered = [E::Wide::ZERO; TILE];
        self.gather(at, &mut gathered[..count]);
        read_some(read, &gathered[..count], self.ignored(), y, valid)
    }
}
