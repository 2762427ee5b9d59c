//! A program's own context and queues, through Rust.

use ocl_core::{
    CommandQueue, CommandQueueProperties, Context, ContextProperties, Event, Mem, MemFlags,
};
use segloss_core::engine::Link;
use segloss_core::view::Shape;
use segloss_opencl::{
    Array, Device, Element, Error, Evaluator, Loss, Options, Slices, Storage, Tensors,
};

use crate::case::evaluator;

const PIXELS: usize = 300;

/// What a program has made for itself, on the device that is found first.
struct Own {
    device: Device,
    context: Context,
    queue: CommandQueue,
}

impl Own {
    fn new(properties: Option<CommandQueueProperties>) -> Self {
        let device = Device::find("", "").unwrap();
        let context =
            ocl_core::create_context(None::<&ContextProperties>, &[device.id()], None, None);
        let context = context.unwrap();
        let queue = ocl_core::create_command_queue(&context, device.id(), properties).unwrap();
        Own { device, context, queue }
    }

    fn buffer<X: ocl_core::OclPrm>(&self, data: &[X]) -> Mem {
        let flags = MemFlags::READ_WRITE | MemFlags::COPY_HOST_PTR;
        // SAFETY: `data` is copied during the call.
        unsafe { ocl_core::create_buffer(&self.context, flags, data.len(), Some(data)).unwrap() }
    }

    fn read(&self, memory: &Mem, after: &Event) -> Vec<f32> {
        let mut data = vec![0.0; PIXELS];
        // SAFETY: the call blocks until `data` is written.
        unsafe {
            ocl_core::enqueue_read_buffer(
                &self.queue,
                memory,
                true,
                0,
                &mut data,
                Some(after),
                None::<&mut Event>,
            )
            .unwrap();
        }
        data
    }
}

fn inputs() -> (Vec<f32>, Vec<u8>, Shape) {
    let logits = (0..PIXELS).map(|i| (i as f32).sin() * 4.0).collect();
    let targets = (0..PIXELS).map(|i| u8::from(i % 3 == 0)).collect();
    (logits, targets, Shape::new(1, 1, &[PIXELS]).unwrap())
}

fn tensors<'a>(shape: Shape, logits: &'a Mem, targets: &'a Mem, gradient: &'a Mem) -> Tensors<'a> {
    Tensors {
        shape,
        storage: Storage::F32,
        logits: Array::new(logits),
        element: Element::U8,
        targets: Array::new(targets),
        mask: None,
        weights: None,
        maps: &[],
        gradient: Some(Array::new(gradient)),
    }
}

#[test]
fn gives_the_bits_of_a_context_of_the_evaluators() {
    let (logits, targets, shape) = inputs();
    let loss = Loss::new("0.5*bce + 0.5*dice", Link::Sigmoid).unwrap();
    let mut expected = vec![0.0f32; PIXELS];
    let slices = Slices { gradient: Some(&mut expected), ..Slices::new(shape, &logits, &targets) };
    let report = evaluator().evaluate(&loss, &Options::default(), slices).unwrap();

    let out_of_order = CommandQueueProperties::OUT_OF_ORDER_EXEC_MODE_ENABLE;
    for properties in [None, Some(out_of_order)] {
        let own = Own::new(properties);
        let (context, device) = (own.context.as_ptr(), own.device.id().as_raw());
        // SAFETY: valid handles, which `own` keeps.
        let raw = unsafe { Evaluator::from_raw(context, device, own.queue.as_ptr()) };
        let evaluator = raw.unwrap();
        assert_eq!(evaluator.queue().as_ptr(), own.queue.as_ptr());
        let (z, y) = (own.buffer(&logits), own.buffer(&targets));
        let gradient = own.buffer(&vec![7.0f32; PIXELS]);
        let tensors = tensors(shape, &z, &y, &gradient);
        let pending = evaluator.enqueue(&loss, &Options::default(), &tensors, &[]).unwrap();
        let found = own.read(&gradient, pending.events().last().unwrap());
        assert_eq!(pending.wait().unwrap(), report);
        let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&found), bits(&expected));
    }
}

#[test]
fn refuses_what_is_of_another_context_and_memory_that_is_shared() {
    let (logits, targets, shape) = inputs();
    let loss = Loss::new("bce", Link::Sigmoid).unwrap();
    let (own, other) = (Own::new(None), Own::new(None));
    let evaluator =
        Evaluator::within(own.device.clone(), own.context.clone(), own.queue.clone()).unwrap();
    let (z, y, gradient) = (own.buffer(&logits), own.buffer(&targets), own.buffer(&logits));
    let elsewhere = other.buffer(&logits);
    let call = |queue: &CommandQueue, tensors: &Tensors<'_>| {
        evaluator.enqueue_on(queue, &loss, &Options::default(), tensors, &[]).map(|_| ())
    };
    let usual = tensors(shape, &z, &y, &gradient);
    assert_eq!(call(&own.queue, &usual), Ok(()));
    assert_eq!(call(&other.queue, &usual), Err(Error::OtherContext { argument: "queue" }));
    assert_eq!(
        call(&own.queue, &tensors(shape, &z, &y, &elsewhere)),
        Err(Error::OtherContext { argument: "gradient" })
    );
    assert_eq!(
        call(&own.queue, &tensors(shape, &z, &y, &z)),
        Err(Error::Overlap { output: "gradient", input: "logits" })
    );
    let mixed = Evaluator::within(own.device.clone(), own.context.clone(), other.queue.clone());
    assert_eq!(mixed.map(|_| ()).unwrap_err(), Error::OtherContext { argument: "queue" });
    let (null, device) = (core::ptr::null_mut(), own.device.id().as_raw());
    // SAFETY: null, or a valid handle.
    let error = unsafe { Evaluator::from_raw(null, device, null) }.map(|_| ()).unwrap_err();
    assert_eq!(error, Error::NullHandle { argument: "context" });
    // SAFETY: as above.
    let error =
        unsafe { Evaluator::from_raw(own.context.as_ptr(), null, null) }.map(|_| ()).unwrap_err();
    assert_eq!(error, Error::NullHandle { argument: "device" });
}
