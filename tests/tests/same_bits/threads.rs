//! Losses have the same bits on any number of threads as on the calling one alone: value, gradient and samples, in
//! every layout.

use rayon::ThreadPoolBuilder;
use segloss_conformance::case::Case;
use segloss_conformance::views::{packed, targets_shape};
use segloss_core::compose::{Registry, Term, parse};
use segloss_core::engine::{Call, Ignore, Link, Problem, Scale, evaluate};
use segloss_core::level::Scalar;
use segloss_core::view::{Layout, Shape, Strides, View, ViewMut, Weights};
use segloss_simd::{Buffers, Library, Loss, Outputs};

const LOSSES: [(Link, &str); 4] = [
    (Link::Sigmoid, "focal + 0.5*dice + tversky(pool=sample, empty=skip)"),
    (Link::Sigmoid, "bce(normalise=weights) + focal"),
    (Link::Softmax, "ce(weights=[1, 2.5, 0.3]) + dice(absent=skip)"),
    (Link::Softmax, "0.7*ce + 0.3*focal(alpha=[0.2, 0.3, 0.5])"),
];

/// Packed with channels first or last, and with gaps.
fn layouts(shape: Shape) -> [Layout; 3] {
    let [_, h, w] = shape.spatial;
    let row = w * 2 + 3;
    let gaps = Strides {
        batch: shape.channels * h * row + 5,
        channel: h * row,
        spatial: [h * row, row, 2],
    };
    [
        Layout::channels_first(shape).unwrap(),
        Layout::channels_last(shape).unwrap(),
        Layout::strided(shape, gaps).unwrap(),
    ]
}

/// Value, samples and gradient buffer by the threads of the pool that this runs in.
fn by_threads(
    text: &str,
    call: Call<'_>,
    case: &Case,
    layout: Layout,
) -> (u64, Vec<u64>, Vec<u32>) {
    let logits = case.single();
    let z = packed(&logits, case.shape);
    let y = packed(&case.targets, targets_shape(call.link, case.shape));
    let library = Library::<f32>::default();
    let loss = Loss::new(&library, text, call.link).unwrap();
    let mut gradient = vec![0.25f32; layout.span()];
    let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
    let outputs = Outputs::gradient(&mut sink);
    let mut buffers = Buffers::new();
    let report = loss.evaluate(call, z, y, &[], outputs, &mut buffers).unwrap();
    let bits = gradient.iter().map(|g| g.to_bits()).collect();

    // Scalar code, one unit after the other.
    let mut terms = [Term::default(); 3];
    let loss = parse(text, call.link, Registry::builtin::<Scalar>(), &mut terms, &mut []).unwrap();
    let problem = Problem::new(call, &loss, z, y).unwrap();
    let mut gradient = vec![0.25f32; layout.span()];
    let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
    let mut workspace = buffers.lend(&problem.sizes()).unwrap();
    let serial = evaluate(&problem, Some(&mut sink), &mut workspace).unwrap();
    assert_eq!(serial.value.to_bits(), report.value.to_bits(), "{text}");
    assert_eq!(serial.valid, report.valid, "{text}");
    let serial: Vec<u32> = gradient.iter().map(|g| g.to_bits()).collect();
    assert!(serial == bits, "{text} on {} threads", rayon::current_num_threads());
    (report.value.to_bits(), vec![report.valid], bits)
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for threads in [1, 2, 3, 16] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for (link, text) in LOSSES {
            // Several segments a sample, the last of them ragged.
            let (case, call) = match link {
                Link::Sigmoid => {
                    let shape = Shape::new(2, 2, &[301, 467]).unwrap();
                    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
                    (Case::sigmoid(3, shape, 12.0, 0.05), call)
                }
                Link::Softmax => {
                    let shape = Shape::new(2, 3, &[301, 467]).unwrap();
                    (Case::softmax(4, shape, 12.0, 0.05), Call::softmax())
                }
            };
            let shape = case.shape.with_channels(1);
            let weights: Vec<f32> =
                (0..shape.batch * shape.pixels()).map(|i| (i % 7) as f32 * 0.5).collect();
            let weights = View::new(&weights, Layout::channels_first(shape).unwrap()).unwrap();
            let weighted = Call { weights: Some(Weights::F32(weights)), ..call };
            for layout in layouts(case.shape) {
                pool.install(|| by_threads(text, weighted, &case, layout));
            }
        }
    }
}

/// A scale a sample, and a gradient that is added to.
#[test]
fn scales_of_samples_and_accumulation() {
    let shape = Shape::new(3, 1, &[257, 300]).unwrap();
    let case = Case::sigmoid(5, shape, 9.0, 0.02);
    let call = Call {
        ignore_index: Ignore::Labels(&[255]),
        scale: Scale::Samples(&[0.5, -2.0, 3.0]),
        write: segloss_core::view::Write::Accumulate,
        ..Call::sigmoid()
    };
    let pool = ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let layout = Layout::channels_first(shape).unwrap();
    pool.install(|| by_threads("bce + dice", call, &case, layout));
}

/// Workers do not lose an error, and the gradient is untouched.
#[test]
fn errors_leave_the_gradient_alone() {
    let shape = Shape::new(1, 3, &[400, 400]).unwrap();
    let mut case = Case::softmax(6, shape, 9.0, 0.0);
    case.targets[159_999] = 3;
    let logits = case.single();
    let layout = Layout::channels_first(shape).unwrap();
    let z = View::new(&logits, layout).unwrap();
    let packed = Layout::channels_first(shape.with_channels(1)).unwrap();
    let y = View::new(&case.targets, packed).unwrap();
    let library = Library::<f32>::default();
    let loss = Loss::new(&library, "ce", Link::Softmax).unwrap();
    let mut gradient = vec![0.25f32; layout.span()];
    let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
    let outputs = Outputs::gradient(&mut sink);
    let found = loss.evaluate(Call::softmax(), z, y, &[], outputs, &mut Buffers::new());
    assert!(found.unwrap_err().to_string().contains("label 3 at pixel 159999"));
    assert!(gradient.iter().all(|&g| g == 0.25));
}
