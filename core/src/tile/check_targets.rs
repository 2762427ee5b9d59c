//! Targets checked as they are stored, a block at a time.
//!
//! Leaves are compiled for the few storages that targets are [read as](Wide), and so are the loops over blocks: what is
//! stored otherwise comes to them through an object ([`Blocks`]).

use super::read_targets::Widened;
use crate::level::{Kernel, Level, Scalar, enter};
use crate::summation::BLOCK;
use crate::view::{Bad, Layout, Mask, Number, Target, Targets, Wide, each_view};

/// Counts the targets that count: not ignored, and true in the last argument. None if one of those is no share of a
/// mask with this foreground.
type CheckShares<W> = fn(&[W], W, Option<W>, Option<&[bool]>) -> Option<u32>;

/// Counts the targets that count: not ignored, and true in the last argument. None if one of those is no label
/// of so many classes.
type CheckLabels<W> = fn(&[W], u32, Option<W>, Option<&[bool]>) -> Option<u32>;

/// The leaves for targets of one storage.
pub(crate) struct ChecksOf<W> {
    shares: CheckShares<W>,
    labels: CheckLabels<W>,
}

/// The leaves for targets of every storage that targets are read as.
pub(crate) struct CheckKernels {
    u8: ChecksOf<u8>,
    i32: ChecksOf<i32>,
    i64: ChecksOf<i64>,
    f32: ChecksOf<f32>,
    f64: ChecksOf<f64>,
}

impl CheckKernels {
    /// Returns plain scalar code, for what is off the hot path.
    pub fn scalar() -> &'static Self {
        const { &CheckKernels::new::<Scalar>() }
    }

    pub const fn new<Lv: Level>() -> Self {
        CheckKernels {
            u8: ChecksOf::new::<Lv>(),
            i32: ChecksOf::new::<Lv>(),
            i64: ChecksOf::new::<Lv>(),
            f32: ChecksOf::new::<Lv>(),
            f64: ChecksOf::new::<Lv>(),
        }
    }
}

impl<W: Wide> ChecksOf<W> {
    const fn new<Lv: Level>() -> Self {
        ChecksOf {
            shares: |stored, foreground, ignored, counts| {
                enter::<Lv, _>(Check { stored, ignored, counts, expected: Shares { foreground } })
            },
            labels: |stored, classes, ignored, counts| {
                enter::<Lv, _>(Check { stored, ignored, counts, expected: Classes { classes } })
            },
        }
    }
}

/// A storage that has leaves.
trait Checked: Wide {
    /// Returns those of it.
    fn of(kernels: &CheckKernels) -> &ChecksOf<Self>;
}

macro_rules! checked {
    ($($wide:ident),*) => {$(
        impl Checked for $wide {
            fn of(kernels: &CheckKernels) -> &ChecksOf<Self> {
                &kernels.$wide
            }
        }
    )*};
}
checked!(u8, i32, i64, f32, f64);

/// What targets are to be.
trait Expected<E> {
    fn fits(&self, target: E) -> bool;
}

struct Shares<E> {
    foreground: E,
}

impl<E: Wide> Expected<E> for Shares<E> {
    #[inline(always)]
    fn fits(&self, target: E) -> bool {
        target.is_share(self.foreground)
    }
}

struct Classes {
    classes: u32,
}

impl<E: Wide> Expected<E> for Classes {
    #[inline(always)]
    fn fits(&self, target: E) -> bool {
        target.is_label(self.classes)
    }
}

struct Check<'t, E, X> {
    stored: &'t [E],
    ignored: Option<E>,
    counts: Option<&'t [bool]>,
    expected: X,
}

impl<E: Wide, X: Expected<E>> Kernel for Check<'_, E, X> {
    type Output = Option<u32>;

    #[inline(always)]
    fn run<Lv: Level>(self) -> Option<u32> {
        let Check { stored, ignored, counts, expected } = self;
        if let (None, None) = (ignored, counts) {
            // Counting takes longer than looking.
            let good = stored.iter().fold(true, |good, &e| good & expected.fits(e));
            return good.then_some(stored.len() as u32);
        }
        let is_ignored = |e: E| ignored.is_some_and(|ignored| e == ignored);
        let (mut kept, mut good) = (0u32, true);
        let mut see = |e: E, counts: bool| {
            let ignored = is_ignored(e) | !counts;
            kept += u32::from(!ignored);
            good &= ignored | expected.fits(e);
        };
        match counts {
            None => stored.iter().for_each(|&e| see(e, true)),
            Some(counts) => stored.iter().zip(counts).for_each(|(&e, &counts)| see(e, counts)),
        }
        good.then_some(kept)
    }
}

/// The number that stands for foreground in a mask of integers: none before one is found.
///
/// One for all of a call's targets, so that 0 and 1 in one sample and 0 and 255 in another are told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Foreground(Option<i64>);

impl Targets<'_> {
    /// Counts the valid pixels among shares of one sample and channel: neither ignored nor left out by
    /// `mask`. A mask of integers keeps to `foreground`, which is set by the first number that is not 0.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no share.
    pub(crate) fn check_shares(
        &self,
        kernels: &CheckKernels,
        plane: (usize, usize),
        ignored: &[i64],
        mask: Option<&Mask<'_>>,
        foreground: &mut Foreground,
    ) -> Result<u64, Bad> {
        each_view!(self, view => {
            check_shares(kernels, &Widened::shares(view, ignored), plane, mask, foreground)
        })
    }

    /// Counts the valid pixels among labels of one sample.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no label.
    pub(crate) fn check_labels(
        &self,
        kernels: &CheckKernels,
        sample: usize,
        classes: u32,
        ignored: &[i64],
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each_view!(self, view => {
            check_labels(kernels, &Widened::labels(view, ignored), sample, classes, mask)
        })
    }
}

