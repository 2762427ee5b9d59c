//! The commands of an evaluation.

use ocl_core::Program;
use segloss_core::compose::MapCall;
use segloss_core::engine::{Link, Scale};
use segloss_core::summation::{ACCUMULATORS, BLOCK, SEGMENT};
use segloss_core::view::Write;

use crate::commands::{Argument, Buffer, Commands, Items};
use crate::error::Error;
use crate::ignored::Ignored;
use crate::loss::Loss;
use crate::maps::{BuiltinMap, Targets, Validity, weights};
use crate::programs::Programs;
use crate::source::Sizes;
use crate::target::{DeviceTarget, with_element};
use crate::tensors::{Array, Options, Plane, Tensors, elements};
use crate::trace::Format;
use crate::tuning::Tuning;

/// A program, and the sizes of what it reads and writes.
#[derive(Debug)]
pub(crate) struct Prepared {
    program: Program,
    pub(crate) sizes: Sizes,
    /// Keeps the library that programs are told apart by.
    _loss: Loss,
}

impl Prepared {
    pub(crate) fn new(program: Program, sizes: Sizes, loss: &Loss) -> Self {
        Prepared { program, sizes, _loss: loss.clone() }
    }
}

/// What is evaluated, and with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evaluation<'c> {
    /// Programs of the device, for maps.
    pub(crate) programs: &'c Programs,
    pub(crate) tuning: Tuning,
    pub(crate) loss: &'c Loss,
    /// The loss's program.
    pub(crate) prepared: &'c Prepared,
    pub(crate) options: &'c Options<'c>,
    pub(crate) tensors: &'c Tensors<'c>,
}

