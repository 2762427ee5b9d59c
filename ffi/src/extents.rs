use crate::fault::Fault;
use segloss_core::view::Shape;

/// The shape of a tensor's extents: batch, channels, then 1 to 3 of space.
pub(crate) fn shape(extents: &[i64], argument: &'static str) -> Result<Shape, Fault> {
    let mut sizes = [0; 5];
    for (axis, (size, &extent)) in sizes.iter_mut().zip(extents).enumerate() {
        *size = usize::try_from(extent).map_err(|_| Fault::Extent { argument, axis, extent })?;
    }
    let [batch, channels, ..] = sizes;
    let shape = Shape::new(batch, channels, &sizes[2..extents.len()]);
    shape.map_err(|_| Fault::TooLarge { argument })
}
