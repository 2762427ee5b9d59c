//! What masks look like, and which loss to start from: the guide of the library.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;

use comfy_table::{CellAlignment, Table, presets};
use segloss_core::engine::Ignore;
use segloss_core::guide::{MaskStatistics, Priority, recommend};
use segloss_core::view::{Layout, Shape, View};

use crate::arguments::{IgnoreIndex, Recommend};
use crate::batch::masks;
use crate::mask::{Labels, Mask};
use crate::shape::IGNORED;

/// How the command line is called.
const COMMAND: &str = "cargo run --release --example segloss --";

/// Statistics of the masks, the loss, its reason and the command that trains with it.
pub fn recommendation(arguments: &Recommend) -> Result<String, Box<dyn Error>> {
    let masks: Vec<Mask> = masks(&arguments.mask)?.into_iter().map(|(_, mask)| mask).collect();
    let command = command(&arguments.mask, arguments.ignore_index);
    report(&masks, arguments.ignore_index, arguments.priority, &command)
}

fn report(
    masks: &[Mask],
    ignore_index: IgnoreIndex,
    priority: Priority,
    command: &str,
) -> Result<String, Box<dyn Error>> {
    // What the labels are is decided by all masks together, as it is for training.
    let samples: Vec<u8> = masks.iter().flat_map(|mask| mask.samples.clone()).collect();
    let Labels { labels, classes } = Labels::new(&samples, ignore_index.0, None)?;
    let (mut two, mut several) = ([0; 2], vec![0; classes]);
    let mut statistics = match classes {
        2 => MaskStatistics::binary(&mut two),
        _ => MaskStatistics::multiclass(&mut several)?,
    };
    let mut rest = &labels[..];
    for mask in masks {
        let shape = Shape::new(1, 1, &[mask.height, mask.width])?;
        let (own, after) = rest.split_at(shape.pixels());
        rest = after;
        let view = View::new(own, Layout::channels_first(shape)?)?;
        let mut scratch = vec![0; MaskStatistics::scratch_length(&shape)?];
        statistics.add(view, Ignore::Labels(&[IGNORED as i64]), &mut scratch)?;
    }
    let chosen = recommend(&statistics, priority)?;

    let mut out = format!("{}\n\n", table(&statistics));
    writeln!(out, "priority: {priority}")?;
    writeln!(out, "loss:     {}", chosen.loss)?;
    writeln!(out, "because:  {}: {}", chosen.situation.name(), chosen.reason)?;
    writeln!(out, "\ntrain with it:\n  {command} --loss '{}'", chosen.loss)?;
    Ok(out)
}

fn table(statistics: &MaskStatistics) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(["masks", ""]);
    let share = |share: Option<f64>| match share {
        Some(share) => format!("{:.2} %", share * 100.0),
        None => "-".to_owned(),
    };
    let mut row = |name: &str, value: String| {
        table.add_row([name.to_owned(), value]);
    };
    row("images", statistics.images().to_string());
    row("pixels that count", statistics.pixels().to_string());
    let pixels = statistics.pixels() as f64;
    for (class, &count) in statistics.counts().iter().enumerate().filter(|&(_, &count)| count > 0) {
        let name = match (class, statistics.is_binary()) {
            (0, _) => "background".to_owned(),
            (_, true) => "foreground".to_owned(),
            _ => format!("class {class}"),
        };
        row(&name, share(Some(count as f64 / pixels)));
    }
    let rarest = statistics.balance().map_or("-".to_owned(), |balance| format!("{balance:.3}"));
    row("rarest class over an even share", rarest);
    row("objects", statistics.objects().to_string());
    let mean = statistics.mean_size().map_or("-".to_owned(), |size| format!("{size:.1}"));
    row("pixels of an object, mean", mean);
    let smallest = statistics.smallest_size().map_or("-".to_owned(), |size| size.to_string());
    row("pixels of the smallest", smallest);
    row("small objects", share(statistics.small_share()));
    row("pixels on a boundary", share(statistics.boundary_share()));
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The command without its loss. Images are not known here: each mask needs one.
fn command(masks: &[PathBuf], ignore_index: IgnoreIndex) -> String {
    let mut command = COMMAND.to_owned();
    if !masks.is_empty() {
        command += " --image";
        (1..=masks.len()).for_each(|i| command += &format!(" image-{i}.png"));
        command += " --mask";
        masks.iter().for_each(|path| command += &format!(" {}", quoted(&path.to_string_lossy())));
    }
    match ignore_index.0 {
        Some(IGNORED) => command,
        Some(label) => format!("{command} --ignore-index {label}"),
        None => format!("{command} --ignore-index none"),
    }
}

/// Quotes a text for a shell, if it must be.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64 x 64 pixels, a square of `side` in a corner.
    fn square(side: usize, value: u8) -> Mask {
        let inside = |i: usize| i % 64 < side && i / 64 < side;
        let samples = (0..64 * 64).map(|i| if inside(i) { value } else { 0 }).collect();
        Mask { height: 64, width: 64, samples }
    }

    fn loss(masks: &[Mask], priority: Priority) -> String {
        let text = report(masks, IgnoreIndex(Some(IGNORED)), priority, "run").unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("loss:     ")).unwrap();
        assert!(text.contains(&format!("run --loss '{line}'")), "{text}");
        line.to_owned()
    }

    #[test]
    fn masks_and_priority_decide() {
        let (half, rare) = ([square(45, 1)], [square(1, 1)]);
        assert_eq!(loss(&half, Priority::Balanced), "0.5*bce + 0.5*dice");
        assert_eq!(loss(&rare, Priority::Balanced), "dice");
        assert_eq!(loss(&half, Priority::Speed), "bce");
        assert!(loss(&half, Priority::Boundary).contains("boundary"));
        // Three classes over two masks are a label map.
        assert_eq!(loss(&[square(30, 1), square(40, 2)], Priority::Speed), "ce");
    }

    #[test]
    fn statistics_are_counted() {
        let masks = [square(32, 1), square(16, 1)];
        let text = report(&masks, IgnoreIndex(None), Priority::Balanced, "run").unwrap();
        let value = |name: &str| {
            let line = text.lines().find(|line| line.contains(name)).unwrap();
            line.split('|').nth(2).unwrap().trim().to_owned()
        };
        assert_eq!(value("images"), "2");
        assert_eq!(value("pixels that count"), "8192");
        // 1024 + 256 of 8192; sides of 32 and 16 have 63 + 64 and 31 + 32 pixels at the boundary.
        assert_eq!(value("foreground"), "15.62 %");
        assert_eq!((value("objects"), value("of the smallest")), ("2".into(), "256".into()));
        assert_eq!(value("on a boundary"), "2.32 %");
    }

    #[test]
    fn masks_of_one_class_say_nothing() {
        let error = report(&[square(0, 1)], IgnoreIndex(None), Priority::Balanced, "run");
        assert!(error.unwrap_err().to_string().contains("class"));
    }

    #[test]
    fn the_command_is_one_that_a_shell_reads() {
        let text = command(&["a b.png".into(), "c.png".into()], IgnoreIndex(None));
        assert_eq!(
            text,
            format!(
                "{COMMAND} --image image-1.png image-2.png --mask 'a b.png' c.png --ignore-index none"
            )
        );
        assert_eq!(command(&[], IgnoreIndex(Some(IGNORED))), COMMAND);
    }
}
