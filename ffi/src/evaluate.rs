use core::fmt::Write;

use crate::boundary::guard;
use crate::dlpack::{DLDataType, DLTensor};
use crate::fault::Fault;
use crate::options::{Link, Options};
use crate::overlap::check_apart;
use crate::result::ResultCode;
use crate::scratch::Scratch;
use crate::tensor::{Plain, Tensor, check_pointer};
use segloss_core::class::Ce;
use segloss_core::compose::{Program, class, pixel, region};
use segloss_core::engine::{self, Call, Problem, Report};
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::view::{AnyTargets, Logit, View, ViewMut};
use segloss_simd::{AnyLevel, with_level};

/// A fixed loss of `logits` and its gradient: half a cross-entropy, half a Dice loss, under the
/// link of `options`.
///
/// Tensors are in host memory with 3 to 5 axes: batch, channels, and 1 to 3 of space. Strides are
/// counted in elements; negative ones are refused, and 0 repeats an input. `logits` holds float32
/// or float64 (or float16 or bfloat16, in a library built with them); `targets` uint8, bool, int32,
/// int64, float32 or float64, of the logits' shape under the sigmoid link and with 1 channel under
/// softmax. `gradient` is NULL, or a tensor of the logits' shape and type whose memory, from its
/// first element to its last, has nothing in common with the inputs'.
///
/// `value` gets the loss and `valid` the number of pixels that counted; the elements of `gradient`
/// are overwritten. All outputs are written only on success; only after SEGLOSS_RESULT_INTERNAL,
/// which is a defect, the gradient's elements are unspecified.
///
/// The result is the same in every bit on every machine and thread that rounds to nearest and does
/// not flush denormals to zero. May be called from any thread. While a call runs, all memory from
/// the gradient's first element to its last is its own, what lies between elements included, and
/// nobody writes between the first and the last element of an input. Each thread keeps a workspace
/// until it ends: about 1 KiB a class, and 32 bytes a sample and class.
///
/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that their shape,
/// strides and type ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_evaluate(
    logits: *const DLTensor,
    targets: *const DLTensor,
    options: *const Options,
    gradient: *mut DLTensor,
    value: *mut f64,
    valid: *mut u64,
) -> ResultCode {
    // SAFETY: the caller's word.
    let options = match unsafe { Options::read(options) } {
        Ok(options) => options,
        Err(fault) => return fault.code(),
    };
    let result = guard(Fault::Panic, || {
        let link = options.link()?;
        check_pointer(value, "value", "")?;
        check_pointer(valid, "valid", "")?;
        // SAFETY: the caller's word.
        let report = unsafe { evaluate(link, logits, targets, gradient)? };
        // SAFETY: neither is NULL nor misaligned, so both are the caller's to be written.
        unsafe {
            value.write(report.value);
            valid.write(report.valid);
        }
        Ok(())
    });
    // SAFETY: the caller's word. No tensor is borrowed any more, should they share memory.
    let message = unsafe { options.message() };
    match result {
        Ok(()) => ResultCode::Ok,
        Err(fault) => {
            // A message that is cut is better than none.
            let _ = message.map(|mut message| write!(message, "{fault}"));
            fault.code()
        }
    }
}

/// # Safety
/// As for [`segloss_evaluate`].
unsafe fn evaluate(
    link: Link,
    logits: *const DLTensor,
    targets: *const DLTensor,
    gradient: *const DLTensor,
) -> Result<Report<f64>, Fault> {
    // SAFETY: the caller's word, here and below.
    let logits = unsafe { Tensor::read(logits, "logits")? };
    // SAFETY: as above.
    let targets = unsafe { Tensor::read(targets, "targets")? };
    let gradient = if gradient.is_null() {
        None
    } else {
        // SAFETY: as above.
        Some(unsafe { Tensor::read(gradient, "gradient")? })
    };
    // SAFETY: the caller's word that nothing else writes these tensors meanwhile.
    unsafe {
        match logits.dtype {
            DLDataType::F32 => evaluate_as::<f32>(link, &logits, &targets, gradient),
            DLDataType::F64 => evaluate_as::<f64>(link, &logits, &targets, gradient),
            #[cfg(feature = "half")]
            DLDataType::F16 => evaluate_as::<half::f16>(link, &logits, &targets, gradient),
            #[cfg(feature = "half")]
            DLDataType::BF16 => evaluate_as::<half::bf16>(link, &logits, &targets, gradient),
            dtype => {
                let expected = if cfg!(feature = "half") {
                    "float16, bfloat16, float32 or float64"
                } else {
                    "float32 or float64"
                };
                Err(Fault::Dtype { argument: "logits", dtype, expected })
            }
        }
    }
}

/// # Safety
/// Nobody else writes the tensors' memory or uses the gradient's, and the logits are stored as `E`.
unsafe fn evaluate_as<E>(
    link: Link,
    logits: &Tensor<'_>,
    targets: &Tensor<'_>,
    mut gradient: Option<Tensor<'_>>,
) -> Result<Report<f64>, Fault>
where
    E: Plain + Logit<Compute: Scratch>,
{
    if let Some(gradient) = &gradient {
        if gradient.dtype != logits.dtype {
            let (dtype, logits) = (gradient.dtype, logits.dtype);
            return Err(Fault::GradientDtype { dtype, logits });
        }
        check_apart(gradient, [("logits", logits), ("targets", targets)])?;
    }
    // SAFETY: the caller's word, and what is written is apart from what is read.
    let (logits, targets, elements) = unsafe {
        let elements = gradient.as_mut().map(|gradient| gradient.elements_mut::<E>());
        (logits.logits::<E>()?, targets.targets()?, elements.transpose()?)
    };
    let mut gradient = match elements.zip(gradient) {
        Some((elements, gradient)) => Some(ViewMut::new(elements, gradient.layout)?),
        None => None,
    };
    let gradient = gradient.as_mut();
    let dice = region(0.5, Dice::default());
    match link {
        Link::Sigmoid => {
            run(Call::sigmoid(), &(pixel(0.5, Bce), dice), &logits, &targets, gradient)
        }
        Link::Softmax => run(Call::softmax(), &(class(0.5, Ce), dice), &logits, &targets, gradient),
    }
}

fn run<E, P>(
    call: Call,
    program: &P,
    logits: &View<'_, E>,
    targets: &AnyTargets<'_>,
    gradient: Option<&mut ViewMut<'_, E>>,
) -> Result<Report<f64>, Fault>
where
    E: Logit<Compute: Scratch>,
    P: Program<E::Compute, f64>,
{
    let problem = Problem::new(call, program, logits, targets)?;
    Scratch::lend(|buffers| {
        let mut workspace = buffers.lend(&problem.sizes())?;
        let report = with_level!(AnyLevel::best(), level => {
            engine::evaluate(level, &problem, gradient, &mut workspace)
        });
        Ok(report?)
    })
}
