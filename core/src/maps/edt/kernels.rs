use super::columns::ColumnKernels;
use super::cost::Cost;
use super::costs::{CostKernels, Envelope};
use super::near::ByteKernels;
use super::runs::RunKernels;
use crate::maps::MapLevel;
use crate::maps::labels::Code;

/// Rows of a transform with codes of one width and costs of one kind: what differs between levels.
pub(crate) trait TransformKernels<E: Code, C: Cost>:
    ColumnKernels<E, C::Gap> + RunKernels<E, C> + CostKernels<C> + Envelope<C> + ByteKernels
{
}

impl<Lv: MapLevel + Envelope<C>, E: Code, C: Cost> TransformKernels<E, C> for Lv {}

/// Rows of a transform with costs of any kind.
pub(crate) trait EachTransform<E: Code>:
    TransformKernels<E, i32> + TransformKernels<E, i64> + TransformKernels<E, f64>
{
}

impl<Lv: MapLevel, E: Code> EachTransform<E> for Lv {}
