//! What losses of other libraries are called here: `from`.
//!
//! The rows are those of `docs/peers.md`, each of which `docs/compare_peers.py` evaluates on both sides.

use std::fmt::Write;

use segloss_core::text::suggest;

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

/// The rows whose loss is called `name`, with its module or without, in any case.
pub fn lookup(name: &str) -> Result<String, String> {
    let name = called(name.trim()).to_lowercase();
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_lowercase();
    let is_asked = |row: &Row| {
        let theirs = called(row.theirs).to_lowercase();
        // The library, and any part of the path after it.
        let in_library = name.split('.').all(|part| theirs.split('.').any(|own| own == part));
        in_library && last(&theirs) == last(&name)
    };
    let found: Vec<_> = rows().filter(is_asked).collect();
    if found.is_empty() {
        let names = rows().map(|row| called(row.theirs));
        let near = suggest(&last(&name), names.map(|name| name.rsplit('.').next().unwrap_or(name)));
        let advice = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "expected a loss that docs/peers.md has, such as `monai.DiceCELoss`".to_owned(),
        };
        return Err(format!("from: no loss is called `{name}`, {advice}"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use segloss_core::engine::Link;
    use segloss_simd::{Library, Loss};

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
        let found = lookup("monai.DiceCELoss").unwrap();
        assert!(found.contains("monai.losses.DiceCELoss(sigmoid=True)\n    dice("), "{found}");
        assert!(!found.contains("smp"), "{found}");
        assert_eq!(lookup("dicece").unwrap_err(), lookup("DiceCE").unwrap_err());
        let error = lookup("kornia.DiceLos").unwrap_err();
        assert!(error.ends_with("did you mean `DiceLoss`?"), "{error}");
        for asked in ["DiceLoss", "diceloss", "smp.losses.DiceLoss(\"binary\")"] {
            assert!(
                lookup(asked).unwrap().contains("smp.losses.DiceLoss(\"binary\", smooth=1.0)"),
                "{asked}"
            );
        }
        assert!(!lookup("smp.DiceLoss").unwrap().contains("monai"));
    }
}
