use core::fmt;

use super::place::{Place, Pointer};
use super::suggest::suggest;
use super::syntax::{ArgumentText, Value, Word};
use crate::link::Link;
use crate::number::Number;
use crate::range::Range;

/// A mistake in the text of a loss, and where it is: `at 17: expected `,` or `)`, found `=``.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextError<'a> {
    /// Where.
    pub place: Place<'a>,
    /// What.
    pub mistake: Mistake<'a>,
}

/// What is wrong with the text of a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mistake<'a> {
    /// Nothing but white space.
    Empty,
    /// Something else than may stand there.
    Unexpected {
        /// What stands there: a word, a number or one character; empty at the end of the text.
        found: &'a str,
        /// What was expected.
        expected: &'static str,
    },
    /// A number that as an `f64` would be infinite, or 0 though it is not.
    Range {
        /// The number.
        number: &'a str,
    },
    /// An argument that the call has already been given.
    Repeated {
        /// Its name.
        argument: &'a str,
    },
    /// More of something than there is room for.
    Many {
        /// What there is too much of, in the plural.
        what: &'static str,
        /// How many there are, or how many were read.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A name that stands for nothing.
    Unknown {
        /// What it would be the name of.
        named: Named<'a>,
        /// The name.
        name: &'a str,
        /// A name that is much like it.
        suggestion: Option<&'a str>,
        /// All names, named if there is no suggestion; may be left empty.
        choices: &'a [&'a str],
    },
    /// A value that an argument does not take.
    Value {
        /// The argument.
        argument: &'a str,
        /// Its value.
        value: Value<'a>,
        /// What was expected.
        expected: &'static str,
    },
    /// A value that is no word, of an argument that takes one.
    Word {
        /// The argument.
        argument: &'a str,
        /// Its value.
        value: Value<'a>,
        /// The words that it takes.
        choices: &'a [&'a str],
    },
    /// A number out of its range.
    Refused {
        /// What it is the value of.
        name: &'static str,
        /// The number.
        value: f64,
        /// The numbers that were expected.
        expected: Range,
    },
    /// A term that has no meaning under the link of the call.
    Link {
        /// The term.
        term: &'a str,
        /// The link it needs.
        expected: Link,
    },
    /// A term that needs another link than one before it.
    Links {
        /// The term.
        term: &'a str,
        /// The link it needs.
        expected: Link,
        /// The first term that needs the other link.
        other: &'a str,
    },
    /// Parameters that a term of the caller's refuses without saying which.
    Parameters {
        /// The term.
        term: &'a str,
    },
}

/// What a name that is not known was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Named<'a> {
    /// A term.
    Term,
    /// A map.
    Map,
    /// A preset.
    Preset,
    /// An argument of this term or map.
    Argument(&'a str),
    /// The value of this argument.
    Choice(&'a str),
}

impl<'a> TextError<'a> {
    /// A mistake at a place.
    pub fn new(place: Place<'a>, mistake: Mistake<'a>) -> Self {
        TextError { place, mistake }
    }

    /// `word` names none of the `candidates`; the likeliest is suggested.
    pub fn unknown<'c: 'a>(
        named: Named<'a>,
        word: Word<'a>,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Self {
        let suggestion = suggest(word.text, candidates);
        let mistake = Mistake::Unknown { named, name: word.text, suggestion, choices: &[] };
        TextError::new(word.place, mistake)
    }

    /// `word` names none of `choices`; the likeliest is suggested, else all are named.
    pub fn unknown_of(named: Named<'a>, word: Word<'a>, choices: &'a [&'a str]) -> Self {
        let suggestion = suggest(word.text, choices.iter().copied());
        let mistake = Mistake::Unknown { named, name: word.text, suggestion, choices };
        TextError::new(word.place, mistake)
    }

    /// `argument` does not take its value.
    pub fn value(argument: &ArgumentText<'a>, expected: &'static str) -> Self {
        let ArgumentText { name, value, place } = *argument;
        TextError::new(place, Mistake::Value { argument: name.text, value, expected })
    }

    /// The text with a caret under the mistake, for a terminal.
    pub fn pointer(&self) -> Pointer<'a> {
        self.place.pointer()
    }
}

impl fmt::Display for TextError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.place, self.mistake)
    }
}

impl core::error::Error for TextError<'_> {}

impl fmt::Display for Mistake<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Mistake::Empty => {
                f.write_str("the text is empty, expected a loss such as `bce + dice`")
            }
            Mistake::Unexpected { found: "", expected } => {
                write!(f, "expected {expected}, found the end")
            }
            Mistake::Unexpected { found, expected } => {
                write!(f, "expected {expected}, found ")?;
                quoted(f, found)
            }
            Mistake::Range { number } => write!(
                f,
                "`{number}` is out of range, expected 0 or a size from {} to {}",
                Number(f64::from_bits(1)),
                Number(f64::MAX)
            ),
            Mistake::Repeated { argument } => {
                write!(f, "`{argument}` is given twice, expected once")
            }
            Mistake::Many { what, count, limit } => {
                write!(f, "{count} {what}, expected at most {limit}")
            }
            Mistake::Unknown { named, name, suggestion, choices } => {
                match named {
                    Named::Term => write!(f, "unknown term `{name}`")?,
                    Named::Map => write!(f, "unknown map `{name}`")?,
                    Named::Preset => write!(f, "unknown preset `{name}`")?,
                    Named::Argument(call) => write!(f, "`{call}` has no argument `{name}`")?,
                    Named::Choice(argument) => write!(f, "`{argument}` is `{name}`")?,
                }
                match suggestion {
                    Some(suggestion) => write!(f, ", did you mean `{suggestion}`?"),
                    None => expected_one_of(f, choices),
                }
            }
            Mistake::Refused { name, value, expected } => {
                write!(f, "`{name}` is {}, expected {expected}", Number(value))
            }
            Mistake::Link { term, expected } => write!(f, "`{term}` needs the {expected} link"),
            Mistake::Links { term, expected, other } => write!(
                f,
                "`{term}` needs the {expected} link, and `{other}` needs the {} link, expected terms \
                 of one link",
                expected.other()
            ),
            Mistake::Parameters { term } => write!(f, "`{term}` refuses its parameters"),
            Mistake::Value { argument, value, expected } => {
                given(f, argument, value)?;
                write!(f, ", expected {expected}")
            }
            Mistake::Word { argument, value, choices } => {
                given(f, argument, value)?;
                expected_one_of(f, choices)
            }
        }
    }
}

fn given(f: &mut fmt::Formatter<'_>, argument: &str, value: Value<'_>) -> fmt::Result {
    match value {
        Value::Number(value) => write!(f, "`{argument}` is {}", Number(value)),
        Value::Numbers(list) => write!(f, "`{argument}` is a list of {}", list.len()),
        Value::Word(word) => write!(f, "`{argument}` is `{}`", word.text),
    }
}

/// Invisible characters are shown by their code.
fn quoted(f: &mut fmt::Formatter<'_>, found: &str) -> fmt::Result {
    match found {
        "'" | "\"" | "\\" => write!(f, "`{found}`"),
        _ => write!(f, "`{}`", found.escape_debug()),
    }
}

fn expected_one_of(f: &mut fmt::Formatter<'_>, choices: &[&str]) -> fmt::Result {
    for (i, choice) in choices.iter().enumerate() {
        f.write_str(match i {
            0 => ", expected ",
            _ if i + 1 == choices.len() => " or ",
            _ => ", ",
        })?;
        write!(f, "`{choice}`")?;
    }
    Ok(())
}
