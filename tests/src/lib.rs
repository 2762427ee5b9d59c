//! What the tests of all parts of segloss share.

pub mod case;
pub mod code;
pub mod exact;
pub mod from_text;
pub mod golden;
pub mod objective;
pub mod oracle;
pub mod run;
pub mod views;
