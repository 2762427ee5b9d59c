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
    inputs: impl Iterator<Item = Memory> + Clone,
) -> Result<(), Fault> {
    for (index, output) in outputs.iter().enumerate() {
        let Some(output) = output else { continue };
        let others = outputs[..index].iter().flatten().cloned().chain(inputs.clone());
        for other in others {
            if output.meets(&other) {
                let (output, other) = (output.argument, other.argument);
                return Err(Fault::Overlap { output, other });
            }
        }
    }
    Ok(())
}