/// Blocks of targets in what they are read as.
trait Blocks<W> {
    /// The targets' layout.
    fn layout(&self) -> &Layout;
    /// The label that is ignored.
    fn ignored(&self) -> Option<W>;
    /// Returns pixels of one sample and channel without a copy, if they lie so.
    fn adjacent(&self, at: (usize, usize, usize), count: usize) -> Option<&[W]>;
    /// Copies pixels of one sample and channel.
    fn gather(&self, at: (usize, usize, usize), into: &mut [W]);
    /// Returns a target as it is stored.
    fn number(&self, at: (usize, usize, usize)) -> Number;
}

impl<E: Target> Blocks<E::Wide> for Widened<'_, E> {
    fn layout(&self) -> &Layout {
        self.view().layout()
    }

    fn ignored(&self) -> Option<E::Wide> {
        Widened::ignored(self)
    }

    fn adjacent(&self, at: (usize, usize, usize), count: usize) -> Option<&[E::Wide]> {
        Widened::adjacent(self, at, count)
    }

    fn gather(&self, at: (usize, usize, usize), into: &mut [E::Wide]) {
        Widened::gather(self, at, into);
    }

    fn number(&self, (sample, channel, pixel): (usize, usize, usize)) -> Number {
        let at = self.layout().index(sample, channel, pixel);
        self.view().data()[at].number()
    }
}

#[inline(never)]
fn check_shares<W: Checked>(
    kernels: &CheckKernels,
    blocks: &dyn Blocks<W>,
    plane: (usize, usize),
    mask: Option<&Mask<'_>>,
    foreground: &mut Foreground,
) -> Result<u64, Bad> {
    let leaf = W::of(kernels).shares;
    let mut own = foreground.0.and_then(W::from_label).unwrap_or(W::ZERO);
    let checked = check(blocks, plane, mask, |stored, ignored, counts| {
        if let Some(kept) = leaf(stored, own, ignored, counts) {
            return Ok(kept);
        }
        // The first that does not fit stands for foreground, if nothing did before and it can.
        let at = first_bad(stored, ignored, counts, |target| target.is_share(own));
        if own != W::ZERO || !stored[at].is_foreground() {
            return Err(at);
        }
        own = stored[at];
        let kept = leaf(stored, own, ignored, counts);
        kept.ok_or_else(|| first_bad(stored, ignored, counts, |target| target.is_share(own)))
    });
    if own != W::ZERO {
        foreground.0 = own.integer();
    }
    checked.map_err(|(pixel, target)| {
        let foreground = (own != W::ZERO).then(|| own.number());
        Bad { pixel, target, foreground }
    })
}

#[inline(never)]
fn check_labels<W: Checked>(
    kernels: &CheckKernels,
    blocks: &dyn Blocks<W>,
    sample: usize,
    classes: u32,
    mask: Option<&Mask<'_>>,
) -> Result<u64, Bad> {
    let leaf = W::of(kernels).labels;
    let checked = check(blocks, (sample, 0), mask, |stored, ignored, counts| {
        let kept = leaf(stored, classes, ignored, counts);
        kept.ok_or_else(|| first_bad(stored, ignored, counts, |target| target.is_label(classes)))
    });
    checked.map_err(|(pixel, target)| Bad { pixel, target, foreground: None })
}

/// Adds up what `check` counts in blocks of pixels, or gives the first that it finds bad.
fn check<W: Wide>(
    blocks: &dyn Blocks<W>,
    (sample, channel): (usize, usize),
    mask: Option<&Mask<'_>>,
    mut check: impl FnMut(&[W], Option<W>, Option<&[bool]>) -> Result<u32, usize>,
) -> Result<u64, (usize, Number)> {
    let pixels = blocks.layout().shape().pixels();
    let mut valid = 0u64;
    let mut counts = [true; BLOCK];
    for from in (0..pixels).step_by(BLOCK) {
        let count = BLOCK.min(pixels - from);
        let at = (sample, channel, from);
        if let Some(mask) = mask {
            mask.read(at, count, &mut counts);
        }
        let mut gathered;
        let stored = match blocks.adjacent(at, count) {
            Some(stored) => stored,
            None => {
                gathered = [W::ZERO; BLOCK];
                blocks.gather(at, &mut gathered[..count]);
                &gathered[..count]
            }
        };
        let kept = check(stored, blocks.ignored(), mask.map(|_| &counts[..count]));
        let kept =
            kept.map_err(|bad| (from + bad, blocks.number((sample, channel, from + bad))))?;
        valid += u64::from(kept);
    }
    Ok(valid)
}

/// Returns the first of targets that counts and does not fit.
#[cold]
fn first_bad<W: Wide>(
    stored: &[W],
    ignored: Option<W>,
    counts: Option<&[bool]>,
    fits: impl Fn(W) -> bool,
) -> usize {
    let counts = |i: usize| counts.is_none_or(|counts| counts[i]);
    let bad = |&i: &usize| counts(i) && !fits(stored[i]) && Some(stored[i]) != ignored;
    (0..stored.len()).find(bad).unwrap_or_default()
}
