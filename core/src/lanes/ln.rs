use super::Lanes;
pub(super) fn ln<L: Lanes>(x: L) -> L { x }
pub(super) fn ln_1p_unit<L: Lanes>(x: L) -> L { x }
pub(super) fn ln_1p<L: Lanes>(x: L) -> L { x }
