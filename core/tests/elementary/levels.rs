//! Elementary functions have the same bits from one element at a time and from loops compiled for wider instructions.

use std::hint::black_box;

use segloss_core::lanes::Lanes;

use super::Sequence;

/// Without optimisation nothing is vectorised and there is little to find.
const BLOCKS: usize = if cfg!(debug_assertions) { 32 } else { 1024 };
const BLOCK: usize = 1024;

macro_rules! levels {
    ($test:ident, $float:ident, |$x:ident| $body:expr) => {
        #[test]
        fn $test() {
            type Block = [$float; BLOCK];

            #[inline(always)]
            fn run(from: &Block, to: &mut Block) {
                for i in 0..BLOCK {
                    let $x = from[i];
                    to[i] = $body;
                }
            }

            fn one_by_one(from: &Block, to: &mut Block) {
                for i in 0..BLOCK {
                    let $x = black_box(from[i]);
                    to[i] = black_box($body);
                }
            }

            fn baseline(from: &Block, to: &mut Block) {
                run(from, to);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2(from: &Block, to: &mut Block) {
                run(from, to);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            fn avx512(from: &Block, to: &mut Block) {
                run(from, to);
            }

            let mut sequence = Sequence(7);
            for block in 0..BLOCKS {
                // Half of the blocks from everywhere, half where the losses live.
                let from: Block = core::array::from_fn(|_| match block % 2 {
                    0 => $float::from_bits(sequence.bits() as _),
                    _ => sequence.between(-20.0, 20.0) as $float,
                });
                let mut expected = [0.0; BLOCK];
                one_by_one(&from, &mut expected);
                let same = |level: &str, to: &Block| {
                    for i in 0..BLOCK {
                        let equal = to[i].to_bits() == expected[i].to_bits()
                            || to[i].is_nan() && expected[i].is_nan();
                        assert!(
                            equal,
                            "{level} at {:e}: {:e}, not {:e}",
                            from[i], to[i], expected[i]
                        );
                    }
                };
                let mut to = [0.0; BLOCK];
                baseline(black_box(&from), &mut to);
                same("baseline", &to);
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the CPU has AVX2.
                    unsafe { avx2(black_box(&from), &mut to) };
                    same("avx2", &to);
                }
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the CPU has these four parts of AVX-512.
                    unsafe { avx512(black_box(&from), &mut to) };
                    same("avx512", &to);
                }
            }
        }
    };
}

levels!(exp_single, f32, |x| Lanes::exp(x));
levels!(ln_single, f32, |x| Lanes::ln(x));
levels!(ln_1p_single, f32, |x| Lanes::ln_1p(Lanes::abs(x)));
levels!(ln_1p_of_shares_single, f32, |x| {
    let e: f32 = Lanes::min(Lanes::abs(x), 1.0);
    e.ln_1p_of_shares(e.smaller_share())
});
levels!(exp_of_nonpositive_single, f32, |x| Lanes::exp_of_nonpositive(-Lanes::abs(x)));
levels!(sigmoid_single, f32, |x| Lanes::sigmoid(x));
levels!(softplus_single, f32, |x| Lanes::softplus(x));
levels!(sqrt_single, f32, |x| Lanes::sqrt(Lanes::abs(x)));
levels!(square_single, f32, |x| Lanes::powf(Lanes::abs(x), black_box(2.0)));
levels!(half_integral_power_single, f32, |x| Lanes::powf(Lanes::abs(x), black_box(-1.5)));
levels!(power_single, f32, |x| Lanes::powf(Lanes::abs(x), 2.3));
levels!(exp_double, f64, |x| Lanes::exp(x));
levels!(ln_double, f64, |x| Lanes::ln(x));
levels!(ln_1p_double, f64, |x| Lanes::ln_1p(Lanes::abs(x)));
levels!(ln_1p_of_shares_double, f64, |x| {
    let e: f64 = Lanes::min(Lanes::abs(x), 1.0);
    e.ln_1p_of_shares(e.smaller_share())
});
levels!(exp_of_nonpositive_double, f64, |x| Lanes::exp_of_nonpositive(-Lanes::abs(x)));
levels!(sigmoid_double, f64, |x| Lanes::sigmoid(x));
levels!(softplus_double, f64, |x| Lanes::softplus(x));
levels!(sqrt_double, f64, |x| Lanes::sqrt(Lanes::abs(x)));
levels!(power_double, f64, |x| Lanes::powf(Lanes::abs(x), 2.3));
