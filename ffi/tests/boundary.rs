//! A panic becomes a result. No call can be made to panic on purpose, so the boundary is tested by
//! itself, and outside the library, which would otherwise be compiled once more for it.

#[path = "../src/boundary.rs"]
mod library;

#[test]
fn a_panic_becomes_a_result() {
    assert_eq!(library::guard("panicked", || panic!("planted")), "panicked");
    assert_eq!(library::guard("panicked", || "refused"), "refused");
}
