use crate::call::{Call, Given};
use crate::entry;
use crate::fault::Fault;
use crate::loss::Loss;
use crate::outputs::{Outputs, Places};
use crate::overlap::{Memory, check_apart};
use crate::result::ResultCode;
use crate::sources::Targets;
use crate::tensor::{Plain, Tensor};
use crate::workspace::{self, Storage, Workspace};
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::dlpack::{DLDataType, DLTensor};
use segloss_c_boundary::versioned::{read, read_or_zeros};
use segloss_core::engine::{self, Report};
use segloss_core::view::{Logit, ViewMut, Weights};

/// What a call reads: known to be there, and to have nothing in common with what it writes.
pub(crate) struct Inputs<'a> {
    pub(crate) loss: &'a Loss,
    pub(crate) logits: Tensor<'a>,
    targets: Tensor<'a>,
    pub(crate) given: Given<'a>,
}

impl<'a> Inputs<'a> {
    /// # Safety
    /// Pointers are NULL or point to what their types say, which nobody writes for `'a`.
    pub(crate) unsafe fn read(
        loss: *const Loss,
        logits: *const DLTensor,
        targets: *const DLTensor,
        call: *const Call,
    ) -> Result<Self, Fault> {
        // SAFETY: the caller's word.
        unsafe {
            let loss = Loss::of(loss)?;
            let logits = Tensor::read(logits, "logits")?;
            let targets = Tensor::read(targets, "targets")?;
            let given = Given::read(&read_or_zeros(call, "call")?, loss.link.of_core())?;
            Ok(Inputs { loss, logits, targets, given })
        }
    }

    /// That nothing of it is where `outputs` go.
    pub(crate) fn check_apart(&self, outputs: &Places<'a>) -> Result<(), Fault> {
        self.check_outputs(&outputs.memory()?)
    }

    /// The same of outputs of any kind.
    pub(crate) fn check_outputs(&self, outputs: &[Option<Memory>]) -> Result<(), Fault> {
        let tensors = [self.logits.memory()?, self.targets.memory()?];
        check_apart(outputs, tensors.into_iter().chain(self.given.memory()))
    }

    /// What core calls with.
    ///
    /// # Safety
    /// Nobody writes the inputs' memory for `'a`.
    pub(crate) unsafe fn call(&self) -> Result<(engine::Call<'a>, Targets<'a>), Fault> {
        // SAFETY: the caller's word.
        unsafe { Ok((self.given.call(self.loss.link.of_core())?, self.targets.targets()?)) }
    }
}

/// The loss of `logits` and whatever else `outputs` asks for.
///
/// Tensors are in host memory (kDLCPU) with 3 to 5 axes: batch, channels, and 1 to 3 of space. Strides
/// are counted in elements; negative ones are refused, and 0 repeats an input. `logits` holds float16,
/// bfloat16, float32 or float64; `targets` uint8, bool, int32, int64, float32 or float64, of the logits'
/// shape under the sigmoid link and with 1 channel under softmax. `call` is NULL for SEGLOSS_CALL_INIT.
///
/// Outputs are written only on success (only after SEGLOSS_RESULT_INTERNAL, which is a defect, is it
/// unspecified what they hold). The memory of each, from its first element to its last, has nothing in
/// common with that of inputs and other outputs; while a call runs it is the call's own, what lies
/// between elements included, and nobody writes between the first and last element of an input.
///
/// The result is the same in every bit on every machine, at every level and number of threads, that
/// rounds to nearest and does not flush denormals to zero.
///
/// `workspace` is NULL for one that the thread keeps until it ends. After the first call of a size
/// nothing is allocated (threads of the loss's own aside). May be called from any thread, and any number
/// at the same time with one loss. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
/// and type ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_evaluate(
    loss: *const Loss,
    logits: *const DLTensor,
    targets: *const DLTensor,
    call: *const Call,
    outputs: *const Outputs,
    workspace: *mut Workspace,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let inputs = unsafe { Inputs::read(loss, logits, targets, call)? };
        // SAFETY: as above.
        let mut places = unsafe { read(outputs, "outputs")?.places()? };
        inputs.check_apart(&places)?;
        // SAFETY: as above, and what is written is apart from what is read.
        let report = unsafe {
            workspace::with(workspace, |storage| evaluate(&inputs, &mut places, storage))?
        };
        // SAFETY: the places are there, and no output is borrowed any more.
        unsafe { places.report(report) };
        Ok(())
    })
}

