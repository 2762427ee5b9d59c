//! What a program declares before its functions: types, widths, loads and stores.

use core::fmt::Write;

use half::{bf16, f16};

use super::loss::Loss;
use super::target::Target;
use crate::storage::Storage;
use crate::target::Element;
use crate::trace::{Numbers, literal};

/// A vector type of `width` elements; the scalar if it is one.
fn vector(element: &str, width: usize) -> String {
    if width == 1 { element.into() } else { format!("{element}{width}") }
}

fn define(text: &mut String, name: &str, value: impl core::fmt::Display) {
    let _ = writeln!(text, "#define {name} {value}");
}

/// Formats, and how many pixels a work item computes at a time.
pub(super) fn types(target: &Target) -> String {
    let width = target.width;
    let (real, mask) =
        if target.storage.is_double() { ("double", "long") } else { ("float", "int") };
    let is_vector = width > 1;
    // Comparisons of scalars are int.
    let mask = if is_vector { mask } else { "int" };
    let n = if is_vector { width.to_string() } else { String::new() };
    let mut text = String::new();
    if target.storage.is_double() || target.element.is_double() || target.has_double {
        text += "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n";
    }
    let types = [
        (real.to_owned(), "real"),
        (vector(real, width), "lanes"),
        (vector(mask, width), "mask"),
        (target.element.stored_name().to_owned(), "stored_target"),
        (target.element.name().to_owned(), "target"),
        (vector(target.element.name(), width), "targets_t"),
        (target.storage.name().to_owned(), "storage"),
    ];
    for (c_type, name) in types {
        let _ = writeln!(text, "typedef {c_type} {name};");
    }
    define(&mut text, "WIDTH", width);
    define(&mut text, "ITEMS", target.items);
    define(&mut text, "PARTS", 32 / (width * target.items));
    define(&mut text, "RUN", if target.items == 1 { "BLOCK" } else { "1" });
    define(&mut text, "MASK_ELEMENT", mask);
    define(&mut text, "TO_MASK(x)", format!("convert_{mask}{n}(x)"));
    define(&mut text, "TO_LANES(x)", format!("convert_{real}{n}(x)"));
    if is_vector {
        let indices: Vec<String> = (0..width).map(|i| i.to_string()).collect();
        define(&mut text, "ALL", "((mask)(-1))");
        define(&mut text, "INDICES", format!("((mask)({}))", indices.join(", ")));
        define(&mut text, "TO_INDEX(count)", format!("((mask)(({mask})(count)))"));
        define(&mut text, "ANY(marked)", "any(marked)");
        define(&mut text, "STORE_MASK(marked, to)", format!("vstore{n}(marked, 0, to)"));
        define(&mut text, "STORE_REAL(x, to)", format!("vstore{n}(x, 0, to)"));
    } else {
        define(&mut text, "ALL", 1);
        define(&mut text, "INDICES", 0);
        define(&mut text, "TO_INDEX(count)", "(int)(count)");
        define(&mut text, "ANY(marked)", "(marked)");
        define(&mut text, "STORE_MASK(marked, to)", "(*(to) = (marked))");
        define(&mut text, "STORE_REAL(x, to)", "(*(to) = (x))");
    }
    text
}

/// Operations on the bits of numbers, from `bits.cl`.
pub(crate) fn bits(numbers: Numbers, is_double: bool, width: usize) -> String {
    let n = if width > 1 { width.to_string() } else { String::new() };
    let (unsigned, signed, float) =
        if is_double { ("ulong", "long", "double") } else { ("uint", "int", "float") };
    let (mantissa, root_half) =
        if is_double { ("52", "0x3fe6a09e667f3bcdul") } else { ("23", "0x3f3504f3u") };
    let words = [
        ("PREFIX_", numbers.prefix().to_owned()),
        ("AS_BITS_OF_SIGNED", format!("as_{unsigned}{n}")),
        ("FROM_SIGNED", format!("convert_{float}{n}")),
        ("AS_NUMBER", format!("as_{float}{n}")),
        ("AS_SIGNED", format!("as_{signed}{n}")),
        ("AS_BITS", format!("as_{unsigned}{n}")),
        ("SIGNED", format!("{signed}{n}")),
        ("NUMBER", numbers.name().to_owned()),
        ("MANTISSA", mantissa.to_owned()),
        ("ROOT_HALF", root_half.to_owned()),
    ];
    words.iter().fold(include_str!("../kernels/bits.cl").to_owned(), |text, (word, with)| {
        text.replace(word, with)
    })
}

