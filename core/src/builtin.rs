//! The terms of this crate: the one list of them.
//!
//! A loss is added in three places:
//!
//! 1. its file in `pixel/`, `class/` or `region/`, after those that are there; a pixel or class term with [`Default`];
//! 2. `mod` and `pub use` in that folder's `mod.rs`;
//! 3. one line in [`builtin_terms!`](crate::builtin_terms).
//!
//! Texts, vectors, gradients, OpenCL, the C function for firmware, `segloss --list` and the tests that
//! loop over all terms then have it. Tests name what cannot be derived: a formula for the oracle of the
//! conformance suite, and a declaration in `segloss_firmware.h`; and the table of the README is written by
//!
//! ```text
//! SEGLOSS_WRITE_README=1 cargo test -p segloss-core readme
//! ```

use crate::class::ClassTerm;
use crate::pixel::PixelTerm;
use crate::region::RegionTerm;

/// Hands the list of this crate's terms to the macro `$callback`: each with its kind, an identifier that no
/// other term has, whatever its kind, and its type.
#[macro_export]
macro_rules! builtin_terms {
    ($callback:ident) => {
        $callback! {
            pixel bce: $crate::pixel::Bce,
            pixel focal: $crate::pixel::Focal,
            class ce: $crate::class::Ce,
            class class_focal: $crate::class::Focal,
            region dice: $crate::region::Dice,
            region tversky: $crate::region::Tversky,
            region focal_tversky: $crate::region::FocalTversky,
            region jaccard: $crate::region::Jaccard,
            region fbeta: $crate::region::Fbeta,
            region log_cosh_dice: $crate::region::LogCoshDice,
            region generalized_dice: $crate::region::GeneralizedDice,
            region recall: $crate::region::Recall,
            pixel poly1: $crate::pixel::Poly1,
            pixel poly1_focal: $crate::pixel::Poly1Focal,
            class class_poly1: $crate::class::Poly1,
            class class_poly1_focal: $crate::class::Poly1Focal,
            class sce: $crate::class::Sce,
            class gce: $crate::class::Gce,
            class mae: $crate::class::Mae,
        }
    };
}

/// Something to do with each term by its type.
pub trait TermVisitor {
    /// Visits a pixel term.
    fn pixel<P: PixelTerm>(&mut self);
    /// Visits a class term.
    fn class<P: ClassTerm>(&mut self);
    /// Visits a region term.
    fn region<P: RegionTerm>(&mut self);
}

/// Visits all terms of this crate, in the order of the list.
pub fn visit(visitor: &mut impl TermVisitor) {
    macro_rules! each {
        ($($kind:ident $id:ident: $term:ty,)*) => {
            $(visitor.$kind::<$term>();)*
        };
    }
    builtin_terms!(each);
}
