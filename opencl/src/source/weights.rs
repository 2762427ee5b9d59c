//! The inputs of a program's kernels, and what each term's weight is a product of.

use core::fmt::Write;

use segloss_core::compose::Program;
use segloss_core::term::Maps;

use super::loss::Loss;
use super::target::Target;

/// The parameters that both sweeps begin with, the mask, and the product of weights for each term.
pub(super) fn text(loss: &Loss<'_>, target: &Target) -> String {
    let mut text = class_weights(loss, target);
    let ignored =
        if target.ignores_several { "constant target *ignored" } else { "target ignored" };
    let mut inputs = format!(
        "global const storage *logits, ulong logits_first, global const stored_target *targets, \
         ulong targets_first, ulong pixels, ulong blocks, uint ignoring, {ignored}"
    );
    let mut add = |kind: &str, name: &str| {
        let _ = write!(
            inputs,
            ", global const {kind} *{name}, ulong {name}_first, int {name}_is_shared"
        );
    };
    if target.has_mask {
        add("uchar", "counts");
    }
    if target.has_weights {
        add("real", "call_weights");
    }
    (0..loss.maps()).for_each(|place| add("real", &format!("map_{place}")));
    let _ = writeln!(text, "#define INPUTS {inputs}");

    let counts = if target.ignores_several {
        text += include_str!("../kernels/ignored.cl");
        "(is_any_of(found, ignored, ignoring) == 0)"
    } else {
        "(ignoring ? TO_MASK((found) != ignored) : ALL)"
    };
    let mut kept = "first_lanes(count)".to_owned();
    if target.has_mask {
        let _ = write!(kept, " & load_mask(counts + {}, count)", place("counts"));
    }
    let _ = writeln!(text, "#define KEPT(count) ({kept})");
    let _ = writeln!(text, "#define VALID(found, count) (KEPT(count) & {counts})");
    let _ = writeln!(text, "#define LOAD_WEIGHTS {}", lines(&load(loss, target, true)));
    let _ = writeln!(text, "#define LOAD_GRADIENT_WEIGHTS {}", lines(&load(loss, target, false)));
    let none: Vec<_> =
        (0..loss.terms()).map(|index| format!("values[{index}] = (lanes)(0);")).collect();
    let _ = writeln!(text, "#define NO_VALUES {}", lines(&none));
    let _ = writeln!(text, "#define DENOMINATOR_VALUES {}", lines(&denominators(loss)));
    text
}

/// Where an array of one plane a channel, or one a sample, holds the first pixel.
fn place(name: &str) -> String {
    format!("{name}_first + ({name}_is_shared ? plane / PLANES : plane) * pixels + i")
}

fn lines(lines: &[String]) -> String {
    lines.join(" \\\n    ")
}

fn map(place: usize) -> String {
    format!("map_{place}_weights")
}

/// Statements that fill `weights`, and if `check` note those that are of no use.
fn load(loss: &Loss<'_>, target: &Target, check: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut names: Vec<(String, String)> =
        (0..loss.maps()).map(|i| (format!("map_{i}"), map(i))).collect();
    if target.has_weights {
        names.insert(0, ("call_weights".into(), "pixel_weights".into()));
    }
    let first_map = usize::from(!target.has_weights);
    for (argument, (array, name)) in names.iter().enumerate() {
        lines
            .push(format!("const lanes {name} = load_weights({array} + {}, count);", place(array)));
        if check {
            // Weights of the call are argument 0, maps follow.
            let argument = argument + first_map;
            let lowest = if loss.fit.needs_positive { ">= 0" } else { "> -INFINITY" };
            lines.push(format!(
                "note_bad(&own.bad_weight, valid & !(TO_MASK({name} {lowest}) & TO_MASK({name} < \
                 INFINITY)), place, {argument}, ARGUMENTS);"
            ));
        }
    }
    if check && target.has_weights {
        lines.push("own.flags |= ANY(valid & TO_MASK(pixel_weights != 0)) ? WEIGHS : 0;".into());
    }
    for index in 0..loss.terms() {
        let Some(weighting) = loss.plan.weighting(index, target.has_weights) else { continue };
        let at = if weighting.is_region { loss.terms() } else { index };
        let mut factors = of_pixels(target.has_weights, weighting.maps);
        if weighting.by_class {
            factors.push(format!("class_weight({index}, label)"));
        }
        lines.push(format!("weights[{at}] = {};", product(&factors)));
    }
    lines
}

/// The factors that are the same for every class.
fn of_pixels(has_weights: bool, maps: Maps) -> Vec<String> {
    let of_call = has_weights.then(|| "pixel_weights".to_owned());
    of_call.into_iter().chain(maps.iter().map(map)).collect()
}

fn product(factors: &[String]) -> String {
    if factors.is_empty() { "(lanes)(1)".into() } else { factors.join(" * ") }
}

/// Statements that write what means are divided by, where that is not the number of valid pixels.
fn denominators(loss: &Loss<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if loss.denominators() == 0 {
        return lines;
    }
    for index in 0..loss.terms() {
        let spec = loss.spec(index, 1);
        let mut factors = Vec::new();
        if spec.is_active() && spec.divides_by_weights() {
            factors = of_pixels(loss.by_call, spec.options.maps);
        }
        if spec.is_active() && spec.divides_by_class_weights() {
            factors.push(format!("class_weight({index}, label)"));
        }
        let value = if spec.is_active() && spec.has_denominator() {
            product(&factors)
        } else {
            "(lanes)(0)".into()
        };
        lines.push(format!("values[TERMS + {index}] = {value};"));
    }
    lines
}

/// A table of the terms' class weights, and how a pixel's is found.
fn class_weights(loss: &Loss<'_>, target: &Target) -> String {
    let lists = |index| {
        let spec = loss.spec(index, target.channels);
        spec.options.class_weights.filter(|_| !spec.is_region())
    };
    if !(0..loss.terms()).any(|index| lists(index).is_some()) {
        return String::new();
    }
    let suffix = if target.storage.is_double() { "" } else { "f" };
    let row = |index: usize| {
        let mut own = vec!["0".to_owned(); target.channels];
        let list = lists(index).into_iter().flat_map(|list| list.iter());
        for (place, weight) in own.iter_mut().zip(list) {
            // Rounded once, by the compiler of this crate.
            let shown =
                if suffix == "f" { format!("{:?}", weight as f32) } else { format!("{weight:?}") };
            *place = shown + suffix;
        }
        format!("    {{{}}}", own.join(", "))
    };
    let rows: Vec<_> = (0..loss.terms()).map(row).collect();
    format!(
        "constant real class_weights[TERMS][CLASSES] = {{\n{}\n}};\n\nlanes class_weight(uint term, \
         lanes label) {{\n    lanes own = (lanes)(0);\n    for (uint k = 0; k < CLASSES; k++) {{\n        \
         own = label == (lanes)(k) ? (lanes)(class_weights[term][k]) : own;\n    }}\n    return \
         own;\n}}\n\n",
        rows.join(",\n")
    )
}
