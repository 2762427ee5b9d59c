use core::{fmt, slice};

use super::place::Place;
use super::syntax::{Brackets, NUMBERS, number};
use crate::number::Number;

/// Finite numbers in a text, or any in a slice. Equal if the numbers are.
#[derive(Clone, Copy)]
pub struct NumberList<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    /// Past the `[`.
    Text(Brackets<'a>, usize),
    Slice(&'a [f64]),
}

impl<'a> NumberList<'a> {
    /// The list after a `[` that holds `length` valid numbers.
    pub(super) fn in_text(brackets: Brackets<'a>, length: usize) -> Self {
        NumberList(Source::Text(brackets, length))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self.0 {
            Source::Text(_, length) => length,
            Source::Slice(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers, read from the text one by one.
    pub fn iter(&self) -> Numbers<'a> {
        Numbers(match self.0 {
            Source::Text(brackets, length) => Rest::Text(brackets, length),
            Source::Slice(values) => Rest::Slice(values.iter()),
        })
    }

    /// Where number `index` stands, if in a text.
    pub fn place(&self, index: usize) -> Option<Place<'a>> {
        let Source::Text(mut brackets, length) = self.0 else { return None };
        if index >= length {
            return None;
        }
        let mut place = None;
        for _ in 0..=index {
            place = brackets.read(&NUMBERS, |s, e| Ok((s.place(), number(s, e)?))).ok()?;
        }
        place.map(|(place, _)| place)
    }
}

impl Default for NumberList<'_> {
    fn default() -> Self {
        NumberList(Source::Slice(&[]))
    }
}

impl<'a> From<&'a [f64]> for NumberList<'a> {
    fn from(values: &'a [f64]) -> Self {
        NumberList(Source::Slice(values))
    }
}

impl<'a> IntoIterator for NumberList<'a> {
    type Item = f64;
    type IntoIter = Numbers<'a>;

    fn into_iter(self) -> Numbers<'a> {
        self.iter()
    }
}

impl PartialEq for NumberList<'_> {
    fn eq(&self, other: &NumberList<'_>) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for NumberList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Displays the list in the form of texts: `[0.3, 1, 2.5]`.
impl fmt::Display for NumberList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, value) in self.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, Number(value))?;
        }
        f.write_str("]")
    }
}

/// The numbers of a [`NumberList`].
#[derive(Clone, Debug)]
pub struct Numbers<'a>(Rest<'a>);

#[derive(Clone, Debug)]
enum Rest<'a> {
    Text(Brackets<'a>, usize),
    Slice(slice::Iter<'a, f64>),
}

impl Iterator for Numbers<'_> {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        match &mut self.0 {
            Rest::Text(brackets, left) => {
                let value = brackets.read(&NUMBERS, number).ok()??;
                *left = left.saturating_sub(1);
                Some(value)
            }
            Rest::Slice(values) => values.next().copied(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Rest::Text(_, left) => (*left, Some(*left)),
            Rest::Slice(values) => values.size_hint(),
        }
    }
}

impl ExactSizeIterator for Numbers<'_> {}
