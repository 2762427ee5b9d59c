//! Void filled with the label of the nearest pixel that counts, as [`segloss_core::maps::Void`] says.

use ocl_core::Mem;
use segloss_core::maps::edt::Spacing;

use super::distance::{Lines, Weight, has_three, numbers};
use super::labels::{Extents, Planes};
use super::launch::Launch;
use super::source::{self, Numbers, Stored};
use crate::commands::{Argument, Buffer};
use crate::error::Error;

/// Planes with labels in place of void, of which every pixel counts.
///
/// # Errors
/// [`Error::Call`] for a spacing for other axes, or an image too large; [`Error::NoDouble`] for a spacing on a
/// device without `f64`; or what the device reported.
pub(super) fn fill(
    launch: &mut Launch<'_, '_>,
    planes: Planes,
    spacing: Spacing,
) -> Result<Planes, Error> {
    planes.extents.check(spacing)?;
    let memory = match numbers(&planes.extents, spacing) {
        Numbers::Narrow => run::<u16, i32>(launch, &planes, Numbers::Narrow, spacing)?,
        Numbers::Wide => run::<u32, i64>(launch, &planes, Numbers::Wide, spacing)?,
        Numbers::Spaced => {
            let device = launch.programs.device();
            if !device.has_double() {
                return Err(Error::NoDouble { device: device.name().into() });
            }
            run::<u32, f64>(launch, &planes, Numbers::Spaced, spacing)?
        }
    };
    Ok(Planes { memory, ignoring: None, ..planes })
}

/// The filled labels. Those of `planes` are written over on the way.
fn run<G: ocl_core::OclPrm, C: Weight>(
    launch: &mut Launch<'_, '_>,
    planes: &Planes,
    numbers: Numbers,
    spacing: Spacing,
) -> Result<Mem, Error> {
    let Extents { spatial: [d, h, w], .. } = planes.extents;
    let [of_depth, of_height, of_width] = spacing.along().map(C::of);
    let context = launch.context();
    let pixels = planes.extents.pixels();
    let count = planes.count * pixels;
    let gaps = Buffer::<G>::new(context, count)?;
    let stacks =
        Stacks { places: Buffer::new(context, count)?, starts: Buffer::new(context, count)? };
    let (length, of_gap) = if d > 1 { (d, of_depth) } else { (h, of_height) };
    let program = launch.program(&source::fill(planes.stored, numbers, false, true))?;
    let sizes = [length, pixels / length].map(|n| n as u64);
    let arguments = [
        Argument::memory(&planes.memory),
        Argument::buffer(&gaps),
        Argument::number(&sizes[0]),
        Argument::number(&sizes[1]),
    ];
    launch.run(&program, "fill_columns", [pixels / length, planes.count], &arguments)?;

    let rows = Lines { length: w, lines: d * h, inner: 1, outer: w, step: 1 };
    if !has_three(&planes.extents) {
        // Without costs, memory that is not read.
        let step = Step { planes, gaps: &gaps, stacks: &stacks, costs: None, far: None };
        return step.run(launch, &program, &planes.memory, rows, [of_gap, of_width]);
    }
    let costs = Buffer::<C>::new(context, count)?;
    let across = Lines { length: h, lines: d * w, inner: w, outer: h * w, step: w };
    let program = launch.program(&source::fill(planes.stored, numbers, false, false))?;
    let step =
        Step { planes, gaps: &gaps, stacks: &stacks, costs: None, far: Some(costs.memory()) };
    let labels = step.run(launch, &program, &planes.memory, across, [of_gap, of_height])?;
    let program = launch.program(&source::fill(planes.stored, numbers, true, true))?;
    let step = Step { costs: Some(costs.memory()), far: None, ..step };
    step.run(launch, &program, &labels, rows, [of_gap, of_width])
}

/// Candidates of each run of void.
struct Stacks {
    places: Buffer<i32>,
    starts: Buffer<u32>,
}

/// Lines along an axis.
struct Step<'s, G> {
    planes: &'s Planes,
    gaps: &'s Buffer<G>,
    stacks: &'s Stacks,
    /// What void costs after the axis before, if that is not its gap's square.
    costs: Option<&'s Mem>,
    /// What it costs after this axis, if another follows.
    far: Option<&'s Mem>,
}

impl<G: ocl_core::OclPrm> Step<'_, G> {
    /// The labels after this axis.
    fn run<C: Weight>(
        &self,
        launch: &mut Launch<'_, '_>,
        program: &ocl_core::Program,
        labels: &Mem,
        along: Lines,
        weights: [C; 2],
    ) -> Result<Mem, Error> {
        let (pixels, count) = (self.planes.extents.pixels(), self.planes.count);
        let context = launch.context();
        let out = match self.planes.stored {
            Stored::Mask => Buffer::<u8>::new(context, count * pixels)?.memory().clone(),
            Stored::Map => Buffer::<u32>::new(context, count * pixels)?.memory().clone(),
        };
        let unused = self.stacks.places.memory();
        let Lines { length, lines, inner, outer, step } = along;
        let sizes = [pixels, length, lines, inner, outer, step].map(|n| n as u64);
        let mut arguments = vec![
            Argument::memory(labels),
            Argument::buffer(self.gaps),
            Argument::memory(self.costs.unwrap_or(unused)),
            Argument::buffer(&self.stacks.places),
            Argument::buffer(&self.stacks.starts),
            Argument::memory(&out),
            Argument::memory(self.far.unwrap_or(unused)),
        ];
        arguments.extend(sizes.iter().map(Argument::number));
        arguments.extend(weights.iter().map(Argument::number));
        launch.run(program, "fill_lines", [lines, count], &arguments)?;
        Ok(out)
    }
}
