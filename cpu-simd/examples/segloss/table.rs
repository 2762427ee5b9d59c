//! The table of losses.

use comfy_table::{CellAlignment, Table, presets};

use crate::metrics::Overlap;
use crate::run::{Outcome, State};

/// One line for each loss. A cell reads `before > after` where there was
/// training.
pub fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "loss",
        "link",
        "value",
        "gradient norm",
        "valid pixels",
        "ns/pixel",
        "Dice",
        "IoU",
    ]);
    for outcome in outcomes {
        let pair = |show: &dyn Fn(State) -> String| match outcome.after {
            Some(after) => format!("{} > {}", show(outcome.before), show(after)),
            None => show(outcome.before),
        };
        table.add_row([
            outcome.name.clone(),
            link(outcome.shape.channels),
            pair(&|state| format!("{:.4}", state.value)),
            pair(&|state| format!("{:.2e}", state.gradient_norm)),
            outcome.before.valid.to_string(),
            format!("{:.2}", outcome.nanoseconds_per_pixel),
            pair(&|state| score(state.overlap.map(|Overlap { dice, .. }| dice))),
            pair(&|state| score(state.overlap.map(|Overlap { iou, .. }| iou))),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// How logits become probabilities.
pub fn link(channels: usize) -> String {
    if channels == 1 { "sigmoid".into() } else { format!("softmax {channels}") }
}

/// A score, or a dash where there is no foreground to score.
pub fn score(score: Option<f64>) -> String {
    score.map_or_else(|| "-".into(), |score| format!("{score:.3}"))
}
