use core::fmt;

/// A place in a text: the start of a character, or the end.
///
/// Displayed as [`column`](Place::column), or `line:column` from the second line on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Place<'a> {
    /// `position` is that of a token the scanner has found, so between two characters.
    pub(super) fn new(text: &'a str, position: usize) -> Self {
        Place { text, position }
    }

    /// The first.
    pub(crate) fn start(text: &'a str) -> Self {
        Place { text, position: 0 }
    }

    /// The whole text.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Bytes before the place.
    pub fn position(self) -> usize {
        self.position
    }

    /// The line, from 1.
    pub fn line(self) -> usize {
        1 + self.before().matches('\n').count()
    }

    /// The character within the line, from 1.
    pub fn column(self) -> usize {
        1 + self.indent().chars().count()
    }

    /// The place's line with a caret under the place.
    pub fn pointer(self) -> Pointer<'a> {
        Pointer(self)
    }

    fn before(self) -> &'a str {
        self.text.get(..self.position).unwrap_or(self.text)
    }

    fn after(self) -> &'a str {
        self.text.get(self.position..).unwrap_or("")
    }

    /// What precedes the place in its line.
    fn indent(self) -> &'a str {
        let before = self.before();
        before.rsplit_once('\n').map_or(before, |(_, line)| line)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line() {
            1 => write!(f, "{}", self.column()),
            line => write!(f, "{line}:{}", self.column()),
        }
    }
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({})", self.position)
    }
}

/// Displays the line of a [`Place`] and, on a second line, a caret under it.
///
/// One column a character is assumed; tabs are kept, other control characters shown as U+FFFD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer<'a>(Place<'a>);

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let indent = self.0.indent();
        let rest = self.0.after().split('\n').next().unwrap_or("");
        let rest = rest.strip_suffix('\r').unwrap_or(rest);
        for c in indent.chars().chain(rest.chars()) {
            f.write_char(if c.is_control() && c != '\t' {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            })?;
        }
        f.write_char('\n')?;
        for c in indent.chars() {
            f.write_char(if c == '\t' { c } else { ' ' })?;
        }
        f.write_char('^')
    }
}
