//! The elementary functions of `Lanes`: error in ulp, equal bits at every level, derivatives.
//!
//! The ordinary run samples. All of `f32`, and more of `f64`, in minutes:
//! `cargo test --release -p segloss-core --test main elementary:: -- --ignored --nocapture`

mod double;
mod dual;
mod levels;
mod power;
mod primitives;
mod single;

/// The bounds stated in the documentation of `Lanes`, in ulp, for both formats.
mod bound {
    pub const EXP: f64 = 1.0;
    pub const EXP_TAIL: f64 = 4.5;
    pub const LN: f64 = 1.0;
    pub const LN_1P: f64 = 1.75;
    pub const LN_1P_OF_SHARES: f64 = 1.65;
    pub const SIGMOID: f64 = 2.5;
    pub const SOFTPLUS: f64 = 2.5;
}

/// A fixed sequence of numbers that look random (splitmix64).
struct Sequence(u64);

impl Sequence {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}
