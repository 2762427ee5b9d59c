use super::cost::Gap;
use crate::maps::labels::{Code, Codes, Same, Sides};

/// Which pixels distances are measured to, as seen along a column.
#[derive(Clone, Copy)]
pub(crate) enum Rule<E> {
    /// The nearest of another code.
    Other,
    /// The nearest on the other side of a mask.
    OtherSide,
    /// The nearest background pixel.
    Background,
    /// The nearest that has a code, or has another one, and is not ignored.
    Known {
        /// The code.
        code: E,
        /// Whether it is the one to have.
        has: bool,
        /// What is ignored.
        ignored: E,
    },
}

impl<E: Code> Rule<E> {
    /// Whether a pixel's own label decides, so that runs of a label on a line end distances too.
    pub(crate) fn is_by_label(self) -> bool {
        matches!(self, Rule::Other | Rule::OtherSide)
    }

    /// Calls `step(x, ends, gap)` for each pixel of a row, given the row of neighbours that a sweep comes
    /// from: `gap` is the pixel's own if the distance `ends` there, else it is one more than the
    /// neighbour's. Beyond the ends of a column a pixel is its own neighbour, of gap [`Gap::NONE`].
    ///
    /// One loop for each rule: `step` is to be short.
    #[inline(always)]
    pub(crate) fn each<G: Gap>(
        self,
        codes: &[E],
        neighbours: &[E],
        mut step: impl FnMut(usize, bool, G),
    ) {
        let n = codes.len();
        let neighbours = &neighbours[..n];
        match self {
            Rule::Other => {
                for x in 0..n {
                    step(x, !Codes.same(codes[x], neighbours[x]), G::ONE);
                }
            }
            Rule::OtherSide => {
                for x in 0..n {
                    step(x, !Sides.same(codes[x], neighbours[x]), G::ONE);
                }
            }
            Rule::Background => {
                for (x, &code) in codes.iter().enumerate() {
                    step(x, code == E::BACKGROUND, G::ZERO);
                }
            }
            Rule::Known { code: other, has, ignored } => {
                for (x, &code) in codes.iter().enumerate() {
                    step(x, ((code == other) == has) & (code != ignored), G::ZERO);
                }
            }
        }
    }
}
