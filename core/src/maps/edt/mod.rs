//! Exact Euclidean distance transforms.
//!
//! Each gives every pixel the distance from its centre to the centre of the nearest pixel of some kind.
//! With unit spacing squared distances are exact integers throughout, whatever the size of the image;
//! with a spacing for each axis they are computed in `f64`, within a few units in the last place where no
//! spacing is more than a million times another.
//!
//! Where there is no pixel to measure to, as in a mask of one label, the distance is infinite (the
//! largest integer if squared); SciPy gives the distance to a pixel outside the first corner there.
//! No distance is measured to an ignored pixel, and it has an infinite one itself.
//!
//! | function | distance to |
//! |---|---|
//! | [`distance_to_background`], [`squared_distance_to_background`] | the nearest background pixel, 0 there |
//! | [`distance_to_other`], [`squared_distance_to_other`] | the nearest pixel of another label |
//! | [`signed_distance`] | the same, negative on background |
//!
//! The distance to another label is one transform for all labels together. If pixels are ignored it is one
//! for each label there is.
//!
//! # How
//! Distances along the first axis come from a sweep there and one back; then each axis more is the lower
//! envelope of parabolas along its lines (Meijster, Roerdink and Hesselink, A General Algorithm for
//! Computing Distance Transforms in Linear Time, 2000; Felzenszwalb and Huttenlocher, Distance
//! Transforms of Sampled Functions, 2012). Where distances are below 16, they come from looking 15
//! pixels to both sides in bytes instead. A band of slices at a time goes through all axes while it is in
//! the cache.

mod columns;
mod cost;
mod finish;
pub(crate) mod grid;
pub(crate) mod hull;
mod line;
mod rule;
mod spaced;
mod squeezed;
mod sweep;
pub(crate) mod window;

use core::marker::PhantomData;

use bytemuck::Pod;

pub(crate) use self::cost::Cost;
pub(crate) use self::finish::Finish;
pub use self::finish::Squared;
use self::finish::{AsDistance, AsSigned, AsSquared, Known, Only};
use self::rule::{Rule, ToBackground, ToKnownBackground, ToKnownOther, ToOther};
use self::squeezed::{Numbers, Squeezed};
use self::sweep::Sweep;
use super::labels::has_ignored;
use super::scratch::{Scratch, fits};
use super::{Fork, Labels, MapLevel};
use crate::error::Error;
use crate::lanes::Real;
use crate::range::Range;
use crate::view::Shape;

/// Sides up to this are within every integer used.
const LONGEST: usize = 1 << 30;

/// Distances between neighbouring pixels along each axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spacing {
    along: [f64; 3],
    axes: Option<usize>,
}

impl Spacing {
    /// 1 along every axis.
    pub const UNIT: Spacing = Spacing { along: [1.0; 3], axes: None };

    /// One for each axis, e.g. `&[between_rows, between_columns]`.
    ///
    /// # Errors
    /// [`Error::Axes`] for another number of axes than 1 to 3; [`Error::Parameter`] for a spacing that
    /// is not from 1e-30 to 1e30.
    pub fn new(along: &[f64]) -> Result<Self, Error> {
        const RANGE: Range = Range::within(1e-30, 1e30);
        let mut all = [1.0; 3];
        match all.len().checked_sub(along.len()) {
            Some(first) if first < 3 => all[first..].copy_from_slice(along),
            _ => return Err(Error::Axes { axes: along.len() }),
        }
        if let Some(&value) = along.iter().find(|&&s| !RANGE.contains(s)) {
            let (term, name) = ("distance", "spacing");
            return Err(Error::Parameter { term, name, value, expected: RANGE });
        }
        Ok(Spacing { along: all, axes: Some(along.len()) })
    }

    /// Along depth, height and width.
    pub fn along(&self) -> [f64; 3] {
        self.along
    }

    /// Whether it is 1 along every axis, so that squared distances are integers.
    pub fn is_unit(&self) -> bool {
        self.along == [1.0; 3]
    }
}

