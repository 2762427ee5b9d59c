//! Values and gradients against formulas in exact arithmetic, and how far they may be from it.

mod bounds;
mod drawn;
mod gradients;
mod half;
mod values;
