use super::error::{Mistake, TextError};
use super::list::NumberList;
use super::place::Place;
use super::token::Scanner;

/// Arguments that a call takes at most, so that repeated ones are found without storage to grow.
pub const MAX_ARGUMENTS: usize = 32;

type Read<'a, T> = Result<T, TextError<'a>>;

/// A loss whose text is well formed.
#[derive(Clone, Debug)]
pub enum Syntax<'a> {
    /// `preset:name`, by its name.
    Preset(Word<'a>),
    /// A sum of one term or more.
    Sum(Terms<'a>),
}

impl<'a> Syntax<'a> {
    /// Checks the whole text.
    ///
    /// # Errors
    ///
    /// The first [`Mistake`] in the text, with its place: one of `Unexpected`, `Empty`, `Range`,
    /// `Repeated` and, past [`MAX_ARGUMENTS`], `Many`.
    pub fn parse(text: &'a str) -> Result<Self, TextError<'a>> {
        let start = Scanner::new(text);
        if start.at_end() {
            return Err(TextError::new(start.place(), Mistake::Empty));
        }
        if let Some(mut scanner) = after_preset(start) {
            let name = scanner.word().ok_or_else(|| scanner.unexpected("the name of a preset"))?;
            return if scanner.at_end() {
                Ok(Syntax::Preset(name))
            } else {
                Err(scanner.unexpected("the end"))
            };
        }
        let terms = Terms { scanner: start, started: false };
        let mut checked = terms.clone();
        while checked.read()?.is_some() {}
        Ok(Syntax::Sum(terms))
    }
}

fn after_preset(mut scanner: Scanner<'_>) -> Option<Scanner<'_>> {
    (scanner.word()?.text == "preset" && scanner.take(':')).then_some(scanner)
}

/// A word and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word.
    pub text: &'a str,
    /// Its first character.
    pub place: Place<'a>,
}

/// The terms of a sum.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    scanner: Scanner<'a>,
    started: bool,
}

impl<'a> Terms<'a> {
    fn read(&mut self) -> Read<'a, Option<TermText<'a>>> {
        if self.started {
            if self.scanner.at_end() {
                return Ok(None);
            }
            self.scanner.take('+');
        }
        self.started = true;
        let (term, expected) = term(&mut self.scanner)?;
        if self.scanner.at_end() || self.scanner.sees('+') {
            Ok(Some(term))
        } else {
            Err(self.scanner.unexpected(expected))
        }
    }
}

impl<'a> Iterator for Terms<'a> {
    type Item = TermText<'a>;

    fn next(&mut self) -> Option<TermText<'a>> {
        self.read().ok()?
    }
}

/// `coefficient*call @ map @ ...`
#[derive(Clone, Copy, Debug)]
pub struct TermText<'a> {
    /// The coefficient, 1 unless given; of any sign.
    pub coefficient: f64,
    /// The term's first character.
    pub place: Place<'a>,
    /// The term itself.
    pub call: CallText<'a>,
    after: Scanner<'a>,
}

impl<'a> TermText<'a> {
    /// What follows the `@`s, in that order.
    pub fn maps(&self) -> Maps<'a> {
        Maps { scanner: self.after }
    }
}

/// A term, and what may stand after it.
fn term<'a>(scanner: &mut Scanner<'a>) -> Read<'a, (TermText<'a>, &'static str)> {
    let place = scanner.place();
    let coefficient = coefficient(scanner)?;
    let expected = if coefficient.is_some() { "a term" } else { "a term or a coefficient" };
    let call = call(scanner, expected)?;
    let term = TermText { coefficient: coefficient.unwrap_or(1.0), place, call, after: *scanner };
    let (mut last, mut maps) = (call, term.maps());
    while let Some(map) = maps.read()? {
        last = map;
    }
    *scanner = maps.scanner;
    let expected = match last.brackets {
        None => "`(`, `@`, `+` or the end",
        Some(_) => "`@`, `+` or the end",
    };
    Ok((term, expected))
}

/// The number before a `*`.
fn coefficient<'a>(scanner: &mut Scanner<'a>) -> Read<'a, Option<f64>> {
    let mut ahead = *scanner;
    let starts = ahead.number().is_some()
        || (not_finite(ahead.found()) && {
            ahead.take('+');
            ahead.take('-');
            ahead.word().is_some() && ahead.sees('*')
        });
    if !starts {
        return Ok(None);
    }
    let value = number(scanner, "a number")?;
    if scanner.take('*') { Ok(Some(value)) } else { Err(scanner.unexpected("`*` and a term")) }
}

/// The maps of a term.
#[derive(Clone, Debug)]
pub struct Maps<'a> {
    scanner: Scanner<'a>,
}

impl<'a> Maps<'a> {
    fn read(&mut self) -> Read<'a, Option<CallText<'a>>> {
        if self.scanner.take('@') { call(&mut self.scanner, "a map").map(Some) } else { Ok(None) }
    }
}

impl<'a> Iterator for Maps<'a> {
    type Item = CallText<'a>;

    fn next(&mut self) -> Option<CallText<'a>> {
        self.read().ok()?
    }
}

/// `name(argument, ...)`
#[derive(Clone, Copy, Debug)]
pub struct CallText<'a> {
    /// The name.
    pub name: Word<'a>,
    /// Past the `(`.
    brackets: Option<Brackets<'a>>,
}

impl<'a> CallText<'a> {
    /// The arguments, at most [`MAX_ARGUMENTS`] and each name once; none if there are no brackets.
    pub fn arguments(&self) -> Arguments<'a> {
        Arguments { brackets: self.brackets }
    }
}

