//! `--ignore-index`: labels of pixels that do not count.

use std::fmt;
use std::str::FromStr;

/// The labels, none for `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreIndex(pub Vec<u16>);

impl FromStr for IgnoreIndex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let labels: Result<_, _> = text.split(',').map(|label| label.trim().parse()).collect();
        labels
            .map(Self)
            .map_err(|_| "expected 0 to 65535, several with commas between them, or `none`".into())
    }
}

/// Writes it in the form that the command line takes.
impl fmt::Display for IgnoreIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let labels: Vec<String> = self.0.iter().map(u16::to_string).collect();
        f.write_str(&labels.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_none_and_mistakes() {
        for (text, labels) in [("none", &[][..]), ("255", &[255]), ("0,65535", &[0, 65535])] {
            let read: IgnoreIndex = text.parse().unwrap();
            assert_eq!((&read.0[..], read.to_string()), (labels, text.to_owned()));
        }
        assert_eq!("1, 2".parse(), Ok(IgnoreIndex(vec![1, 2])));
        for text in ["", "65536", "-1", "None", "1,", "1;2"] {
            assert!(text.parse::<IgnoreIndex>().unwrap_err().contains("0 to 65535"), "{text}");
        }
    }
}
