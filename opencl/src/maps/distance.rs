//! Exact Euclidean distance transforms: one sweep there and back along the first axis, then the lower
//! envelope of parabolas along each axis more, as in [`segloss_core::maps::edt`].

use ocl_core::{Mem, Program};
use segloss_core::maps::edt::Spacing;

use super::labels::{Extents, Planes};
use super::launch::Launch;
use super::source::{self, Finish, Numbers, Rule, Stored, Transform};
use crate::commands::{Argument, Buffer};
use crate::error::Error;
use crate::trace::Format;

/// Costs and the sides of images for `int`: as in core, twice a cost and some more is in range.
const NARROW_COST: u64 = (1 << 30) - 64;
/// Steps for `ushort`.
const NARROW_SIDE: usize = u16::MAX as usize;

/// What is measured, and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure<T> {
    /// To the nearest pixel of another label, else to the nearest background.
    pub(super) to_other: bool,
    pub(super) spacing: Spacing,
    pub(super) finish: Finish,
    /// [`Finish::Decay`]'s factor of distances.
    pub(super) rate: T,
    /// Its weight where there is no other label.
    pub(super) empty: T,
}

/// Elements of memory from one on, of the type that the [`Finish`] says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) memory: &'a Mem,
    pub(super) first: usize,
}

impl<T: Format> Measure<T> {
    /// Runs the transform of planes whose extents have been checked.
    pub(super) fn run(
        &self,
        launch: &mut Launch<'_, '_>,
        planes: &Planes,
        out: Place<'_>,
    ) -> Result<(), Error> {
        let numbers = numbers(&planes.extents, self.spacing);
        let device = launch.programs.device();
        if numbers == Numbers::Spaced && !device.has_double() {
            return Err(Error::NoDouble { device: device.name().into() });
        }
        let (rule, labels) = match (self.to_other, planes.ignoring) {
            (false, _) => (Rule::Background, 1),
            (true, None) => (Rule::Other, 1),
            // With none at all there are ignored pixels still.
            (true, Some(labels)) => (Rule::KnownOther, labels.max(1)),
        };
        let transform = Transform {
            stored: planes.stored,
            rule,
            numbers,
            finish: self.finish,
            has_double: device.has_double(),
            in_rows: !launch.tuning.transpose,
            has_three: has_three(&planes.extents),
        };
        let program = launch.program(&transform.source::<T>())?;
        match numbers {
            Numbers::Narrow => {
                Passes::<T, u16, i32>::new(self, launch, program, planes)?.all(launch, labels, out)
            }
            Numbers::Wide => {
                Passes::<T, u32, i64>::new(self, launch, program, planes)?.all(launch, labels, out)
            }
            Numbers::Spaced => {
                Passes::<T, u32, f64>::new(self, launch, program, planes)?.all(launch, labels, out)
            }
        }
    }
}

/// Whether there is an axis between the first that is longer than 1 and the last.
pub(super) fn has_three(extents: &Extents) -> bool {
    let [d, h, _] = extents.spatial;
    d > 1 && h > 1
}

pub(super) fn numbers(extents: &Extents, spacing: Spacing) -> Numbers {
    if !spacing.is_unit() {
        return Numbers::Spaced;
    }
    let longest = extents.spatial.iter().try_fold(0u64, |sum, &side| {
        let side = (side as u64).saturating_sub(1);
        sum.checked_add(side.checked_mul(side)?)
    });
    let is_narrow = longest.is_some_and(|longest| longest < NARROW_COST)
        && extents.spatial.iter().all(|&side| side < NARROW_SIDE);
    if is_narrow { Numbers::Narrow } else { Numbers::Wide }
}

/// Squared spacings as costs.
pub(super) trait Weight: ocl_core::OclPrm {
    fn of(spacing: f64) -> Self;
    const NAME: &'static str;
}

macro_rules! weight {
    ($($number:ident: $name:literal, $of:expr;)*) => {$(
        impl Weight for $number {
            const NAME: &'static str = $name;

            fn of(spacing: f64) -> Self {
                let of: fn(f64) -> Self = $of;
                of(spacing)
            }
        }
    )*};
}
weight! {
    i32: "int", |_| 1;
    i64: "long", |_| 1;
    f64: "double", |spacing| spacing * spacing;
}

/// One transform's storage.
struct Passes<'p, T, G, C> {
    program: Program,
    planes: &'p Planes,
    /// Squared spacings along depth, height and width.
    weights: [C; 3],
    gaps: Buffer<G>,
    /// After the second axis of three.
    costs: Option<Buffer<C>>,
    stacks: Buffer<i32>,
    starts: Buffer<u32>,
    turned: Option<Turned<C>>,
    rate: T,
    empty: T,
    finished: &'static str,
}

