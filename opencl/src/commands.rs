//! Buffers and commands: all of this crate's calls that hand memory to a device.

use core::marker::PhantomData;
use core::ptr;

use ocl_core::{
    ArgVal, CommandQueue, Context, Event, Mem, MemFlags, OclPrm, ProfilingInfo, Program, ffi,
};

use crate::error::{Error, While, outcome};

/// Device memory for some elements.
#[derive(Clone, Debug)]
pub(crate) struct Buffer<X> {
    memory: Mem,
    len: usize,
    element: PhantomData<X>,
}

impl<X: OclPrm> Buffer<X> {
    /// Uninitialised; a length of 0 is taken as 1, because a buffer cannot be empty.
    pub(crate) fn new(context: &Context, len: usize) -> Result<Self, Error> {
        let len = len.max(1);
        // SAFETY: the flags ask for no host memory, and none is given.
        let memory =
            unsafe { ocl_core::create_buffer::<_, X>(context, MemFlags::READ_WRITE, len, None) };
        let memory = memory.or_fail("allocate device memory")?;
        Ok(Buffer { memory, len, element: PhantomData })
    }

    /// A copy of `data`; of nothing, a buffer as [`Buffer::new`] makes it.
    pub(crate) fn holding(context: &Context, data: &[X]) -> Result<Self, Error> {
        if data.is_empty() {
            return Buffer::new(context, 0);
        }
        let flags = MemFlags::READ_WRITE | MemFlags::COPY_HOST_PTR;
        // SAFETY: `data` is copied during the call, and its length is what is given.
        let memory = unsafe { ocl_core::create_buffer(context, flags, data.len(), Some(data)) };
        let memory = memory.or_fail("copy data to the device")?;
        Ok(Buffer { memory, len: data.len(), element: PhantomData })
    }

    /// Elements there is room for.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The memory.
    pub(crate) fn memory(&self) -> &Mem {
        &self.memory
    }
}

/// An argument of a kernel.
#[derive(Clone, Debug)]
pub(crate) struct Argument<'a>(ArgVal<'a>);

impl<'a> Argument<'a> {
    pub(crate) fn buffer<X>(buffer: &'a Buffer<X>) -> Self {
        Argument(ArgVal::mem(&buffer.memory))
    }

    pub(crate) fn memory(memory: &'a Mem) -> Self {
        Argument(ArgVal::mem(memory))
    }

    pub(crate) fn number<X: OclPrm>(number: &'a X) -> Self {
        Argument(ArgVal::scalar(number))
    }
}

/// Work items of a launch: how many in all, and how many a group; the device chooses if none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items {
    pub(crate) all: [usize; 3],
    pub(crate) group: Option<[usize; 3]>,
}

impl Items {
    /// `[x, y, z]` items in groups of the device's choice.
    pub(crate) fn all(all: [usize; 3]) -> Self {
        Items { all, group: None }
    }

    /// `[x, y, z]` groups of `group` items along x.
    pub(crate) fn groups([x, y, z]: [usize; 3], group: usize) -> Self {
        Items { all: [x * group, y, z], group: Some([group, 1, 1]) }
    }
}

/// Commands in a queue, in order or not: each waits for the one before, the first for what the
/// caller says.
#[derive(Debug)]
pub(crate) struct Commands<'q> {
    queue: &'q CommandQueue,
    after: Vec<Event>,
    all: Vec<Event>,
}

impl<'q> Commands<'q> {
    pub(crate) fn new(queue: &'q CommandQueue, after: Vec<Event>) -> Self {
        Commands { queue, after, all: Vec::new() }
    }

    /// What the next command waits for, as OpenCL takes it.
    fn wait_list(&self) -> Vec<ffi::cl_event> {
        // SAFETY: the pointers are used while `self` keeps the events.
        self.after.iter().map(|event| unsafe { *event.as_ptr_ref() }).collect()
    }

