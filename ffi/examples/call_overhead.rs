//! What a call through C costs beside the same call from Rust, on a tile of 16 x 16: medians in ns.

use std::hint::black_box;
use std::ptr;
use std::time::Instant;

use segloss::{DLDataType, DLDevice, DLTensor, Outputs, segloss_evaluate, segloss_loss_new};
use segloss_core::engine::{Call, Link};
use segloss_core::view::{Layout, Shape, View, ViewMut};
use segloss_simd::{Buffers, Library, Loss};

const SIDE: usize = 16;
const PIXELS: usize = SIDE * SIDE;
const ROUNDS: usize = 2_000;
const CALLS: usize = 20;

/// The median of rounds, per call.
fn median(mut call: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..CALLS).for_each(|_| call());
            start.elapsed().as_nanos() as f64 / CALLS as f64
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut logits: Vec<f32> = (0..PIXELS).map(|i| (i % 13) as f32 - 6.0).collect();
    let mut mask: Vec<u8> = (0..PIXELS).map(|i| u8::from(i % 3 == 0)).collect();
    let mut gradient = vec![0f32; PIXELS];
    for text in [c"bce", c"0.5*bce + 0.5*dice"] {
        let name = text.to_str()?;
        let layout = Layout::channels_first(Shape::new(1, 1, &[SIDE, SIDE])?)?;
        let library = Library::<f32>::default();
        let loss = Loss::new(&library, name, Link::Sigmoid).map_err(|error| error.to_string())?;
        let mut buffers = Buffers::new();
        buffers.use_threads(false);
        let rust = median(|| {
            let z = View::new(&logits, layout).expect("it fits");
            let y = View::new(&mask, layout).expect("it fits");
            let mut sink = ViewMut::new(&mut gradient, layout).expect("it fits");
            let outputs = segloss_simd::Outputs::gradient(&mut sink);
            let call = Call::sigmoid();
            black_box(loss.evaluate(call, z, y, &[], outputs, &mut buffers).expect("it fits"));
        });

        let mut handle = ptr::null_mut();
        // SAFETY: a text that ends with a 0, and a place for a pointer.
        let _ = unsafe { segloss_loss_new(text.as_ptr(), 0, ptr::null(), &mut handle) };
        let mut shape = [1, 1, SIDE as i64, SIDE as i64];
        let z = tensor(&mut logits, 2, &mut shape);
        let y = tensor(&mut mask, 1, &mut shape);
        let sink = tensor(&mut gradient, 2, &mut shape);
        let (mut value, mut valid) = (0.0, 0);
        let outputs = Outputs {
            struct_size: size_of::<Outputs>() as u32,
            reserved: 0,
            value: &mut value,
            valid: &mut valid,
            gradient: &sink,
            sample_values: ptr::null_mut(),
            sample_value_count: 0,
            loss_map: ptr::null(),
        };
        let c = median(|| {
            let call = ptr::null();
            // SAFETY: tensors of these shapes, and a handle that is not freed.
            let result =
                unsafe { segloss_evaluate(handle, &z, &y, call, &outputs, ptr::null_mut()) };
            assert_eq!(black_box(result), segloss::ResultCode::Ok);
        });
        println!("{name}: Rust {rust:.0}, C {c:.0}, difference {:.0}", c - rust);
    }
    Ok(())
}

fn tensor<E>(data: &mut [E], code: u8, shape: &mut [i64]) -> DLTensor {
    DLTensor {
        data: data.as_mut_ptr().cast(),
        device: DLDevice { device_type: 1, device_id: 0 },
        ndim: shape.len() as i32,
        dtype: DLDataType { code, bits: 8 * size_of::<E>() as u8, lanes: 1 },
        shape: shape.as_mut_ptr(),
        strides: ptr::null_mut(),
        byte_offset: 0,
    }
}
