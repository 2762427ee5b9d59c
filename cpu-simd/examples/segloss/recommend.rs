//! What masks look like, and which loss to start from: the guide of the library.

use std::error::Error;
use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use segloss_core::engine::Link;
use segloss_core::guide::{MaskStatistics, Priority, recommend};
use segloss_core::view::{Layout, Shape, View};

use crate::arguments::Recommend;
use crate::batch::{ignored, masks};
use crate::ignore_index::IgnoreIndex;
use crate::labels::{Known, Labels};
use crate::link::Asked;
use crate::mask::Mask;
use crate::shape::IGNORE_INDEX;

/// How the command line is called.
const COMMAND: &str = "cargo run --release --example segloss --";
/// Masks that are named; of more, their number.
const NAMED: usize = 8;

/// Statistics of the masks, the loss, its reason and the command that trains with it.
pub fn recommendation(arguments: &Recommend) -> Result<String, Box<dyn Error>> {
    let masks = masks(&arguments.mask)?;
    let asked = arguments.link.map(|link| Asked { link, by: format!("--link {link}") });
    let ignored = ignored(&arguments.ignore_index, &arguments.mask);
    // What the values are is decided by all masks together, as it is for training.
    let labels = Labels::new(&masks, Known { ignored, asked: asked.as_ref(), channels: None })?;
    report(&masks, &labels, arguments.priority, &command(arguments))
}

