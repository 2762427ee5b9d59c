//! Once its buffers have grown, a loss of any kind allocates nothing, maps, samples and loss map
//! included: on the calling thread, and with several threads at work. A binary of its own: it counts what
//! any thread of the process allocates, which would count other tests.

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use segloss_conformance::case::Case;
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::view::{GradientSink, Layout, Shape, Targets, View, ViewMut};
use segloss_simd::{Buffers, Library, Loss, Outputs};

struct Counting;

/// Allocations of all threads.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Memory) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's word.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Memory) {
        // SAFETY: the caller's word.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of the second of two equal calls.
fn second_call(
    text: &str,
    call: Call<'_>,
    case: &Case,
    per_sample: bool,
    per_pixel: bool,
) -> usize {
    let logits = case.single();
    let layout = Layout::channels_first(case.shape).unwrap();
    let channels = if call.link == Link::Softmax { 1 } else { case.shape.channels };
    let packed = Layout::channels_first(case.shape.with_channels(channels)).unwrap();
    let (z, y) = (
        View::new(&logits, layout).unwrap(),
        Targets::U8(View::new(&case.targets, packed).unwrap()),
    );
    let library = Library::<f32>::default();
    let loss = Loss::new(&library, text, call.link).unwrap();
    let mut buffers = Buffers::new();
    let (mut gradient, mut map) = (vec![0f32; layout.span()], vec![0f32; packed.span()]);
    let mut samples = vec![0.0; case.shape.batch];
    let mut before = 0;
    for _ in 0..2 {
        let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
        let mut map = ViewMut::new(&mut map, packed).unwrap();
        before = ALLOCATIONS.load(Ordering::Relaxed);
        let samples = per_sample.then_some(&mut samples[..]);
        let loss_map = per_pixel.then_some(&mut map as &mut dyn GradientSink<f32>);
        let outputs = Outputs { gradient: Some(&mut sink), samples, loss_map };
        let report = loss.evaluate(call, z, y, &[], outputs, &mut buffers);
        report.unwrap();
    }
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn only_the_first_call_allocates() {
    let masks = Case::sigmoid(1, Shape::new(3, 1, &[190, 210]).unwrap(), 8.0, 0.1);
    let labels = Case::softmax(2, Shape::new(3, 5, &[190, 210]).unwrap(), 8.0, 0.1);
    let sigmoid = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        // Threads that are still starting allocate, too.
        pool.broadcast(|_| ());
        pool.install(|| {
            for text in ["preset:boundary", "distance + focal", "preset:medical"] {
                assert_eq!(second_call(text, sigmoid, &masks, false, false), 0, "{text}");
            }
            assert_eq!(second_call("focal + 0.5*boundary", sigmoid, &masks, true, true), 0);
            let text = "ce(weights=[1, 2, 3, 4, 5], normalise=weights) @ band";
            assert_eq!(second_call(text, Call::softmax(), &labels, true, true), 0, "{text}");
            let text = "preset:balanced";
            assert_eq!(second_call(text, Call::softmax(), &labels, false, false), 0, "{text}");
        });
    }
}
