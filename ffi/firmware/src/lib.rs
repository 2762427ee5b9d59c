//! The losses of `segloss-core` for firmware: packed `float` logits, bytes as targets, all memory the
//! caller's. `segloss_firmware.h` is the contract.

#![no_std]

mod band;
mod memory;
mod planes;

use core::ffi::{CStr, c_char};
use core::slice;

use memory::{Memory, bytes_of};
use segloss_core::Error;
use segloss_core::compose::{MapCall, Plan, Registry, Term, parse};
use segloss_core::engine::{Call, Link, Problem, Sizes, Workspace, evaluate};
use segloss_core::level::Scalar;
use segloss_core::summation::{Compensated, Partial, TILE};
use segloss_core::view::{GradientSink, Layout, Shape, View, ViewMut};

/// Core has no panic that its callers can cause. With the feature `proof`, what refers to this does not link.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "proof")]
    {
        unsafe extern "C" {
            safe fn segloss_firmware_can_panic() -> !;
        }
        segloss_firmware_can_panic()
    }
    #[cfg(not(feature = "proof"))]
    loop {}
}

/// What unwinding calls, which there is none of; but `core`, as built for systems that have it, refers to it.
#[cfg(not(target_os = "none"))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// The most terms of a loss.
const TERMS: usize = 8;

// Numbers of segloss_result.
const OK: i32 = 0;
const NULL_POINTER: i32 = 1;
const MISALIGNED: i32 = 2;
const UNSUPPORTED_OPTION: i32 = 4;
const BAD_SHAPE: i32 = 7;
const BAD_TARGET: i32 = 10;
const INTERNAL: i32 = 11;
const OUT_OF_MEMORY: i32 = 12;
const BAD_TEXT: i32 = 13;
const BAD_VALUE: i32 = 14;
const BAD_LENGTH: i32 = 15;
const NOT_SUPPORTED_BY_LOSS: i32 = 16;
const BAD_WEIGHT: i32 = 17;

fn code(error: Error) -> i32 {
    match error {
        Error::Empty { .. }
        | Error::Shape { .. }
        | Error::Axes { .. }
        | Error::Channels { .. }
        | Error::Extent { .. } => BAD_SHAPE,
        Error::Label { .. } | Error::Share { .. } | Error::Mask { .. } | Error::Unclear { .. } => {
            BAD_TARGET
        }
        Error::ClassWeights { .. } => BAD_LENGTH,
        Error::Workspace { .. } => OUT_OF_MEMORY,
        _ => INTERNAL,
    }
}

/// What a call is about: the text, the link and the shape.
struct Request<'a> {
    text: &'a str,
    link: Link,
    shape: Shape,
}

impl<'a> Request<'a> {
    /// # Safety
    /// `text` is NULL or ends with a 0; `extents` is NULL or points to 5 numbers.
    unsafe fn read(text: *const c_char, link: i32, extents: *const u32) -> Result<Self, i32> {
        if text.is_null() || extents.is_null() {
            return Err(NULL_POINTER);
        }
        if !extents.is_aligned() {
            return Err(MISALIGNED);
        }
        // SAFETY: not NULL, so it ends with a 0.
        let text = unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| BAD_TEXT)?;
        let link = match link {
            0 => Link::Sigmoid,
            1 => Link::Softmax,
            _ => return Err(UNSUPPORTED_OPTION),
        };
        // SAFETY: neither NULL nor misaligned, so 5 numbers.
        let &[batch, channels, d, h, w] = unsafe { &*extents.cast::<[u32; 5]>() };
        let spatial = [d as usize, h as usize, w as usize];
        let shape = Shape::new(batch as usize, channels as usize, &spatial).map_err(code)?;
        Ok(Request { text, link, shape })
    }

    fn targets(&self) -> Shape {
        match self.link {
            Link::Sigmoid => self.shape,
            Link::Softmax => self.shape.with_channels(1),
        }
    }

    fn call(&self) -> Call<'static> {
        match self.link {
            Link::Sigmoid => Call::sigmoid(),
            Link::Softmax => Call::softmax(),
        }
    }

    /// Calls `use_it` with the loss.
    fn with_loss<R>(
        &self,
        use_it: impl FnOnce(&Plan<'_, f32, Compensated>) -> Result<R, i32>,
    ) -> Result<R, i32> {
        let registry = Registry::builtin::<Scalar>();
        let mut terms = [Term::<f32, Compensated>::default(); TERMS];
        let mut maps = [MapCall::default(); 1];
        let loss = parse(self.text, self.link, registry, &mut terms, &mut maps);
        let loss = loss.map_err(|_| BAD_TEXT)?;
        // Their weights would take an image of scratch each.
        if !loss.map_calls().is_empty() {
            return Err(NOT_SUPPORTED_BY_LOSS);
        }
        use_it(&loss)
    }
}

/// Numbers that all have one value, for a problem that is only measured.
fn measured(request: &Request<'_>) -> Result<usize, i32> {
    request.with_loss(|loss| {
        let logits = repeated(&[0f32], request.shape).map_err(code)?;
        let targets = repeated(&[0u8], request.targets()).map_err(code)?;
        let problem = Problem::new(request.call(), loss, logits, targets).map_err(code)?;
        bytes(&problem.sizes()).ok_or(BAD_SHAPE)
    })
}

