//! A thread's calls after its first allocate nothing, and neither do refused ones.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

use segloss::{
    Call, DLDataType, DLDevice, DLTensor, Loss, Outputs, ResultCode, Workspace, segloss_evaluate,
    segloss_loss_free, segloss_loss_new, segloss_workspace_free, segloss_workspace_new,
};

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

/// Evaluates a loss that has everything: maps that are computed, regions, class weights.
fn evaluate(
    loss: *const Loss,
    (logits, targets, sink): (&DLTensor, &DLTensor, &DLTensor),
    workspace: *mut Workspace,
) -> ResultCode {
    let (mut value, mut valid) = (0.0, 0);
    let outputs = Outputs {
        struct_size: size_of::<Outputs>() as u32,
        reserved: 0,
        value: &mut value,
        valid: &mut valid,
        gradient: sink,
        sample_values: ptr::null_mut(),
        sample_value_count: 0,
        loss_map: ptr::null(),
    };
    let call: *const Call = ptr::null();
    // SAFETY: the tensors are as large as their shapes say.
    unsafe { segloss_evaluate(loss, logits, targets, call, &outputs, workspace) }
}

#[test]
fn only_the_first_call_allocates() {
    let (mut logits, mut labels, mut gradient) = ([0.5f32; 600], [1u8; 200], [0f32; 600]);
    let (mut shape, mut like, mut map) = ([2, 3, 100], [2, 3, 100], [2, 1, 100]);
    let targets = tensor(&mut labels, 1, &mut map);
    let sink = tensor(&mut gradient, 2, &mut like);
    let logits = tensor(&mut logits, 2, &mut shape);
    let text = c"0.3*ce(weights=[1, 2, 3]) + 0.4*dice + 0.3*boundary + 0.1*distance";
    let (mut loss, mut workspace) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: both are places for pointers, and the text ends with a 0.
    unsafe {
        assert_eq!(segloss_loss_new(text.as_ptr(), 1, ptr::null(), &mut loss), ResultCode::Ok);
        assert_eq!(segloss_workspace_new(&mut workspace), ResultCode::Ok);
    }
    // The thread's own storage, and the caller's.
    for storage in [ptr::null_mut(), workspace] {
        let tensors = (&logits, &targets, &sink);
        assert_eq!(evaluate(loss, tensors, storage), ResultCode::Ok);
        let before = ALLOCATIONS.get();
        assert_eq!(evaluate(loss, tensors, storage), ResultCode::Ok);
        assert_eq!(evaluate(ptr::null(), tensors, storage), ResultCode::NullPointer);
        let overlapping = (&logits, &targets, &logits);
        assert_eq!(evaluate(loss, overlapping, storage), ResultCode::Overlap);
        assert_eq!(ALLOCATIONS.get(), before);
    }
    // SAFETY: made above, and used no more.
    unsafe {
        segloss_loss_free(loss);
        segloss_workspace_free(workspace);
    }
}
