//! What the losses of Leng et al. make of a cross-entropy: a first term of their polynomial with another coefficient.

use crate::lanes::Lanes;
use crate::parameter::Parameter;

/// The coefficient's default and range.
pub(crate) const EPSILON: Parameter = Parameter::number("epsilon", 1.0).at_least(-1.0);

/// `l + epsilon q` of a cross-entropy `l = -ln p` and its wrong share `q = 1 - p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Poly1 {
    pub epsilon: f64,
}

impl Poly1 {
    /// The sum, from both numbers. For `epsilon` near -1 it cancels where `l` is small: there it is
    /// `(1 + epsilon) l - epsilon (l - q)` with `l - q = e^-l - 1 + l` formed as a whole.
    #[inline(always)]
    pub fn sum<L: Lanes>(&self, l: L, q: L) -> L {
        let (epsilon, rest) = (L::splat(self.epsilon), L::splat(1.0 + self.epsilon));
        let near = rest * l - epsilon * (l * l * (-l).exp_tail());
        // Below ln(2) / 2.
        L::select(l.lt(L::splat(0.34375)), near, l + epsilon * q)
    }

    /// The sum's derivative in `-ln p`, `1 + epsilon p`, of `p` and `q = 1 - p`.
    #[inline(always)]
    pub fn growth<L: Lanes>(&self, p: L, q: L) -> L {
        q + L::splat(1.0 + self.epsilon) * p
    }
}

/// `share^gamma` of a share of 0 to 1, and 1 for a `gamma` of 0, by logarithm and exponential. [`Lanes::powf`] of a
/// number that is known at run time alone becomes a loop for each way to multiply.
#[inline(always)]
pub(crate) fn focus<L: Lanes>(share: L, gamma: f64) -> L {
    // No share that is a number has a smaller logarithm, but 0.
    let ln = L::splat(-1e4).max(share.ln());
    (L::splat(gamma) * ln).exp_of_nonpositive()
}
