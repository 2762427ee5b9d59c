use crate::call::{Call, CallInputs};
use crate::entry;
use crate::fault::{Fault, borrow};
use crate::loss::Loss;
use crate::outputs::{Outputs, Places};
use crate::overlap::{Memory, check_read, check_written};
use crate::result::ResultCode;
use crate::tensor::{Plain, Tensor};
use crate::workspace::{self, Storage, Workspace};
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::dlpack::{DLDataType, DLTensor};
use segloss_c_boundary::tensor::Axes;
use segloss_c_boundary::versioned::read_or_zeros;
use segloss_core::engine::{self, Report};
use segloss_core::lanes::Real;
use segloss_core::view::{GradientSink, Logit, Logits, Targets, ViewMut};
use segloss_simd::Buffers;

/// What a call reads: known to be there, and to have nothing in common with what it writes.
pub(crate) struct Inputs<'a> {
    pub(crate) loss: &'a Loss,
    pub(crate) logits: &'a Tensor<'a>,
    targets: &'a Tensor<'a>,
    pub(crate) given: &'a CallInputs<'a>,
}

impl<'a> Inputs<'a> {
    /// Calls `use_them` with what a call reads.
    ///
    /// # Safety
    /// Pointers are NULL or point to what their types say, which nobody writes meanwhile.
    #[inline]
    pub(crate) unsafe fn with<R>(
        loss: *const Loss,
        logits: *const DLTensor,
        targets: *const DLTensor,
        call: *const Call,
        use_them: impl FnOnce(&Inputs<'_>) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        // SAFETY: the caller's word, here and below.
        let loss = unsafe { Loss::of(loss)? };
        // SAFETY: as above.
        let logits = unsafe { Tensor::read(logits, "logits") };
        let logits = borrow(&logits)?;
        // SAFETY: as above.
        let axes = Axes::Beside(2 + logits.layout.shape().axes);
        // SAFETY: as above.
        let targets = unsafe { Tensor::read_with(targets, "targets", axes) };
        let targets = borrow(&targets)?;
        // SAFETY: as above.
        let given = unsafe { CallInputs::read(&read_or_zeros(call, "call")?, axes) };
        let given = borrow(&given)?;
        use_them(&Inputs { loss, logits, targets, given })
    }

    /// Checks that outputs are where nothing is that is read, and no other output.
    #[inline]
    pub(crate) fn check_apart(&self, outputs: &[Memory]) -> Result<(), Fault> {
        check_read(outputs, &self.logits.memory())?;
        check_read(outputs, &self.targets.memory())?;
        self.given.check_apart(outputs)?;
        check_written(outputs)
    }

    /// What core calls with.
    ///
    /// # Safety
    /// Nobody writes the inputs' memory for `'a`.
    #[inline]
    pub(crate) unsafe fn call(&self) -> Result<engine::Call<'a>, Fault> {
        // SAFETY: the caller's word.
        unsafe { self.given.call(self.loss.link.of_core()) }
    }

    /// # Safety
    /// Nobody writes the inputs' memory for `'a`.
    #[inline]
    pub(crate) unsafe fn targets(&self) -> Result<Targets<'a>, Fault> {
        // SAFETY: the caller's word.
        unsafe { self.targets.targets() }
    }
}

/// The loss of `logits` and whatever else `outputs` asks for.
///
/// Tensors are in host memory (kDLCPU) with 3 to 5 axes: batch, channels, and 1 to 3 of space. Strides
/// are counted in elements; negative ones are refused, and 0 repeats an input. `logits` holds float16,
/// bfloat16, float32 or float64; `targets` integers of 8 to 64 bits, bool or what logits can hold, of the logits'
/// shape under the sigmoid link and with 1 channel under softmax. Where there is 1 channel, `targets`, and a call's `mask`,
/// `weights` and maps, may leave out that axis. A batch without samples has the value 0.
///
/// Targets of integers under the sigmoid link are a mask: 0, and one positive number throughout, which is foreground.
/// Floats are the share of foreground; up to four rounding steps outside of 0 to 1 they are taken as the nearer of
/// both. `call` is NULL for SEGLOSS_CALL_INIT.
///
/// Outputs are written only on success, but for a gradient that is overwritten: after any other result it may hold
/// anything, since floats are checked in the sweep that writes it. (After SEGLOSS_RESULT_INTERNAL, which is a defect, so may
/// all outputs.) The memory of each, from its first element to its last, has nothing in
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
    let run = |inputs: &Inputs<'_>, places: &Places<'_>| {
        inputs.check_apart(&places.memory())?;
        // SAFETY: the caller's word, and what is written is apart from what is read.
        let report =
            unsafe { workspace::with(workspace, |storage| evaluate(inputs, places, storage))? };
        // SAFETY: the places are there, and no output is borrowed any more.
        unsafe { places.report(report) };
        Ok(())
    };
    // SAFETY: the caller's word.
    let with_inputs =
        |inputs: &Inputs<'_>| unsafe { Places::with(outputs, |places| run(inputs, places)) };
    // SAFETY: as above.
    entry::run(|| unsafe { Inputs::with(loss, logits, targets, call, with_inputs) })
}

/// # Safety
/// Nobody else writes the inputs' memory or uses the outputs' meanwhile, and they are apart.
unsafe fn evaluate(
    inputs: &Inputs<'_>,
    places: &Places<'_>,
    storage: &mut Storage,
) -> Result<Report<f64>, Fault> {
    inputs.logits.is_logits()?;
    // SAFETY: the caller's word.
    unsafe {
        if inputs.logits.dtype == DLDataType::F64 {
            let logits = inputs.logits.double_logits();
            let loss = &inputs.loss.double;
            evaluate_as(inputs, loss, borrow(&logits)?, places, &mut storage.double)
        } else {
            let logits = inputs.logits.single_logits();
            let loss = &inputs.loss.single;
            evaluate_as(inputs, loss, borrow(&logits)?, places, &mut storage.single)
        }
    }
}

