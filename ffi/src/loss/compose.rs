//! Losses put together from terms, by way of the text that says the same.

use core::ffi::c_char;
use core::fmt::Write;

use super::{Loss, LossOptions, hand_out};
use crate::entry;
use crate::fault::{Fault, Reason};
use crate::link::Link;
use crate::result::ResultCode;
use segloss_c_boundary::pointer::{array, list};
use segloss_c_boundary::versioned::read_or_zeros;
use segloss_c_boundary::{BadArgument, text};
use segloss_core::Error;
use segloss_core::text::Number;

/// A parameter's or option's value: a word, else a list, else a number. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// The parameter, or option: `smooth`, `weights`, `reduction`.
    pub name: *const c_char,
    /// A word, such as `sum`. NULL: it is none.
    pub word: *const c_char,
    /// Numbers, one a class. NULL: it is no list.
    pub list: *const f64,
    /// Entries of `list`.
    pub list_length: usize,
    /// A number.
    pub number: f64,
}

/// A term or map by name, with what is not at its default. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// `dice`, or `band`.
    pub name: *const c_char,
    /// NULL: all at their defaults.
    pub arguments: *const Argument,
    /// Entries of `arguments`.
    pub argument_count: usize,
}

/// One term of a sum. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TermParts {
    /// What it is multiplied by: finite, 0 or larger.
    pub coefficient: f64,
    /// The term.
    pub term: Named,
    /// Weight maps that it is multiplied by. NULL: none.
    pub maps: *const Named,
    /// Entries of `maps`.
    pub map_count: usize,
}

/// The sum of `terms`, into `loss`: what segloss_loss_new makes of the same in text.
///
/// Names and words are letters, digits and `_`; numbers are finite. Fails with SEGLOSS_RESULT_BAD_TEXT for
/// a mistake in what they say: the message tells where in the text of the sum. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; texts end with a 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_compose(
    terms: *const TermParts,
    term_count: usize,
    link: i32,
    options: *const LossOptions,
    loss: *mut *mut Loss,
) -> ResultCode {
    entry::run(|| {
        let link = Link::read(link)?;
        // SAFETY: the caller's word, here and below.
        let terms = unsafe { array(terms, term_count, "terms", "")? };
        let terms = terms.ok_or(BadArgument::Null { argument: "terms", field: "" })?;
        let mut sum = String::new();
        for (index, term) in terms.iter().enumerate() {
            sum.push_str(if index > 0 { " + " } else { "" });
            // SAFETY: as above.
            unsafe { write_term(&mut sum, term)? };
        }
        // SAFETY: as above.
        unsafe {
            let options = read_or_zeros(options, "options")?;
            hand_out(&sum, link, &options, loss, |message| format!("{message}, in `{sum}`"))
        }
    })
}

/// # Safety
/// The term's pointers are NULL or point to what their types say.
unsafe fn write_term(sum: &mut String, term: &TermParts) -> Result<(), Fault> {
    let value = term.coefficient;
    if !(value.is_finite() && value >= 0.0) {
        return Err(Error::Coefficient { value }.into());
    }
    let _ = write!(sum, "{}*", Number(value));
    // SAFETY: the caller's word, here and below.
    unsafe { write_named(sum, &term.term)? };
    // SAFETY: as above.
    for map in unsafe { list(term.maps, term.map_count, "terms[..]", ".maps")?.unwrap_or_default() }
    {
        sum.push_str(" @ ");
        // SAFETY: as above.
        unsafe { write_named(sum, map)? };
    }
    Ok(())
}

/// # Safety
/// Its pointers are NULL or point to what their types say.
unsafe fn write_named(sum: &mut String, named: &Named) -> Result<(), Fault> {
    // SAFETY: the caller's word, here and below.
    sum.push_str(unsafe { word(named.name, ".name")? });
    // SAFETY: as above.
    let arguments =
        unsafe { list(named.arguments, named.argument_count, "terms[..]", ".arguments")? };
    let arguments = arguments.unwrap_or_default();
    for (index, argument) in arguments.iter().enumerate() {
        sum.push_str(if index > 0 { ", " } else { "(" });
        // SAFETY: as above.
        unsafe { write_argument(sum, argument)? };
    }
    sum.push_str(if arguments.is_empty() { "" } else { ")" });
    Ok(())
}

/// # Safety
/// Its pointers are NULL or point to what their types say.
unsafe fn write_argument(sum: &mut String, argument: &Argument) -> Result<(), Fault> {
    // SAFETY: the caller's word, here and below.
    let _ = write!(sum, "{}=", unsafe { word(argument.name, ".arguments[..].name")? });
    if !argument.word.is_null() {
        // SAFETY: as above.
        sum.push_str(unsafe { word(argument.word, ".arguments[..].word")? });
        return Ok(());
    }
    // SAFETY: as above.
    let numbers = unsafe { array(argument.list, argument.list_length, "terms", "[..].list")? };
    let Some(numbers) = numbers else { return write_number(sum, argument.number) };
    sum.push('[');
    for (index, &number) in numbers.iter().enumerate() {
        sum.push_str(if index > 0 { ", " } else { "" });
        write_number(sum, number)?;
    }
    sum.push(']');
    Ok(())
}

fn write_number(sum: &mut String, number: f64) -> Result<(), Fault> {
    if !number.is_finite() {
        return Err(Reason::Number { argument: "terms[..].arguments", value: number }.into());
    }
    let _ = write!(sum, "{}", Number(number));
    Ok(())
}

/// A name or word, which cannot be mistaken for anything else in the sum.
///
/// # Safety
/// `place` is NULL or points to bytes that end with a 0 and are there, unwritten, for `'a`.
unsafe fn word<'a>(place: *const c_char, field: &'static str) -> Result<&'a str, Fault> {
    // SAFETY: the caller's word.
    let word = unsafe { text::read(place, "terms[..]", field)? };
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if word.is_empty() || !word.chars().all(is_part) {
        let message = format!("`terms[..]{field}` is {word:?}, expected letters, digits and `_`");
        return Err(BadArgument::Text { message }.into());
    }
    Ok(word)
}
