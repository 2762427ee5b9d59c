//! A panic becomes a result. No call can be made to panic on purpose, so the boundary is tested by
//! itself, and outside the library, which would otherwise be compiled once more for it.

use segloss_c_boundary::boundary;

#[test]
fn a_panic_becomes_a_result() {
    assert_eq!(boundary::guard("panicked", || panic!("planted")), "panicked");
    assert_eq!(boundary::guard("panicked", || "refused"), "refused");
}
