use core::ops::Range;

use crate::fault::Fault;

/// Memory of an argument, by addresses.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) argument: &'static str,
    pub(crate) bytes: Range<usize>,
}

impl Memory {
    /// An array of the caller's.
    pub(crate) fn of<X>(argument: &'static str, first: *const X, count: usize) -> Self {
        let start = first.addr();
        Memory {
            argument,
            bytes: start..start.saturating_add(count.saturating_mul(size_of::<X>())),
        }
    }

    fn meets(&self, other: &Memory) -> bool {
        self.bytes.start < other.bytes.end && other.bytes.start < self.bytes.end
    }
}

/// That each output's memory is its own: Rust may then write it while it reads the inputs. Tensors that
/// interleave without an element in common are refused too.
pub(crate) fn check_apart(
    outputs: &[Option<Memory>],
    inputs: impl Iterator<Item = Memory>,
) -> Result<(), Fault> {
    let meet = |output: &Memory, other: &Memory| {
        let (output, other) = (output.argument, other.argument);
        Err(Fault::Overlap { output, other })
    };
    for input in inputs {
        if let Some(output) = outputs.iter().flatten().find(|output| output.meets(&input)) {
            return meet(output, &input);
        }
    }
    for (index, output) in outputs.iter().enumerate() {
        let Some(output) = output else { continue };
        if let Some(other) = outputs[..index].iter().flatten().find(|other| output.meets(other)) {
            return meet(output, other);
        }
    }
    Ok(())
}
