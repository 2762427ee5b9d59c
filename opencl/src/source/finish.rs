//! What `finish.cl` calls: the formulas of region terms, and how sums become means.

use core::fmt::Write;

use segloss_core::compose::Kind;
use segloss_core::engine::mean_share;
use segloss_core::lanes::bounded;
use segloss_core::region::{Classes, Pool, Seed};
use segloss_core::term::{Missing, Reduction};

use super::loss::Loss;
use super::target::Target;
use super::terms::{arguments, formula, names, returned};
use crate::library::{FormulaIn, Traced};
use crate::sums::TracedSums;
use crate::trace::{Format, Graph, Numbers, literal};

/// With sums in the format `W`.
pub(super) fn functions<T: Traced, W: Traced>(loss: &Loss<'_>, target: &Target) -> String {
    let mut text = table::<W>(loss, target);
    text += &share::<W>();
    text += &bound::<T>();
    let (mut targets, mut losses, mut slopes) = (String::new(), String::new(), String::new());
    for (index, term) in loss.plan.terms().iter().enumerate() {
        let spec = loss.spec(index, target.channels);
        let FormulaIn::Region(formula) = (match formula::<W>(loss, term) {
            Some(formula) if spec.is_active() => formula,
            _ => continue,
        }) else {
            continue;
        };
        let classes = target.channels;
        let graph = Graph::<W>::new();
        let sums = TracedSums::read(&graph, classes, spec.options);
        let _ = writeln!(text, "/* The target of term {index}, {}. */", spec.name);
        let signature = format!("wide region_target_{index}(const wide *sums)");
        text += &graph.function(Numbers::Wide, &signature, &returned(sums.target().value));
        let _ = writeln!(targets, "    case {index}:\n        return region_target_{index}(sums);");

        let graph = Graph::<W>::new();
        let sums = TracedSums::read(&graph, classes, spec.options);
        let value = formula(arguments(term), &sums);
        let _ = writeln!(text, "/* The loss of term {index}, {}, from its sums. */", spec.name);
        let signature = format!("wide region_{index}(const wide *sums)");
        text += &graph.function(Numbers::Wide, &signature, &returned(value.value));
        let _ = writeln!(losses, "    case {index}:\n        return region_{index}(sums);");

        let graph = Graph::<W>::new();
        let sums = TracedSums::read(&graph, classes, spec.options);
        let seeds = (0..classes).flat_map(|k| [Seed::FalsePositive(k), Seed::FalseNegative(k)]);
        let derivative = |(place, seed)| {
            let found = formula(arguments(term), &sums.seeded(seed));
            (format!("derivatives[{place}]"), found.derivative)
        };
        let outputs: Vec<_> = seeds.enumerate().map(derivative).collect();
        let _ = writeln!(text, "/* Its derivatives in the false positives and negatives. */");
        let signature = format!("void region_slopes_{index}(const wide *sums, wide *derivatives)");
        text += &graph.function(Numbers::Wide, &signature, &outputs);
        let _ = writeln!(
            slopes,
            "    case {index}:\n        region_slopes_{index}(sums, derivatives);\n        break;"
        );
    }
    let _ = write!(
        text,
        "wide region_target(uint term, const wide *sums) {{\n    switch (term) {{\n{targets}    }}\n    \
         return 0;\n}}\n\nwide region_loss(uint term, const wide *sums) {{\n    switch (term) {{\n{losses}    }}\n    \
         return 0;\n}}\n\nvoid region_slopes(uint term, const wide *sums, wide *derivatives) {{\n    \
         switch (term) {{\n{slopes}    }}\n}}\n"
    );
    text
}

/// The terms' kinds and options, as `finish.cl` declares them.
fn table<W: Format>(loss: &Loss<'_>, target: &Target) -> String {
    let row = |index: usize| {
        let spec = loss.spec(index, target.channels);
        let kind = match spec.kind {
            Kind::Pixel | Kind::Class => "PIXELS",
            Kind::Region(Pool::Sample) => "REGION_OF_SAMPLE",
            Kind::Region(Pool::Batch) => "REGION_OF_BATCH",
        };
        let flags = [
            spec.is_active(),
            spec.options.reduction == Reduction::Mean,
            spec.has_denominator(),
            spec.options.empty == Missing::Skip,
        ];
        let flags: Vec<_> = flags.iter().map(|&flag| u8::from(flag).to_string()).collect();
        let number = |x: f64| literal(W::round_from(x));
        let (coefficient, offset) = (number(spec.coefficient), number(spec.denominator_offset));
        format!("{{{kind}, {}, {coefficient}, {offset}}}", flags.join(", "))
    };
    let rows: Vec<_> = (0..loss.terms()).map(row).collect();
    format!("/* Terms:{}. */\n#define TERM_TABLE {{{}}}\n\n", names(loss), rows.join(", "))
}

fn share<W: Traced>() -> String {
    let graph = Graph::<W>::new();
    let [coefficient, offset, count] =
        ["coefficient", "offset", "count"].map(|name| graph.input(name));
    let signature = "wide mean_share(wide coefficient, wide offset, wide count)";
    let share = mean_share(coefficient, offset, count);
    "/* What the sum of a mean is multiplied by. */\n".to_owned()
        + &graph.function(Numbers::Wide, signature, &returned(share))
        + "\n"
}

fn bound<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let bounded = bounded(graph.input("slope"));
    "/* A slope that no pixel turns into NaN. */\n".to_owned()
        + &graph.function(Numbers::Real, "real bounded(real slope)", &returned(bounded))
        + "\n"
}
