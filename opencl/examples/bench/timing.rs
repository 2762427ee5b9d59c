use std::time::Instant;

use ocl_core::{Event, Mem, MemFlags, OclPrm};
use segloss_opencl::{Array, Element, Evaluator, Loss, Options, Storage, Tensors};

use crate::inputs::Inputs;
use crate::work::Work;
use crate::{Outcome, median};

fn holding<X: OclPrm>(evaluator: &Evaluator, data: &[X]) -> Outcome<Mem> {
    let flags = MemFlags::READ_WRITE | MemFlags::COPY_HOST_PTR;
    // SAFETY: `data` is copied during the call, and its length is what is given.
    Ok(unsafe { ocl_core::create_buffer(evaluator.context(), flags, data.len(), Some(data)) }?)
}

fn room<X: OclPrm>(evaluator: &Evaluator, len: usize) -> Outcome<Mem> {
    let flags = MemFlags::READ_WRITE;
    // SAFETY: no host memory is given.
    Ok(unsafe { ocl_core::create_buffer::<_, X>(evaluator.context(), flags, len, None) }?)
}

/// The median time of value and gradient, all of it on the device, in seconds: by the device's own
/// clock, and by the caller's from the first command to the value in hand.
pub fn seconds(
    evaluator: &Evaluator,
    work: &Work,
    inputs: &Inputs,
    runs: usize,
) -> Outcome<(f64, f64)> {
    let loss = Loss::new(&work.text, work.link).map_err(|error| error.to_string())?;
    let logits = holding(evaluator, &inputs.logits)?;
    let targets = holding(evaluator, &inputs.targets)?;
    let gradient = room::<f32>(evaluator, inputs.logits.len())?;
    let tensors = Tensors {
        shape: inputs.shape,
        storage: Storage::F32,
        logits: Array::new(&logits),
        element: Element::U8,
        targets: Array::new(&targets),
        mask: None,
        weights: None,
        maps: &[],
        gradient: Some(Array::new(&gradient)),
    };
    let (mut of_device, mut of_caller) = (Vec::new(), Vec::new());
    for run in 0..=runs {
        let start = Instant::now();
        let pending = evaluator.enqueue(&loss, &Options::default(), &tensors, &[])?;
        let seconds = pending.seconds();
        pending.wait()?;
        let elapsed = start.elapsed().as_secs_f64();
        // The first one builds the program.
        if run > 0 {
            of_caller.push(elapsed);
            // Some drivers measure nothing, or give 0.
            of_device.push(seconds.ok().filter(|&seconds| seconds > 0.0).unwrap_or(elapsed));
        }
    }
    Ok((median(&mut of_device), median(&mut of_caller)))
}

/// How fast the device copies one buffer to another, in bytes read and written a second.
pub fn copy_bandwidth(evaluator: &Evaluator, runs: usize) -> Outcome<f64> {
    const LEN: usize = 1 << 25;
    let from = holding(evaluator, &vec![1f32; LEN])?;
    let to = room::<f32>(evaluator, LEN)?;
    let mut times = Vec::new();
    for run in 0..=runs {
        let start = Instant::now();
        let mut done = Event::null();
        let wait = None::<Event>;
        ocl_core::enqueue_copy_buffer::<f32, _, _, _>(
            evaluator.queue(),
            &from,
            &to,
            0,
            0,
            LEN,
            wait,
            Some(&mut done),
        )?;
        ocl_core::wait_for_event(&done)?;
        if run > 0 {
            times.push(start.elapsed().as_secs_f64());
        }
    }
    Ok((2 * 4 * LEN) as f64 / median(&mut times))
}
