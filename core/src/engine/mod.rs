//! Evaluation in stages: check, reduce, finish, gradient.
//!
//! 1. **check** validates targets and counts valid pixels, before any output is touched;
//! 2. **reduce** sums losses and region sums in one sweep over logits and targets;
//! 3. **finish** turns sums into the loss and into what the gradient needs of them;
//! 4. **gradient** writes all terms' gradient in one more sweep.
//!
//! A loss of pixel or class terms alone takes 2 and 4 in one sweep. [`evaluate`] does all of it; the
//! stages by themselves stream large images and join workers.

mod call;
mod check;
mod evaluate;
mod factors;
mod finish;
mod loss_map;
mod problem;
mod requirements;
mod sigmoid;
mod softmax;
mod sweep;
mod weights;
mod workspace;

pub use crate::ignore::{Ignore, MOST_IGNORED};
pub use call::{Call, Link, Scale};
pub use evaluate::{Report, SerialSweeps, Sweeps, evaluate, evaluate_with};
pub(crate) use factors::{factor, of_slope, saturate};
pub(crate) use finish::share;
pub use finish::{mean_share, merge_ranks, merge_tiles};
pub use problem::{Problem, check_mask};
pub(crate) use requirements::expected_link;
pub use requirements::{CallShape, Requirements};
pub use sweep::{Purpose, Swept};
pub(crate) use weights::read_targets;
pub use workspace::{SharedStorage, Sizes, UnitStorage, Workspace};
