//! Leaves that read targets as they are stored: adjacent elements in, numbers of the computing format out.

use crate::lanes::Real;
use crate::level::{Kernel, Level, Scalar, enter};
use crate::summation::TILE;
use crate::view::Wide;

/// Reads a tile of targets and marks what counts, 1 or 0: not what equals the second argument. If nothing can be
/// ignored, what would be marked is untouched.
pub(crate) type ReadTargets<E, T> =
    fn(&[E; TILE], Option<E>, &mut [T; TILE], &mut [T; TILE]) -> Found;

/// What is found of a tile of targets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Whether all of it counts.
    pub all_count: bool,
    /// Whether all shares are 0 or 1, those that do not count too.
    pub all_hard: bool,
    /// Whether all shares that count are some: floats from 0 to 1, or a few rounding steps outside.
    pub all_fit: bool,
}

impl Found {
    /// What is found of no targets.
    pub(crate) const OF_NONE: Self = Found { all_count: true, all_hard: true, all_fit: true };

    /// What is found of two tiles together.
    pub(crate) fn and(self, other: Self) -> Self {
        Found {
            all_count: self.all_count && other.all_count,
            all_hard: self.all_hard && other.all_hard,
            all_fit: self.all_fit && other.all_fit,
        }
    }
}

/// The leaves for targets of one storage.
pub(crate) struct OfStorage<E, T> {
    pub shares: ReadTargets<E, T>,
    pub labels: ReadTargets<E, T>,
}

/// A storage that has leaves.
pub(crate) trait Leaves: Wide {
    /// Returns those of it.
    fn of<T>(kernels: &TargetKernels<T>) -> &OfStorage<Self, T>;
}

macro_rules! leaves {
    ($($wide:ident),*) => {$(
        impl Leaves for $wide {
            #[inline(always)]
            fn of<T>(kernels: &TargetKernels<T>) -> &OfStorage<Self, T> {
                &kernels.$wide
            }
        }
    )*};
}
leaves!(u8, i32, i64, f32, f64);

/// The leaves for targets of every storage that targets are read as.
pub(crate) struct TargetKernels<T> {
    pub u8: OfStorage<u8, T>,
    pub i32: OfStorage<i32, T>,
    pub i64: OfStorage<i64, T>,
    pub f32: OfStorage<f32, T>,
    pub f64: OfStorage<f64, T>,
}

impl<T: Real> TargetKernels<T> {
    /// Returns plain scalar code, for what is off the hot path.
    pub fn scalar() -> &'static Self {
        const { &TargetKernels::new::<Scalar>() }
    }

    pub const fn new<Lv: Level>() -> Self {
        TargetKernels {
            u8: OfStorage::new::<Lv>(),
            i32: OfStorage::new::<Lv>(),
            i64: OfStorage::new::<Lv>(),
            f32: OfStorage::new::<Lv>(),
            f64: OfStorage::new::<Lv>(),
        }
    }
}

impl<E: Wide, T: Real> OfStorage<E, T> {
    const fn new<Lv: Level>() -> Self {
        OfStorage {
            shares: |stored, ignored, y, valid| {
                enter::<Lv, _>(Read::<E, T, false> { stored, ignored, y, valid })
            },
            labels: |stored, ignored, y, valid| {
                enter::<Lv, _>(Read::<E, T, true> { stored, ignored, y, valid })
            },
        }
    }
}

/// Reads up to a tile of targets with a leaf for whole ones; past the last nothing counts.
#[inline]
pub(crate) fn read_some<E: Wide, T: Real>(
    read: ReadTargets<E, T>,
    stored: &[E],
    ignored: Option<E>,
    y: &mut [T; TILE],
    valid: &mut [T; TILE],
) -> Found {
    if let Ok(whole) = stored.try_into() {
        return read(whole, ignored, y, valid);
    }
    Found { all_count: false, ..read_part(read, stored, ignored, y, valid) }
}

/// Reads fewer targets than a tile has, after a copy that goes on with the last.
#[inline(never)]
fn read_part<E: Wide, T: Real>(
    read: ReadTargets<E, T>,
    stored: &[E],
    ignored: Option<E>,
    y: &mut [T; TILE],
    valid: &mut [T; TILE],
) -> Found {
    let Some(&last) = stored.last() else {
        valid.fill(T::splat(0.0));
        return Found { all_count: false, all_hard: false, all_fit: true };
    };
    let mut whole = [last; TILE];
    whole[..stored.len()].copy_from_slice(stored);
    valid.fill(T::splat(1.0));
    let found = read(&whole, ignored, y, valid);
    valid[stored.len()..].fill(T::splat(0.0));
    found
}

struct Read<'t, E, T, const LABELS: bool> {
    stored: &'t [E; TILE],
    ignored: Option<E>,
    y: &'t mut [T; TILE],
    valid: &'t mut [T; TILE],
}

impl<E: Wide, T: Real, const LABELS: bool> Kernel for Read<'_, E, T, LABELS> {
    type Output = Found;

    #[inline(always)]
    fn run<Lv: Level>(self) -> Found {
        read::<E, T, LABELS>(self.stored, self.ignored, self.y, self.valid)
    }
}

#[inline(always)]
fn read<E: Wide, T: Real, const LABELS: bool>(
    stored: &[E; TILE],
    ignored: Option<E>,
    y: &mut [T; TILE],
    valid: &mut [T; TILE],
) -> Found {
    let (zero, one) = (T::splat(0.0), T::splat(1.0));
    let read = |e: E| if LABELS { e.label() } else { e.share() };
    // Integers need no look: that is how they are read.
    let is_hard = |y: T| E::IS_INTEGER || (y == zero) | (y == one);
    let fits = |e: E| LABELS || E::IS_INTEGER || e.is_share(E::ZERO);
    let (mut all_hard, mut all_fit) = (!LABELS, true);
    let Some(ignored) = ignored else {
        for (y, &e) in y.iter_mut().zip(stored) {
            *y = read(e);
            all_hard &= is_hard(*y);
            all_fit &= fits(e);
        }
        return Found { all_count: true, all_hard, all_fit };
    };
    let mut kept = 0u32;
    for ((y, valid), &e) in y.iter_mut().zip(valid.iter_mut()).zip(stored) {
        let keep = e != ignored;
        *y = if keep { read(e) } else { zero };
        *valid = if keep { one } else { zero };
        all_hard &= is_hard(*y);
        all_fit &= !keep | fits(e);
        kept += u32::from(keep);
    }
    Found { all_count: kept as usize == TILE, all_hard, all_fit }
}
