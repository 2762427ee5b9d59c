//! Which loss fits which masks: [`MaskStatistics`] looks at them, [`recommend()`] chooses.
//!
//! ```
//! use segloss_core::engine::Ignore;
//! use segloss_core::guide::{MaskStatistics, Priority, recommend};
//! use segloss_core::view::{Layout, Shape, View};
//!
//! let shape = Shape::new(1, 1, &[2, 3])?;
//! let mask = View::new(&[0u8, 1, 1, 0, 0, 1], Layout::channels_first(shape)?)?;
//! // As long as `MaskStatistics::scratch_length(&shape)` says, or longer.
//! let (mut counts, mut scratch) = ([0; 2], [0; 64]);
//! let mut statistics = MaskStatistics::binary(&mut counts);
//! statistics.add(&mask, Ignore::Default, &mut scratch)?;
//! assert_eq!((statistics.objects(), statistics.boundary_pixels()), (1, 4));
//! let recommendation = recommend(&statistics, Priority::Balanced)?;
//! assert_eq!(recommendation.loss, "0.5*bce + 0.5*dice");
//! # Ok::<(), segloss_core::Error>(())
//! ```

mod components;
mod grid;
mod recommend;
mod statistics;

pub use recommend::{
    MOSTLY_SMALL, Priority, Recommendation, SEVERE_IMBALANCE, Situation, UnknownPriority, recommend,
};
pub use statistics::{BAND_THETA, ClassShare, MaskStatistics, SMALL_SIDE};
