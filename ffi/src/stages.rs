//! Evaluation in two stages, for images in tiles and for samples on several machines.

use core::ptr;

use crate::call::{Call, MAPS};
use crate::entry;
use crate::evaluate::{Format, Gradient, Inputs};
use crate::fault::{Fault, Reason};
use crate::loss::Loss;
use crate::outputs::{Outputs, Places};
use crate::overlap::{Memory, check_apart};
use crate::result::ResultCode;
use crate::workspace::{self, Storage, Workspace};
use segloss_c_boundary::dlpack::{DLDataType, DLTensor};
use segloss_c_boundary::pointer::{array, array_mut, check_array, check_pointer};
use segloss_core::Error;
use segloss_core::engine::{self, Problem, Report};
use segloss_core::view::{Layout, Logits, Shape, View, Weights};
use segloss_simd::{Buffers, stages};

type Posed<'p, T> = Problem<'p, T, f64>;

/// What a stage does with its problem, whatever that is computed in.
trait Stage {
    type Output;

    fn run<T: Format>(
        self,
        loss: &Loss,
        problem: &Posed<'_, T>,
        buffers: &mut Buffers<T>,
    ) -> Result<Self::Output, Fault>;
}

/// Runs a stage on the problem of a call.
///
/// # Safety
/// Nobody writes the inputs' memory meanwhile.
unsafe fn run<S: Stage>(
    inputs: &Inputs<'_>,
    stage: S,
    storage: &mut Storage,
) -> Result<S::Output, Fault> {
    inputs.logits.is_logits()?;
    let loss = inputs.loss;
    // SAFETY: the caller's word.
    unsafe {
        if inputs.logits.dtype == DLDataType::F64 {
            let logits = inputs.logits.double_logits()?;
            pose(inputs, &loss.double, logits, stage, &mut storage.double)
        } else {
            let logits = inputs.logits.single_logits()?;
            pose(inputs, &loss.single, logits, stage, &mut storage.single)
        }
    }
}

/// # Safety
/// Nobody writes the inputs' memory meanwhile.
unsafe fn pose<T: Format, S: Stage>(
    inputs: &Inputs<'_>,
    loss: &segloss_simd::Loss<'static, T>,
    logits: Logits<'_, T>,
    stage: S,
    buffers: &mut Buffers<T>,
) -> Result<S::Output, Fault> {
    // SAFETY: the caller's word.
    let (call, targets) = unsafe { (inputs.call()?, inputs.targets()?) };
    buffers.use_threads(inputs.loss.has_threads());
    let mut room = None;
    // SAFETY: as above.
    let given = unsafe { inputs.given.maps(inputs.loss, &mut room)? };
    loss.with(|plan| {
        let nothing = Shape { batch: 0, channels: 0, spatial: [0; 3], axes: 1 };
        let none = Weights::F32(View::new(&[], Layout::channels_first(nothing)?)?);
        let (mut maps, own) = ([none; MAPS], plan.map_calls());
        for (place, map) in maps.iter_mut().zip(own) {
            let name = map.definition().map_or("", |known| known.name);
            let found = given.iter().find(|(own, _)| *own == name);
            // Computed of a part of an image it would be another map.
            *place = found.ok_or(Error::NotComputed { map: name })?.1;
        }
        let call = engine::Call { maps: &maps[..own.len()], ..call };
        stage.run(inputs.loss, &Problem::new(call, plan, logits, targets)?, buffers)
    })
}

struct Lengths;

impl Stage for Lengths {
    type Output = [usize; 2];

    fn run<T: Format>(
        self,
        _: &Loss,
        problem: &Posed<'_, T>,
        _: &mut Buffers<T>,
    ) -> Result<[usize; 2], Fault> {
        Ok([problem.sizes().sums, problem.sizes().totals])
    }
}

/// How many numbers the stages need: `sums`, with a row a sample, and `totals`.
///
/// Tensors and `call` are as for segloss_reduce. Tiles of the same samples have the same lengths. Since
/// 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that they ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_stage_lengths(
    loss: *const Loss,
    logits: *const DLTensor,
    targets: *const DLTensor,
    call: *const Call,
    sums_length: *mut usize,
    totals_length: *mut usize,
) -> ResultCode {
    let with_inputs = |inputs: &Inputs<'_>| {
        check_pointer(sums_length, "sums_length", "")?;
        check_pointer(totals_length, "totals_length", "")?;
        // SAFETY: the caller's word.
        let [sums, totals] =
            unsafe { workspace::with(ptr::null(), |own| run(inputs, Lengths, own))? };
        // SAFETY: neither is NULL nor misaligned, so both are the caller's to be written.
        unsafe {
            sums_length.write(sums);
            totals_length.write(totals);
        }
        Ok(())
    };
    // SAFETY: the caller's word.
    entry::run(|| unsafe { Inputs::with(loss, logits, targets, call, with_inputs) })
}

struct Reduce<'a> {
    sums: &'a mut Vec<f64>,
    before: *const f64,
    out: *mut f64,
    length: usize,
}

