use super::number::Number;

/// A loss and its gradient, channels first.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss<N = f64> {
    /// The value.
    pub value: N,
    /// One number a logit.
    pub gradient: Vec<N>,
}

impl<N: Number> Loss<N> {
    /// `a self + b other`.
    #[must_use]
    pub fn plus(&self, a: f64, other: &Self, b: f64) -> Self {
        let add = |(x, y): (&N, &N)| N::of(a) * x + N::of(b) * y;
        Loss {
            value: add((&self.value, &other.value)),
            gradient: self.gradient.iter().zip(&other.gradient).map(add).collect(),
        }
    }

    /// `factor self`.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        let scale = |x: &N| N::of(factor) * x;
        Loss { value: scale(&self.value), gradient: self.gradient.iter().map(scale).collect() }
    }

    /// Each number rounded once.
    pub fn rounded(&self) -> Loss {
        let gradient = self.gradient.iter().map(Number::rounded).collect();
        Loss { value: self.value.rounded(), gradient }
    }
}
