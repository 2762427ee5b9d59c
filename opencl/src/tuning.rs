use segloss_core::summation::ACCUMULATORS;

/// How the work of a loss is cut into work items. What comes out does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tuning {
    /// A work item computes blocks of pixels by itself, as vectors of `single` `f32` or `double` `f64` (1, 2,
    /// 4, 8 or 16): for processors.
    Vectors {
        /// Pixels of a vector of `f32`.
        single: usize,
        /// Pixels of a vector of `f64`.
        double: usize,
    },
    /// 32 work items compute a block, neighbours reading neighbouring pixels; so many blocks (1, 2, 4 or 8)
    /// make a work group: for graphics processors.
    Groups {
        /// Blocks of a work group.
        blocks: usize,
    },
}

impl Tuning {
    pub(crate) fn width(self, is_double: bool) -> usize {
        match self {
            Tuning::Vectors { single, double } => {
                if is_double {
                    double
                } else {
                    single
                }
            }
            Tuning::Groups { .. } => 1,
        }
    }

    pub(crate) fn items(self) -> usize {
        match self {
            Tuning::Vectors { .. } => 1,
            Tuning::Groups { .. } => ACCUMULATORS,
        }
    }

    pub(crate) fn blocks_a_group(self) -> usize {
        match self {
            Tuning::Vectors { .. } => 1,
            Tuning::Groups { blocks } => blocks,
        }
    }

    /// Whether programs can be written for it.
    pub(crate) fn is_possible(self) -> bool {
        let is_width = |width| matches!(width, 1 | 2 | 4 | 8 | 16);
        match self {
            Tuning::Vectors { single, double } => is_width(single) && is_width(double),
            Tuning::Groups { blocks } => matches!(blocks, 1 | 2 | 4 | 8),
        }
    }
}
