//! What the C libraries of `segloss` share: they read what C gives them, check it, and tell what is wrong
//! with it, in the same words. It exports no symbol and knows neither library's header.
//!
//! Every function here takes the argument's name, which the message of its [`BadArgument`] begins with. A
//! field's name follows its argument's with a dot: `call` and `.mask`.

mod argument;
pub mod boundary;
mod cause;
pub mod dlpack;
pub mod names;
pub mod options;
pub mod pointer;
pub mod tensor;
pub mod text;
pub mod versioned;

pub use argument::BadArgument;
pub use cause::Cause;