fn report(
    masks: &[(String, Mask)],
    labels: &Labels,
    priority: Priority,
    command: &str,
) -> Result<String, Box<dyn Error>> {
    let (mut two, mut several) = ([0; 2], vec![0; labels.classes]);
    let mut statistics = match labels.link {
        Some(Link::Softmax) => MaskStatistics::multiclass(&mut several)?,
        _ => MaskStatistics::binary(&mut two),
    };
    let mut rest = &labels.labels[..];
    for (name, mask) in masks {
        let shape = Shape::new(1, 1, &[mask.height, mask.width])?;
        let (own, after) = rest.split_at(shape.pixels());
        rest = after;
        let view = View::new(own, Layout::channels_first(shape)?)?;
        let mut scratch = vec![0; MaskStatistics::scratch_length(&shape)?];
        statistics
            .add(view, IGNORE_INDEX, &mut scratch)
            .map_err(|error| format!("{name}: {error}"))?;
    }
    let names = names(masks);
    let chosen = recommend(&statistics, priority).map_err(|error| format!("{names}: {error}"))?;

    let mut out = format!("{names}: {}\n\n{}\n\n", labels.reading, table(&statistics));
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

/// What masks are called.
fn names(masks: &[(String, Mask)]) -> String {
    let plain = |name: &String| name.strip_prefix("--mask ").unwrap_or(name).to_owned();
    let shown: Vec<String> = masks.iter().take(NAMED).map(|(name, _)| plain(name)).collect();
    match masks.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The command without its loss. Images are not known here: each mask needs one.
fn command(arguments: &Recommend) -> String {
    let Recommend { mask: masks, link, ignore_index, .. } = arguments;
    let mut command = COMMAND.to_owned();
    if !masks.is_empty() {
        command += " --image";
        (1..=masks.len()).for_each(|i| command += &format!(" image-{i}.png"));
        command += " --mask";
        masks.iter().for_each(|path| command += &format!(" {}", quoted(&path.to_string_lossy())));
    }
    let link = link.map_or(String::new(), |link| format!(" --link {link}"));
    let ignored = |index: &IgnoreIndex| format!(" --ignore-index {index}");
    command + &link + &ignore_index.as_ref().map_or(String::new(), ignored)
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
    fn square(side: usize, value: u16) -> (String, Mask) {
        let inside = |i: usize| i % 64 < side && i / 64 < side;
        let values = (0..64 * 64).map(|i| if inside(i) { value } else { 0 }).collect();
        (format!("--mask {side}.png"), Mask { height: 64, width: 64, values })
    }

    fn text(masks: &[(String, Mask)], priority: Priority) -> Result<String, String> {
        let labels = Labels::new(masks, Known { ignored: None, asked: None, channels: None })?;
        report(masks, &labels, priority, "run").map_err(|error| error.to_string())
    }

    fn loss(masks: &[(String, Mask)], priority: Priority) -> String {
        let text = text(masks, priority).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("loss:     ")).unwrap();
        assert!(text.contains(&format!("run --loss '{line}'")), "{text}");
        line.to_owned()
    }

    #[test]
    fn masks_and_priority_decide() {
        let (half, rare) = ([square(45, 255)], [square(1, 1)]);
        assert_eq!(loss(&half, Priority::Balanced), "0.5*bce + 0.5*dice");
        assert_eq!(loss(&rare, Priority::Balanced), "dice");
        assert_eq!(loss(&half, Priority::Speed), "bce");
        assert!(loss(&half, Priority::Boundary).contains("boundary"));
        // Three classes over two masks are a label map.
        assert_eq!(loss(&[square(30, 1), square(40, 2)], Priority::Speed), "ce");
    }

    #[test]
    fn statistics_are_counted_and_files_named() {
        let masks = [square(32, 1), square(16, 1)];
        let text = text(&masks, Priority::Balanced).unwrap();
        assert!(
            text.starts_with("32.png, 16.png: 0 background, 1 foreground; nothing ignored\n"),
            "{text}"
        );
        let value = |name: &str| {
            let mut lines = text.lines().filter(|line| line.starts_with('|'));
            let line = lines.find(|line| line.contains(name)).unwrap();
            line.split('|').nth(2).unwrap().trim().to_owned()
        };
        assert_eq!(value("images"), "2");
        assert_eq!(value("pixels that count"), "8192");
        // 1024 + 256 of 8192; sides of 32 and 16 have 63 + 64 and 31 + 32 pixels at the boundary.
        assert_eq!(value("foreground"), "15.62 %");
        assert_eq!((value("objects"), value("of the smallest")), ("2".into(), "256".into()));
        assert_eq!(value("on a boundary"), "2.32 %");
        let many: Vec<_> = (1..=10).map(|side| square(side, 1)).collect();
        assert!(names(&many).ends_with("8.png and 2 more"), "{}", names(&many));
    }

    /// The vessels lie in rings of ignored pixels, in whose middle the boundary runs.
    #[test]
    fn the_retina_has_a_boundary() {
        let masks = masks(&[]).unwrap();
        let known = Known { ignored: ignored(&None, &[]), asked: None, channels: None };
        let labels = Labels::new(&masks, known).unwrap();
        let text = report(&masks, &labels, Priority::Boundary, "run").unwrap();
        assert!(text.contains("boundary("), "{text}");
        let line = text.lines().find(|line| line.contains("on a boundary")).unwrap();
        let share: f64 =
            line.split('|').nth(2).unwrap().trim().trim_end_matches(" %").parse().unwrap();
        assert!((5.0..40.0).contains(&share), "{share}");
    }

    #[test]
    fn masks_of_one_class_say_nothing() {
        let error = text(&[square(0, 1)], Priority::Balanced).unwrap_err();
        assert!(error.starts_with("0.png: ") && error.contains("class"), "{error}");
    }

    #[test]
    fn the_command_is_one_that_a_shell_reads() {
        let recommend = |mask: &[&str], ignore_index: Option<&[u16]>, link| {
            let mask = mask.iter().map(Into::into).collect();
            let ignore_index = ignore_index.map(|values| IgnoreIndex(values.to_vec()));
            command(&Recommend { mask, priority: Priority::Balanced, link, ignore_index })
        };
        assert_eq!(
            recommend(&["a b.png", "c.png"], Some(&[]), None),
            format!(
                "{COMMAND} --image image-1.png image-2.png --mask 'a b.png' c.png --ignore-index none"
            )
        );
        assert_eq!(
            recommend(&["c.png"], Some(&[0, 255]), Some(Link::Softmax)),
            format!(
                "{COMMAND} --image image-1.png --mask c.png --link softmax --ignore-index 0,255"
            )
        );
        assert_eq!(recommend(&[], None, None), COMMAND);
    }
}