/// Storage for transposed planes, and what transposes.
struct Turned<C> {
    labels: Mem,
    sources: Buffer<C>,
    results: Mem,
}

/// Where a line's pixels lie.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    pub(super) length: usize,
    /// Lines of a plane, `inner` of them beside each other, `outer` pixels from those to the next ones.
    pub(super) lines: usize,
    pub(super) inner: usize,
    pub(super) outer: usize,
    /// From one pixel of a line to the next.
    pub(super) step: usize,
}

impl<'p, T: Format, G: ocl_core::OclPrm, C: Weight> Passes<'p, T, G, C> {
    fn new(
        measure: &Measure<T>,
        launch: &Launch<'_, '_>,
        program: Program,
        planes: &'p Planes,
    ) -> Result<Self, Error> {
        let context = launch.context();
        let count = planes.count * planes.extents.pixels();
        // Rows have storage of their own.
        let has_lines = launch.tuning.transpose || C::NAME != "int" || has_three(&planes.extents);
        let stacks = if has_lines { count } else { 0 };
        let finished = match measure.finish {
            Finish::Squared(kind) => kind,
            Finish::Distance | Finish::Signed | Finish::Decay => {
                if T::DOUBLE {
                    "double"
                } else {
                    "float"
                }
            }
        };
        let turned = if launch.tuning.transpose {
            let is_map = planes.stored == Stored::Map;
            Some(Turned {
                labels: Buffer::<u8>::new(context, count * if is_map { 4 } else { 1 })?
                    .memory()
                    .clone(),
                sources: Buffer::new(context, count)?,
                results: Buffer::<u8>::new(context, count * bytes(finished))?.memory().clone(),
            })
        } else {
            None
        };
        Ok(Passes {
            program,
            planes,
            weights: measure.spacing.along().map(C::of),
            gaps: Buffer::new(context, count)?,
            costs: if has_three(&planes.extents) {
                Some(Buffer::new(context, count)?)
            } else {
                None
            },
            stacks: Buffer::new(context, stacks)?,
            starts: Buffer::new(context, stacks)?,
            turned,
            rate: measure.rate,
            empty: measure.empty,
            finished,
        })
    }

    /// The transform for each of so many labels.
    fn all(&self, launch: &mut Launch<'_, '_>, labels: u32, out: Place<'_>) -> Result<(), Error> {
        let each = |launch: &mut Launch<'_, '_>, to| {
            (0..labels).try_for_each(|label| match self.planes.stored {
                Stored::Mask => self.one(launch, label as u8, to),
                Stored::Map => self.one(launch, label, to),
            })
        };
        let Some(turned) = &self.turned else { return each(launch, out) };
        let [d, h, w] = self.planes.extents.spatial;
        let element = if self.planes.stored == Stored::Mask { "uchar" } else { "uint" };
        let [from, to, results] = [&self.planes.memory, &turned.labels, &turned.results]
            .map(|memory| Place { memory, first: 0 });
        self.transpose(launch, element, from, to, [d * h, w])?;
        each(launch, results)?;
        self.transpose(launch, self.finished, results, out, [w, d * h])
    }

    /// The transform for one label's pixels, or for all of them.
    fn one<L: ocl_core::OclPrm>(
        &self,
        launch: &mut Launch<'_, '_>,
        label: L,
        out: Place<'_>,
    ) -> Result<(), Error> {
        let [d, h, w] = self.planes.extents.spatial;
        let [of_depth, of_height, of_width] = self.weights;
        let (first, first_weight) = if d > 1 { (d, of_depth) } else { (h, of_height) };
        self.columns(launch, first, label)?;
        let mut source = (self.gaps.memory(), "lines", "last_lines", first_weight);
        if let Some(costs) = &self.costs {
            let along = Lines { length: h, lines: d * w, inner: w, outer: h * w, step: w };
            let to = Place { memory: costs.memory(), first: 0 };
            let from = (source.0, &self.planes.memory);
            self.lines(launch, source.1, along, from, to, [source.3, of_height], label)?;
            source = (costs.memory(), "lines_on", "last_lines_on", first_weight);
        }
        let weights = [source.3, of_width];
        let rows = d * h;
        let Some(turned) = &self.turned else {
            if C::NAME == "int" {
                return self.rows(launch, source.0, out, label);
            }
            let along = Lines { length: w, lines: rows, inner: 1, outer: w, step: 1 };
            let from = (source.0, &self.planes.memory);
            return self.lines(launch, source.2, along, from, out, weights, label);
        };
        let element = if self.costs.is_some() { C::NAME } else { gap::<G>() };
        let [from, to] =
            [source.0, turned.sources.memory()].map(|memory| Place { memory, first: 0 });
        self.transpose(launch, element, from, to, [rows, w])?;
        let along = Lines { length: w, lines: rows, inner: rows, outer: 0, step: rows };
        self.lines(launch, source.2, along, (to.memory, &turned.labels), out, weights, label)
    }

