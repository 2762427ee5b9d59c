//! The texts of the maps' programs: kernels with types and rules filled in.

use segloss_core::maps::decay;

use crate::source::bits as bits_of;
use crate::target::Element;
use crate::trace::{self, Format, Graph};

const PRELUDE: &str = "#pragma OPENCL FP_CONTRACT OFF";
const DOUBLE: &str = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable";

/// How labels are stored, the largest value standing for those that are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// 0 or 1, in bytes.
    Mask,
    /// Label numbers of 32 bits.
    Map,
}

/// Which pixels distances are measured to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Background.
    Background,
    /// Those of another label, where no pixel is ignored.
    Other,
    /// Those neither ignored nor of the label that a kernel is given, for the pixels of that label.
    KnownOther,
}

/// What squared distances are counted in, as core does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// `int`.
    Narrow,
    /// `long`.
    Wide,
    /// `double`.
    Spaced,
}

/// What becomes of squared distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// An integer of this type in OpenCL C, its largest value standing for none.
    Squared(&'static str),
    /// The distance.
    Distance,
    /// The distance, negative at background.
    Signed,
    /// A weight.
    Decay,
}

/// `real` as this format.
fn real<T: Format>() -> String {
    let double = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\ntypedef double real;";
    if T::DOUBLE { double } else { "typedef float real;" }.into()
}

/// The operations on the bits of `real`.
fn bits_of_real<T: Format>() -> String {
    bits_of(trace::Numbers::Real, T::DOUBLE, 1)
}

/// The steps from targets to labels.
pub(super) fn labels(stored: Stored, element: Element) -> String {
    let label = match (stored, element.is_float()) {
        (Stored::Mask, false) => "((t) != 0)",
        // As `f32`, whatever it is stored as.
        (Stored::Mask, true) => "((float)(t) > 0.5f)",
        (Stored::Map, false) => "((uint)(t))",
        (Stored::Map, true) => "convert_uint_sat(t)",
    };
    let double = if element.is_double() { DOUBLE } else { "" };
    let target = format!(
        "typedef {} stored_target;\ntypedef {} target;\n\
         target load_target(global const stored_target *from) {{\n    const uint lane = 0;\n    \
         return {};\n}}",
        element.stored_name(),
        element.name(),
        element.load_one()
    );
    let read = format!("#define LABEL(t) {label}");
    let kernels = include_str!("../kernels/maps/labels.cl");
    [PRELUDE, double, &target, &types(stored), &read, kernels].join("\n")
}

/// The labels' type.
pub(super) fn types(stored: Stored) -> String {
    let (label, ignored, bytes) = match stored {
        Stored::Mask => ("uchar", "UCHAR_MAX", 1),
        Stored::Map => ("uint", "UINT_MAX", 4),
    };
    format!(
        "typedef {label} label;\ntypedef {label}16 label16;\n#define IGNORED ((label){ignored})\n\
         #define LABEL_BYTES {bytes}"
    )
}

/// What fills void. Where an axis is `on` from another one, costs are those after that; the `last` one gives
/// none.
pub(super) fn fill(stored: Stored, numbers: Numbers, on: bool, last: bool) -> String {
    let spaced = numbers == Numbers::Spaced;
    let double = if spaced { "#pragma OPENCL EXTENSION cl_khr_fp64 : enable" } else { "" };
    let rules = [
        types(stored),
        "typedef float real;".into(),
        gaps(numbers),
        flag("SPACED", spaced),
        flag("WIDE", numbers == Numbers::Wide),
        flag("HAS_DOUBLE", spaced),
        flag("ON", on),
        flag("LAST", last),
    ];
    let costs = include_str!("../kernels/maps/costs.cl");
    let kernels = include_str!("../kernels/maps/fill.cl");
    [PRELUDE, double, &rules.join("\n"), costs, kernels].join("\n")
}

/// A condition of a program.
fn flag(name: &str, on: bool) -> String {
    format!("#define {name} {}", u32::from(on))
}

/// The type of steps along a column.
fn gaps(numbers: Numbers) -> String {
    let (gap, no_gap) = match numbers {
        Numbers::Narrow => ("ushort", "USHRT_MAX"),
        Numbers::Wide | Numbers::Spaced => ("uint", "UINT_MAX"),
    };
    format!("typedef {gap} gap;\ntypedef {gap}16 gap16;\n#define NO_GAP ((gap){no_gap})")
}

/// What a distance transform's program depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transform {
    pub(super) stored: Stored,
    pub(super) rule: Rule,
    pub(super) numbers: Numbers,
    pub(super) finish: Finish,
    pub(super) has_double: bool,
    /// Whether the device is to go along rows in memory, with vectors.
    pub(super) in_rows: bool,
    /// Whether there is an axis between the first and the last.
    pub(super) has_three: bool,
}

/// Columns of a vector, where the device has any use for vectors.
pub(super) const LANES: usize = 16;
/// Vectors that a work item takes at a time.
pub(super) const VECTORS: usize = 8;
/// Bytes of storage for each pixel of a row in `rows.cl`.
pub(super) const ROW_BYTES: usize = 26;
/// Pixels of one of its blocks.
pub(super) const BLOCK: usize = 64;

