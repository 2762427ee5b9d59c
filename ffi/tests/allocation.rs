//! A thread's calls after its first allocate nothing, and neither do refused ones.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

use segloss::{DLDataType, DLDevice, DLTensor, Link, Options, ResultCode, segloss_evaluate};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's word.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's word.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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

#[test]
fn only_the_first_call_allocates() {
    let (mut logits, mut labels, mut gradient) = ([0.5f32; 600], [1u8; 200], [0f32; 600]);
    let (mut shape, mut like, mut map) = ([2, 3, 100], [2, 3, 100], [2, 1, 100]);
    let targets = tensor(&mut labels, 1, &mut map);
    let mut sink = tensor(&mut gradient, 2, &mut like);
    let logits = tensor(&mut logits, 2, &mut shape);
    let mut text = [0; 100];
    let options = Options {
        struct_size: size_of::<Options>() as u32,
        link: Link::Softmax as i32,
        message: text.as_mut_ptr(),
        message_capacity: text.len(),
    };
    let (mut value, mut valid) = (0.0, 0);
    let mut call = |logits| {
        // SAFETY: the tensors are as large as their shapes say.
        unsafe { segloss_evaluate(logits, &targets, &options, &mut sink, &mut value, &mut valid) }
    };
    assert_eq!(call(&logits), ResultCode::Ok);
    let before = ALLOCATIONS.get();
    assert_eq!(call(&logits), ResultCode::Ok);
    assert_eq!(call(ptr::null()), ResultCode::NullPointer);
    assert_eq!(ALLOCATIONS.get(), before);
    assert_eq!(valid, 200);
}
