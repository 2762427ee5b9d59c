//! Evaluations in queues.

use core::ffi::c_void;

use ocl_core::Event;

use crate::call::{Call, CallInputs};
use crate::entry;
use crate::evaluator::Evaluator;
use crate::fault::Fault;
use crate::handle::{self, ClEvent, ClQueue};
use crate::loss::Loss;
use crate::pending::Pending;
use crate::result::ResultCode;
use crate::tensor::{Held, Tensor};
use segloss_c_boundary::dlpack::DLTensor;
use segloss_c_boundary::options::Ignored;
use segloss_c_boundary::pointer::{check_pointer, list};
use segloss_c_boundary::tensor::Axes;
use segloss_c_boundary::versioned::read_or_zeros;
use segloss_core::engine::{Link, Scale};
use segloss_opencl::{Signature, Tensors};

/// Adds the evaluation of `loss` to `queue`, after the `wait_count` events of `wait`; NULL for the queue of
/// segloss_cl_evaluator_queue. Nothing is waited for, and nothing is copied to the host.
///
/// Tensors are DLTensors of the device type kDLOpenCL: `data` is the `cl_mem`, `byte_offset` a multiple of
/// the size of an element, `strides` NULL or packed; `device_id` is not looked at. They have 3 to 5 axes:
/// batch, channels, 1 to 3 of space. `logits` are float16, bfloat16, float32 or float64; `targets` integers of 8
/// to 64 bits, bool or what logits can be, of the logits' shape, or with 1 channel under softmax; `gradient`,
/// NULL if it is not asked for, is as the logits, in memory of its own. Where there is 1 channel, `targets`, and a
/// call's `mask`, `weights` and maps, may leave out that axis. `call` is NULL for the usual call. What the
/// buffers hold must stay until the evaluation is done. A batch without samples has the value 0, and its
/// tensors no need of buffers.
///
/// Targets of integers under the sigmoid link are a mask: 0, and one positive number throughout, which is foreground.
/// Floats are the share of foreground; up to four rounding steps outside of 0 to 1 they are taken as the nearer of
/// both.
///
/// `event`, unless NULL, becomes the event of the last command, for the caller to wait for and to release;
/// all commands wait for each other by events, so that `queue` may be out of order. `pending` becomes a
/// handle for segloss_cl_pending_free to free: whoever wants the value asks it. Targets and weights of no
/// use are found by the device and told by the same handle; the gradient is untouched then.
///
/// On failure nothing was added that writes the caller's buffers, and outputs are as they were. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; handles are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_enqueue(
    evaluator: *const Evaluator,
    queue: *mut ClQueue,
    loss: *const Loss,
    logits: *const DLTensor,
    targets: *const DLTensor,
    call: *const Call,
    gradient: *const DLTensor,
    wait_count: u32,
    wait: *const *mut ClEvent,
    event: *mut *mut ClEvent,
    pending: *mut *mut Pending,
) -> ResultCode {
    entry::run(|| {
        if !event.is_null() {
            check_pointer(event, "event", "")?;
        }
        // SAFETY: the caller's word, here and below.
        let (evaluator, loss) =
            unsafe { (handle::of(evaluator, "evaluator")?, handle::of(loss, "loss")?) };
        // SAFETY: as above.
        let inputs = unsafe { Inputs::read(&loss.0, logits, targets, call)? };
        // SAFETY: as above.
        let gradient = unsafe { Tensor::read_any(gradient, "gradient", Axes::All)? };
        // SAFETY: as above.
        let wait = unsafe { events(wait_count, wait)? };
        let make = || {
            // SAFETY: as above.
            let queue = if queue.is_null() {
                evaluator.0.queue().clone()
            } else {
                // SAFETY: as above.
                unsafe { handle::queue(queue.cast())? }
            };
            // SAFETY: as above.
            let own = unsafe { inputs.enqueue(evaluator, &queue, loss, gradient, &wait)? };
            if !event.is_null() {
                let last = own.last().ok_or(Fault::Panic)?;
                // SAFETY: neither NULL nor misaligned, so the caller's to be written.
                unsafe { event.write(last.into_raw().cast()) };
            }
            Ok(own)
        };
        // SAFETY: as above.
        unsafe { handle::hand_out(pending, "pending", make) }
    })
}

/// Builds the program that segloss_cl_enqueue needs for such inputs, so that the first call does not wait for
/// the device's compiler. Of tensors only shape and dtype are looked at: `data` may be NULL. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; handles are NULL or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_prepare(
    evaluator: *const Evaluator,
    loss: *const Loss,
    logits: *const DLTensor,
    targets: *const DLTensor,
    call: *const Call,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let (evaluator, loss) =
            unsafe { (handle::of(evaluator, "evaluator")?, handle::of(loss, "loss")?) };
        // SAFETY: as above.
        let inputs = unsafe { Inputs::read(&loss.0, logits, targets, call)? };
        Ok(evaluator.0.warm_up(&loss.0, &inputs.signature()?)?)
    })
}

