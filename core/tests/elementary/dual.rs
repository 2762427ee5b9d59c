//! The derivatives that `Dual` takes by rule, against central differences.

use segloss_core::lanes::{Dual, Lanes};

/// Compares at `points`; a difference over 1e-5 of `x` is good to about 1e-9.
fn check(
    name: &str,
    value: impl Fn(f64) -> f64,
    dual: impl Fn(Dual<f64>) -> Dual<f64>,
    points: &[f64],
) {
    for &x in points {
        let step = 1e-5 * x.abs().max(1e-3);
        let (above, below) = (x + step, x - step);
        let difference = (value(above) - value(below)) / (above - below);
        let at = dual(Dual::new(x, 1.0));
        assert_eq!(at.value.to_bits(), value(x).to_bits(), "{name} at {x}");
        let error = (at.derivative - difference).abs();
        let scale = difference.abs().max(1e-3 * at.value.abs());
        assert!(error <= 1e-6 * scale, "{name} at {x}: {} not {difference}", at.derivative);
        // Three times the variable: the chain rule.
        assert_eq!(dual(Dual::new(x, 3.0)).derivative, at.derivative * 3.0, "{name} at {x}");
    }
}

#[test]
fn derivatives_agree_with_differences() {
    let any = [-30.0, -3.5, -1.0, -0.2, -1e-3, 1e-3, 0.3, 0.75, 1.0, 2.5, 30.0];
    let positive = [1e-3, 0.1, 0.3, 0.75, 0.999, 1.0, 1.25, 2.5, 30.0, 1e4];
    let unit = [1e-3, 0.1, 0.3, 0.75, 0.999];
    check("exp", Lanes::exp, Lanes::exp, &any);
    check("sigmoid", Lanes::sigmoid, Lanes::sigmoid, &any);
    check("softplus", Lanes::softplus, Lanes::softplus, &any);
    check("ln", Lanes::ln, Lanes::ln, &positive);
    check("ln_1p", Lanes::ln_1p, Lanes::ln_1p, &positive);
    check("sqrt", Lanes::sqrt, Lanes::sqrt, &positive);
    check(
        "ln_1p_of_shares",
        |e| e.ln_1p_of_shares(e.smaller_share()),
        |e| e.ln_1p_of_shares(e.smaller_share()),
        &unit,
    );
    for exponent in [-2.0, -0.7, 0.0, 0.5, 0.75, 1.0, 1.5, 2.0, 2.3, 3.0, 4.5] {
        let name = format!("powf {exponent}");
        check(&name, |x| Lanes::powf(x, exponent), |x| x.powf(exponent), &positive);
    }
}
