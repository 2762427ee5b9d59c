//! What the elementary functions are built from.

use core::{f32, f64};

use segloss_core::lanes::Lanes;

#[test]
fn scaling_by_a_power_of_2_rounds_once() {
    for x in [0.7f32, 0.75, 1.0, 1.2345678, 1.999_999_9, -1.1] {
        for n in -252..=252 {
            let exact = f64::from(x) * 2f64.powi(n);
            assert_eq!(Lanes::scale_pow2(x, n as f32), exact as f32, "{x} 2^{n}");
        }
    }
    for x in [0.7f64, 0.75, 1.0, 1.234_567_890_123_456_7, -1.1] {
        for n in -2044..=2044 {
            assert_eq!(Lanes::scale_pow2(x, f64::from(n)), libm::scalbn(x, n), "{x} 2^{n}");
        }
    }
}

#[test]
fn splitting_gives_a_mantissa_around_1() {
    for bits in (0x0080_0000..0x7f80_0000).step_by(1009) {
        let x = f32::from_bits(bits);
        let (m, n) = Lanes::split_pow2(x);
        assert!((f32::consts::FRAC_1_SQRT_2..f32::consts::SQRT_2).contains(&m), "{x:e}");
        assert_eq!(f64::from(m) * 2f64.powi(n as i32), f64::from(x));
    }
    for bits in (0x0010_0000_0000_0000..0x7ff0_0000_0000_0000).step_by(0x0000_07ff_ffff_fff1) {
        let x = f64::from_bits(bits);
        let (m, n) = Lanes::split_pow2(x);
        assert!((f64::consts::FRAC_1_SQRT_2..f64::consts::SQRT_2).contains(&m), "{x:e}");
        assert_eq!(libm::scalbn(m, n as i32), x);
    }
}

/// Both implementations, whichever this build has chosen, give the same bits.
#[test]
fn square_roots_are_correctly_rounded() {
    for bits in (0..0x7f80_0000).step_by(10_007) {
        let x = f32::from_bits(bits);
        let exact = f64::from(x).sqrt() as f32;
        assert_eq!(Lanes::sqrt(x), exact);
        assert_eq!(x.sqrt(), exact);
        assert_eq!(libm::sqrtf(x), exact);
    }
    for bits in (0..0x7ff0_0000_0000_0000).step_by(0x0000_1fff_ffff_fff1) {
        let x = f64::from_bits(bits);
        assert_eq!(Lanes::sqrt(x), x.sqrt());
        assert_eq!(libm::sqrt(x), x.sqrt());
    }
}
