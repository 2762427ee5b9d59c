//! Contexts, devices and queues that a program has made for itself.

use core::ffi::c_void;

use ocl_core::{
    CommandQueue, CommandQueueInfo, CommandQueueInfoResult, Context, ContextInfo,
    ContextInfoResult, DeviceId, DeviceInfo, DeviceInfoResult, Event, EventInfo, EventInfoResult,
    PlatformInfo, ffi,
};

use crate::device::Device;
use crate::error::{Error, While, outcome};
use crate::evaluator::Evaluator;
use crate::loss::Loss;
use crate::pending::Pending;
use crate::tensors::{Options, Tensors};

impl Device {
    /// The device with this identifier.
    ///
    /// # Errors
    /// What a query reported.
    pub fn of(id: DeviceId) -> Result<Self, Error> {
        let platform = ocl_core::get_device_info(id, DeviceInfo::Platform)
            .or_fail("ask for a device's platform")?;
        let DeviceInfoResult::Platform(platform) = platform else {
            let (action, reason) = ("ask for a device's platform", platform.to_string());
            return Err(Error::OpenCl { action, reason });
        };
        let name = ocl_core::get_platform_info(platform, PlatformInfo::Name)
            .or_fail("ask for a platform's name")?
            .to_string();
        Device::describe(platform, id, name)
    }

    /// Its identifier.
    pub fn id(&self) -> DeviceId {
        self.id
    }
}

impl Evaluator {
    /// On `device`, with a program's own context and queue, in order or not. Both are retained for as long
    /// as the evaluator is there.
    ///
    /// # Errors
    /// [`Error::OtherContext`] and [`Error::OtherDevice`] for a context without the device and for a queue
    /// of another context or device; what a query reported.
    pub fn within(device: Device, context: Context, queue: CommandQueue) -> Result<Self, Error> {
        has_device(&context, &device)?;
        let evaluator = Evaluator::with(device, context, queue);
        evaluator.accepts(evaluator.queue())?;
        Ok(evaluator)
    }

    /// Within the program's own context, from OpenCL's handles: `cl_context`, `cl_device_id` and
    /// `cl_command_queue`. If `queue` is null, the evaluator makes one, in order.
    ///
    /// # Errors
    /// [`Error::NullHandle`], and those of [`Evaluator::within`].
    ///
    /// # Safety
    /// Each handle is null or valid, and made by the OpenCL loader that this crate is linked with.
    pub unsafe fn from_raw(
        context: *mut c_void,
        device: *mut c_void,
        queue: *mut c_void,
    ) -> Result<Self, Error> {
        // SAFETY: the caller's word.
        let context = unsafe { retained_context(context)? };
        if device.is_null() {
            return Err(Error::NullHandle { argument: "device" });
        }
        // SAFETY: not null, so a device by the caller's word.
        let device = Device::of(unsafe { DeviceId::from_raw(device) })?;
        has_device(&context, &device)?;
        let queue = if queue.is_null() {
            ocl_core::create_command_queue(&context, device.id, None)
                .or_fail("create a command queue")?
        } else {
            // SAFETY: the caller's word.
            unsafe { retained_queue(queue)? }
        };
        Evaluator::within(device, context, queue)
    }

    /// Adds the commands that evaluate `loss` to a queue of the program's own, of the evaluator's context and
    /// device; otherwise like [`Evaluator::enqueue`].
    ///
    /// # Errors
    /// Those of [`Evaluator::enqueue`], [`Error::OtherContext`] and [`Error::OtherDevice`].
    pub fn enqueue_on(
        &self,
        queue: &CommandQueue,
        loss: &Loss,
        options: &Options<'_>,
        tensors: &Tensors<'_>,
        wait: &[Event],
    ) -> Result<Pending, Error> {
        self.accepts(queue)?;
        for event in wait {
            let context = ocl_core::get_event_info(event, EventInfo::Context)
                .or_fail("ask for an event's context")?;
            if !matches!(context, EventInfoResult::Context(own) if self.is_own(&own)) {
                return Err(Error::OtherContext { argument: "wait" });
            }
        }
        self.add(queue, loss, options, tensors, wait)
    }

    fn is_own(&self, context: &Context) -> bool {
        context.as_ptr() == self.context().as_ptr()
    }

    /// That a queue is of the evaluator's context and device.
    fn accepts(&self, queue: &CommandQueue) -> Result<(), Error> {
        let argument = "queue";
        let info = |request| ocl_core::get_command_queue_info(queue, request);
        let context =
            info(CommandQueueInfo::Context).or_fail("ask for a command queue's context")?;
        if !matches!(context, CommandQueueInfoResult::Context(own) if self.is_own(&own)) {
            return Err(Error::OtherContext { argument });
        }
        let device = info(CommandQueueInfo::Device).or_fail("ask for a command queue's device")?;
        if !matches!(device, CommandQueueInfoResult::Device(own) if own == self.device().id) {
            return Err(Error::OtherDevice { argument });
        }
        Ok(())
    }
}

/// That a context was made with a device.
fn has_device(context: &Context, device: &Device) -> Result<(), Error> {
    let devices = ocl_core::get_context_info(context, ContextInfo::Devices)
        .or_fail("ask for a context's devices")?;
    match devices {
        ContextInfoResult::Devices(devices) if devices.contains(&device.id) => Ok(()),
        _ => Err(Error::OtherDevice { argument: "context" }),
    }
}

/// # Safety
/// `context` is null or a context.
unsafe fn retained_context(context: *mut c_void) -> Result<Context, Error> {
    if context.is_null() {
        return Err(Error::NullHandle { argument: "context" });
    }
    // SAFETY: a context by the caller's word.
    outcome(unsafe { ffi::clRetainContext(context) }, "retain a context")?;
    // SAFETY: the share that was just taken is the one that is given back.
    Ok(unsafe { Context::from_raw_create_ptr(context) })
}

/// # Safety
/// `queue` is a command queue.
unsafe fn retained_queue(queue: *mut c_void) -> Result<CommandQueue, Error> {
    // SAFETY: a queue by the caller's word.
    outcome(unsafe { ffi::clRetainCommandQueue(queue) }, "retain a command queue")?;
    // SAFETY: the share that was just taken is the one that is given back.
    Ok(unsafe { CommandQueue::from_raw_create_ptr(queue) })
}