/// Length of the storage for any of this module's functions, in words of 64 bits.
///
/// In 2-D that is less than 6 bytes a pixel from 32 x 32 on, and 0.2 at 2048 x 2048. In 3-D it is less than
/// 6 bytes a voxel from 32 slices on (12 with a spacing), and 0.4 at 256 slices.
///
/// # Errors
/// [`Error::TooLong`] for a side above 2^30; [`Error::Extent`] if the number overflows; [`Error::Spacing`]
/// if `spacing` is for another number of axes.
pub fn scratch_words<S: Labels>(
    labels: &S,
    spacing: Spacing,
    fork: impl Fork,
) -> Result<usize, Error> {
    let (squeezed, workers) = (Squeezed::new(labels), fork.workers());
    if let Some(axes) = spacing.axes.filter(|&axes| axes != labels.axes()) {
        return Err(Error::Spacing { given: axes, axes: labels.axes() });
    }
    if labels.spatial().iter().any(|&extent| extent > LONGEST) {
        return Err(too_long(labels, "sides of 2^30 at most"));
    }
    let spatial = squeezed.spatial();
    let words = match squeezed.numbers(spacing) {
        Numbers::Narrow => sweep::words::<S, i32, u64>(spatial, true, workers),
        Numbers::Wide => sweep::words::<S, i64, u64>(spatial, true, workers),
        Numbers::Spaced => sweep::words::<S, f64, u64>(spatial, true, workers),
    };
    words.count(labels.spatial())
}

/// The distance to the nearest background pixel: 0 at background, infinite if there is none.
///
/// # Errors
/// As of [`scratch_words`]; [`Error::Length`] unless `out` has one place for each pixel, [`Error::Workspace`]
/// if `scratch` is too short.
pub fn distance_to_background<Lv: MapLevel, S: Labels, T: Real + Pod>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    out: &mut [T],
    scratch: &mut [u64],
) -> Result<(), Error> {
    to_background(level, fork, labels, spacing, AsDistance(PhantomData), out, scratch)
}

/// The square of [`distance_to_background`] with unit spacing, an exact integer.
///
/// # Errors
/// As of [`distance_to_background`]; [`Error::TooLong`] if the square of the image's diagonal does not fit.
pub fn squared_distance_to_background<Lv: MapLevel, S: Labels, Q: Squared>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    out: &mut [Q],
    scratch: &mut [u64],
) -> Result<(), Error> {
    holds::<S, Q>(labels)?;
    let finish = AsSquared(PhantomData);
    to_background(level, fork, labels, Spacing::UNIT, finish, out, scratch)
}

/// The distance to the nearest pixel of another label: at least the smallest spacing, infinite if there
/// is one label only.
///
/// # Errors
/// As of [`distance_to_background`].
pub fn distance_to_other<Lv: MapLevel, S: Labels, T: Real + Pod>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    out: &mut [T],
    scratch: &mut [u64],
) -> Result<(), Error> {
    to_other(level, fork, labels, spacing, AsDistance(PhantomData), out, scratch)
}

/// The square of [`distance_to_other`] with unit spacing, an exact integer.
///
/// # Errors
/// As of [`squared_distance_to_background`].
pub fn squared_distance_to_other<Lv: MapLevel, S: Labels, Q: Squared>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    out: &mut [Q],
    scratch: &mut [u64],
) -> Result<(), Error> {
    holds::<S, Q>(labels)?;
    to_other(level, fork, labels, Spacing::UNIT, AsSquared(PhantomData), out, scratch)
}

/// The distance to the nearest pixel of another label, **positive on foreground, negative on background**.
///
/// For a mask this is the distance to background minus the distance to foreground. It is never 0: the
/// boundary runs between pixels, which have 1 and -1 on its two sides with unit spacing.
///
/// # Errors
/// As of [`distance_to_background`].
pub fn signed_distance<Lv: MapLevel, S: Labels, T: Real + Pod>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    out: &mut [T],
    scratch: &mut [u64],
) -> Result<(), Error> {
    to_other(level, fork, labels, spacing, AsSigned(PhantomData), out, scratch)
}

/// Checks that every squared distance of the image fits in `Q`.
///
/// # Errors
/// [`Error::TooLong`] if the square of the image's diagonal does not.
pub fn holds<S: Labels, Q: Squared>(labels: &S) -> Result<(), Error> {
    let longest = longest(labels.spatial());
    if longest.is_none_or(|longest| longest >= Q::largest()) {
        let expected = "a shape with a diagonal whose square fits";
        return Err(too_long(labels, expected));
    }
    Ok(())
}

fn too_long<S: Labels>(labels: &S, expected: &'static str) -> Error {
    let (spatial, axes) = (labels.spatial(), labels.axes());
    Error::TooLong { shape: Shape { batch: 1, channels: 1, spatial, axes }, expected }
}