fn repeated<E>(one: &[E], shape: Shape) -> Result<View<'_, E>, Error> {
    View::new(one, Layout::strided(shape, Default::default())?)
}

fn bytes(sizes: &Sizes) -> Option<usize> {
    [
        bytes_of::<Partial<f32>>(sizes.partials)?,
        bytes_of::<Compensated>(sizes.sums)?,
        bytes_of::<Compensated>(sizes.segment)?,
        bytes_of::<Compensated>(sizes.totals)?,
        bytes_of::<f32>(sizes.factors)?,
        bytes_of::<[f32; 2]>(sizes.slopes)?,
        bytes_of::<[f32; TILE]>(sizes.weights)?,
        bytes_of::<f32>(sizes.class_weights)?,
    ]
    .into_iter()
    .try_fold(0usize, usize::checked_add)
}

/// # Safety
/// What is handed out is used no longer than the memory is the caller's to lend.
unsafe fn workspace<'m>(
    sizes: &Sizes,
    memory: &mut Memory,
) -> Option<Workspace<'m, f32, Compensated>> {
    let none = Compensated::default();
    // SAFETY: the caller's word.
    unsafe {
        Some(Workspace {
            partials: memory.take(sizes.partials, Partial::default())?,
            sums: memory.take(sizes.sums, none)?,
            segment: memory.take(sizes.segment, none)?,
            totals: memory.take(sizes.totals, none)?,
            factors: memory.take(sizes.factors, 0.0)?,
            slopes: memory.take(sizes.slopes, [0.0; 2])?,
            weights: memory.take(sizes.weights, [0.0; TILE])?,
            class_weights: memory.take(sizes.class_weights, 0.0)?,
        })
    }
}

/// Bytes of scratch that a call takes; see the header.
///
/// # Safety
/// `text` is NULL or ends with a 0; `extents` is NULL or points to 5 numbers; `bytes` is NULL or points to a
/// place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_firmware_scratch(
    text: *const c_char,
    link: i32,
    extents: *const u32,
    bytes: *mut usize,
) -> i32 {
    if bytes.is_null() {
        return NULL_POINTER;
    }
    if !bytes.is_aligned() {
        return MISALIGNED;
    }
    // SAFETY: the caller's word.
    let request = unsafe { Request::read(text, link, extents) };
    match request.and_then(|request| measured(&request)) {
        Ok(needed) => {
            // SAFETY: neither NULL nor misaligned, so the caller's to be written.
            unsafe { bytes.write(needed) };
            OK
        }
        Err(code) => code,
    }
}

/// A call; see the header.
///
/// # Safety
/// Pointers are NULL or point to as much as the header says, and what is written to nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_firmware_evaluate(
    text: *const c_char,
    link: i32,
    extents: *const u32,
    logits: *const f32,
    targets: *const u8,
    gradient: *mut f32,
    value: *mut f32,
    valid: *mut u32,
    scratch: *mut u8,
    scratch_bytes: usize,
) -> i32 {
    let pointers = [logits.cast::<u8>(), targets, value.cast(), valid.cast(), scratch];
    if pointers.contains(&core::ptr::null()) {
        return NULL_POINTER;
    }
    let is_aligned = logits.is_aligned() && value.is_aligned() && valid.is_aligned();
    if !is_aligned || !(gradient.is_null() || gradient.is_aligned()) {
        return MISALIGNED;
    }
    // SAFETY: the caller's word, here and below.
    let result = unsafe { Request::read(text, link, extents) }.and_then(|request| {
        let (packed, of_targets) = (
            Layout::channels_first(request.shape).map_err(code)?,
            Layout::channels_first(request.targets()).map_err(code)?,
        );
        if packed.span() > isize::MAX as usize / size_of::<f32>() {
            return Err(BAD_SHAPE);
        }
        // SAFETY: neither NULL nor misaligned, as long as the extents say, and apart.
        let (z, y) = unsafe {
            (
                slice::from_raw_parts(logits, packed.span()),
                slice::from_raw_parts(targets, of_targets.span()),
            )
        };
        let z = View::new(z, packed).map_err(code)?;
        let y = View::new(y, of_targets).map_err(code)?;
        let mut sink = None;
        if !gradient.is_null() {
            // SAFETY: as above.
            let places = unsafe { slice::from_raw_parts_mut(gradient, packed.span()) };
            sink = Some(ViewMut::new(places, packed).map_err(code)?);
        }
        request.with_loss(|loss| {
            let problem = Problem::new(request.call(), loss, z, y).map_err(code)?;
            // SAFETY: the caller's word; the workspace is used no longer than this call.
            let workspace =
                unsafe { workspace(&problem.sizes(), &mut Memory::new(scratch, scratch_bytes)) };
            let mut workspace = workspace.ok_or(OUT_OF_MEMORY)?;
            let sink = sink.as_mut().map(|sink| sink as &mut dyn GradientSink<f32>);
            evaluate(&problem, sink, &mut workspace).map_err(code)
        })
    });
    match result {
        Ok(report) => {
            // SAFETY: neither is NULL nor misaligned, so both are the caller's to be written.
            unsafe {
                value.write(report.value);
                valid.write(u32::try_from(report.valid).unwrap_or(u32::MAX));
            }
            OK
        }
        Err(code) => code,
    }
}
