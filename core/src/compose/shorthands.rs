use crate::link::Link;

/// A name in text that stands for cross-entropy times a map, and takes the map's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shorthand {
    /// Its name.
    pub name: &'static str,
    /// The map.
    pub map: &'static str,
}

impl Shorthand {
    /// The term under `link`: `bce` or `ce`.
    pub const fn term(&self, link: Link) -> &'static str {
        match link {
            Link::Sigmoid => "bce",
            Link::Softmax => "ce",
        }
    }
}

/// The names that a text may use so.
pub const SHORTHANDS: &[Shorthand] =
    &[Shorthand { name: "boundary", map: "band" }, Shorthand { name: "distance", map: "decay" }];
