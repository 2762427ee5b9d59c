//! What the values of masks mean: background and foreground, or labels of classes.
//!
//! Masks that hold 0 and one other value, the same in all of them, are background and foreground, whatever that
//! value is. Several values are labels of classes where softmax was asked for, or where they are 0 to the
//! highest without a gap; else they may as well be shades of grey or a third region, and the user has to say.

use segloss_core::engine::Link;

use crate::ignore_index::IgnoreIndex;
use crate::link::Asked;
use crate::mask::Mask;
use crate::shape::{IGNORED, place};

/// The label that a label map ignores unless told otherwise, if it is no class.
const VOID: u16 = 255;
/// More labels without a gap than this may be all shades of a grey image.
const MOST_INFERRED: u16 = 64;

/// What is known besides the masks.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Values of pixels that do not count, if anything was said of them.
    pub ignored: Option<&'a [u16]>,
    pub asked: Option<&'a Asked>,
    /// Channels of given logits.
    pub channels: Option<usize>,
}

/// Labels of the whole batch, ignored pixels at [`IGNORED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    pub labels: Vec<i32>,
    /// At least 2.
    pub classes: usize,
    /// The link that they need; none if both will do.
    pub link: Option<Link>,
    /// How the masks were read, for people.
    pub reading: String,
}

/// A value that a mask holds, and where.
#[derive(Clone, Copy)]
struct Found<'a> {
    name: &'a str,
    pixel: usize,
    width: usize,
    value: u16,
}

/// `file: row 3, column 5 (from 0)`.
impl Found<'_> {
    fn place(&self) -> String {
        format!("{}: {}", self.name, place(self.pixel, self.width))
    }
}

impl Labels {
    /// Reads masks with what to call them. An error names the first pixel that does not fit, and its file.
    pub fn new(masks: &[(String, Mask)], known: Known<'_>) -> Result<Self, String> {
        let present = present(masks);
        let said = known.ignored.unwrap_or_default();
        let counted: Vec<u16> =
            present.iter().copied().filter(|value| !said.contains(value)).collect();
        if let (true, Some((name, _))) = (counted.is_empty(), masks.first()) {
            return Err(format!("{name}: every pixel is ignored ({})", list(&present)));
        }
        let positive: Vec<u16> = counted.into_iter().filter(|&value| value > 0).collect();
        if let ([], true) =
            (&positive[..], present.iter().any(|value| *value > 0 && said.contains(value)))
        {
            return Err(format!(
                "--ignore-index {0}: every pixel is 0 or ignored; if {0} marks the foreground, give \
                 --ignore-index none",
                list(said)
            ));
        }
        let is_binary = positive.len() < 2 && known.channels.is_none_or(|channels| channels <= 2);
        if is_binary {
            let foreground = positive.first().copied();
            return Ok(Self::binary(masks, foreground, said, known.channels));
        }
        match known.asked.map(|asked| asked.link) {
            Some(Link::Softmax) => Self::map(masks, known),
            None if is_numbered(&present, known.ignored) => Self::map(masks, known),
            _ => Err(several_values(masks, &positive, known)),
        }
    }

    fn binary(
        masks: &[(String, Mask)],
        foreground: Option<u16>,
        ignored: &[u16],
        channels: Option<usize>,
    ) -> Self {
        let shown =
            foreground.map_or("no foreground".to_owned(), |value| format!("{value} foreground"));
        let link =
            channels.map(|channels| if channels == 1 { Link::Sigmoid } else { Link::Softmax });
        let read = |value| i32::from(value != 0);
        let background = if ignored.contains(&0) { "no" } else { "0" };
        let reading = format!("{background} background, {shown}; {} ignored", nothing_or(ignored));
        Self { labels: labels(masks, ignored, read), classes: 2, link, reading }
    }

