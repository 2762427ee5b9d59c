//! Targets checked and read pixel by pixel, for what is off the hot path.

use crate::error::Error;
use crate::summation::TILE;
use crate::tile::{CheckKernels, Foreground, Found, TargetKernels, TargetTile};
use crate::view::{Mask, Shape, Targets};

/// Labels below this are exact in every format that reads them.
pub const MOST_CLASSES: usize = 1 << 24;

/// Refuses targets whose samples have no pixel; there may be no sample.
pub(crate) fn check_filled(targets: &Targets<'_>) -> Result<(), Error> {
    let shape = *targets.layout().shape();
    if shape.with_batch(1).is_empty() {
        return Err(Error::Empty { argument: "targets", shape });
    }
    Ok(())
}

/// Counts the valid pixels of a label map: one channel, and pixels in it; `classes` is from 1 to [`MOST_CLASSES`].
pub(crate) fn check_label_map(
    targets: &Targets<'_>,
    classes: usize,
    ignored: &[i64],
) -> Result<u64, Error> {
    check_filled(targets)?;
    let shape = *targets.layout().shape();
    let expected = shape.with_channels(1);
    if shape != expected {
        return Err(Error::Shape { argument: "targets", shape, expected });
    }
    check_labels(CheckKernels::scalar(), targets, classes, ignored, None)
}

/// Counts the valid pixels among the first channel's labels; `classes` is from 1 to [`MOST_CLASSES`].
pub(crate) fn check_labels(
    kernels: &CheckKernels,
    targets: &Targets<'_>,
    classes: usize,
    ignored: &[i64],
    mask: Option<&Mask<'_>>,
) -> Result<u64, Error> {
    (0..targets.layout().shape().batch).try_fold(0, |valid, sample| {
        let checked = targets.check_labels(kernels, sample, classes as u32, ignored, mask);
        Ok(valid + checked.map_err(|bad| bad.label(sample, classes))?)
    })
}

/// Counts the valid pixels among shares of any number of channels.
pub(crate) fn check_shares(
    kernels: &CheckKernels,
    targets: &Targets<'_>,
    ignored: &[i64],
    mask: Option<&Mask<'_>>,
) -> Result<u64, Error> {
    let Shape { batch, channels, .. } = *targets.layout().shape();
    let mut valid = 0;
    let mut foreground = Foreground::default();
    for sample in 0..batch {
        for channel in 0..channels {
            let plane = (sample, channel);
            let checked = targets.check_shares(kernels, plane, ignored, mask, &mut foreground);
            valid += checked.map_err(|bad| bad.share(sample, channel))?;
        }
    }
    Ok(valid)
}

/// Calls `see(pixel, label)` for each pixel of a sample that passed [`check_label_map`]; the label is
/// None where it is ignored.
pub(crate) fn each_label(
    targets: &Targets<'_>,
    sample: usize,
    ignored: &[i64],
    mut see: impl FnMut(usize, Option<u32>),
) {
    each(
        targets.layout().shape().pixels(),
        |from, count, into| {
            targets.labels(TargetKernels::scalar(), (sample, 0, from), count, ignored, into)
        },
        |pixel, label| see(pixel, label.map(|label| label as u32)),
    );
}

/// Calls `see(pixel, share)` for each pixel of a channel that passed [`check_shares`]; the share is
/// None where it is ignored.
pub(crate) fn each_share(
    targets: &Targets<'_>,
    sample: usize,
    channel: usize,
    ignored: &[i64],
    see: impl FnMut(usize, Option<f64>),
) {
    each(
        targets.layout().shape().pixels(),
        |from, count, into| {
            let at = (sample, channel, from);
            targets.shares(TargetKernels::scalar(), at, count, ignored, into)
        },
        see,
    );
}

fn each(
    pixels: usize,
    read: impl Fn(usize, usize, TargetTile<'_, f64>) -> Found,
    mut see: impl FnMut(usize, Option<f64>),
) {
    let (mut y, mut valid) = ([0.0; TILE], [0.0; TILE]);
    for from in (0..pixels).step_by(TILE) {
        let count = TILE.min(pixels - from);
        let found = read(from, count, TargetTile { y: &mut y, valid: &mut valid });
        for (i, (&y, &valid)) in y.iter().zip(&valid).take(count).enumerate() {
            see(from + i, (found.all_count || valid != 0.0).then_some(y));
        }
    }
}