impl Evaluation<'_> {
    /// Adds the commands; returns the buffer that the report will be in.
    pub(crate) fn run(&self, commands: &mut Commands<'_>) -> Result<Buffer<u64>, Error> {
        if self.tensors.storage.is_double() {
            self.run_in::<f64>(commands)
        } else {
            self.run_in::<f32>(commands)
        }
    }

    fn run_in<R: Format>(&self, commands: &mut Commands<'_>) -> Result<Buffer<u64>, Error> {
        let Evaluation { programs, tuning, prepared, options, tensors, .. } = *self;
        let Prepared { program, sizes, .. } = prepared;
        let context = programs.context();
        let has_double = programs.device().has_double();
        let (batch, pixels) = (tensors.shape.batch, tensors.shape.pixels());
        let (blocks, segments) = (pixels.div_ceil(BLOCK), pixels.div_ceil(SEGMENT));
        let planes = batch * sizes.planes;

        let block_sums = Buffer::<R>::new(context, planes * blocks * sizes.sums)?;
        let block_notes = Buffer::<u32>::new(context, planes * blocks * sizes.block_notes)?;
        // A sum takes eight bytes: one `f64`, or two `f32`.
        let segment_sums = Buffer::<u64>::new(context, batch * segments * sizes.row)?;
        let segment_notes = Buffer::<u64>::new(context, batch * segments * sizes.notes)?;
        let rows = Buffer::<u64>::new(context, batch * sizes.row)?;
        let sample_notes = Buffer::<u64>::new(context, batch * sizes.notes)?;
        let scales = scales(&options.scale);
        let by_sample = matches!(options.scale, Scale::Samples(_));
        let factors = Buffer::<R>::new(context, sizes.terms * if by_sample { batch } else { 1 })?;
        let slopes = Buffer::<R>::new(context, 2 * sizes.regions * batch)?;
        let report = Buffer::<u64>::new(context, 4)?;

        let given =
            |name: &str| tensors.maps.iter().find(|(own, _)| *own == name).map(|(_, map)| *map);
        // Most losses have none, and the text is read to compute them.
        let computed = if sizes.maps.iter().all(|name| given(name).is_some()) {
            if sizes.maps.is_empty() {
                MapCall::<f32>::check_spacing(&[], options.spacing)?;
            }
            Vec::new()
        } else {
            self.compute(commands)?
        };
        let mut maps = Vec::new();
        for (place, &name) in sizes.maps.iter().enumerate() {
            let own = computed.get(place).and_then(Option::as_ref);
            let own = own.map(|buffer: &Buffer<R>| Plane {
                array: Array::new(buffer.memory()),
                is_shared: false,
            });
            maps.push(given(name).or(own).ok_or(Error::NotGiven { map: name })?);
        }

        let labels = self.ignored_labels();
        let ignored = Ignored::of(labels, tensors.element);
        let ignored_list;
        let ignored_argument = if labels.len() > 1 {
            ignored_list = ignored.list(context)?;
            Argument::buffer(&ignored_list)
        } else {
            ignored.first()
        };
        let left_out = left_out(labels);
        let (pixels_64, blocks_64, segments_64) = (pixels as u64, blocks as u64, segments as u64);
        let (logits_first, targets_first) =
            (tensors.logits.first as u64, tensors.targets.first as u64);
        let planes_of: Vec<&Plane<'_>> =
            tensors.mask.iter().chain(tensors.weights.iter()).chain(&maps).collect();
        let firsts: Vec<(u64, i32)> = planes_of
            .iter()
            .map(|plane| (plane.array.first as u64, i32::from(plane.is_shared)))
            .collect();
        let mut inputs = vec![
            Argument::memory(tensors.logits.memory),
            Argument::number(&logits_first),
            Argument::memory(tensors.targets.memory),
            Argument::number(&targets_first),
            Argument::number(&pixels_64),
            Argument::number(&blocks_64),
            Argument::number(&ignored.count),
            ignored_argument,
        ];
        for (plane, (first, is_shared)) in planes_of.iter().zip(&firsts) {
            inputs.extend([
                Argument::memory(plane.array.memory),
                Argument::number(first),
                Argument::number(is_shared),
            ]);
        }

        let mut reduce = inputs.clone();
        reduce.extend([Argument::buffer(&block_sums), Argument::buffer(&block_notes)]);
        let items = match tuning {
            Tuning::Vectors { .. } => Items::groups([blocks, planes, 1], 1),
            Tuning::Groups { blocks: of_group } => {
                Items::groups([blocks.div_ceil(of_group), planes, 1], of_group * ACCUMULATORS)
            }
        };
        // A processor's runtime compiles a kernel anew for each size of its groups.
        let one_by_one = |all| match tuning {
            Tuning::Vectors { .. } => Items::groups(all, 1),
            Tuning::Groups { .. } => Items::all(all),
        };
        let batch_32 = batch as u32;
        let (wide, narrow);
        let scales = if has_double {
            wide = Buffer::holding(context, &scales)?;
            Argument::buffer(&wide)
        } else {
            let scales: Vec<f32> = scales.iter().map(|&scale| scale as f32).collect();
            narrow = Buffer::holding(context, &scales)?;
            Argument::buffer(&narrow)
        };
        let fold = [
            Argument::buffer(&block_sums),
            Argument::buffer(&block_notes),
            Argument::number(&pixels_64),
            Argument::number(&blocks_64),
            Argument::number(&segments_64),
            Argument::buffer(&segment_sums),
            Argument::buffer(&segment_notes),
        ];
        let fold_rows = [
            Argument::buffer(&segment_sums),
            Argument::buffer(&segment_notes),
            Argument::number(&segments_64),
            Argument::buffer(&rows),
            Argument::buffer(&sample_notes),
        ];
        let mut finish = vec![
            Argument::buffer(&rows),
            Argument::buffer(&sample_notes),
            Argument::number(&batch_32),
            scales,
        ];
        finish.extend(left_out.iter().map(Argument::number));
        finish.extend([
            Argument::buffer(&factors),
            Argument::buffer(&slopes),
            Argument::buffer(&report),
        ]);
        // From the blocks' sums to the report.
        let fold_and_finish = |commands: &mut Commands<'_>| {
            commands.run(
                program,
                "fold_segments",
                one_by_one([segments, sizes.row, batch]),
                &fold,
            )?;
            commands.run(program, "fold_samples", one_by_one([sizes.row, batch, 1]), &fold_rows)?;
            commands.run(program, "finish", Items::groups([1, 1, 1], 1), &finish)
        };

        let Some(gradient) = &tensors.gradient else {
            commands.run(program, "reduce", items, &reduce)?;
            fold_and_finish(commands)?;
            return Ok(report);
        };
        let accumulate = i32::from(options.write == Write::Accumulate);
        let first = gradient.first as u64;
        let writes = [
            Argument::buffer(&factors),
            Argument::buffer(&slopes),
            Argument::buffer(&report),
            Argument::number(&accumulate),
            Argument::memory(gradient.memory),
            Argument::number(&first),
        ];
        if sizes.has_region {
            commands.run(program, "reduce", items, &reduce)?;
            fold_and_finish(commands)?;
            inputs.extend(writes);
            let items = match tuning {
                Tuning::Vectors { .. } => Items::groups([blocks, planes, 1], 1),
                Tuning::Groups { blocks: of_group } => {
                    let group = of_group * ACCUMULATORS;
                    Items::groups([pixels.div_ceil(group), planes, 1], group)
                }
            };
            commands.run(program, "gradient", items, &inputs)?;
        } else {
            // Factors come of counts alone, so that losses and gradient take one sweep.
            commands.run(program, "count", items, &reduce)?;
            fold_and_finish(commands)?;
            reduce.extend(writes);
            commands.run(program, "reduce_with_gradient", items, &reduce)?;
            fold_and_finish(commands)?;
        }
        Ok(report)
    }

    /// Computes the weights of each map that the call does not give, by place.
    fn compute<R: Format>(
        &self,
        commands: &mut Commands<'_>,
    ) -> Result<Vec<Option<Buffer<R>>>, Error> {
        self.loss.with(|plan| {
            MapCall::check_spacing(plan.map_calls(), self.options.spacing)?;
            let one = |call: &MapCall<'_, f32>| {
                let name = call.definition().map_or("", |definition| definition.name);
                if self.tensors.maps.iter().any(|(own, _)| *own == name) {
                    return Ok(None);
                }
                let plan = BuiltinMap::of(call, self.loss.link())?;
                let element = self.tensors.element;
                with_element!(element, E => self.weights::<R, E>(&plan, commands)).map(Some)
            };
            plan.map_calls().iter().map(one).collect()
        })
    }

    /// Computes the weights of a map, from targets stored as `E`.
    fn weights<R: Format, E: DeviceTarget>(
        &self,
        plan: &BuiltinMap,
        commands: &mut Commands<'_>,
    ) -> Result<Buffer<R>, Error> {
        let Evaluation { programs, loss, options, tensors, .. } = *self;
        let is_softmax = loss.link() == Link::Softmax;
        let classes = tensors.shape.channels;
        let shape = tensors.shape.with_channels(if is_softmax { 1 } else { classes });
        let targets = Targets {
            element: E::ELEMENT,
            memory: tensors.targets.memory,
            first: tensors.targets.first,
            shape,
            are_masks: !is_softmax,
            labels: classes as u32,
            ignored: Ignored::stored_as::<E>(self.ignored_labels()),
            mask: tensors.mask.map(|mask| Validity {
                memory: mask.array.memory,
                first: mask.array.first,
                channels: if mask.is_shared { 1 } else { shape.channels },
            }),
        };
        let out = Buffer::new(programs.context(), elements(shape)?)?;
        weights::<R>(programs, commands, plan, &targets, options.spacing, &out)?;
        Ok(out)
    }

    fn ignored_labels(&self) -> &[i64] {
        self.options.ignored(self.loss.link(), self.tensors.shape.channels)
    }
}

/// A bit for each class that is ignored, and so cannot occur.
fn left_out(labels: &[i64]) -> [u64; 4] {
    let mut words = [0; 4];
    for &label in labels {
        let class = usize::try_from(label).unwrap_or(usize::MAX);
        if let Some(word) = words.get_mut(class / 64) {
            *word |= 1 << (class % 64);
        }
    }
    words
}

fn scales(scale: &Scale<'_>) -> Vec<f64> {
    match scale {
        Scale::Batch(scale) => vec![*scale],
        Scale::Samples(scales) => scales.to_vec(),
    }
}
