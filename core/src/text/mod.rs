//! The text form of a loss: its syntax. What the names in it mean is not decided here.
//!
//! ```text
//! loss     := "preset" ":" name | term ("+" term)*
//! term     := [number "*"] call ("@" call)*
//! call     := name ["(" [argument ("," argument)*] ")"]
//! argument := name "=" value
//! value    := number | "[" [number ("," number)*] "]" | word
//! number   := ["+" | "-"] digits, with a "." and an exponent as `f64::from_str` takes them
//! name, word := [A-Za-z_][A-Za-z0-9_]*
//! ```
//!
//! White space may stand between any two of these. A `preset` not followed by `:` is a name like any
//! other. `inf` and `nan` are no values: every number is finite.
//!
//! [`Syntax::parse`] checks the whole text and stores none of it; what it returns are views that read
//! the text again as they are iterated:
//!
//! ```
//! use segloss_core::text::{Syntax, Value};
//!
//! let Syntax::Sum(mut terms) = Syntax::parse("0.3*bce + dice(smooth=1e-6) @ vessels")? else {
//!     panic!("not a preset");
//! };
//! assert_eq!(terms.next().unwrap().coefficient, 0.3);
//! let dice = terms.next().unwrap();
//! assert_eq!((dice.coefficient, dice.call.name.text), (1.0, "dice"));
//! assert_eq!(dice.call.arguments().next().unwrap().value, Value::Number(1e-6));
//! assert_eq!(dice.maps().next().unwrap().name.text, "vessels");
//!
//! let error = Syntax::parse("dice(smooth:1e-6)").unwrap_err();
//! assert_eq!(error.to_string(), "at 12: expected `=`, found `:`");
//! # Ok::<(), segloss_core::text::TextError<'static>>(())
//! ```

mod error;
mod list;
mod place;
mod suggest;
mod syntax;
mod token;

pub use crate::number::Number;
pub use error::{Mistake, Named, TextError};
pub use list::{NumberList, Numbers};
pub use place::{Place, Pointer};
pub use suggest::suggest;
pub use syntax::{
    ArgumentText, Arguments, CallText, MAX_ARGUMENTS, Maps, Syntax, TermText, Terms, Value, Word,
};
pub(crate) use syntax::{is_name, is_word};