    fn map(masks: &[(String, Mask)], known: Known<'_>) -> Result<Self, String> {
        let present = present(masks);
        let ignored = ignored_of_map(&present, known);
        let highest = present.iter().copied().filter(|value| !ignored.contains(value)).max();
        let classes = known.channels.unwrap_or(usize::from(highest.unwrap_or(0)) + 1).max(2);
        if highest.is_none_or(|highest| highest == 0)
            && present.contains(&VOID)
            && known.ignored.is_none()
        {
            let at =
                first(masks, |value| value == VOID).map_or_else(String::new, |found| found.place());
            return Err(format!(
                "{at}: {VOID}, beside 0 alone, is ignored by label maps; expected labels below {classes}, \
                 or --ignore-index {VOID} if that is meant"
            ));
        }
        let too_large = |value: u16| usize::from(value) >= classes && !ignored.contains(&value);
        if let Some(found) = first(masks, too_large) {
            return Err(format!(
                "{}: label {}; expected labels below {classes}, as --logits has {classes} channels, \
                 or --ignore-index {}",
                found.place(),
                found.value,
                and_also(&ignored, found.value)
            ));
        }
        let reading =
            format!("labels of classes, 0 to {}; {} ignored", classes - 1, nothing_or(&ignored));
        Ok(Self {
            labels: labels(masks, &ignored, i32::from),
            classes,
            link: Some(Link::Softmax),
            reading,
        })
    }
}

/// The values that masks hold, ascending.
fn present(masks: &[(String, Mask)]) -> Vec<u16> {
    let mut is_present = vec![false; 1 << 16];
    masks
        .iter()
        .flat_map(|(_, mask)| &mask.values)
        .for_each(|&v| is_present[usize::from(v)] = true);
    (0..=u16::MAX).filter(|&value| is_present[usize::from(value)]).collect()
}

/// The values that a label map ignores: what was said, else [`VOID`] if classes end below it.
fn ignored_of_map(present: &[u16], known: Known<'_>) -> Vec<u16> {
    let end_below = match known.channels {
        Some(channels) => channels <= usize::from(VOID),
        None => present.iter().all(|&value| value <= VOID),
    };
    match known.ignored {
        Some(said) => said.to_vec(),
        None if end_below => vec![VOID],
        None => Vec::new(),
    }
}

/// Whether what counts is 0 to a highest label from 2 on without a gap.
fn is_numbered(present: &[u16], ignored: Option<&[u16]>) -> bool {
    let ignored = ignored.unwrap_or(&[VOID]);
    let counted = || present.iter().copied().filter(|value| !ignored.contains(value));
    counted().eq(0..counted().count() as u16)
        && (3..=usize::from(MOST_INFERRED)).contains(&counted().count())
}

fn labels(masks: &[(String, Mask)], ignored: &[u16], read: impl Fn(u16) -> i32) -> Vec<i32> {
    let values = masks.iter().flat_map(|(_, mask)| &mask.values);
    values.map(|value| if ignored.contains(value) { IGNORED } else { read(*value) }).collect()
}

/// The first pixel whose value fits.
fn first(masks: &[(String, Mask)], fits: impl Fn(u16) -> bool) -> Option<Found<'_>> {
    masks.iter().find_map(|(name, mask)| {
        let pixel = mask.values.iter().position(|&value| fits(value))?;
        Some(Found { name, pixel, width: mask.width, value: mask.values[pixel] })
    })
}

/// Names the first value beside 0 and another, and says what to do about it.
fn several_values(masks: &[(String, Mask)], positive: &[u16], known: Known<'_>) -> String {
    let one = first(masks, |value| positive.contains(&value));
    let is_other = |value| positive.contains(&value) && one.is_some_and(|one| one.value != value);
    let (Some(one), Some(two)) = (one, first(masks, is_other)) else { return String::new() };
    let why = known
        .asked
        .map_or_else(String::new, |Asked { by, .. }| format!(", because {by} asks for sigmoid"));
    let mut text = format!(
        "{}: value {} beside {} ({}) and 0; expected 0 and one other value in all masks{why}.",
        two.place(),
        two.value,
        one.value,
        one.place()
    );
    // Which of the two is the third region differs between data sets: 128 beside a foreground of 255, or 255
    // beside one of 1.
    if let [smaller, larger] = *positive {
        let said = known.ignored.unwrap_or_default();
        text += &format!(
            " If one of them marks pixels that do not count, give it: --ignore-index {} or --ignore-index {}.",
            and_also(said, smaller),
            and_also(said, larger)
        );
    }
    if one.name != two.name {
        text += " If masks mark the foreground by values of their own, write the same in all.";
    }
    text += match known.asked {
        None => " If the values are labels of classes, give --link softmax.",
        Some(_) if known.channels.is_none() => {
            " If the values are labels of classes, take --link softmax and a loss that it has, such as `ce`."
        }
        Some(_) => "",
    };
    text + " If they are shades of grey, threshold the mask first."
}

