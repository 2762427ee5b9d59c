#[cfg(feature = "half")]
use half::{bf16, f16};

use super::{Layout, Logit};
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::TILE;

/// What happens to what the gradient buffer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Write {
    /// It is replaced, and need not be initialised to anything sensible.
    #[default]
    Overwrite,
    /// The gradient is added to it.
    Accumulate,
}

/// A borrowed tensor that is written.
#[derive(Debug)]
pub struct ViewMut<'a, E> {
    data: &'a mut [E],
    layout: Layout,
}

impl<'a, E> ViewMut<'a, E> {
    /// A tensor laid out in `data` as `layout` says.
    ///
    /// # Errors
    /// [`Error::Extent`] if the layout reaches past the data, [`Error::Overlap`] unless the
    /// strides give each element a place of its own.
    pub fn new(data: &'a mut [E], layout: Layout) -> Result<Self, Error> {
        layout.fits(data.len())?;
        if !layout.is_injective() {
            return Err(Error::Overlap { shape: *layout.shape(), strides: *layout.strides() });
        }
        Ok(ViewMut { data, layout })
    }

    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// The elements of a gradient, as they are stored.
#[derive(Debug)]
#[non_exhaustive]
pub enum Elements<'a, T> {
    /// In the format that they are computed in.
    Computed(&'a mut [T]),
    /// In IEEE half precision.
    #[cfg(feature = "half")]
    F16(&'a mut [f16]),
    /// In bfloat16.
    #[cfg(feature = "half")]
    Bf16(&'a mut [bf16]),
}

/// Where the engine writes a gradient, or the loss of each pixel, tile by tile.
///
/// An object and not an enum, because threads that write parts of one gradient need one of their own.
pub trait GradientSink<T: Real>: Send {
    /// Returns shape and strides.
    fn layout(&self) -> &Layout;

    /// Returns the places of `count` pixels of one sample and channel from `at` on, where numbers can be
    /// written straight to memory.
    fn run(&mut self, at: (usize, usize, usize), count: usize) -> Option<&mut [T]>;

    /// Writes or adds the first `count` places of `tile`.
    fn put(&mut self, at: (usize, usize, usize), count: usize, tile: &[T; TILE], write: Write);

    /// Returns all elements, where they are the sink's alone.
    fn elements(&mut self) -> Option<Elements<'_, T>>;
}

impl<E: Logit> GradientSink<E::Compute> for ViewMut<'_, E> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn run(
        &mut self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
    ) -> Option<&mut [E::Compute]> {
        if self.layout.pixel_stride() != Some(1) {
            return None;
        }
        let first = self.layout.index(sample, channel, pixel);
        match E::elements(self.data.get_mut(first..first + count)?) {
            Elements::Computed(run) => Some(run),
            #[cfg(feature = "half")]
            _ => None,
        }
    }

    fn put(
        &mut self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        tile: &[E::Compute; TILE],
        write: Write,
    ) {
        let tile = &tile[..count];
        if self.layout.pixel_stride() == Some(1) && write == Write::Overwrite {
            let first = self.layout.index(sample, channel, pixel);
            return E::store_all(tile, &mut self.data[first..first + count]);
        }
        let data = &mut *self.data;
        self.layout.scan(sample, channel, pixel, count, |i, at| match write {
            Write::Overwrite => data[at] = E::store(tile[i]),
            Write::Accumulate => data[at] = E::store(data[at].load() + tile[i]),
        });
    }

    fn elements(&mut self) -> Option<Elements<'_, E::Compute>> {
        Some(E::elements(self.data))
    }
}