fn call<'a>(scanner: &mut Scanner<'a>, expected: &'static str) -> Read<'a, CallText<'a>> {
    let name = scanner.word().ok_or_else(|| scanner.unexpected(expected))?;
    if !scanner.take('(') {
        return Ok(CallText { name, brackets: None });
    }
    let brackets = Brackets::new(*scanner);
    let mut checked = brackets;
    let mut names = [""; MAX_ARGUMENTS];
    let mut count = 0;
    while let Some(argument) = checked.read(&ARGUMENTS, argument)? {
        let Word { text, place } = argument.name;
        if names.iter().take(count).any(|&name| name == text) {
            return Err(TextError::new(place, Mistake::Repeated { argument: text }));
        }
        let Some(free) = names.get_mut(count) else {
            let count = count + 1;
            let mistake = Mistake::Many { what: "arguments", count, limit: MAX_ARGUMENTS };
            return Err(TextError::new(place, mistake));
        };
        *free = text;
        count += 1;
    }
    *scanner = checked.close(&ARGUMENTS);
    Ok(CallText { name, brackets: Some(brackets) })
}

/// The arguments of a call.
#[derive(Clone, Debug)]
pub struct Arguments<'a> {
    brackets: Option<Brackets<'a>>,
}

impl<'a> Iterator for Arguments<'a> {
    type Item = ArgumentText<'a>;

    fn next(&mut self) -> Option<ArgumentText<'a>> {
        self.brackets.as_mut()?.read(&ARGUMENTS, argument).ok()?
    }
}

/// `name=value`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArgumentText<'a> {
    /// The name.
    pub name: Word<'a>,
    /// The value.
    pub value: Value<'a>,
    /// The value's first character.
    pub place: Place<'a>,
}

fn argument<'a>(scanner: &mut Scanner<'a>, expected: &'static str) -> Read<'a, ArgumentText<'a>> {
    let name = scanner.word().ok_or_else(|| scanner.unexpected(expected))?;
    if !scanner.take('=') {
        return Err(scanner.unexpected("`=`"));
    }
    let place = scanner.place();
    Ok(ArgumentText { name, value: value(scanner)?, place })
}

/// What an argument is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A finite number.
    Number(f64),
    /// `[number, ...]`, of any length.
    Numbers(NumberList<'a>),
    /// A word.
    Word(Word<'a>),
}

fn value<'a>(scanner: &mut Scanner<'a>) -> Read<'a, Value<'a>> {
    if scanner.take('[') {
        let brackets = Brackets::new(*scanner);
        let (mut checked, mut length) = (brackets, 0);
        while checked.read(&NUMBERS, number)?.is_some() {
            length += 1;
        }
        *scanner = checked.close(&NUMBERS);
        return Ok(Value::Numbers(NumberList::in_text(brackets, length)));
    }
    let mut ahead = *scanner;
    match ahead.word() {
        Some(word) if !not_finite(word.text) => {
            *scanner = ahead;
            Ok(Value::Word(word))
        }
        _ => number(scanner, "a number, a list or a word").map(Value::Number),
    }
}

/// A finite number.
pub(super) fn number<'a>(scanner: &mut Scanner<'a>, expected: &'static str) -> Read<'a, f64> {
    let Some(Word { text, place }) = scanner.number() else {
        let infinite = not_finite(scanner.found());
        return Err(scanner.unexpected(if infinite { "a finite number" } else { expected }));
    };
    // Rounded to the nearest; a number that is not 0 must neither become 0 nor infinite.
    let zero = text.bytes().take_while(|b| !b"eE".contains(b)).all(|b| !(b'1'..=b'9').contains(&b));
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && (value == 0.0) == zero => Ok(value),
        _ => Err(TextError::new(place, Mistake::Range { number: text })),
    }
}

/// Whether a word, with or without a sign, is one that `f64::from_str` takes.
fn not_finite(text: &str) -> bool {
    let word = text.strip_prefix(['+', '-']).unwrap_or(text);
    ["inf", "infinity", "nan"].iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// Whether `text` can be the name of a term, a map or an argument.
pub(crate) fn is_name(text: &str) -> bool {
    Scanner::new(text).word().is_some_and(|word| word.text == text)
}

/// Whether `text` can be a value that is a word.
pub(crate) fn is_word(text: &str) -> bool {
    is_name(text) && !not_finite(text)
}

/// Items separated by commas up to a closing bracket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brackets<'a> {
    scanner: Scanner<'a>,
    started: bool,
}

/// The closing bracket, and what is expected at the first item, at others and after an item.
pub(super) struct Form {
    close: char,
    first: &'static str,
    other: &'static str,
    after: &'static str,
}

const ARGUMENTS: Form =
    Form { close: ')', first: "an argument or `)`", other: "an argument", after: "`,` or `)`" };

pub(super) const NUMBERS: Form =
    Form { close: ']', first: "a number or `]`", other: "a number", after: "`,` or `]`" };

impl<'a> Brackets<'a> {
    /// `scanner` is past the opening bracket.
    fn new(scanner: Scanner<'a>) -> Self {
        Brackets { scanner, started: false }
    }

    /// The next item, `None` before the closing bracket.
    pub fn read<T>(
        &mut self,
        form: &Form,
        item: impl FnOnce(&mut Scanner<'a>, &'static str) -> Read<'a, T>,
    ) -> Read<'a, Option<T>> {
        if self.scanner.sees(form.close) {
            return Ok(None);
        }
        if self.started && !self.scanner.take(',') {
            return Err(self.scanner.unexpected(form.after));
        }
        let expected = if self.started { form.other } else { form.first };
        self.started = true;
        item(&mut self.scanner, expected).map(Some)
    }

    /// Past the closing bracket that [`Brackets::read`] has stopped at.
    fn close(mut self, form: &Form) -> Scanner<'a> {
        self.scanner.take(form.close);
        self.scanner
    }
}