/// # Safety
/// Nobody else writes the inputs' memory or uses the outputs' meanwhile, and they are apart.
unsafe fn evaluate(
    inputs: &Inputs<'_>,
    places: &mut Places<'_>,
    storage: &mut Storage,
) -> Result<Report<f64>, Fault> {
    let logits = inputs.logits.dtype;
    let gradient = places.gradient.as_ref().map_or(logits, |gradient| gradient.dtype);
    // SAFETY: the caller's word, and the gradient is stored so.
    unsafe {
        match (logits, gradient) {
            (DLDataType::F64, DLDataType::F64) => evaluate_double(inputs, places, storage),
            #[cfg(feature = "half")]
            (DLDataType::F16, DLDataType::F16) => {
                evaluate_single::<half::f16>(inputs, places, storage)
            }
            #[cfg(feature = "half")]
            (DLDataType::BF16, DLDataType::BF16) => {
                evaluate_single::<half::bf16>(inputs, places, storage)
            }
            #[cfg(feature = "half")]
            (DLDataType::F16 | DLDataType::BF16, DLDataType::F32) => {
                evaluate_single::<f32>(inputs, places, storage)
            }
            (DLDataType::F32, DLDataType::F32) => evaluate_single::<f32>(inputs, places, storage),
            _ => Err(wrong_dtype(inputs, gradient)),
        }
    }
}

/// Whichever of the two it is.
pub(crate) fn wrong_dtype(inputs: &Inputs<'_>, dtype: DLDataType) -> Fault {
    if let Err(fault) = inputs.logits.is_logits() {
        return fault;
    }
    let expected = if inputs.logits.dtype == DLDataType::F64 {
        "float64 as `logits` does"
    } else {
        "what `logits` does, or float32"
    };
    BadArgument::Dtype { argument: "outputs.gradient", dtype, expected }.into()
}

/// # Safety
/// As for [`evaluate`], and the gradient is stored as `E`.
unsafe fn evaluate_single<E>(
    inputs: &Inputs<'_>,
    places: &mut Places<'_>,
    storage: &mut Storage,
) -> Result<Report<f64>, Fault>
where
    E: Plain + Logit<Compute = f32>,
{
    let loss = inputs.loss;
    // SAFETY: the caller's word.
    let (logits, (call, targets), mut outputs) =
        unsafe { (inputs.logits.single_logits()?, inputs.call()?, Sinks::<E, f32>::of(places)?) };
    let buffers = &mut storage.single;
    buffers.use_threads(loss.has_threads());
    let evaluate = |maps: &[(&str, Weights<'_>)]| {
        let outputs = outputs.lend();
        let evaluate = || loss.single.evaluate(call, &logits, &targets, maps, outputs, buffers);
        Ok(loss.install(evaluate)?)
    };
    // SAFETY: as above.
    unsafe { inputs.given.with_maps(loss, evaluate) }
}

/// # Safety
/// As for [`evaluate`], and logits and gradient are stored as `f64`.
unsafe fn evaluate_double(
    inputs: &Inputs<'_>,
    places: &mut Places<'_>,
    storage: &mut Storage,
) -> Result<Report<f64>, Fault> {
    let loss = inputs.loss;
    // SAFETY: the caller's word.
    let (logits, (call, targets), mut outputs) =
        unsafe { (inputs.logits.double_logits()?, inputs.call()?, Sinks::<f64, f64>::of(places)?) };
    let buffers = &mut storage.double;
    buffers.use_threads(loss.has_threads());
    let evaluate = |maps: &[(&str, Weights<'_>)]| {
        let outputs = outputs.lend();
        let evaluate = || loss.double.evaluate(call, &logits, &targets, maps, outputs, buffers);
        Ok(loss.install(evaluate)?)
    };
    // SAFETY: as above.
    unsafe { inputs.given.with_maps(loss, evaluate) }
}

/// Outputs as core takes them: the gradient stored as `E`, the loss map as `T`.
struct Sinks<'a, E, T> {
    gradient: Option<ViewMut<'a, E>>,
    samples: Option<&'a mut [f64]>,
    loss_map: Option<ViewMut<'a, T>>,
}

impl<'a, E: Plain, T: Plain> Sinks<'a, E, T> {
    /// # Safety
    /// Nobody else uses the outputs' memory for `'a`, and the gradient is stored as `E`.
    unsafe fn of(places: &mut Places<'a>) -> Result<Self, Fault> {
        if let Some(map) = &places.loss_map {
            let (dtype, expected) = match size_of::<T>() {
                8 => (DLDataType::F64, "float64, as the logits"),
                _ => (DLDataType::F32, "float32"),
            };
            map.holds(&[dtype], expected)?;
        }
        // SAFETY: the caller's word, and both are stored so.
        unsafe {
            Ok(Sinks {
                gradient: places.gradient.as_mut().map(|to| to.view_mut()).transpose()?,
                samples: places.samples()?,
                loss_map: places.loss_map.as_mut().map(|to| to.view_mut()).transpose()?,
            })
        }
    }

    fn lend(&mut self) -> segloss_simd::Outputs<'_, f64, ViewMut<'a, E>, ViewMut<'a, T>> {
        segloss_simd::Outputs {
            gradient: self.gradient.as_mut(),
            samples: self.samples.as_deref_mut(),
            loss_map: self.loss_map.as_mut(),
        }
    }
}
