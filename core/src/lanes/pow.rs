use super::Lanes;
pub(super) fn powf<L: Lanes>(x: L, _e: f64) -> L { x }
