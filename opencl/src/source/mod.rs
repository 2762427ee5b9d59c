//! The text of a loss's program: traced functions, and around them hand-written kernels that only
//! load, store, loop and add up.

mod finish;
mod prelude;
mod sigmoid;
mod softmax;
mod terms;
mod weights;

pub(crate) use prelude::bits;

use segloss_core::compose::{Listed, MapCall, Program, Spec};
use segloss_core::engine::{Fit, Link};
use segloss_core::region::SUMS;
use segloss_core::summation::{ACCUMULATORS, BLOCK, SEGMENT};

use crate::library::{Library, Traced};
use crate::storage::Storage;
use crate::target::Element;
use crate::trace::Numbers;

/// What a program is written for besides the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) storage: Storage,
    pub(crate) element: Element,
    /// Channels of the logits.
    pub(crate) channels: usize,
    /// Whether the call has a mask of valid pixels.
    pub(crate) has_mask: bool,
    /// Whether it has weights of pixels.
    pub(crate) has_weights: bool,
    /// Whether its scale is one number a sample.
    pub(crate) by_sample: bool,
    /// Whether sums are added up in `f64`.
    pub(crate) has_double: bool,
    /// Pixels that a work item computes at a time: 1, 2, 4, 8 or 16.
    pub(crate) width: usize,
    /// Work items that compute a block together: 1, or one an accumulator with width 1.
    pub(crate) items: usize,
    /// Blocks of a work group, if several items compute one.
    pub(crate) blocks_a_group: usize,
}

/// A loss, as programs are written from it.
pub(crate) struct Loss<'l> {
    pub(crate) listed: &'l Listed<'l, f32>,
    pub(crate) library: &'l Library,
    pub(crate) link: Link,
    pub(crate) fit: Fit,
    /// Whether the call has weights of pixels.
    pub(crate) by_call: bool,
}

impl<'l> Loss<'l> {
    fn terms(&self) -> usize {
        self.listed.terms().len()
    }

    fn spec(&self, index: usize, channels: usize) -> Spec<'_> {
        self.listed.spec(index, channels)
    }

    /// Whether region sums are needed.
    fn has_region(&self) -> bool {
        self.fit.has_region
    }

    fn denominators(&self) -> usize {
        if self.fit.has_denominator { self.terms() } else { 0 }
    }

    /// What the program reads and writes.
    pub(crate) fn sizes(&self, target: &Target) -> Sizes {
        let name =
            |map: &MapCall<'_, f32>| map.definition().map_or("", |definition| definition.name);
        Sizes {
            terms: self.terms(),
            row: self.terms() + self.denominators() + SUMS * self.regions(target) + 1,
            sums: self.sums(target),
            regions: self.regions(target),
            planes: self.planes(target),
            maps: self.listed.map_calls().iter().map(name).collect(),
            has_region: self.has_region(),
            is_signed: !self.fit.needs_positive,
        }
    }

    /// Sums of a block.
    fn sums(&self, target: &Target) -> usize {
        self.terms() + self.denominators() + SUMS * self.regions_a_plane(target)
    }

    /// Classes with region sums.
    fn regions(&self, target: &Target) -> usize {
        if self.has_region() { target.channels } else { 0 }
    }

    fn regions_a_plane(&self, target: &Target) -> usize {
        match (self.has_region(), self.link) {
            (false, _) => 0,
            (true, Link::Sigmoid) => 1,
            (true, Link::Softmax) => target.channels,
        }
    }

    /// What lies one after the other in a sample: channels under the sigmoid link, else all together.
    fn planes(&self, target: &Target) -> usize {
        if self.link == Link::Sigmoid { target.channels } else { 1 }
    }

    fn maps(&self) -> usize {
        self.listed.map_calls().len()
    }
}

/// What a program reads and writes, besides its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    pub(crate) terms: usize,
    /// Numbers of a sample's row of sums.
    pub(crate) row: usize,
    /// Sums of a block.
    pub(crate) sums: usize,
    /// Classes with region sums.
    pub(crate) regions: usize,
    /// Planes of a sample.
    pub(crate) planes: usize,
    /// The maps' names, by place.
    pub(crate) maps: Vec<&'static str>,
    /// Whether weights may be negative.
    pub(crate) is_signed: bool,
    /// Whether the gradient needs the sums of all pixels, and so a sweep of its own.
    pub(crate) has_region: bool,
}

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
        &format!("/* The loss: {}. */", loss.listed),
        "#pragma OPENCL FP_CONTRACT OFF",
        &prelude::types(target),
        &sizes(loss, target),
        &prelude::targets(target.element, target.channels),
        &bits(Numbers::Lanes, is_double, target.width),
        &prelude::memory(target),
        include_str!("../kernels/common.cl"),
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
        ("REGIONS_A_PLANE", loss.regions_a_plane(target).max(1)),
        ("SUMS", loss.sums(target)),
        ("WEIGHTS", terms + 1),
        ("ARGUMENTS", 1 + loss.maps()),
        ("IS_ACTIVE", usize::from(loss.fit.is_active)),
        ("BY_CALL", usize::from(target.has_weights)),
        ("BY_SAMPLE", usize::from(target.by_sample)),
        ("BAD_TARGET", BAD_TARGET as usize),
        ("BAD_WEIGHT", BAD_WEIGHT as usize),
        ("BAD_SCALE", BAD_SCALE as usize),
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
