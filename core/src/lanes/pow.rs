use super::Lanes;

/// `x^exponent` for `x >= 0`.
///
/// The exponent is one number for all lanes: constant after inlining it leaves only its own
/// operations, and the compiler can take these branches out of a loop in any case.
#[inline(always)]
pub(super) fn powf<L: Lanes>(x: L, exponent: f64) -> L {
    let size = if exponent < 0.0 { -exponent } else { exponent };
    let halves = (2.0 * size) as u32;
    if size > 32.0 || f64::from(halves) != 2.0 * size {
        // One that rounds to 0 would be NaN times the logarithm of 0.
        if !L::DOUBLE && exponent as f32 == 0.0 {
            return L::splat(1.0);
        }
        // 0 needs no case of its own: its logarithm is -infinity, whose exponential is 0.
        return (L::splat(exponent) * x.ln()).exp();
    }
    let whole = power(x, halves >> 1);
    let y = if halves & 1 == 1 { whole * x.sqrt() } else { whole };
    if exponent < 0.0 { L::splat(1.0) / y } else { y }
}

/// `x^n` for `n <= 32` by squaring, from the lowest bit of `n` up. What `n` has no use for is not squared:
/// it would soon be subnormal, which many processors are slow at.
#[inline(always)]
fn power<L: Lanes>(x: L, n: u32) -> L {
    let step = |y: L, square: L, bit: u32| if n >> bit & 1 == 1 { y * square } else { y };
    let square = |x: L, bit: u32| if n >> bit == 0 { x } else { x * x };
    let x2 = square(x, 1);
    let x4 = square(x2, 2);
    let x8 = square(x4, 3);
    let x16 = square(x8, 4);
    let x32 = square(x16, 5);
    let y = step(L::splat(1.0), x, 0);
    let y = step(y, x2, 1);
    let y = step(y, x4, 2);
    let y = step(y, x8, 3);
    let y = step(y, x16, 4);
    step(y, x32, 5)
}