/// A function that loads the first `count` of `WIDTH` elements: `whole` those of a whole vector at
/// `from`, `one` that at `from + lane`.
fn load(signature: &str, element: &str, width: usize, whole: &str, one: &str) -> String {
    if width == 1 {
        return format!("{signature} {{\n    const uint lane = 0;\n    return {one};\n}}\n\n");
    }
    format!(
        "{signature} {{\n    if (count >= WIDTH) {{\n        return {whole};\n    }}\n    {element} \
         each[WIDTH] = {{0}};\n    for (uint lane = 0; lane < count; lane++) {{\n        each[lane] \
         = {one};\n    }}\n    return vload{width}(0, each);\n}}\n\n"
    )
}

/// A vector of `n` numbers that are the upper halves of `f32`.
fn bf16_vector(n: &str) -> String {
    format!("as_float{n}(convert_uint{n}(vload{n}(0, from)) << 16)")
}

/// Loads of logits, targets, weights and masks, and the store of the gradient.
pub(super) fn memory(target: &Target) -> String {
    let width = target.width;
    let n = if width > 1 { width.to_string() } else { String::new() };
    let mut text = String::new();
    let whole = match target.element {
        Element::F16 => format!("vload_half{n}(0, from)"),
        Element::Bf16 => bf16_vector(&n),
        _ => format!("vload{n}(0, from)"),
    };
    let signature = "targets_t load_targets(global const stored_target *from, ulong count)";
    text += &load(signature, "target", width, &whole, target.element.load_one());
    let (whole, one) = match target.storage {
        Storage::F32 | Storage::F64 => (format!("vload{n}(0, from)"), "from[lane]".to_owned()),
        Storage::F16 => (format!("vload_half{n}(0, from)"), "vload_half(lane, from)".to_owned()),
        Storage::Bf16 => (bf16_vector(&n), "as_float((uint)from[lane] << 16)".to_owned()),
    };
    let signature = "lanes load_logits(global const storage *from, ulong count)";
    text += &load(signature, "real", width, &whole, &one);
    text += &load(
        "lanes load_weights(global const real *from, ulong count)",
        "real",
        width,
        &format!("vload{n}(0, from)"),
        "from[lane]",
    );
    text += &load(
        "mask load_mask(global const uchar *from, ulong count)",
        "MASK_ELEMENT",
        width,
        &format!("TO_MASK(vload{n}(0, from) != (uchar)0)"),
        if width > 1 { "-(from[lane] != 0)" } else { "from[lane] != 0" },
    );
    text += &store(target);
    text
}

/// Writes or adds the gradient.
fn store(target: &Target) -> String {
    let width = target.width;
    let n = if width > 1 { width.to_string() } else { String::new() };
    let (whole, one) = match target.storage {
        Storage::F32 | Storage::F64 => {
            (format!("vstore{n}(gradient, 0, to)"), "to[lane] = each[lane]")
        }
        Storage::F16 => (
            format!("vstore_half{n}_rte(gradient, 0, to)"),
            "vstore_half_rte(each[lane], lane, to)",
        ),
        Storage::Bf16 => (
            format!("vstore{n}(convert_ushort{n}(bf16_bits(gradient)), 0, to)"),
            "to[lane] = (ushort)one_bf16_bits(each[lane])",
        ),
    };
    let mut text = String::new();
    if target.storage == Storage::Bf16 {
        // To nearest, ties to even; NaN stays NaN.
        let bits = |name: &str, kind: &str, n: &str| {
            format!(
                "uint{n} {name}({kind} x) {{\n    const uint{n} b = as_uint{n}(x);\n    const \
                 uint{n} rounded = (b + 0x7fffu + (b >> 16 & 1u)) >> 16;\n    return (b & \
                 0x7fffffffu) > 0x7f800000u ? b >> 16 | 0x40u : rounded;\n}}\n\n"
            )
        };
        text += &bits("one_bf16_bits", "float", "");
        if width > 1 {
            text += &bits("bf16_bits", "lanes", &n);
        }
    }
    let signature = "void store_gradient(lanes gradient, global storage *to, ulong count, int \
                     accumulate)";
    let sum =
        "    if (accumulate) {\n        gradient = load_logits(to, count) + gradient;\n    }\n";
    if width == 1 {
        let one = one.replace("each[lane]", "gradient").replace("lane", "0");
        return text + &format!("{signature} {{\n{sum}    {one};\n}}\n\n");
    }
    text + &format!(
        "{signature} {{\n{sum}    if (count >= WIDTH) {{\n        {whole};\n        return;\n    \
         }}\n    real each[WIDTH];\n    STORE_REAL(gradient, each);\n    for (uint lane = 0; lane < \
         count; lane++) {{\n        {one};\n    }}\n}}\n\n"
    )
}

