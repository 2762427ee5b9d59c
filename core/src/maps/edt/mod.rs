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
//! the cache. `line.rs` and `sweep.rs` start with the reasons.
//!
//! # What is compiled
//!
//! A transform for each width of labels and kind of squared distance (`i32`, `i64`, `f64`): it knows which
//! rows come after which, and calls objects for what happens in a row. Three of them: labels are
//! [read](Labels::read), kernels compiled for each [level](MapLevel) sweep and solve, and a finish writes
//! what a map holds. A call for each row costs nothing beside its pixels.

mod columns;
mod cost;
mod costs;
mod finish;
pub(crate) mod grid;
pub(crate) mod hull;
mod kernels;
mod line;
mod near;
mod rule;
mod runs;
mod spaced;
mod squeezed;
mod sweep;
pub(crate) mod window;

use core::marker::PhantomData;

pub(crate) use self::cost::{Cost, Gap};
pub(crate) use self::finish::Finish;
pub use self::finish::Squared;
use self::finish::{AsDistance, AsSigned, AsSquared, At, FinishRow, FinishRows, Only, Written};
use self::kernels::{EachTransform, TransformKernels};
use self::rule::Rule;
pub(crate) use self::squeezed::{Numbers, Squeezed, slices_first};
use self::sweep::Sweep;
use super::fork::Join;
use super::labels::{Code, Codes, DynLabels, Same, Sides, has_ignored};
use super::scratch::{Scratch, fits};
use super::{Fork, Labels, MapLevel};
use crate::error::Error;
use crate::lanes::Real;
use crate::range::Range;
use crate::view::Shape;

/// Sides up to this are within every integer used.
pub(crate) const LONGEST: usize = 1 << 30;

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
            _ => return Err(Error::Axes { argument: "spacing", axes: along.len() }),
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

    /// Checks that it is for an image of so many axes.
    ///
    /// # Errors
    /// [`Error::Spacing`] if it is for another number of them.
    pub fn check(&self, axes: usize) -> Result<(), Error> {
        match self.axes {
            Some(given) if given != axes => Err(Error::Spacing { given, axes }),
            _ => Ok(()),
        }
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
    words::<S::Code>(labels, spacing, Fork::workers(fork))
}

fn words<E: Code>(
    labels: &DynLabels<'_, E>,
    spacing: Spacing,
    workers: usize,
) -> Result<usize, Error> {
    check(labels, spacing)?;
    let squeezed = Squeezed::new(labels);
    let spatial = squeezed.spatial();
    let words = match squeezed.numbers(spacing) {
        Numbers::Narrow => sweep::words::<E, i32>(spatial, true, workers),
        Numbers::Wide => sweep::words::<E, i64>(spatial, true, workers),
        Numbers::Spaced => sweep::words::<E, f64>(spatial, true, workers),
    };
    words.count(labels.spatial())
}

/// Checks that a spacing is for the image's axes, and that its sides are within every integer used.
pub(crate) fn check(labels: &(impl Labels + ?Sized), spacing: Spacing) -> Result<(), Error> {
    spacing.check(labels.axes())?;
    if labels.spatial().iter().any(|&extent| extent > LONGEST) {
        return Err(too_long(labels, "sides of 2^30 at most"));
    }
    Ok(())
}

/// The distance to the nearest background pixel: 0 at background, infinite if there is none.
///
/// # Errors
/// Those of [`scratch_words`]; [`Error::Length`] unless `out` has one place for each pixel, [`Error::Workspace`]
/// if `scratch` is too short.
pub fn distance_to_background<Lv: MapLevel, S: Labels, T: Real>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    out: &mut [T],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let finish = AsDistance(PhantomData);
    to_background(level, fork, labels, spacing, finish, out, scratch)
}

/// The square of [`distance_to_background`] with unit spacing, an exact integer.
///
/// # Errors
/// Those of [`distance_to_background`]; [`Error::TooLong`] if the square of the image's diagonal does not fit.
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
/// Those of [`distance_to_background`].
pub fn distance_to_other<Lv: MapLevel, S: Labels, T: Real>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    out: &mut [T],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let finish = AsDistance(PhantomData);
    to_other(level, fork, labels, spacing, finish, out, scratch)
}

/// The square of [`distance_to_other`] with unit spacing, an exact integer.
///
/// # Errors
/// Those of [`squared_distance_to_background`].
pub fn squared_distance_to_other<Lv: MapLevel, S: Labels, Q: Squared>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    out: &mut [Q],
    scratch: &mut [u64],
) -> Result<(), Error> {
    holds::<S, Q>(labels)?;
    let finish = AsSquared(PhantomData);
    to_other(level, fork, labels, Spacing::UNIT, finish, out, scratch)
}

/// The distance to the nearest pixel of another label, **positive on foreground, negative on background**.
///
/// For a mask this is the distance to background minus the distance to foreground. It is never 0: the
/// boundary runs between pixels, which have 1 and -1 on its two sides with unit spacing.
///
/// # Errors
/// Those of [`distance_to_background`].
pub fn signed_distance<Lv: MapLevel, S: Labels, T: Real>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    out: &mut [T],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let finish = AsSigned(PhantomData);
    to_other(level, fork, labels, spacing, finish, out, scratch)
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

fn too_long(labels: &(impl Labels + ?Sized), expected: &'static str) -> Error {
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

fn to_background<Lv: MapLevel, S: Labels, F: Finish>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    finish: F,
    out: &mut [F::Out],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let (kernels, finish) = (&level, &At::new(level, finish));
    let transform = Transform::<S::Code> { kernels, fork: &fork, labels, spacing, finish };
    transform.to_background(bytemuck::cast_slice_mut(out), scratch)
}

