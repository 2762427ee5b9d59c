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

    /// The elements, and how they are laid out.
    pub fn parts(&mut self) -> (&mut [E], Layout) {
        (self.data, self.layout)
    }

    /// The same for as long as they were borrowed.
    pub fn into_parts(self) -> (&'a mut [E], Layout) {
        (self.data, self.layout)
    }
}

/// Where the engine writes the gradient, tile by tile.
pub trait GradientSink<T: Real> {
    /// Shape and strides.
    fn layout(&self) -> &Layout;

    /// The place itself of a whole tile, where a tile can be written straight to memory.
    fn whole_tile(&mut self, sample: usize, channel: usize, pixel: usize)
    -> Option<&mut [T; TILE]>;

    /// Writes or adds the first `count` places of `tile`.
    fn put(&mut self, at: (usize, usize, usize), count: usize, tile: &[T; TILE], write: Write);
}

impl<E: Logit> GradientSink<E::Compute> for ViewMut<'_, E> {
    #[inline(always)]
    fn layout(&self) -> &Layout {
        &self.layout
    }

    #[inline(always)]
    fn whole_tile(
        &mut self,
        sample: usize,
        channel: usize,
        pixel: usize,
    ) -> Option<&mut [E::Compute; TILE]> {
        if self.layout.pixel_stride() != Some(1) {
            return None;
        }
        let first = self.layout.index(sample, channel, pixel);
        E::as_computed_mut(&mut self.data[first..first + TILE])?.try_into().ok()
    }

    #[inline(always)]
    fn put(
        &mut self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        tile: &[E::Compute; TILE],
        write: Write,
    ) {
        let put = |place: &mut E, gradient: E::Compute| match write {
            Write::Overwrite => *place = E::store(gradient),
            Write::Accumulate => *place = E::store(place.load() + gradient),
        };
        if self.layout.pixel_stride() == Some(1) {
            let first = self.layout.index(sample, channel, pixel);
            let places = &mut self.data[first..first + count];
            if write == Write::Overwrite {
                return E::store_all(tile, places);
            }
            places.iter_mut().zip(tile).for_each(|(place, &gradient)| put(place, gradient));
        } else {
            let data = &mut *self.data;
            self.layout.scan(sample, channel, pixel, count, |i, at| put(&mut data[at], tile[i]));
        }
    }
}

/// The gradient sink of a call for the value alone: there is none.
#[derive(Debug)]
pub enum NoGradient {}

impl<T: Real> GradientSink<T> for NoGradient {
    fn layout(&self) -> &Layout {
        match *self {}
    }

    fn whole_tile(&mut self, _: usize, _: usize, _: usize) -> Option<&mut [T; TILE]> {
        match *self {}
    }

    fn put(&mut self, _: (usize, usize, usize), _: usize, _: &[T; TILE], _: Write) {
        match *self {}
    }
}