impl Transform {
    /// Kernels `columns`, then along each axis more `lines` or, along the last one, `last_lines`; after the
    /// first of those, in 3-D, `lines_on` and `last_lines_on`. `rows` does what the last one of them does.
    pub(super) fn source<T: Format>(self) -> String {
        let Transform { stored, rule, numbers, finish, has_double, in_rows, has_three } = self;
        let (is_source, chooses) = match rule {
            Rule::Background => ("((l) == (label)0)", "1"),
            Rule::Other => ("0", "1"),
            Rule::KnownOther => {
                ("(((l) != (than)) & ((l) != IGNORED))", "(((l) == (than)) | ((l) == IGNORED))")
            }
        };
        let truth = if numbers == Numbers::Narrow { "short" } else { "int" };
        let double = if has_double { DOUBLE } else { "" };
        let rules = [
            types(stored),
            gaps(numbers),
            format!("#define TRUTH(c) ((gap)(c))\n#define TRUTHS(c) convert_{truth}16(c)"),
            format!("#define LANES {}\n#define VECTORS {VECTORS}", if in_rows { LANES } else { 1 }),
            flag("BY_LABEL", rule == Rule::Other),
            format!("#define IS_SOURCE(l, than) {is_source}"),
            format!("#define CHOOSES(l, than) {chooses}"),
            flag("SPACED", numbers == Numbers::Spaced),
            flag("WIDE", numbers == Numbers::Wide),
            flag("HAS_DOUBLE", has_double),
        ];
        let columns = include_str!("../kernels/maps/columns.cl");
        let costs = include_str!("../kernels/maps/costs.cl");
        let (real, bits) = (real::<T>(), bits_of_real::<T>());
        let finish = finish.source::<T>();
        let lines = [
            lines("lines", "gap", false),
            lines("last_lines", "gap", true),
            lines("lines_on", "cost", false),
            lines("last_lines_on", "cost", true),
        ];
        let rows = if in_rows && numbers == Numbers::Narrow {
            rows(if has_three { "cost" } else { "gap" })
        } else {
            String::new()
        };
        let rules = rules.join("\n");
        let vectors = if in_rows { include_str!("../kernels/maps/vectors.cl") } else { "" };
        let before = [PRELUDE, double, &real, &rules, vectors, &bits, columns, costs, &finish];
        before.join("\n") + &lines.concat() + &rows
    }
}

/// The kernel `name`, of lines whose costs are what `source` says.
fn lines(name: &str, source: &str, last: bool) -> String {
    let cost = if source == "gap" { "of_gap(s, w)" } else { "(s)" };
    let result = if last { "finished" } else { "cost" };
    let kernel = include_str!("../kernels/maps/lines.cl");
    let names = ["LINES", "COST_OF", "LAST", "source", "result"];
    let undefine: String = names.iter().map(|name| format!("#undef {name}\n")).collect();
    format!(
        "\n#define LINES {name}\n#define source {source}\n#define COST_OF(s, w) {cost}\n\
         #define LAST {}\n#define result {result}\n{kernel}{undefine}",
        u32::from(last)
    )
}

/// The kernel `rows` of such sources.
fn rows(source: &str) -> String {
    let (vector, from_gaps, cost) =
        if source == "gap" { ("ushort16", 1, "of_gap(s, w)") } else { ("int16", 0, "(s)") };
    let kernel = include_str!("../kernels/maps/rows.cl");
    format!(
        "\n#define ROWS rows\n#define ROW_SOURCE16 {vector}\n#define FROM_GAPS {from_gaps}\n\
         #define source {source}\n#define COST_OF(s, w) {cost}\n#define ROW_BYTES {ROW_BYTES}\n\
         {kernel}"
    )
}

impl Finish {
    fn source<T: Format>(self) -> String {
        let (kind, value) = match self {
            Finish::Squared(kind) => (kind, "squared >= NONE ? ~(finished)0 : (finished)squared"),
            Finish::Distance => ("real", "distance_of(squared)"),
            Finish::Signed => ("real", "here == 0 ? -distance_of(squared) : distance_of(squared)"),
            Finish::Decay => {
                ("real", "squared >= NONE ? empty : decay_weight(distance_of(squared), rate)")
            }
        };
        let weight = if self == Finish::Decay { decay_weight::<T>() } else { String::new() };
        format!(
            "{weight}typedef {kind} finished;\n\
             finished finish(cost squared, label here, real rate, real empty) {{\n    \
             return {value};\n}}\n"
        )
    }
}

/// [`decay::weight`] as OpenCL C.
fn decay_weight<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let weight = decay::weight(graph.input("distance"), graph.input("rate"));
    graph.function(
        trace::Numbers::Real,
        "real decay_weight(real distance, real rate)",
        &[("return".into(), weight)],
    )
}

/// What marks pixels at a boundary.
pub(super) fn boundary(stored: Stored) -> String {
    [PRELUDE, &types(stored), include_str!("../kernels/maps/boundary.cl")].join("\n")
}

/// Bit-packed masks.
pub(super) fn bits() -> String {
    include_str!("../kernels/maps/bits.cl").into()
}

/// From bits to numbers of this format.
pub(super) fn choose<T: Format>() -> String {
    [&real::<T>(), include_str!("../kernels/maps/choose.cl")].join("\n")
}

/// Transposition of elements of this type, by groups of `side * side` items.
pub(super) fn transpose(element: &str, side: usize) -> String {
    let types = format!("typedef {element} element;\n#define SIDE {side}");
    [&types, include_str!("../kernels/maps/transpose.cl")].join("\n")
}
