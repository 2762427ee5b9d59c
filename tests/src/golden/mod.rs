//! Golden vectors: what the source's code gives in `f64`, and what its formulas give in arithmetic
//! of 60 digits, as recorded in `tests/golden`.
//!
//! There the source's own values are `value` and `grad` (PyTorch 2.15, SciPy 1.17, with masks and
//! maps in `f64`); the exact ones are `exact_value` and, where `grad` is off by more than 1e-13 of
//! the largest, `exact_grad`. Two more are recorded and not read here: `source_value`, with masks and
//! maps in `f32`, and `f32_value`, with everything in `f32`.

mod breadth;
mod call;
mod departure;
mod losses;
mod maps;
mod read;

pub use breadth::{Recorded, RecordedCase, RecordedInput, pixels, regions, sums};
pub use call::Call;
pub use departure::Departure;
pub use losses::{AlphaParameter, Case, Input, Losses, Parameters, binary, multiclass};
pub use maps::{
    ClassWeights, Distances, Morphology, class_weights, distances, mask, mask_of_rows, morphology,
};
