use super::number::{Number, sum};

/// The source's inverse-frequency weights: `total / (K n_k + 1e-6)`, scaled to a sum of `K`.
/// Some count must not be 0.
pub fn class_weights<N: Number>(counts: &[u64]) -> Vec<N> {
    let number = |count: u64| N::of(count as f64);
    let classes = N::of(counts.len() as f64);
    let total: N = sum(counts.iter().map(|&n| number(n)));
    let inverse = |&n: &u64| total.clone() / (classes.clone() * number(n) + N::of(1e-6));
    let weights: Vec<N> = counts.iter().map(inverse).collect();
    let all = sum(weights.iter().cloned());
    weights.into_iter().map(|weight| weight / &all * &classes).collect()
}