/// How targets are read under each link.
pub(super) fn targets(element: Element, classes: usize) -> String {
    let mut text = String::new();
    let last = classes - 1;
    if element.is_float() {
        // Up to four rounding steps at 1 are taken back.
        let (one, slack) = match element {
            Element::F64 => (literal(1f64), literal(4.0 * f64::EPSILON)),
            Element::F16 => (literal(1f32), literal(4.0 * f16::EPSILON.to_f32())),
            Element::Bf16 => (literal(1f32), literal(4.0 * bf16::EPSILON.to_f32())),
            _ => (literal(1f32), literal(4.0 * f32::EPSILON)),
        };
        text += "/* The nearer of 0 and 1, outside of them. */\n\
                 targets_t share_of(targets_t t) {\n    \
                 const targets_t low = t > (targets_t)(0) ? t : (targets_t)(0);\n    \
                 return low < (targets_t)(1) ? low : (targets_t)(1);\n}\n\n";
        define(&mut text, "SHARE(t)", "TO_LANES(share_of(t))");
        let share = format!("(TO_MASK((t) >= -{slack}) & TO_MASK((t) <= {one} + {slack}))");
        define(&mut text, "IS_SHARE(t)", share);
        let label = format!(
            "(TO_MASK((t) >= 0.0f) & TO_MASK((t) <= {last}.0f) & TO_MASK((t) == floor(t)))"
        );
        define(&mut text, "IS_LABEL(t)", label);
    } else {
        let share = "(TO_MASK((t) != (target)0) ? (lanes)(1) : (lanes)(0))";
        define(&mut text, "SHARE(t)", share);
        define(&mut text, "IS_SHARE(t)", "ALL");
        let last = match element {
            Element::U8 => last.min(255),
            Element::I8 => last.min(127),
            _ => last,
        };
        let label = match element {
            Element::U8 | Element::U16 | Element::U32 | Element::U64 => {
                format!("TO_MASK((t) <= (target){last})")
            }
            _ => format!("(TO_MASK((t) >= (target)0) & TO_MASK((t) <= (target){last}))"),
        };
        define(&mut text, "IS_LABEL(t)", label);
    }
    text
}

/// How `foreground.cl` reads a mask of integers: as bits without a sign.
pub(super) fn foreground(loss: &Loss<'_>, target: &Target) -> String {
    if loss.foreground_words(target) == 0 {
        return String::new();
    }
    let (unsigned, signed, most) = match target.element {
        Element::U8 => ("uchar", "char", "UCHAR_MAX"),
        Element::I8 => ("uchar", "char", "SCHAR_MAX"),
        Element::U16 => ("ushort", "short", "USHRT_MAX"),
        Element::I16 => ("ushort", "short", "SHRT_MAX"),
        Element::U32 => ("uint", "int", "UINT_MAX"),
        Element::I32 => ("uint", "int", "INT_MAX"),
        _ => ("ulong", "long", "LONG_MAX"),
    };
    let width = target.width;
    let mut text = format!(
        "typedef {unsigned} unsigned_target;\ntypedef {} unsigned_targets;\n",
        vector(unsigned, width)
    );
    define(&mut text, "MOST_FOREGROUND", most);
    let (counted, store) = if width > 1 {
        let (unsigned, signed) = (vector(unsigned, width), vector(signed, width));
        let counted = format!("(as_{unsigned}(found) & as_{unsigned}(convert_{signed}(valid)))");
        (counted, format!("vstore{width}(x, 0, to)"))
    } else {
        ("((valid) ? (unsigned_target)(found) : (unsigned_target)0)".into(), "(*(to) = (x))".into())
    };
    define(&mut text, "COUNTED(found, valid)", counted);
    define(&mut text, "STORE_UNSIGNED(x, to)", store);
    text
}