    /// Adds a kernel. A kernel object of its own for each launch: arguments are its state.
    pub(crate) fn run(
        &mut self,
        program: &Program,
        kernel: &'static str,
        items: Items,
        arguments: &[Argument<'_>],
    ) -> Result<(), Error> {
        let kernel = ocl_core::create_kernel(program, kernel).or_fail("create a kernel")?;
        for (index, argument) in (0..).zip(arguments) {
            ocl_core::set_kernel_arg(&kernel, index, argument.0.clone())
                .or_fail("set a kernel's argument")?;
        }
        let (wait, mut done) = (self.wait_list(), ptr::null_mut());
        // SAFETY: the buffers given are as long as the kernels, which check their indices against
        // the sizes they are given, read and write; the runtime keeps them until the command is done.
        let status = unsafe {
            ffi::clEnqueueNDRangeKernel(
                self.queue.as_ptr(),
                kernel.as_ptr(),
                3,
                ptr::null(),
                items.all.as_ptr(),
                items.group.as_ref().map_or(ptr::null(), |group| group.as_ptr()),
                wait.len() as u32,
                first_of(&wait),
                &mut done,
            )
        };
        outcome(status, "launch a kernel")?;
        // SAFETY: the call succeeded, so it is an event, whose only share is this.
        let done = unsafe { Event::from_raw_create_ptr(done) };
        self.all.push(done.clone());
        self.after = vec![done];
        Ok(())
    }

    /// Adds a command that does nothing but wait.
    pub(crate) fn mark(&mut self) -> Result<(), Error> {
        let (wait, mut done) = (self.wait_list(), ptr::null_mut());
        // SAFETY: a list of events that `self` keeps, and a place for one.
        let status = unsafe {
            ffi::clEnqueueMarkerWithWaitList(
                self.queue.as_ptr(),
                wait.len() as u32,
                first_of(&wait),
                &mut done,
            )
        };
        outcome(status, "add a marker")?;
        // SAFETY: the call succeeded, so it is an event, whose only share is this.
        let done = unsafe { Event::from_raw_create_ptr(done) };
        self.all.push(done.clone());
        self.after = vec![done];
        Ok(())
    }

    /// Waits until the first elements of `memory`, from element `first` on, have been copied to `data`.
    pub(crate) fn read<X: OclPrm>(
        &mut self,
        memory: &Mem,
        first: usize,
        data: &mut [X],
    ) -> Result<(), Error> {
        if data.is_empty() {
            return Ok(());
        }
        let wait = self.wait_list();
        // SAFETY: the call blocks until `data`, whose size is what is given, has been written.
        let status = unsafe {
            ffi::clEnqueueReadBuffer(
                self.queue.as_ptr(),
                memory.as_ptr(),
                1,
                first.saturating_mul(size_of::<X>()),
                size_of_val(data),
                data.as_mut_ptr().cast(),
                wait.len() as u32,
                first_of(&wait),
                ptr::null_mut(),
            )
        };
        self.after.clear();
        outcome(status, "read back results")
    }

    /// The events of all kernels, in order: all are done when the last is.
    pub(crate) fn events(self) -> Vec<Event> {
        self.all
    }
}

/// The first of a list as OpenCL takes it: null if it is empty.
fn first_of(events: &[ffi::cl_event]) -> *const ffi::cl_event {
    if events.is_empty() { ptr::null() } else { events.as_ptr() }
}

/// Waits until the command of `event` is complete.
pub(crate) fn wait_for(event: &Event, action: &'static str) -> Result<(), Error> {
    // SAFETY: one event, which lives through the call.
    outcome(unsafe { ffi::clWaitForEvents(1, event.as_ptr_ref()) }, action)
}

/// Waits for the last of some kernels, and gives the time from the start of the first to its end.
pub(crate) fn seconds_of(events: &[Event]) -> Result<f64, Error> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(0.0) };
    wait_for(last, "wait for a kernel")?;
    let at = |event: &Event, info| {
        ocl_core::get_event_profiling_info(event, info)
            .and_then(|found| found.time())
            .or_fail("ask for a kernel's time")
    };
    let (start, end) = (at(first, ProfilingInfo::Start)?, at(last, ProfilingInfo::End)?);
    Ok(end.saturating_sub(start) as f64 * 1e-9)
}
