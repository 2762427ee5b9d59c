//! Buffers and kernel launches: all of this crate's calls that hand memory to a device.

use core::marker::PhantomData;

use ocl_core::{ArgVal, CommandQueue, Context, Event, Mem, MemFlags, OclPrm, Program};
use segloss_core::summation::ACCUMULATORS;

use crate::error::{Error, While};

/// Device memory for `len` elements.
#[derive(Debug)]
pub(crate) struct Buffer<X> {
    memory: Mem,
    len: usize,
    element: PhantomData<X>,
}

impl<X: OclPrm> Buffer<X> {
    /// Uninitialised; `len` is at least 1.
    pub(crate) fn new(context: &Context, len: usize) -> Result<Self, Error> {
        // SAFETY: the flags ask for no host memory, and none is given.
        let memory =
            unsafe { ocl_core::create_buffer::<_, X>(context, MemFlags::READ_WRITE, len, None) };
        let memory = memory.or_fail("allocate device memory")?;
        Ok(Buffer { memory, len, element: PhantomData })
    }

    /// A copy of `data`, which is not empty; kernels only read it.
    pub(crate) fn holding(context: &Context, data: &[X]) -> Result<Self, Error> {
        let flags = MemFlags::READ_ONLY | MemFlags::COPY_HOST_PTR;
        // SAFETY: `data` is copied during the call, and its length is what is given.
        let memory = unsafe { ocl_core::create_buffer(context, flags, data.len(), Some(data)) };
        let memory = memory.or_fail("copy data to the device")?;
        Ok(Buffer { memory, len: data.len(), element: PhantomData })
    }
}

/// An argument of a kernel.
#[derive(Clone, Debug)]
pub(crate) struct Argument<'a>(ArgVal<'a>);

impl<'a> Argument<'a> {
    pub(crate) fn buffer<X>(buffer: &'a Buffer<X>) -> Self {
        Argument(ArgVal::mem(&buffer.memory))
    }

    pub(crate) fn number<X: OclPrm>(number: &'a X) -> Self {
        Argument(ArgVal::scalar(number))
    }
}

/// Where kernels are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Launch<'a> {
    pub(crate) queue: &'a CommandQueue,
    pub(crate) program: &'a Program,
}

impl Launch<'_> {
    /// Runs `kernel` in work groups of one item an accumulator, and waits for it.
    pub(crate) fn run(
        &self,
        kernel: &'static str,
        groups: [usize; 2],
        arguments: &[Argument<'_>],
    ) -> Result<(), Error> {
        // A kernel of its own for each launch: arguments are the kernel's state.
        let kernel = ocl_core::create_kernel(self.program, kernel).or_fail("create a kernel")?;
        for (index, argument) in (0..).zip(arguments) {
            ocl_core::set_kernel_arg(&kernel, index, argument.0.clone())
                .or_fail("set a kernel's argument")?;
        }
        let items = [groups[0] * ACCUMULATORS, groups[1], 1];
        let group = [ACCUMULATORS, 1, 1];
        // SAFETY: the buffers given are as long as the kernels, which check their indices against
        // the sizes they are given, read and write; they live until the queue is done below.
        let launched = unsafe {
            ocl_core::enqueue_kernel(
                self.queue,
                &kernel,
                2,
                None,
                &items,
                Some(group),
                None::<Event>,
                None::<&mut Event>,
            )
        };
        launched.or_fail("launch a kernel")?;
        ocl_core::finish(self.queue).or_fail("run a kernel")
    }

    /// All that `buffer` holds.
    pub(crate) fn read<X: OclPrm>(&self, buffer: &Buffer<X>) -> Result<Vec<X>, Error> {
        let mut data = vec![X::default(); buffer.len];
        // SAFETY: the call blocks until `data`, as long as the buffer, has been written.
        let read = unsafe {
            ocl_core::enqueue_read_buffer(
                self.queue,
                &buffer.memory,
                true,
                0,
                &mut data,
                None::<Event>,
                None::<&mut Event>,
            )
        };
        read.or_fail("read back results")?;
        Ok(data)
    }
}