impl Stage for Reduce<'_> {
    type Output = ();

    fn run<T: Format>(
        self,
        loss: &Loss,
        problem: &Posed<'_, T>,
        buffers: &mut Buffers<T>,
    ) -> Result<(), Fault> {
        let (length, expected) = (self.length, problem.sizes().sums);
        if length != expected {
            return Err(Reason::Length { argument: "sums", length, expected }.into());
        }
        let sums = workspace::lend(self.sums, length, "sums")?;
        sums.fill(0.0);
        if !self.before.is_null() {
            // SAFETY: `segloss_reduce` has checked it, and both have that many.
            unsafe { sums.as_mut_ptr().copy_from(self.before, length) };
        }
        loss.install(|| stages::reduce(problem, sums, buffers))?;
        // SAFETY: `segloss_reduce` has checked it, and both have that many.
        unsafe { self.out.copy_from(sums.as_ptr(), length) };
        Ok(())
    }
}

/// The first stage: the sums of `before`, and of these pixels, into `sums`.
///
/// `sums` gets `length` numbers, as many as segloss_stage_lengths says: a row a sample. `before` is NULL
/// or the sums of earlier tiles of the same samples, as many; it may be `sums` itself. If each tile
/// before the last has a whole number of SEGLOSS_SEGMENT pixels, then going on from tile to tile gives
/// the sums of one call on the whole in every bit; otherwise, or with the sums of each tile by themselves
/// and segloss_merge, they agree to about 1e-12 (and 1e-6 where tiles cut a block of 1024 pixels).
///
/// Tensors, `call` and `workspace` are as for segloss_evaluate. Weight maps are not computed, because of a
/// part of an image they would be others: the call gives all that the loss refers to (segloss_map_weights
/// computes them). `sums` is written only on success, and has nothing in common with the inputs. Since
/// 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say, `before` and `sums` to `length` numbers; tensors
/// have the memory that they ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_reduce(
    loss: *const Loss,
    logits: *const DLTensor,
    targets: *const DLTensor,
    call: *const Call,
    before: *const f64,
    sums: *mut f64,
    length: usize,
    workspace: *mut Workspace,
) -> ResultCode {
    let with_inputs = |inputs: &Inputs<'_>| {
        check_array(sums, length, "sums", "")?;
        if !before.is_null() {
            check_array(before, length, "before", "")?;
        }
        inputs.check_apart(&[Memory::of("sums", sums, length)])?;
        let reduce = |storage: &mut Storage| {
            let mut own = core::mem::take(&mut storage.sums);
            let stage = Reduce { sums: &mut own, before, out: sums, length };
            // SAFETY: the caller's word, and what is written is apart from the inputs.
            let result = unsafe { run(inputs, stage, storage) };
            storage.sums = own;
            result
        };
        // SAFETY: the caller's word.
        unsafe { workspace::with(workspace, reduce) }
    };
    // SAFETY: the caller's word.
    entry::run(|| unsafe { Inputs::with(loss, logits, targets, call, with_inputs) })
}

/// The pixels that tiles have a whole number of for sums to be the same in every bit.
pub const SEGLOSS_SEGMENT: usize = 65536;
const _: () = assert!(SEGLOSS_SEGMENT == segloss_core::summation::SEGMENT);

/// Sums or totals of two tiles or workers, each `length` numbers, into `merged`, which may be one of
/// them: `merged[i] = one[i] + other[i]`, as MPI_Allreduce with MPI_SUM does.
///
/// Sums are merged of tiles of the same samples, totals (segloss_close) of different samples. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to `length` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_merge(
    one: *const f64,
    other: *const f64,
    merged: *mut f64,
    length: usize,
) -> ResultCode {
    entry::run(|| {
        check_array(one, length, "one", "")?;
        check_array(other, length, "other", "")?;
        check_array(merged, length, "merged", "")?;
        for at in 0..length {
            // SAFETY: each has `length` numbers. By pointers, because they may be the same.
            unsafe { merged.add(at).write(one.add(at).read() + other.add(at).read()) };
        }
        Ok(())
    })
}

struct Close<'a> {
    sums: &'a [f64],
    totals: &'a mut [f64],
}

impl Stage for Close<'_> {
    type Output = ();

    fn run<T: Format>(
        self,
        _: &Loss,
        problem: &Posed<'_, T>,
        _: &mut Buffers<T>,
    ) -> Result<(), Fault> {
        check_lengths(self.sums, self.totals, problem)?;
        Ok(problem.close(self.sums, self.totals)?)
    }
}

fn check_lengths<T: Format>(
    sums: &[f64],
    totals: &[f64],
    problem: &Posed<'_, T>,
) -> Result<(), Fault> {
    let sizes = problem.sizes();
    let is = [("sums", sums.len(), sizes.sums), ("totals", totals.len(), sizes.totals)];
    match is.into_iter().find(|(_, length, expected)| length != expected) {
        Some((argument, length, expected)) => {
            Err(Reason::Length { argument, length, expected }.into())
        }
        None => Ok(()),
    }
}

