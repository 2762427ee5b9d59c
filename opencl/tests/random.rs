//! Numbers, logits and labels at random.

use segloss_opencl::trace::Format;

/// Numbers without a pattern, the same at every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.bits() >> 11) % n
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Logits where formulas turn: signs of zero, subnormal logits, exponentials that are subnormal,
/// underflow or overflow.
const SPECIAL: [f64; 26] = [
    0.0, -0.0, 100.0, -100.0, 1e4, -1e4, 1e-40, -1e-40, 1e-310, -1e-310, 16.6, -16.6, 36.7, -36.7,
    87.3, -87.4, 88.7, -88.8, 95.0, -103.2, 104.1, 708.3, -709.1, 740.0, -744.9, -746.5,
];

pub fn logits<T: Format>(random: &mut Random, len: usize) -> Vec<T> {
    let one = |_| {
        let x = match random.below(4) {
            0 => SPECIAL[random.below(SPECIAL.len() as u64) as usize],
            1 => (random.unit() - 0.5) * 60.0,
            _ => (random.unit() - 0.5) * 8.0,
        };
        T::round_from(x)
    };
    (0..len).map(one).collect()
}

/// Labels below `classes`, one in five 255 if `ignoring`.
pub fn labels(random: &mut Random, len: usize, classes: u64, ignoring: bool) -> Vec<u8> {
    let one = |_| if ignoring && random.below(5) == 0 { 255 } else { random.below(classes) as u8 };
    (0..len).map(one).collect()
}
