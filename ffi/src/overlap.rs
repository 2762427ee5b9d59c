use crate::fault::Fault;
use crate::tensor::Tensor;

/// That the gradient's memory is its own: Rust may then write it while it reads the inputs. Tensors
/// that interleave without an element in common are refused too.
pub(crate) fn check_apart(
    gradient: &Tensor<'_>,
    inputs: [(&'static str, &Tensor<'_>); 2],
) -> Result<(), Fault> {
    let own = gradient.bytes()?;
    for (input, tensor) in inputs {
        let bytes = tensor.bytes()?;
        if own.start < bytes.end && bytes.start < own.end {
            return Err(Fault::Overlap { input });
        }
    }
    Ok(())
}
