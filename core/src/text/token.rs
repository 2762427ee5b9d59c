use super::error::{Mistake, TextError};
use super::place::Place;
use super::syntax::Word;

/// Reads tokens; always at the start of one, or at the end of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut scanner = Scanner { text, position: 0 };
        scanner.advance(0);
        scanner
    }

    pub fn place(&self) -> Place<'a> {
        Place::new(self.text, self.position)
    }

    pub fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub fn sees(&self, mark: char) -> bool {
        self.rest().starts_with(mark)
    }

    pub fn take(&mut self, mark: char) -> bool {
        let seen = self.sees(mark);
        if seen {
            self.advance(mark.len_utf8());
        }
        seen
    }

    pub fn word(&mut self) -> Option<Word<'a>> {
        self.token(word_length(self.rest()))
    }

    /// A number's text, which `f64::from_str` takes.
    pub fn number(&mut self) -> Option<Word<'a>> {
        self.token(number_length(self.rest()))
    }

    /// The token here: a word, a number, a signed word or else one character; none at the end.
    pub fn found(&self) -> &'a str {
        let rest = self.rest();
        let sign = sign_length(rest);
        let signed_word = match word_length(rest.get(sign..).unwrap_or("")) {
            0 => 0,
            length => sign + length,
        };
        let character = rest.chars().next().map_or(0, char::len_utf8);
        let length = signed_word.max(number_length(rest)).max(character);
        rest.get(..length).unwrap_or(rest)
    }

    pub fn unexpected(&self, expected: &'static str) -> TextError<'a> {
        TextError::new(self.place(), Mistake::Unexpected { found: self.found(), expected })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or("")
    }

    fn token(&mut self, length: usize) -> Option<Word<'a>> {
        let text = self.rest().get(..length).filter(|text| !text.is_empty())?;
        let place = self.place();
        self.advance(length);
        Some(Word { text, place })
    }

    /// Past `length` bytes and the white space that follows.
    fn advance(&mut self, length: usize) {
        let rest = self.rest().get(length..).unwrap_or("");
        self.position = self.text.len() - rest.trim_start().len();
    }
}

fn length_of(text: &str, belongs: impl Fn(&u8) -> bool) -> usize {
    text.bytes().take_while(belongs).count()
}

fn word_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    length_of(text, |&b| b.is_ascii_alphanumeric() || b == b'_')
}

fn sign_length(text: &str) -> usize {
    usize::from(text.starts_with(['+', '-']))
}

fn digits_length(text: &str) -> usize {
    length_of(text, u8::is_ascii_digit)
}

/// The length of the number that `text` starts with, 0 if it starts with none.
fn number_length(text: &str) -> usize {
    let after = |length: usize| text.get(length..).unwrap_or("");
    let sign = sign_length(text);
    let whole = digits_length(after(sign));
    let point = usize::from(after(sign + whole).starts_with('.'));
    let fraction = if point == 1 { digits_length(after(sign + whole + point)) } else { 0 };
    if whole + fraction == 0 {
        return 0;
    }
    let mantissa = sign + whole + point + fraction;
    if !after(mantissa).starts_with(['e', 'E']) {
        return mantissa;
    }
    let exponent = mantissa + 1 + sign_length(after(mantissa + 1));
    match digits_length(after(exponent)) {
        0 => mantissa,
        digits => exponent + digits,
    }
}