/// What a call reads, with shapes and dtypes that fit each other.
struct Inputs<'a> {
    logits: Tensor,
    targets: Tensor,
    given: CallInputs<'a>,
}

impl<'a> Inputs<'a> {
    /// # Safety
    /// Pointers are NULL or point to what their types say, which nobody writes for `'a`.
    unsafe fn read(
        loss: &segloss_opencl::Loss,
        logits: *const DLTensor,
        targets: *const DLTensor,
        call: *const Call,
    ) -> Result<Self, Fault> {
        // SAFETY: the caller's word, here and below.
        let logits = unsafe { Tensor::read(logits, "logits", Axes::All)? };
        let axes = Axes::Beside(2 + logits.shape.axes);
        // SAFETY: as above.
        let targets = unsafe { Tensor::read(targets, "targets", axes)? };
        // SAFETY: as above.
        let given = unsafe { CallInputs::read(&read_or_zeros(call, "call")?, loss, axes)? };
        let storage = logits.storage()?;
        targets.element()?;
        let channels = if loss.link() == Link::Softmax { 1 } else { logits.shape.channels };
        let planes = logits.shape.with_channels(channels);
        targets.has_shape(planes)?;
        if let Some(mask) = &given.mask {
            mask.is_mask_of(planes)?;
        }
        let maps = given.maps.iter().map(|(_, map)| map);
        for weights in given.weights.iter().chain(maps) {
            weights.is_weights_of(planes, storage)?;
        }
        Ok(Inputs { logits, targets, given })
    }

    fn signature(&self) -> Result<Signature, Fault> {
        Ok(Signature {
            has_mask: self.given.mask.is_some(),
            has_weights: self.given.weights.is_some(),
            by_sample: matches!(self.given.scale, Scale::Samples(_)),
            ignored: match self.given.ignored {
                Ignored::Default => None,
                Ignored::Nothing => Some(0),
                Ignored::Index(_) => Some(1),
                Ignored::Indices(indices) => Some(indices.len()),
            },
            ..Signature::new(self.logits.shape, self.logits.storage()?, self.targets.element()?)
        })
    }

    /// # Safety
    /// Tensors' data is NULL or memory objects.
    unsafe fn enqueue(
        &self,
        evaluator: &Evaluator,
        queue: &ocl_core::CommandQueue,
        loss: &Loss,
        gradient: Option<Tensor>,
        wait: &[Event],
    ) -> Result<Pending, Fault> {
        if let Some(gradient) = &gradient {
            gradient.is_gradient_of(&self.logits)?;
        }
        // SAFETY: the caller's word.
        let hold = |tensor: &Tensor| unsafe { tensor.hold(evaluator.0.context()) };
        let held = |tensor: &Option<Tensor>| tensor.as_ref().map(hold).transpose();
        let (logits, targets) = (hold(&self.logits)?, hold(&self.targets)?);
        let (mask, weights) = (held(&self.given.mask)?, held(&self.given.weights)?);
        let gradient = held(&gradient)?;
        let maps = self.given.maps.iter().map(|(name, map)| Ok((*name, hold(map)?)));
        let maps = maps.collect::<Result<Vec<_>, Fault>>()?;
        let maps: Vec<_> = maps.iter().map(|(name, map)| (*name, map.plane())).collect();
        let tensors = Tensors {
            shape: self.logits.shape,
            storage: self.logits.storage()?,
            logits: logits.array(),
            element: self.targets.element()?,
            targets: targets.array(),
            mask: mask.as_ref().map(Held::plane),
            weights: weights.as_ref().map(Held::plane),
            maps: &maps,
            gradient: gradient.as_ref().map(Held::array),
        };
        let options = self.given.options()?;
        let own = evaluator.0.enqueue_on(queue, &loss.0, &options, &tensors, wait)?;
        Ok(Pending(own))
    }
}

/// Shares of the events to wait for.
///
/// # Safety
/// `wait` is NULL or points to `count` events.
unsafe fn events(count: u32, wait: *const *mut ClEvent) -> Result<Vec<Event>, Fault> {
    // SAFETY: the caller's word.
    let wait = unsafe { list(wait, count as usize, "wait", "")? };
    let share = |&event: &*mut ClEvent| {
        // SAFETY: as above.
        unsafe { handle::event(event.cast::<c_void>()) }
    };
    wait.unwrap_or_default().iter().map(share).collect()
}
