//! `f32` against `f64`, which is 29 bits better.

use segloss_core::lanes::Lanes;

use super::bound;

struct Function {
    name: &'static str,
    /// In place over a block, so that the compiler vectorises it.
    ours: fn(&mut [f32]),
    exact: fn(f64) -> f64,
    domain: fn(f32) -> bool,
    bound: f64,
}

#[inline(always)]
fn each(block: &mut [f32], f: impl Fn(f32) -> f32) {
    for x in block {
        *x = f(*x);
    }
}

/// Six in seven `f32` are so small that one term of the series is enough, or so large that it
/// is all over: what makes it possible to try them all.
const TINY: f64 = 1.0 / (1u64 << 30) as f64;

fn exp(x: f64) -> f64 {
    if x.abs() < TINY {
        1.0 + x
    } else if x.abs() > 200.0 {
        if x < 0.0 { 0.0 } else { f64::INFINITY }
    } else {
        x.exp()
    }
}

fn ln_1p(x: f64) -> f64 {
    if x.abs() < TINY { x - x * x / 2.0 } else { x.ln_1p() }
}

/// 0 for what is below the smallest normal `f32`: by definition, of exponentials of negative numbers.
fn normal(x: f64) -> f64 {
    if x < f64::from(f32::MIN_POSITIVE) { 0.0 } else { x }
}

fn sigmoid(x: f64) -> f64 {
    let e = normal(exp(-x.abs()));
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

fn softplus(x: f64) -> f64 {
    if x.abs() < TINY {
        return core::f64::consts::LN_2 + x / 2.0;
    }
    // f64::max would drop a NaN, but the second term keeps it.
    x.max(0.0) + ln_1p(normal(exp(-x.abs())))
}

const EXP: Function = Function {
    name: "exp",
    ours: |block| each(block, Lanes::exp),
    exact: exp,
    domain: |_| true,
    bound: bound::EXP,
};

const EXP_TAIL: Function = Function {
    name: "exp_tail",
    ours: |block| each(block, Lanes::exp_tail),
    exact: |x| match x.abs() < 1e-2 {
        true => 0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x / 720.0))),
        false => (x.exp_m1() - x) / (x * x),
    },
    domain: |x| x.is_nan() || x.abs() <= core::f32::consts::LN_2 / 2.0,
    bound: bound::EXP_TAIL,
};

const LN: Function = Function {
    name: "ln",
    ours: |block| each(block, Lanes::ln),
    exact: f64::ln,
    domain: |_| true,
    bound: bound::LN,
};

const LN_1P: Function = Function {
    name: "ln_1p",
    ours: |block| each(block, Lanes::ln_1p),
    exact: ln_1p,
    domain: |x| x >= 0.0 || x.is_nan(),
    bound: bound::LN_1P,
};

const EXP_OF_NONPOSITIVE: Function = Function {
    name: "exp_of_nonpositive",
    ours: |block| each(block, Lanes::exp_of_nonpositive),
    exact: |x| normal(exp(x)),
    domain: |x| x <= 0.0 || x.is_nan(),
    bound: bound::EXP,
};

const LN_1P_OF_SHARES: Function = Function {
    name: "ln_1p_of_shares",
    ours: |block| each(block, |e| e.ln_1p_of_shares(e.smaller_share())),
    exact: ln_1p,
    // An exponential is 0 or normal.
    domain: |x| x == 0.0 || (f32::MIN_POSITIVE..=1.0).contains(&x) || x.is_nan(),
    bound: bound::LN_1P_OF_SHARES,
};

const SIGMOID: Function = Function {
    name: "sigmoid",
    ours: |block| each(block, Lanes::sigmoid),
    exact: sigmoid,
    domain: |_| true,
    bound: bound::SIGMOID,
};

const SOFTPLUS: Function = Function {
    name: "softplus",
    ours: |block| each(block, Lanes::softplus),
    exact: softplus,
    domain: |_| true,
    bound: bound::SOFTPLUS,
};

