use ocl_core::{Context, Program};

use crate::commands::{Argument, Commands, Items};
use crate::error::Error;
use crate::programs::Programs;

/// How kernels of maps are run on a device. Results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapTuning {
    /// Work items of a group, at most what the device takes.
    pub group: usize,
    /// Whether rows are transposed, so that items that run together read neighbouring pixels; else each
    /// item goes along a row of its own, which suits caches.
    pub transpose: bool,
}

/// Streams a unit: more than one, so that none waits long for the slowest.
const STREAMS: usize = 8;

/// Launches of kernels one after the other.
#[derive(Debug)]
pub(super) struct Launch<'a, 'q> {
    pub(super) programs: &'a Programs,
    pub(super) commands: &'a mut Commands<'q>,
    pub(super) tuning: MapTuning,
}

impl<'a, 'q> Launch<'a, 'q> {
    /// Launches in the way that suits the device.
    pub(super) fn new(programs: &'a Programs, commands: &'a mut Commands<'q>) -> Self {
        let tuning = MapTuning::of(programs);
        Launch { programs, commands, tuning }
    }

    pub(super) fn context(&self) -> &'a Context {
        self.programs.context()
    }

    pub(super) fn program(&self, source: &str) -> Result<Program, Error> {
        self.programs.get(source)
    }

    /// Runs one item for each of `[items, planes]`, and a few more to fill the last group, which kernels
    /// leave out.
    pub(super) fn run(
        &mut self,
        program: &Program,
        kernel: &'static str,
        [items, planes]: [usize; 2],
        arguments: &[Argument<'_>],
    ) -> Result<(), Error> {
        self.run_rows(program, kernel, [items, planes, 1], arguments)
    }

    /// Runs one item for each of `[items, rows, planes]`, and a few more to fill the last group, which
    /// kernels leave out.
    pub(super) fn run_rows(
        &mut self,
        program: &Program,
        kernel: &'static str,
        [items, rows, planes]: [usize; 3],
        arguments: &[Argument<'_>],
    ) -> Result<(), Error> {
        // One size for every number of items: some drivers compile a kernel for each size of groups.
        let group = self.tuning.group;
        let items = Items::groups([items.div_ceil(group), rows, planes], group);
        self.commands.run(program, kernel, items, arguments)
    }

    /// Work items that go along many rows each: a few for each unit of the device.
    pub(super) fn streams(&self) -> usize {
        self.programs.device().units() * STREAMS
    }

    /// Runs so many of those for each of so many planes.
    pub(super) fn run_streams(
        &mut self,
        program: &Program,
        kernel: &'static str,
        [items, planes]: [usize; 2],
        arguments: &[Argument<'_>],
    ) -> Result<(), Error> {
        self.commands.run(program, kernel, Items::groups([items, planes, 1], 1), arguments)
    }

    /// The side of the tiles of [`Launch::run_tiles`]: the items of one are a group.
    pub(super) fn tile_side(&self) -> usize {
        [16, 8, 4, 2].into_iter().find(|side| side * side <= self.tuning.group).unwrap_or(1)
    }

    /// Runs so many groups, each of `side * side` items.
    pub(super) fn run_tiles(
        &mut self,
        program: &Program,
        kernel: &'static str,
        [x, y, z]: [usize; 3],
        side: usize,
        arguments: &[Argument<'_>],
    ) -> Result<(), Error> {
        let items = Items { all: [x * side, y * side, z], group: Some([side, side, 1]) };
        self.commands.run(program, kernel, items, arguments)
    }
}

impl MapTuning {
    /// Returns what suits the device.
    pub(super) fn of(programs: &Programs) -> Self {
        let device = programs.device();
        MapTuning { group: device.work_group().min(64), transpose: !device.is_cpu() }
    }
}
