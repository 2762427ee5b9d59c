//! Buffers and commands: all of this crate's calls that hand memory to a device.

use core::marker::PhantomData;

use ocl_core::{
    ArgVal, CommandQueue, Context, Event, Mem, MemFlags, OclPrm, ProfilingInfo, Program,
};

use crate::error::{Error, While};

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

    /// A copy of `data`, which is not empty.
    pub(crate) fn holding(context: &Context, data: &[X]) -> Result<Self, Error> {
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

    fn wait_list(&self) -> Option<&[Event]> {
        (!self.after.is_empty()).then_some(&self.after)
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
        let mut done = Event::null();
        // SAFETY: the buffers given are as long as the kernels, which check their indices against
        // the sizes they are given, read and write; the runtime keeps them until the command is done.
        let launched = unsafe {
            ocl_core::enqueue_kernel(
                self.queue,
                &kernel,
                3,
                None,
                &items.all,
                items.group,
                self.wait_list(),
                Some(&mut done),
            )
        };
        launched.or_fail("launch a kernel")?;
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
        // SAFETY: the call blocks until `data` has been written.
        let read = unsafe {
            ocl_core::enqueue_read_buffer(
                self.queue,
                memory,
                true,
                first,
                data,
                self.wait_list(),
                None::<&mut Event>,
            )
        };
        self.after.clear();
        read.or_fail("read back results")
    }

    /// The events of all kernels, in order: all are done when the last is.
    pub(crate) fn events(self) -> Vec<Event> {
        self.all
    }
}

/// Waits for the last of some kernels, and gives the time from the start of the first to its end.
pub(crate) fn seconds_of(events: &[Event]) -> Result<f64, Error> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(0.0) };
    ocl_core::wait_for_event(last).or_fail("wait for a kernel")?;
    let at = |event: &Event, info| {
        ocl_core::get_event_profiling_info(event, info)
            .and_then(|found| found.time())
            .or_fail("ask for a kernel's time")
    };
    let (start, end) = (at(first, ProfilingInfo::Start)?, at(last, ProfilingInfo::End)?);
    Ok(end.saturating_sub(start) as f64 * 1e-9)
}
