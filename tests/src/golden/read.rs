//! JSON that writes numbers which are not finite as strings.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

/// Reads one of the recorded files.
pub(super) fn json<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("a recorded file")
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

impl Written {
    fn number<E: Error>(self) -> Result<f64, E> {
        match self {
            Written::Number(x) => Ok(x),
            Written::Text(text) => text.parse().map_err(E::custom),
        }
    }
}

pub(super) fn numbers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    Vec::<Written>::deserialize(from)?.into_iter().map(Written::number).collect()
}

pub(super) fn some_numbers<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<f64>>, D::Error> {
    numbers(from).map(Some)
}

/// A number, or several, as of a reduction that leaves one a sample.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<f64>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(Written),
        More(Vec<Written>),
    }
    let written = match OneOrMore::deserialize(from)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    };
    written.into_iter().map(Written::number).collect::<Result<_, _>>().map(Some)
}
