//! Labels in host memory, numbered for the device in their order.

use std::collections::HashMap;

use segloss_core::maps::{Classes, Code, Label, Labels, Mask};

use super::labels::{Extents, Planes};
use super::launch::Launch;
use super::source::Stored;
use crate::commands::Buffer;
use crate::error::Error;

/// An image of labels that [`Maps`](super::Maps) takes: a mask or a label map.
pub trait HostLabels: Labels + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Mask<'_> {}

impl HostLabels for Mask<'_> {}

impl<E: Label> sealed::Sealed for Classes<'_, E> {}

impl<E: Label> HostLabels for Classes<'_, E> {}

/// The extents of an image.
pub(super) fn extents<S: Labels>(labels: &S) -> Extents {
    Extents { spatial: labels.spatial(), axes: labels.axes() }
}

/// The image on the device.
pub(super) fn upload<S: HostLabels>(labels: &S, launch: &Launch<'_, '_>) -> Result<Planes, Error> {
    let (extents, context) = (extents(labels), launch.context());
    let planes = |memory: &ocl_core::Mem, stored, ignoring| Planes {
        memory: memory.clone(),
        stored,
        count: 1,
        extents,
        ignoring,
    };
    let mut has_ignored = false;
    let ignored = labels.ignored();
    if labels.is_mask() {
        let bytes = read(labels, |label| {
            let is_ignored = Some(label) == ignored;
            has_ignored |= is_ignored;
            if is_ignored { u8::MAX } else { u8::from(label != S::Code::BACKGROUND) }
        });
        let memory = Buffer::holding(context, &bytes)?;
        return Ok(planes(memory.memory(), Stored::Mask, has_ignored.then_some(2)));
    }
    // The next number for each new label; most pixels have the label of the one before.
    let mut numbers = HashMap::from([(0u64, 0)]);
    let mut last = (0, 0);
    let numbered = read(labels, |label| {
        if Some(label) == ignored {
            has_ignored = true;
            return u32::MAX;
        }
        let label = label.into();
        if label != last.0 {
            let next = numbers.len() as u32;
            last = (label, *numbers.entry(label).or_insert(next));
        }
        last.1
    });
    let numbered = in_order(&numbers, numbered);
    let memory = Buffer::holding(context, &numbered)?;
    Ok(planes(memory.memory(), Stored::Map, has_ignored.then_some(numbers.len() as u32)))
}

/// Numbers in the order of the labels that they stand for, given in the order in which those appear.
fn in_order(numbers: &HashMap<u64, u32>, mut numbered: Vec<u32>) -> Vec<u32> {
    let mut labels: Vec<_> = numbers.iter().collect();
    labels.sort_unstable();
    let mut ranks = vec![0; labels.len()];
    for (rank, (_, &number)) in labels.into_iter().enumerate() {
        ranks[number as usize] = rank as u32;
    }
    for number in &mut numbered {
        *number = ranks.get(*number as usize).copied().unwrap_or(u32::MAX);
    }
    numbered
}

/// Each pixel's label as something else.
fn read<S: Labels, N>(labels: &S, mut number: impl FnMut(S::Code) -> N) -> Vec<N> {
    let [d, h, w] = labels.spatial();
    let mut numbers = Vec::with_capacity(d * h * w);
    // Any labels will do for a row that is not borrowed.
    let mut stage = vec![<S::Code as bytemuck::Zeroable>::zeroed(); w];
    for row in 0..d * h {
        numbers.extend(labels.read(row, &mut stage).iter().map(|&label| number(label)));
    }
    numbers
}