/// What sums of all tiles come to over samples: `totals_length` numbers into `totals`, which
/// segloss_merge adds up over workers (MPI_Allreduce). With one worker they are the totals themselves.
///
/// Tensors and `call` are as for segloss_reduce, any tile's. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say, `sums` and `totals` to as many numbers as are
/// given beside them; tensors have the memory that they ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_close(
    loss: *const Loss,
    logits: *const DLTensor,
    targets: *const DLTensor,
    call: *const Call,
    sums: *const f64,
    sums_length: usize,
    totals: *mut f64,
    totals_length: usize,
) -> ResultCode {
    let with_inputs = |inputs: &Inputs<'_>| {
        check_array(sums, sums_length, "sums", "")?;
        check_array(totals, totals_length, "totals", "")?;
        let own = [Memory::of("totals", totals, totals_length)];
        inputs.check_apart(&own)?;
        check_apart(&own, [Memory::of("sums", sums, sums_length)])?;
        // SAFETY: the caller's word, and they are apart.
        let (sums, totals) = unsafe {
            (
                array(sums, sums_length, "sums", "")?.unwrap_or_default(),
                array_mut(totals, totals_length, "totals", "")?.unwrap_or_default(),
            )
        };
        let stage = Close { sums, totals };
        // SAFETY: as above.
        unsafe { workspace::with(ptr::null(), |own| run(inputs, stage, own)) }
    };
    // SAFETY: the caller's word.
    entry::run(|| unsafe { Inputs::with(loss, logits, targets, call, with_inputs) })
}

struct Finish<'a> {
    sums: &'a [f64],
    totals: &'a [f64],
    places: &'a Places<'a>,
    inputs: &'a Inputs<'a>,
}

impl Stage for Finish<'_> {
    type Output = Report<f64>;

    fn run<T: Format>(
        self,
        loss: &Loss,
        problem: &Posed<'_, T>,
        buffers: &mut Buffers<T>,
    ) -> Result<Report<f64>, Fault> {
        check_lengths(self.sums, self.totals, problem)?;
        if self.places.loss_map.is_some() {
            return Err(Reason::Unused { argument: "outputs.loss_map", by: "this stage" }.into());
        }
        // SAFETY: `segloss_finish`'s word that only this call uses the outputs.
        let samples = unsafe { self.places.samples()? };
        if let Some(samples) = &samples {
            problem.check_sample_values(samples)?;
        }
        let valid = problem.valid(self.totals)?;
        let (sums, totals) = (self.sums, self.totals);
        // SAFETY: as above.
        let mut gradient = unsafe { Gradient::of(self.inputs, self.places)? };
        let sink = gradient.as_mut().and_then(T::sink);
        let finish = || stages::finish(problem, sums, totals, sink, buffers);
        let value = loss.install(finish)?;
        if let Some(samples) = samples {
            problem.sample_values(sums, samples)?;
        }
        Ok(Report { value, valid })
    }
}

/// The second stage: from the totals over all tiles and workers, and the sums of these samples over all
/// their tiles, the loss and the gradient of these logits.
///
/// Outputs are as for segloss_evaluate, the loss map excepted, which is NULL; `valid` counts all pixels
/// that are not ignored, whatever their weights, and is 0 where nothing is left to divide by. Where a
/// framework averages gradients over workers, `call->scale` is their number.
///
/// Tensors, `call` and `workspace` are as for segloss_reduce. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say, `sums` and `totals` to as many numbers as are
/// given beside them; tensors have the memory that they ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_finish(
    loss: *const Loss,
    logits: *const DLTensor,
    targets: *const DLTensor,
    call: *const Call,
    sums: *const f64,
    sums_length: usize,
    totals: *const f64,
    totals_length: usize,
    outputs: *const Outputs,
    workspace: *mut Workspace,
) -> ResultCode {
    let finish = |inputs: &Inputs<'_>, places: &Places<'_>| {
        let written = places.memory();
        inputs.check_apart(&written)?;
        let read =
            [Memory::of("sums", sums, sums_length), Memory::of("totals", totals, totals_length)];
        check_apart(&written, read)?;
        // SAFETY: the caller's word, and what is written is apart from what is read.
        let report = unsafe {
            let sums = array(sums, sums_length, "sums", "")?.unwrap_or_default();
            let totals = array(totals, totals_length, "totals", "")?.unwrap_or_default();
            let stage = Finish { sums, totals, places, inputs };
            workspace::with(workspace, |storage| run(inputs, stage, storage))?
        };
        // SAFETY: the places are there, and no output is borrowed any more.
        unsafe { places.report(report) };
        Ok(())
    };
    let with_inputs = |inputs: &Inputs<'_>| {
        check_array(sums, sums_length, "sums", "")?;
        check_array(totals, totals_length, "totals", "")?;
        // SAFETY: the caller's word.
        unsafe { Places::with(outputs, |places| finish(inputs, places)) }
    };
    // SAFETY: as above.
    entry::run(|| unsafe { Inputs::with(loss, logits, targets, call, with_inputs) })
}
