use crate::fault::{Fault, Reason};

/// Memory of an argument, by addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    argument: &'static str,
    start: usize,
    /// Past the last byte.
    end: usize,
}

impl Memory {
    /// That of an argument that is left out: it meets no other.
    pub(crate) const NONE: Self = Memory { argument: "", start: usize::MAX, end: 0 };

    /// An array of the caller's.
    #[inline]
    pub(crate) fn of<X>(argument: &'static str, first: *const X, count: usize) -> Self {
        Memory::bytes(argument, first.addr(), count.saturating_mul(size_of::<X>()))
    }

    /// An array of the caller's, or none where `first` is NULL.
    #[inline]
    pub(crate) fn of_any<X>(argument: &'static str, first: *const X, count: usize) -> Self {
        if first.is_null() { Memory::NONE } else { Memory::of(argument, first, count) }
    }

    /// `length` bytes from an address on.
    #[inline]
    pub(crate) fn bytes(argument: &'static str, start: usize, length: usize) -> Self {
        Memory { argument, start, end: start.saturating_add(length) }
    }

    #[inline]
    fn meets(&self, other: &Memory) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Checks that each output's memory is its own: Rust may then write it while it reads the inputs. Tensors
/// that interleave without an element in common are refused too.
pub(crate) fn check_apart(
    outputs: &[Memory],
    inputs: impl IntoIterator<Item = Memory>,
) -> Result<(), Fault> {
    inputs.into_iter().try_for_each(|input| check_read(outputs, &input))?;
    check_written(outputs)
}

/// Checks that no output is where `input` is.
#[inline]
pub(crate) fn check_read(outputs: &[Memory], input: &Memory) -> Result<(), Fault> {
    match outputs.iter().find(|output| output.meets(input)) {
        Some(output) => Err(overlap(output, input)),
        None => Ok(()),
    }
}

/// Checks that no output is where another one is.
#[inline]
pub(crate) fn check_written(outputs: &[Memory]) -> Result<(), Fault> {
    for (index, output) in outputs.iter().enumerate() {
        if let Some(other) = outputs[..index].iter().find(|other| output.meets(other)) {
            return Err(overlap(output, other));
        }
    }
    Ok(())
}

#[cold]
fn overlap(output: &Memory, other: &Memory) -> Fault {
    Reason::Overlap { output: output.argument, other: other.argument }.into()
}