/// # Safety
/// Nobody else writes the inputs' memory or uses the outputs' meanwhile, and they are apart.
unsafe fn evaluate_as<T: Format>(
    inputs: &Inputs<'_>,
    loss: &segloss_simd::Loss<'static, T>,
    logits: &Logits<'_, T>,
    places: &Places<'_>,
    buffers: &mut Buffers<T>,
) -> Result<Report<f64>, Fault> {
    let own = inputs.loss;
    if let Some(map) = places.loss_map {
        let (dtype, expected) = T::LOSS_MAP;
        map.holds(&[dtype], expected)?;
    }
    let mut loss_map = match places.loss_map {
        // SAFETY: the caller's word, here and below.
        Some(map) => Some(unsafe { map.view_mut::<T>()? }),
        None => None,
    };
    let mut call = inputs.given.options(own.link.of_core());
    // SAFETY: as above.
    unsafe { inputs.given.add_arrays(&mut call)? };
    // SAFETY: as above.
    let targets = unsafe { inputs.targets() };
    let targets = borrow(&targets)?;
    // SAFETY: as above.
    let mut gradient = unsafe { Gradient::of(inputs, places) };
    let gradient = gradient.as_mut().map_err(|fault| *fault)?;
    // SAFETY: as above.
    let samples = unsafe { places.samples()? };
    buffers.use_threads(own.has_threads());
    let mut room = None;
    // SAFETY: as above.
    let maps = unsafe { inputs.given.maps(own, &mut room)? };
    let outputs = segloss_simd::Outputs {
        gradient: gradient.as_mut().and_then(T::sink),
        samples,
        loss_map: loss_map.as_mut().map(|map| map as &mut dyn GradientSink<T>),
    };
    let evaluate = || loss.evaluate(call, *logits, targets, maps, outputs, buffers);
    Ok(own.install(evaluate)?)
}

/// A gradient's place, by what it is stored as.
pub(crate) enum Gradient<'a> {
    F32(ViewMut<'a, f32>),
    F64(ViewMut<'a, f64>),
    #[cfg(feature = "half")]
    F16(ViewMut<'a, half::f16>),
    #[cfg(feature = "half")]
    Bf16(ViewMut<'a, half::bf16>),
}

impl<'a> Gradient<'a> {
    /// The place in `places`, if there is one, stored as gradients of these logits may be.
    ///
    /// # Safety
    /// Once, and nobody else uses its memory for `'a`.
    #[inline]
    pub(crate) unsafe fn of(
        inputs: &Inputs<'_>,
        places: &Places<'a>,
    ) -> Result<Option<Self>, Fault> {
        let Some(place) = places.gradient else { return Ok(None) };
        // SAFETY: the caller's word, and it is stored so.
        let gradient = unsafe {
            match (inputs.logits.dtype, place.dtype) {
                (DLDataType::F64, DLDataType::F64) => Gradient::F64(place.view_mut()?),
                (DLDataType::F32, DLDataType::F32) => Gradient::F32(place.view_mut()?),
                #[cfg(feature = "half")]
                (DLDataType::F16 | DLDataType::BF16, DLDataType::F32) => {
                    Gradient::F32(place.view_mut()?)
                }
                #[cfg(feature = "half")]
                (DLDataType::F16, DLDataType::F16) => Gradient::F16(place.view_mut()?),
                #[cfg(feature = "half")]
                (DLDataType::BF16, DLDataType::BF16) => Gradient::Bf16(place.view_mut()?),
                (logits, dtype) => {
                    let expected = if logits == DLDataType::F64 {
                        "float64 as `logits` does"
                    } else {
                        "what `logits` does, or float32"
                    };
                    return Err(BadArgument::Dtype {
                        argument: "outputs.gradient",
                        dtype,
                        expected,
                    }
                    .into());
                }
            }
        };
        Ok(Some(gradient))
    }
}

/// A computing format.
pub(crate) trait Format: Real + Plain + Logit<Compute = Self> {
    /// What a loss map is stored as, and how a message says so.
    const LOSS_MAP: (DLDataType, &'static str);

    /// What core writes a gradient to; none of another format's.
    fn sink<'s>(gradient: &'s mut Gradient<'_>) -> Option<&'s mut dyn GradientSink<Self>>;
}

impl Format for f32 {
    const LOSS_MAP: (DLDataType, &'static str) = (DLDataType::F32, "float32");

    fn sink<'s>(gradient: &'s mut Gradient<'_>) -> Option<&'s mut dyn GradientSink<f32>> {
        match gradient {
            Gradient::F32(view) => Some(view),
            Gradient::F64(_) => None,
            #[cfg(feature = "half")]
            Gradient::F16(view) => Some(view),
            #[cfg(feature = "half")]
            Gradient::Bf16(view) => Some(view),
        }
    }
}

impl Format for f64 {
    const LOSS_MAP: (DLDataType, &'static str) = (DLDataType::F64, "float64, as the logits");

    fn sink<'s>(gradient: &'s mut Gradient<'_>) -> Option<&'s mut dyn GradientSink<f64>> {
        match gradient {
            Gradient::F64(view) => Some(view),
            _ => None,
        }
    }
}
