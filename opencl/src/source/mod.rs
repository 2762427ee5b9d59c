//! The text of a loss's program: traced functions, and around them hand-written kernels that only
//! load, store, loop and add up.

mod finish;
mod loss;
mod prelude;
mod sigmoid;
mod softmax;
mod target;
mod terms;
mod weights;

pub(crate) use loss::{Loss, Sizes};
pub(crate) use prelude::bits;
pub(crate) use target::Target;

use segloss_core::engine::Link;
use segloss_core::summation::{ACCUMULATORS, BLOCK, SEGMENT};

use crate::library::Traced;
use crate::trace::Numbers;

/// The OpenCL C program that evaluates `loss`, computing in format `T`.
pub(crate) fn source<T: Traced>(loss: &Loss<'_>, target: &Target) -> String {
    let (functions, sweep, gradient) = match loss.link {
        Link::Sigmoid => (
            sigmoid::functions::<T>(loss),
            include_str!("../kernels/sigmoid_sweep.cl"),
            include_str!("../kernels/sigmoid_gradient.cl"),
        ),
        Link::Softmax => (
            softmax::functions::<T>(loss) + include_str!("../kernels/softmax_pixel.cl"),
            include_str!("../kernels/softmax_sweep.cl"),
            include_str!("../kernels/softmax_gradient.cl"),
        ),
    };
    let kernels = if loss.has_region() {
        // The gradient needs the sums of all pixels.
        sweep_as("reduce", sweep, true, false) + gradient
    } else {
        // It needs only what means are divided by.
        ["count", "reduce", "reduce_with_gradient"]
            .map(|name| sweep_as(name, sweep, name != "count", name == "reduce_with_gradient"))
            .concat()
    };
    let is_double = target.storage.is_double();
    let sums = if target.has_double {
        include_str!("../kernels/double_sums.cl")
    } else {
        include_str!("../kernels/compensated_sums.cl")
    };
    let finish = if target.has_double {
        finish::functions::<T, f64>(loss, target)
    } else {
        finish::functions::<T, f32>(loss, target)
    };
    [
        &format!("/* The loss: {}. */", loss.plan),
        "#pragma OPENCL FP_CONTRACT OFF",
        &prelude::types(target),
        &sizes(loss, target),
        &prelude::targets(target.element, target.channels),
        &prelude::foreground(loss, target),
        &bits(Numbers::Lanes, is_double, target.width),
        &prelude::memory(target),
        include_str!("../kernels/common.cl"),
        include_str!("../kernels/foreground.cl"),
        &weights::text(loss, target),
        &functions,
        &kernels,
        sums,
        &bits(Numbers::Wide, target.has_double, 1),
        &finish,
        include_str!("../kernels/finish.cl"),
    ]
    .join("\n")
}

/// The kernel `name`: a sweep over all pixels that sums losses, if it does, and writes the gradient, if it
/// does.
fn sweep_as(name: &str, sweep: &str, has_losses: bool, has_gradient: bool) -> String {
    let inputs = if has_gradient {
        ", global const real *factors, global const real *slopes, global const ulong *report, int \
         accumulate, global storage *gradient, ulong gradient_first"
    } else {
        ""
    };
    let (losses, gradient) = (u32::from(has_losses), u32::from(has_gradient));
    let names = ["SWEEP", "LOSSES", "GRADIENT", "GRADIENT_INPUTS"];
    let undefine: String = names.iter().map(|name| format!("#undef {name}\n")).collect();
    format!(
        "#define SWEEP {name}\n#define LOSSES {losses}\n#define GRADIENT {gradient}\n#define \
         GRADIENT_INPUTS {inputs}\n{sweep}{undefine}\n"
    )
}

/// Numbers that the kernels are written with.
fn sizes(loss: &Loss<'_>, target: &Target) -> String {
    let terms = loss.terms();
    let numbers = [
        ("ACCUMULATORS", ACCUMULATORS),
        ("BLOCK", BLOCK),
        ("SEGMENT_BLOCKS", SEGMENT / BLOCK),
        ("BLOCKS_A_GROUP", target.blocks_a_group),
        ("CLASSES", target.channels),
        ("PLANES", loss.planes(target)),
        ("TERMS", terms),
        ("DENOMINATORS", loss.denominators()),
        ("TERM_SUMS", terms + loss.denominators()),
        ("REGION", usize::from(loss.has_region())),
        ("REGIONS", loss.regions(target)),
        ("ROW_COUNTS", loss.row_counts(target)),
        ("CLASS_COUNTS", if loss.regions(target) > 1 { loss.regions(target) } else { 0 }),
        ("REGIONS_A_PLANE", loss.regions_a_plane(target).max(1)),
        ("SUMS", loss.sums(target)),
        ("WEIGHTS", terms + 1),
        ("ARGUMENTS", 1 + loss.maps()),
        ("IS_ACTIVE", usize::from(loss.fit.is_active)),
        ("BY_CALL", usize::from(target.has_weights)),
        ("BY_SAMPLE", usize::from(target.by_sample)),
        ("FOREGROUND", loss.foreground_words(target)),
        ("REFUSES_MASKS", usize::from(target.refuses_masks)),
        ("BAD_TARGET", BAD_TARGET as usize),
        ("BAD_WEIGHT", BAD_WEIGHT as usize),
        ("BAD_SCALE", BAD_SCALE as usize),
        ("UNCLEAR", UNCLEAR as usize),
    ];
    let lines = numbers.iter().map(|(name, number)| format!("#define {name} {number}"));
    let of_sample = if target.by_sample { "(TERMS * (sample))" } else { "0" };
    let factors = [format!("#define FACTORS_OF(sample) {of_sample}")];
    lines.chain(factors).collect::<Vec<_>>().join("\n")
}

/// What the first number of a report says is wrong, if anything.
pub(crate) const BAD_TARGET: u64 = 1;
pub(crate) const BAD_WEIGHT: u64 = 2;
pub(crate) const BAD_SCALE: u64 = 3;
pub(crate) const UNCLEAR: u64 = 4;