    fn columns<L: ocl_core::OclPrm>(
        &self,
        launch: &mut Launch<'_, '_>,
        length: usize,
        label: L,
    ) -> Result<(), Error> {
        let columns = self.planes.extents.pixels() / length;
        let (length, count) = (length as u64, columns as u64);
        let arguments = [
            Argument::memory(&self.planes.memory),
            Argument::buffer(&self.gaps),
            Argument::number(&length),
            Argument::number(&count),
            Argument::number(&label),
        ];
        let (program, planes) = (&self.program, self.planes.count);
        if launch.tuning.transpose {
            return launch.run(program, "columns", [columns, planes], &arguments);
        }
        let items = (columns / source::LANES).div_ceil(source::VECTORS) + columns % source::LANES;
        launch.run_streams(program, "columns", [items, planes], &arguments)
    }

    /// The last axis on devices that go along rows in memory.
    fn rows<L: ocl_core::OclPrm>(
        &self,
        launch: &mut Launch<'_, '_>,
        sources: &Mem,
        out: Place<'_>,
        label: L,
    ) -> Result<(), Error> {
        let [d, h, w] = self.planes.extents.spatial;
        let rows = self.planes.count * d * h;
        let rows_an_item = rows.div_ceil(launch.streams());
        let items = rows.div_ceil(rows_an_item);
        let room = w.next_multiple_of(source::BLOCK) + source::BLOCK;
        let scratch = Buffer::<u8>::new(launch.context(), items * room * source::ROW_BYTES)?;
        let sizes = [out.first, w, rows, rows_an_item].map(|n| n as u64);
        let mut arguments = vec![
            Argument::memory(sources),
            Argument::memory(&self.planes.memory),
            Argument::buffer(&scratch),
            Argument::memory(out.memory),
        ];
        arguments.extend(sizes.iter().map(Argument::number));
        arguments.push(Argument::number(&label));
        arguments.extend([&self.rate, &self.empty].map(Argument::number));
        launch.run_streams(&self.program, "rows", [items, 1], &arguments)
    }

    #[allow(clippy::too_many_arguments, reason = "what to do, along what, from where to where")]
    fn lines<L: ocl_core::OclPrm>(
        &self,
        launch: &mut Launch<'_, '_>,
        kernel: &'static str,
        along: Lines,
        (sources, labels): (&Mem, &Mem),
        to: Place<'_>,
        weights: [C; 2],
        label: L,
    ) -> Result<(), Error> {
        let Lines { length, lines, inner, outer, step } = along;
        let pixels = self.planes.extents.pixels();
        let sizes = [to.first, pixels, length, lines, inner, outer, step].map(|n| n as u64);
        let mut arguments = vec![
            Argument::memory(sources),
            Argument::memory(labels),
            Argument::buffer(&self.stacks),
            Argument::buffer(&self.starts),
            Argument::memory(to.memory),
        ];
        arguments.extend(sizes.iter().map(Argument::number));
        arguments.extend(weights.iter().map(Argument::number));
        arguments.push(Argument::number(&label));
        arguments.extend([&self.rate, &self.empty].map(Argument::number));
        launch.run(&self.program, kernel, [lines, self.planes.count], &arguments)
    }

    fn transpose(
        &self,
        launch: &mut Launch<'_, '_>,
        element: &str,
        from: Place<'_>,
        to: Place<'_>,
        [rows, columns]: [usize; 2],
    ) -> Result<(), Error> {
        let side = launch.tile_side();
        let program = launch.program(&source::transpose(element, side))?;
        let [from_first, to_first, of_rows, of_columns] =
            [from.first, to.first, rows, columns].map(|n| n as u64);
        let arguments = [
            Argument::memory(from.memory),
            Argument::number(&from_first),
            Argument::memory(to.memory),
            Argument::number(&to_first),
            Argument::number(&of_rows),
            Argument::number(&of_columns),
        ];
        let groups = [columns.div_ceil(side), rows.div_ceil(side), self.planes.count];
        launch.run_tiles(&program, "transpose", groups, side, &arguments)
    }
}

/// The name of what counts steps.
fn gap<G>() -> &'static str {
    if size_of::<G>() == 2 { "ushort" } else { "uint" }
}

/// Bytes of a type.
fn bytes(name: &str) -> usize {
    match name {
        "double" | "ulong" => 8,
        _ => 4,
    }
}
