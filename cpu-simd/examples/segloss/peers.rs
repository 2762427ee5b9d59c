//! What losses of other libraries are called here: `from`.
//!
//! The rows are those of `docs/peers.md`, each of which `docs/compare_peers.py` evaluates on both sides.

use std::fmt::Write;

use segloss_core::compose::PRESETS;
use segloss_core::text::suggest;
use segloss_simd::Library;

const TABLE: &str = include_str!("../../../docs/peers.md");

/// A row of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    theirs: &'static str,
    link: &'static str,
    ours: &'static str,
    /// What theirs is, of ours.
    rule: &'static str,
}

fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().filter(|line| line.starts_with("| `")).filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
        let [theirs, link, ours, rule] =
            [cells.next()?, cells.next()?, cells.next()?, cells.next()?];
        Some(Row { theirs, link, ours, rule })
    })
}

/// What is called: `monai.losses.DiceLoss` of `monai.losses.DiceLoss(sigmoid=True)`.
fn called(theirs: &str) -> &str {
    theirs.split('(').next().unwrap_or(theirs)
}

/// The rows whose loss is called `name`, with its module or without, in any case; those of a library, of its name alone.
pub fn lookup(name: &str, library: &Library<f32>) -> Result<String, String> {
    let asked = called(name.trim());
    let found = found(asked);
    if found.is_empty() {
        let is_ours = |term: &str| term.eq_ignore_ascii_case(asked);
        let mut terms = library.registry().terms().flat_map(|term| [Some(term.name), term.also]);
        if terms.any(|term| term.is_some_and(is_ours)) {
            return Err(format!("from: `{asked}` is what a loss is called here: see --list"));
        }
        if PRESETS.iter().any(|preset| is_ours(preset.name)) {
            return Err(format!("from: `{asked}` is a preset here, `preset:{asked}`: see --list"));
        }
        let near = suggest(last(asked), rows().map(|row| last(called(row.theirs))));
        let advice = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "expected a loss that docs/peers.md has, such as `monai.DiceCELoss`".to_owned(),
        };
        return Err(format!("from: no loss is called `{asked}`, {advice}"));
    }
    let mut text = String::new();
    for Row { theirs, link, ours, rule } in found {
        let _ = write!(text, "{theirs}\n    {ours}    ({link}");
        let _ = writeln!(
            text,
            "{})",
            if rule == "ours" { String::new() } else { format!("; theirs is {rule}") }
        );
    }
    Ok(text)
}

/// The last part of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn found(asked: &str) -> Vec<Row> {
    let parts = |path: &str| path.split('.').map(str::to_lowercase).collect::<Vec<_>>();
    let asked = parts(asked);
    let [of_library @ .., name] = &asked[..] else { return Vec::new() };
    let is_asked = |row: &Row| {
        let theirs = parts(called(row.theirs));
        let [library, ..] = &theirs[..] else { return false };
        let is_whole_library = of_library.is_empty() && name == library;
        // The library, and any part of the path after it.
        let in_library = of_library.iter().all(|part| theirs.contains(part));
        is_whole_library || in_library && theirs.last() == Some(name)
    };
    rows().filter(is_asked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use segloss_core::engine::Link;
    use segloss_simd::Loss;

    #[test]
    fn every_row_is_a_loss() {
        let library = Library::<f32>::default();
        assert!(rows().count() >= 20);
        for Row { theirs, link, ours, rule } in rows() {
            let link = if link == "sigmoid" { Link::Sigmoid } else { Link::Softmax };
            assert!(Loss::new(&library, ours, link).is_ok(), "{theirs}: {ours}");
            assert!(rule.starts_with("ours"), "{theirs}: {rule}");
        }
    }

    #[test]
    fn losses_are_found_by_their_names() {
        let library = Library::<f32>::default();
        assert_eq!(lookup("Kornia", &library).unwrap().matches("kornia.losses.").count(), 5);
        let error = |name| lookup(name, &library).unwrap_err();
        assert!(error("iou").contains("what a loss is called here"));
        let found = lookup("monai.DiceCELoss", &library).unwrap();
        assert!(found.contains("monai.losses.DiceCELoss(sigmoid=True)\n    dice("), "{found}");
        assert!(!found.contains("smp"), "{found}");
        assert_eq!(
            lookup("dicece", &library).unwrap_err().to_lowercase(),
            lookup("DiceCE", &library).unwrap_err().to_lowercase()
        );
        let error = lookup("kornia.DiceLos", &library).unwrap_err();
        assert!(error.ends_with("did you mean `DiceLoss`?"), "{error}");
        for asked in ["DiceLoss", "diceloss", "smp.losses.DiceLoss(\"binary\")"] {
            assert!(
                lookup(asked, &library)
                    .unwrap()
                    .contains("smp.losses.DiceLoss(\"binary\", smooth=1.0)"),
                "{asked}"
            );
        }
        assert!(!lookup("smp.DiceLoss", &library).unwrap().contains("monai"));
    }
}