/// The argument of `--ignore-index` that adds a value.
fn and_also(ignored: &[u16], value: u16) -> IgnoreIndex {
    IgnoreIndex([ignored, &[value]].concat())
}

/// Up to eight values, and how many there are more.
fn list(values: &[u16]) -> String {
    let shown: Vec<String> = values.iter().take(8).map(u16::to_string).collect();
    let more = values.len().saturating_sub(8);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(",") + &more
}

fn nothing_or(values: &[u16]) -> String {
    if values.is_empty() { "nothing".to_owned() } else { list(values) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Masks called a, b, ... of rows of 4.
    fn masks(values: &[&[u16]]) -> Vec<(String, Mask)> {
        let mask =
            |values: &&[u16]| Mask { height: values.len() / 4, width: 4, values: values.to_vec() };
        let name = |i: usize| char::from(b'a' + i as u8).to_string();
        values.iter().enumerate().map(|(i, values)| (name(i), mask(values))).collect()
    }

    fn asked(link: Link) -> Asked {
        Asked { link, by: format!("--link {link}") }
    }

    const NOTHING: Known<'static> = Known { ignored: None, asked: None, channels: None };

    fn read(values: &[&[u16]], known: Known<'_>) -> Result<Labels, String> {
        Labels::new(&masks(values), known)
    }

    #[track_caller]
    fn assert_reads(
        values: &[&[u16]],
        known: Known<'_>,
        wanted: &[i32],
        classes: usize,
        link: Option<Link>,
    ) {
        let found = read(values, known).unwrap();
        assert_eq!((&found.labels[..], found.classes, found.link), (wanted, classes, link));
    }

    #[test]
    fn zero_and_one_other_value_are_background_and_foreground() {
        for value in [1, 15, 255, 65535] {
            assert_reads(&[&[0, value, 0, 0]], NOTHING, &[0, 1, 0, 0], 2, None);
            let found = read(&[&[0, value, 0, 0]], NOTHING).unwrap();
            assert_eq!(found.reading, format!("0 background, {value} foreground; nothing ignored"));
        }
        assert_reads(&[&[0; 4]], NOTHING, &[0; 4], 2, None);
        assert_reads(&[&[7; 4]], NOTHING, &[1; 4], 2, None);
        let softmax = asked(Link::Softmax);
        let known = Known { asked: Some(&softmax), ..NOTHING };
        assert_reads(&[&[0, 255, 0, 0]], known, &[0, 1, 0, 0], 2, None);
        let pair = Known { channels: Some(2), ..known };
        assert_reads(&[&[0, 255, 0, 0]], pair, &[0, 1, 0, 0], 2, Some(Link::Softmax));
    }

    #[test]
    fn ignored_values_are_said() {
        let known = Known { ignored: Some(&[255]), ..NOTHING };
        assert_reads(&[&[0, 1, 255, 0]], known, &[0, 1, IGNORED, 0], 2, None);
        assert_reads(&[&[0, 128, 255, 0]], known, &[0, 1, IGNORED, 0], 2, None);
        let both = Known { ignored: Some(&[0, 9]), ..NOTHING };
        assert_reads(&[&[0, 9, 3, 3]], both, &[IGNORED, IGNORED, 1, 1], 2, None);
        assert_eq!(
            read(&[&[0, 9, 3, 3]], both).unwrap().reading,
            "no background, 3 foreground; 0,9 ignored"
        );
        let error = read(&[&[0, 255, 0, 0]], known).unwrap_err();
        assert!(error.contains("if 255 marks the foreground, give --ignore-index none"), "{error}");
        let error = read(&[&[255; 4]], known).unwrap_err();
        assert_eq!(error, "a: every pixel is ignored (255)");
    }

    /// A third region, and edges that were smoothed.
    #[test]
    fn trimaps_and_antialiased_masks_are_errors() {
        let error = read(&[&[0, 0, 0, 0, 0, 128, 255, 0]], NOTHING).unwrap_err();
        assert_eq!(
            error,
            "a: row 1, column 2 (from 0): value 255 beside 128 (a: row 1, column 1 (from 0)) and 0; \
             expected 0 and one other value in all masks. If one of them marks pixels that do not count, \
             give it: --ignore-index 128 or --ignore-index 255. If the values are labels of classes, give \
             --link softmax. If they are shades of grey, threshold the mask first."
        );
        // What was said of other values stays said.
        let known = Known { ignored: Some(&[7]), ..NOTHING };
        let error = read(&[&[7, 255, 1, 0]], known).unwrap_err();
        assert!(error.contains("--ignore-index 7,1 or --ignore-index 7,255."), "{error}");
        let error = read(&[&[0, 37, 200, 255]], NOTHING).unwrap_err();
        assert!(
            error.contains("value 200 beside 37") && !error.contains("--ignore-index"),
            "{error}"
        );
        // Labels without a background.
        assert!(read(&[&[1, 2, 3, 1]], NOTHING).is_err());
        // Every shade there is.
        let shades: Vec<u16> = (0..=255).collect();
        assert!(read(&[&shades], NOTHING).is_err());
        let sigmoid = asked(Link::Sigmoid);
        let error = read(&[&[0, 1, 2, 0]], Known { asked: Some(&sigmoid), ..NOTHING }).unwrap_err();
        assert!(error.contains("because --link sigmoid asks for sigmoid"), "{error}");
        let logits = Known { asked: Some(&sigmoid), channels: Some(1), ..NOTHING };
        let error = read(&[&[0, 1, 2, 0]], logits).unwrap_err();
        assert!(!error.contains("softmax"), "{error}");
    }

    #[test]
    fn masks_of_different_conventions_are_named() {
        let error = read(&[&[0, 255, 0, 0], &[0, 0, 0, 1]], NOTHING).unwrap_err();
        assert!(
            error.starts_with(
                "b: row 0, column 3 (from 0): value 1 beside 255 (a: row 0, column 1 (from 0))"
            ),
            "{error}"
        );
        assert!(error.contains("write the same in all"), "{error}");
        assert_reads(&[&[0, 255, 0, 0], &[0; 4]], NOTHING, &[0, 1, 0, 0, 0, 0, 0, 0], 2, None);
    }

    #[test]
    fn labels_without_a_gap_are_classes() {
        let softmax = Some(Link::Softmax);
        assert_reads(&[&[0, 2, 1, 0]], NOTHING, &[0, 2, 1, 0], 3, softmax);
        assert_reads(&[&[0, 2, 1, 255]], NOTHING, &[0, 2, 1, IGNORED], 3, softmax);
        let none = Known { ignored: Some(&[]), ..NOTHING };
        assert!(read(&[&[0, 2, 1, 255]], none).is_err());
        let found = read(&[&[0, 2, 1, 255]], NOTHING).unwrap();
        assert_eq!(found.reading, "labels of classes, 0 to 2; 255 ignored");
    }

    #[test]
    fn softmax_reads_any_labels() {
        let softmax = asked(Link::Softmax);
        let known = Known { asked: Some(&softmax), ..NOTHING };
        let link = Some(Link::Softmax);
        assert_reads(&[&[0, 15, 5, 255]], known, &[0, 15, 5, IGNORED], 16, link);
        assert_reads(&[&[0, 1, 255, 0]], known, &[0, 1, IGNORED, 0], 2, link);
        // 255 is a class where classes go on above it.
        assert_reads(&[&[0, 1, 255, 300]], known, &[0, 1, 255, 300], 301, link);
        assert_reads(&[&[0, 1, 65535, 2]], known, &[0, 1, 65535, 2], 65536, link);
        let channels = Known { channels: Some(21), ..known };
        assert_reads(&[&[0, 15, 0, 255]], channels, &[0, 15, 0, IGNORED], 21, link);
        let error = read(&[&[0, 1, 2, 0], &[0, 1, 0, 22]], channels).unwrap_err();
        assert!(
            error.starts_with("b: row 0, column 3 (from 0): label 22; expected labels below 21")
                && error.ends_with("or --ignore-index 255,22"),
            "{error}"
        );
        let error = read(&[&[0, 0, 255, 0]], channels).unwrap_err();
        assert!(
            error.contains("row 0, column 2") && error.contains("--ignore-index 255"),
            "{error}"
        );
    }
}
