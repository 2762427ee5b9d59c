//! What a loss consists of.

use core::ffi::c_char;

use super::Loss;
use crate::entry;
use crate::fault::{Fault, Reason};
use crate::result::ResultCode;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::pointer::{array_mut, check_pointer};
use segloss_c_boundary::text;
use segloss_core::compose::Term;

/// Calls `use_it` with a term of the loss.
///
/// # Safety
/// `loss` is NULL or a loss that is not freed meanwhile.
unsafe fn with_term<R>(
    loss: *const Loss,
    index: usize,
    use_it: impl FnOnce(&Term<'_, f64>) -> Result<R, Fault>,
) -> Result<R, Fault> {
    // SAFETY: the caller's word.
    let loss = unsafe { Loss::of(loss)? };
    loss.double.with(|plan| match plan.terms().get(index) {
        Some(term) => use_it(term),
        None => Err(Reason::Index { argument: "term", index, count: plan.terms().len() }.into()),
    })
}

/// The text that reads back as this loss, with what is at its default left out.
///
/// Writes as much as fits, and a terminating 0, to `buffer`, of `capacity` bytes; NULL and 0 write
/// nothing. Returns the length of the whole text, the 0 not counted: as much or more than `capacity`
/// means that it was cut. 0 if `loss` is NULL. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss; `buffer` is NULL or points to `capacity` bytes that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_text(
    loss: *const Loss,
    buffer: *mut c_char,
    capacity: usize,
) -> usize {
    guard(0, || {
        // SAFETY: the caller's word.
        let text = unsafe { Loss::of(loss) }.map(|loss| loss.double.to_string());
        // SAFETY: as above.
        text.map_or(0, |text| unsafe { text::copy(&text, buffer, capacity) })
    })
}

/// The segloss_link that the loss was read for; -1 if `loss` is NULL. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_link(loss: *const Loss) -> i32 {
    // SAFETY: the caller's word.
    guard(-1, || unsafe { Loss::of(loss) }.map_or(-1, |loss| loss.link as i32))
}

/// The number of terms; 0 if `loss` is NULL. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_term_count(loss: *const Loss) -> usize {
    guard(0, || {
        // SAFETY: the caller's word.
        let loss = unsafe { Loss::of(loss) };
        loss.map_or(0, |loss| loss.double.with(|plan| plan.terms().len()))
    })
}

/// The name of term `term`, from 0, in the way of segloss_loss_text: `boundary(...)` is `bce` or `ce`
/// with a map. 0 if there is no such term. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss; `buffer` is NULL or points to `capacity` bytes that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_term_name(
    loss: *const Loss,
    term: usize,
    buffer: *mut c_char,
    capacity: usize,
) -> usize {
    guard(0, || {
        // SAFETY: the caller's word.
        let name = unsafe {
            with_term(loss, term, |term| Ok(term.definition().map_or("", |known| known.name)))
        };
        // SAFETY: as above.
        name.map_or(0, |name| unsafe { text::copy(name, buffer, capacity) })
    })
}

/// The coefficient of term `term`, from 0: finite, 0 or larger. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss; `coefficient` is NULL or points to a place for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_term_coefficient(
    loss: *const Loss,
    term: usize,
    coefficient: *mut f64,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word.
        let value = unsafe { with_term(loss, term, |term| Ok(term.coefficient()))? };
        check_pointer(coefficient, "coefficient", "")?;
        // SAFETY: neither NULL nor misaligned, so the caller's to be written.
        unsafe { coefficient.write(value) };
        Ok(())
    })
}

/// The number of parameters of term `term`; 0 if there is no such term. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_parameter_count(loss: *const Loss, term: usize) -> usize {
    // SAFETY: the caller's word.
    let count = || unsafe { with_term(loss, term, |term| Ok(term.values().len())) };
    guard(0, || count().unwrap_or(0))
}

/// The name of parameter `parameter` of term `term`, both from 0, in the way of segloss_loss_text. 0 if
/// there is none. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss; `buffer` is NULL or points to `capacity` bytes that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_parameter_name(
    loss: *const Loss,
    term: usize,
    parameter: usize,
    buffer: *mut c_char,
    capacity: usize,
) -> usize {
    guard(0, || {
        // SAFETY: the caller's word.
        let name = unsafe {
            with_term(loss, term, |term| {
                let own = term.definition().and_then(|known| known.parameters.get(parameter));
                Ok(own.map_or("", |own| own.name))
            })
        };
        // SAFETY: as above.
        name.map_or(0, |name| unsafe { text::copy(name, buffer, capacity) })
    })
}

/// The value that term `term` has for the parameter called `name`: a number, -1 for the word `off`, or the place of another
/// word among those that the parameter takes. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss; `name` is NULL or a text that ends with a 0; `value` is NULL or points to a
/// place for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_parameter_value(
    loss: *const Loss,
    term: usize,
    name: *const c_char,
    value: *mut f64,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word.
        let name = unsafe { text::read(name, "name", "")? };
        let find = |term: &Term<'_, f64>| {
            let (parameters, own) =
                term.definition().map_or((&[][..], ""), |known| (known.parameters, known.name));
            let place = parameters.iter().position(|parameter| parameter.is_called(name));
            let found = place.and_then(|place| term.values().get(place).copied());
            found.ok_or_else(|| Reason::NoParameter { name: name.into(), term: own }.into())
        };
        // SAFETY: as above.
        let found = unsafe { with_term(loss, term, find)? };
        check_pointer(value, "value", "")?;
        // SAFETY: neither NULL nor misaligned, so the caller's to be written.
        unsafe { value.write(found) };
        Ok(())
    })
}

/// The class weights of term `term` (`weights` of `ce`, `alpha` of `focal` under softmax), as many as
/// fit, to `weights`, of `capacity` numbers; NULL writes none. Returns how many there are: 0 if the term
/// has none, or there is no such term. Since 0.1.
///
/// # Safety
/// `loss` is NULL or a loss; `weights` is NULL or points to `capacity` numbers that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_class_weights(
    loss: *const Loss,
    term: usize,
    weights: *mut f64,
    capacity: usize,
) -> usize {
    guard(0, || {
        // SAFETY: the caller's word.
        let places = unsafe { array_mut(weights, capacity, "weights", "") };
        let Ok(places) = places else { return 0 };
        // SAFETY: as above.
        let count = unsafe {
            with_term(loss, term, |term| {
                let Some(list) = term.options().class_weights else { return Ok(0) };
                let places = places.into_iter().flatten();
                places.zip(list.iter()).for_each(|(place, weight)| *place = weight);
                Ok(list.len())
            })
        };
        count.unwrap_or(0)
    })
}