/// `|got - exact|` in units of the last place that an `f32` has at `exact`.
///
/// At a power of 2 the unit is that of the numbers above it, for exact values just below it the
/// smaller one; for subnormal values it is the least subnormal.
fn ulps(got: f32, exact: f64) -> f64 {
    if exact.is_nan() || got.is_nan() {
        return if exact.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    // What rounds to infinity: half a unit above the largest number.
    let overflow = (f64::from(f32::MAX) + 2f64.powi(128)) / 2.0;
    if got.is_infinite() && exact.abs() >= overflow {
        return if got.is_sign_negative() == exact.is_sign_negative() {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let got = match f64::from(got) {
        got if got.is_infinite() => 2f64.powi(128).copysign(got),
        got => got,
    };
    // 1 / 2^(exponent - 23), by its exponent field because this runs billions of times.
    let exponent = ((exact.to_bits() >> 52) & 0x7ff) as i64 - 1023;
    let units = f64::from_bits(((1023 + 23 - exponent.clamp(-126, 127)) as u64) << 52);
    (got - exact).abs() * units
}

#[derive(Clone, Copy, Default)]
struct Worst {
    ulps: f64,
    at: f32,
    inputs: u64,
}

impl Worst {
    fn larger(self, other: Worst) -> Worst {
        let inputs = self.inputs + other.inputs;
        let worst = if other.ulps > self.ulps { other } else { self };
        Worst { inputs, ..worst }
    }
}

impl Function {
    fn worst(&self, inputs: impl Iterator<Item = f32>) -> Worst {
        let mut inputs = inputs.filter(|x| (self.domain)(*x));
        let mut worst = Worst::default();
        let mut block = Vec::with_capacity(1024);
        loop {
            block.clear();
            block.extend(inputs.by_ref().take(1024));
            if block.is_empty() {
                return worst;
            }
            worst.inputs += block.len() as u64;
            let mut results = block.clone();
            (self.ours)(&mut results);
            for (&x, &result) in block.iter().zip(&results) {
                let ulps = ulps(result, (self.exact)(f64::from(x)));
                if ulps > worst.ulps {
                    (worst.ulps, worst.at) = (ulps, x);
                }
            }
        }
    }

    fn check(&self, worst: Worst) {
        let Worst { ulps, at, inputs } = worst;
        println!("{:>10}: {ulps:.4} ulp at {at:e} of {inputs} inputs", self.name);
        assert!(inputs > 0);
        assert!(ulps <= self.bound, "{}: {ulps} ulp at {at:e}", self.name);
    }

    /// Every 20011th bit pattern, and what lies around the places where something changes.
    fn sampled(&self) {
        let strided = (0..=u32::MAX).step_by(20_011).map(f32::from_bits);
        let special = [
            0.0,
            f32::from_bits(1),
            f32::MIN_POSITIVE,
            f32::EPSILON,
            0.5,
            core::f32::consts::FRAC_1_SQRT_2,
            1.0,
            core::f32::consts::SQRT_2,
            2.0,
            // Where e^-x is no longer normal, where 0, the clamps, and where e^x becomes infinite.
            87.336_54,
            103.972_08,
            104.0,
            88.722_84,
            89.0,
            f32::MAX,
            f32::INFINITY,
            f32::NAN,
        ];
        let near =
            |x: f32| (-8..=8).map(move |d| f32::from_bits(x.to_bits().saturating_add_signed(d)));
        let special = special.into_iter().flat_map(near).flat_map(|x| [x, -x]);
        self.check(self.worst(strided.chain(special)));
    }

    /// Every `f32` there is, in two threads.
    fn exhaustive(&self) {
        let half = |start: u32| self.worst((start..=start | (u32::MAX >> 1)).map(f32::from_bits));
        let worst = std::thread::scope(|scope| {
            let negative = scope.spawn(move || half(1 << 31));
            half(0).larger(negative.join().unwrap())
        });
        self.check(worst);
    }
}

macro_rules! tests {
    ($($sampled:ident, $exhaustive:ident: $function:ident;)*) => {
        $(
            #[test]
            fn $sampled() {
                $function.sampled();
            }

            #[test]
            #[ignore = "seconds in a release build, minutes otherwise"]
            fn $exhaustive() {
                $function.exhaustive();
            }
        )*
    };
}

tests! {
    exp_sampled, exp_exhaustive: EXP;
    exp_tail_sampled, exp_tail_exhaustive: EXP_TAIL;
    ln_sampled, ln_exhaustive: LN;
    ln_1p_sampled, ln_1p_exhaustive: LN_1P;
    exp_of_nonpositive_sampled, exp_of_nonpositive_exhaustive: EXP_OF_NONPOSITIVE;
    ln_1p_of_shares_sampled, ln_1p_of_shares_exhaustive: LN_1P_OF_SHARES;
    sigmoid_sampled, sigmoid_exhaustive: SIGMOID;
    softplus_sampled, softplus_exhaustive: SOFTPLUS;
}

#[test]
fn limits() {
    let infinity = f32::INFINITY;
    assert_eq!(Lanes::exp(-infinity), 0.0);
    assert_eq!(Lanes::exp(infinity), infinity);
    assert_eq!(Lanes::exp(0.0f32), 1.0);
    assert_eq!(Lanes::ln(0.0f32), -infinity);
    assert_eq!(Lanes::ln(-0.0f32), -infinity);
    assert_eq!(Lanes::ln(1.0f32), 0.0);
    assert_eq!(Lanes::ln(infinity), infinity);
    assert!(Lanes::ln(-1.0f32).is_nan() && Lanes::ln(-infinity).is_nan());
    assert_eq!(Lanes::ln_1p(0.0f32), 0.0);
    assert_eq!(Lanes::ln_1p(infinity), infinity);
    assert_eq!(Lanes::sigmoid(0.0f32), 0.5);
    assert_eq!(Lanes::sigmoid(-infinity), 0.0);
    assert_eq!(Lanes::sigmoid(infinity), 1.0);
    assert_eq!(Lanes::softplus(-infinity), 0.0);
    assert_eq!(Lanes::softplus(infinity), infinity);
}
