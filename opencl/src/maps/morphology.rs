//! Erosion and dilation of bit-packed masks, and the band along boundaries.

use ocl_core::Program;
use segloss_core::maps::band::Band;
use segloss_core::maps::bits;
use segloss_core::maps::morphology::{Border, Element, Extent, each_step};

use super::distance::Place;
use super::labels::Planes;
use super::launch::Launch;
use super::source;
use crate::commands::{Argument, Buffer};
use crate::error::Error;
use crate::trace::Format;

/// Planes of one bit a pixel on the device.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) bits: Buffer<u64>,
    pub(super) planes: usize,
    pub(super) extent: Extent,
}

/// What many steps do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Morph {
    /// Erosion, with this outside the image.
    Erode(Border),
    /// Dilation.
    Dilate,
}

impl Packed {
    fn words(&self) -> usize {
        bits::row_words(self.extent.spatial[2])
    }

    fn rows(&self) -> usize {
        let [d, h, _] = self.extent.spatial;
        d * h
    }

    /// The pixels that `iterations` steps of the element reach, or from which they reach nothing else.
    pub(super) fn morph(
        self,
        launch: &mut Launch<'_, '_>,
        morph: Morph,
        element: Element,
        iterations: u32,
    ) -> Result<Packed, Error> {
        let program = launch.program(&source::bits())?;
        let spare = Buffer::<u64>::new(launch.context(), self.bits.len())?;
        let (planes, extent) = (self.planes, self.extent);
        let range = [self.words(), self.rows(), planes];
        let (mut from, mut to) = (self.bits, spare);
        let mut done = Ok(());
        each_step(extent, element, iterations, |along, by| {
            if done.is_ok() {
                done = step(launch, &program, [&from, &to], extent, range, along, by, morph);
                core::mem::swap(&mut from, &mut to);
            }
        });
        done.map(|()| Packed { bits: from, planes, extent })
    }

    /// One of two values for each pixel.
    fn choose<T: Format>(
        &self,
        launch: &mut Launch<'_, '_>,
        [set, clear]: [T; 2],
        out: Place<'_>,
    ) -> Result<(), Error> {
        let program = launch.program(&source::choose::<T>())?;
        let width = self.extent.spatial[2];
        let (of_width, first) = (width as u64, out.first as u64);
        let arguments = [
            Argument::buffer(&self.bits),
            Argument::number(&of_width),
            Argument::number(&set),
            Argument::number(&clear),
            Argument::number(&first),
            Argument::memory(out.memory),
        ];
        launch.run_rows(&program, "choose", [width, self.rows(), self.planes], &arguments)
    }
}

#[allow(clippy::too_many_arguments, reason = "what to do, from where to where, and how far")]
fn step(
    launch: &mut Launch<'_, '_>,
    program: &Program,
    [from, to]: [&Buffer<u64>; 2],
    extent: Extent,
    range: [usize; 3],
    along: [bool; 3],
    by: usize,
    morph: Morph,
) -> Result<(), Error> {
    let (outside, flip) = match morph {
        Morph::Erode(Border::Zero) => (0, !0u64),
        Morph::Erode(Border::Keep) => (!0u64, !0u64),
        Morph::Dilate => (0, 0),
    };
    let spatial = extent.spatial.map(|n| n as u64);
    let (along, by) = (along.map(i32::from), by as u64);
    let mut arguments = vec![Argument::buffer(from), Argument::buffer(to)];
    arguments.extend(spatial.iter().map(Argument::number));
    arguments.extend(along.iter().map(Argument::number));
    arguments.extend([&by, &outside, &flip].map(Argument::number));
    launch.run_rows(program, "spread", range, &arguments)
}

/// The band of each plane, a bit a pixel.
pub(super) fn band(
    launch: &mut Launch<'_, '_>,
    band: &Band,
    planes: &Planes,
) -> Result<Packed, Error> {
    let context = launch.context();
    let (spatial, axes) = (planes.extents.spatial, planes.extents.axes);
    let (rows, width) = (spatial[0] * spatial[1], spatial[2]);
    let marks = Buffer::<u8>::new(context, planes.count * rows * width)?;
    let sizes = spatial.map(|n| n as u64);
    let outside = i32::from(band.border() == Border::Zero);
    let axis_count = axes as u32;
    let mut arguments = vec![Argument::memory(&planes.memory)];
    arguments.extend(sizes.iter().map(Argument::number));
    arguments.extend([Argument::number(&axis_count), Argument::number(&outside)]);
    arguments.push(Argument::buffer(&marks));
    let program = launch.program(&source::boundary(planes.stored))?;
    launch.run_rows(&program, "boundary", [width, rows, planes.count], &arguments)?;

    let words = bits::row_words(width);
    let packed = Buffer::<u64>::new(context, planes.count * rows * words)?;
    let of_width = width as u64;
    let arguments =
        [Argument::buffer(&marks), Argument::number(&of_width), Argument::buffer(&packed)];
    let program = launch.program(&source::bits())?;
    launch.run_rows(&program, "pack", [words, rows, planes.count], &arguments)?;
    let seeds = Packed { bits: packed, planes: planes.count, extent: Extent { spatial, axes } };
    seeds.morph(launch, Morph::Dilate, Element::Cross, band.theta())
}

/// The band's weights.
pub(super) fn band_weights<T: Format>(
    launch: &mut Launch<'_, '_>,
    of: &Band,
    planes: &Planes,
    out: Place<'_>,
) -> Result<(), Error> {
    let packed = band(launch, of, planes)?;
    packed.choose(launch, [T::round_from(of.weight()), T::round_from(1.0)], out)
}