/// The square of the diagonal.
fn longest(spatial: [usize; 3]) -> Option<u64> {
    spatial.iter().try_fold(0u64, |sum, &extent| {
        let side = (extent as u64).saturating_sub(1);
        sum.checked_add(side.checked_mul(side)?)
    })
}

fn to_background<Lv: MapLevel, S: Labels, F: Finish<S::Label>>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    finish: F,
    out: &mut [F::Out],
    scratch: &mut [u64],
) -> Result<(), Error> {
    check(labels, spacing, fork, out, scratch)?;
    if let Some(ignored) = present(labels, scratch) {
        let (rule, finish) = (ToKnownBackground { ignored }, Known { finish, ignored });
        transform(level, fork, labels, spacing, rule, finish, out, scratch);
    } else {
        transform(level, fork, labels, spacing, ToBackground, finish, out, scratch);
    }
    Ok(())
}

/// A function of the distance to the nearest pixel of another label.
pub(crate) fn to_other<Lv: MapLevel, S: Labels, F: Finish<S::Label>>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    finish: F,
    out: &mut [F::Out],
    scratch: &mut [u64],
) -> Result<(), Error> {
    check(labels, spacing, fork, out, scratch)?;
    let Some(ignored) = present(labels, scratch) else {
        transform(level, fork, labels, spacing, ToOther, finish, out, scratch);
        return Ok(());
    };
    // The first serves the ignored pixels too, should there be nothing else.
    let mut label = next_label(labels, None, ignored, scratch).unwrap_or(ignored);
    loop {
        let finish = Only { known: Known { finish, ignored }, label };
        let rule = ToKnownOther { than: label, ignored };
        transform(level, fork, labels, spacing, rule, finish, out, scratch);
        match next_label(labels, Some(label), ignored, scratch) {
            Some(next) => label = next,
            None => return Ok(()),
        }
    }
}

/// The ignored label, if any pixel has it.
fn present<S: Labels>(labels: &S, scratch: &mut [u64]) -> Option<S::Label> {
    let stage = Scratch::of(scratch).take(labels.spatial()[2]);
    labels.ignored().filter(|_| has_ignored(labels, stage))
}

/// The smallest label above `last`, and other than it, that is not ignored.
fn next_label<S: Labels>(
    labels: &S,
    last: Option<S::Label>,
    ignored: S::Label,
    scratch: &mut [u64],
) -> Option<S::Label> {
    let [d, h, w] = labels.spatial();
    let stage = Scratch::of(scratch).take(w);
    let fits = |label: S::Label| {
        label != ignored && last.is_none_or(|last| label > last && !S::same(label, last))
    };
    let mut least = None;
    for row in 0..d * h {
        for &label in labels.row(row, stage) {
            if least.is_none_or(|least| label < least) && fits(label) {
                least = Some(label);
            }
        }
    }
    least
}

fn check<S: Labels, O>(
    labels: &S,
    spacing: Spacing,
    fork: impl Fork,
    out: &[O],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let words = scratch_words(labels, spacing, fork)?;
    let [d, h, w] = labels.spatial();
    fits("out", out.len(), d * h * w)?;
    super::scratch::check("scratch", scratch.len(), words)
}

/// The transform of labels, output and storage that have been checked.
#[allow(clippy::too_many_arguments, reason = "what to measure, how, and from where to where")]
fn transform<Lv: MapLevel, S: Labels, R: Rule<S::Label>, F: Finish<S::Label>>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    rule: R,
    finish: F,
    out: &mut [F::Out],
    scratch: &mut [u64],
) {
    let labels = &Squeezed::new(labels);
    let (spatial, scratch) = (labels.spatial(), Scratch::of(scratch));
    match labels.numbers(spacing) {
        Numbers::Narrow => {
            let weights = [1i32; 3];
            Sweep { level, labels, rule, finish, weights }.run(fork, spatial, out, scratch);
        }
        Numbers::Wide => {
            let weights = [1i64; 3];
            Sweep { level, labels, rule, finish, weights }.run(fork, spatial, out, scratch);
        }
        Numbers::Spaced => {
            let weights = labels.along(spacing.along).map(|spacing| spacing * spacing);
            Sweep { level, labels, rule, finish, weights }.run(fork, spatial, out, scratch);
        }
    }
}
