//! Losses as text: the syntax, and what each name means.

mod losses;
mod syntax;