/// A function of the distance to the nearest pixel of another label.
pub(crate) fn to_other<Lv: MapLevel, S: Labels, F: Finish>(
    level: Lv,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
    finish: F,
    out: &mut [F::Out],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let (kernels, finish) = (&level, &At::new(level, finish));
    let transform = Transform::<S::Code> { kernels, fork: &fork, labels, spacing, finish };
    transform.to_other(bytemuck::cast_slice_mut(out), scratch)
}

/// What to measure, how, and what to make of it. Compiled for each width of codes and kind of cost, and
/// for nothing else: what it does not know are objects, which it calls a row at a time.
struct Transform<'a, E: Code> {
    kernels: &'a dyn EachTransform<E>,
    fork: &'a dyn Join,
    labels: &'a DynLabels<'a, E>,
    spacing: Spacing,
    finish: &'a dyn FinishRows<E>,
}

impl<E: Code> Transform<'_, E> {
    fn to_background(&self, out: &mut [u8], scratch: &mut [u64]) -> Result<(), Error> {
        self.check(out, scratch)?;
        let ignored = self.present(scratch);
        let rule = match ignored {
            // There is no background that counts.
            Some(ignored) if ignored == E::BACKGROUND => {
                Rule::Known { code: ignored, has: true, ignored }
            }
            _ => Rule::Background,
        };
        self.run(rule, Written { ignored, label: None }, out, scratch);
        Ok(())
    }

    fn to_other(&self, out: &mut [u8], scratch: &mut [u64]) -> Result<(), Error> {
        self.check(out, scratch)?;
        let is_mask = self.labels.is_mask();
        let Some(ignored) = self.present(scratch) else {
            let rule = if is_mask { Rule::OtherSide } else { Rule::Other };
            self.run(rule, Written { ignored: None, label: None }, out, scratch);
            return Ok(());
        };
        // The first serves the ignored pixels too, should there be nothing else.
        let mut code = self.next_label(None, ignored, scratch).unwrap_or(ignored);
        loop {
            // What is not foreground is background, whichever code either has.
            let is_foreground = is_mask && code != E::BACKGROUND;
            let rule = match is_foreground {
                true => Rule::Known { code: E::BACKGROUND, has: true, ignored },
                false => Rule::Known { code, has: false, ignored },
            };
            let written = Written { ignored: Some(ignored), label: Some(Only { code, is_mask }) };
            self.run(rule, written, out, scratch);
            match self.next_label(Some(code), ignored, scratch) {
                Some(next) => code = next,
                None => return Ok(()),
            }
        }
    }

    /// The ignored code, if any pixel has it.
    fn present(&self, scratch: &mut [u64]) -> Option<E> {
        let stage = Scratch::of(scratch).take(self.labels.spatial()[2]);
        self.labels.ignored().filter(|_| has_ignored(self.labels, stage))
    }

    /// The smallest code above `last`, and of another label, that is not ignored.
    fn next_label(&self, last: Option<E>, ignored: E, scratch: &mut [u64]) -> Option<E> {
        let [d, h, w] = self.labels.spatial();
        let is_mask = self.labels.is_mask();
        let stage = Scratch::of(scratch).take(w);
        let same = |a: E, b: E| if is_mask { Sides.same(a, b) } else { Codes.same(a, b) };
        let fits =
            |code: E| code != ignored && last.is_none_or(|last| code > last && !same(code, last));
        let mut least = None;
        for row in 0..d * h {
            for &code in self.labels.read(row, stage) {
                if least.is_none_or(|least| code < least) && fits(code) {
                    least = Some(code);
                }
            }
        }
        least
    }

    fn check(&self, out: &[u8], scratch: &[u64]) -> Result<(), Error> {
        let words = words(self.labels, self.spacing, self.fork.workers())?;
        let [d, h, w] = self.labels.spatial();
        fits("out", out.len() / self.finish.size(), d * h * w)?;
        super::scratch::check("scratch", scratch.len(), words)
    }

    /// The transform of labels, output and storage that have been checked.
    fn run(&self, rule: Rule<E>, written: Written<E>, out: &mut [u8], scratch: &mut [u64]) {
        let labels = &Squeezed::new(self.labels);
        let (kernels, finish, scratch) = (self.kernels, self.finish, Scratch::of(scratch));
        match labels.numbers(self.spacing) {
            Numbers::Narrow => {
                let sweep = self.sweep::<i32>(kernels, finish, labels, rule, written, [1; 3]);
                sweep.run(self.fork, out, scratch);
            }
            Numbers::Wide => {
                let sweep = self.sweep::<i64>(kernels, finish, labels, rule, written, [1; 3]);
                sweep.run(self.fork, out, scratch);
            }
            Numbers::Spaced => {
                let weights = labels.along(self.spacing.along).map(|spacing| spacing * spacing);
                let sweep = self.sweep::<f64>(kernels, finish, labels, rule, written, weights);
                sweep.run(self.fork, out, scratch);
            }
        }
    }

    /// A sweep with kernels and a finish for its kind of cost, which a call site chooses by type.
    fn sweep<'s, C: Cost>(
        &self,
        kernels: &'s dyn TransformKernels<E, C>,
        finish: &'s dyn FinishRow<E, C>,
        labels: &'s Squeezed<'s, E>,
        rule: Rule<E>,
        written: Written<E>,
        weights: [C; 3],
    ) -> Sweep<'s, E, C> {
        Sweep { kernels, labels, rule, finish, size: self.finish.size(), written, weights }
    }
}
