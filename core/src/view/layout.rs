use crate::error::Error;
use crate::shape::{Shape, Strides};

impl Shape {
    /// A shape with 1 to 3 spatial axes, e.g. `&[height, width]`.
    ///
    /// # Errors
    /// [`Error::Axes`] for another number of axes, [`Error::Extent`] if the number of elements
    /// overflows `usize`.
    #[inline]
    pub fn new(batch: usize, channels: usize, axes: &[usize]) -> Result<Self, Error> {
        let spatial = match *axes {
            [w] => [1, 1, w],
            [h, w] => [1, h, w],
            [d, h, w] => [d, h, w],
            _ => return Err(Error::Axes { argument: "spatial", axes: axes.len() }),
        };
        let shape = Shape { batch, channels, spatial, axes: axes.len() };
        // Axes of extent 0 aside, so that no product of some of the extents overflows either.
        match shape.extents().iter().try_fold(1usize, |n, &e| n.checked_mul(e.max(1))) {
            Some(_) => Ok(shape),
            None => Err(Error::Extent { shape, strides: Strides::default(), length: usize::MAX }),
        }
    }
}

/// A shape and where its elements lie. Every element's index is known to fit in `usize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
    strides: Strides,
    /// Stride from each pixel to the next in row-major order, where it is the same throughout.
    pixel_stride: Option<usize>,
    /// Elements from the first to the last, both counted; 0 if there are none.
    span: usize,
}

impl Layout {
    /// Channels first: batch x channels x pixels, packed.
    ///
    /// # Errors
    /// [`Error::Extent`] if the number of elements overflows `usize`.
    #[inline]
    pub fn channels_first(shape: Shape) -> Result<Self, Error> {
        let n = shape.pixels();
        let strides = row_major(shape, n.saturating_mul(shape.channels), n, 1);
        // Most tensors are, so all else that strides may be is not asked.
        let span = shape.channels.checked_mul(n).and_then(|sample| sample.checked_mul(shape.batch));
        let span = span.filter(|&span| span < usize::MAX);
        let span = span.ok_or(Error::Extent { shape, strides, length: usize::MAX })?;
        Ok(Layout { shape, strides, pixel_stride: Some(1), span })
    }

    /// Channels last: batch x pixels x channels, packed.
    ///
    /// # Errors
    /// [`Error::Extent`] if the number of elements overflows `usize`.
    pub fn channels_last(shape: Shape) -> Result<Self, Error> {
        let (n, c) = (shape.pixels(), shape.channels);
        Layout::strided(shape, row_major(shape, n.saturating_mul(c), 1, c))
    }

    /// Any strides, counted in elements. A stride of 0 repeats an input along its axis.
    ///
    /// # Errors
    /// [`Error::Extent`] if an element's index overflows `usize`.
    pub fn strided(shape: Shape, strides: Strides) -> Result<Self, Error> {
        let too_large = Error::Extent { shape, strides, length: usize::MAX };
        let mut span = 0usize;
        if !shape.is_empty() {
            let axes = shape.extents().into_iter().zip(strides.all());
            span = axes
                .clone()
                .try_fold(1usize, |n, (e, s)| n.checked_add((e - 1).checked_mul(s)?))
                .ok_or(too_large)?;
            axes.clone().try_fold(1usize, |n, (e, _)| n.checked_mul(e)).ok_or(too_large)?;
        }
        Ok(Layout { shape, strides, pixel_stride: uniform(shape, strides), span })
    }

    /// The extents.
    #[inline]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The strides.
    #[inline]
    pub fn strides(&self) -> &Strides {
        &self.strides
    }

    /// Length of the data this layout needs.
    #[inline]
    pub fn span(&self) -> usize {
        self.span
    }

    #[inline]
    pub(super) fn fits(&self, length: usize) -> Result<(), Error> {
        if self.span <= length {
            return Ok(());
        }
        Err(Error::Extent { shape: self.shape, strides: self.strides, length })
    }

    /// Whether every element has a place of its own. Axes are taken from the finest stride to the
    /// coarsest; each must step over all that the finer ones reach.
    #[inline]
    pub(super) fn is_injective(&self) -> bool {
        if self.span == 0 {
            return true;
        }
        let (extents, strides) = (self.shape.extents(), self.strides.all());
        // Innermost first, as strides mostly are.
        let mut axes = [4, 3, 2, 1, 0].map(|axis| (strides[axis], extents[axis]));
        if are_apart(&axes) {
            return true;
        }
        are_apart_in_order(&mut axes)
    }

    /// The stride from each pixel to the next in row-major order, where it is the same throughout.
    #[inline(always)]
    pub fn pixel_stride(&self) -> Option<usize> {
        self.pixel_stride
    }

    /// Index of a pixel in row-major order within its sample and channel.
    #[inline(always)]
    pub fn index(&self, sample: usize, channel: usize, pixel: usize) -> usize {
        let base = sample * self.strides.batch + channel * self.strides.channel;
        if let Some(stride) = self.pixel_stride {
            return base + pixel * stride;
        }
        let [_, h, w] = self.shape.spatial;
        let [sd, sh, sw] = self.strides.spatial;
        base + pixel / (h * w) * sd + pixel / w % h * sh + pixel % w * sw
    }

    /// Calls `each(place, index)` for `count` pixels from `pixel` on, place counting from 0.
    #[inline(always)]
    pub fn scan(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        mut each: impl FnMut(usize, usize),
    ) {
        let first = self.index(sample, channel, pixel);
        if let Some(stride) = self.pixel_stride {
            (0..count).for_each(|i| each(i, first + i * stride));
            return;
        }
        let (width, stride) = (self.shape.spatial[2], self.strides.spatial[2]);
        let mut done = 0;
        while done < count {
            let start = pixel + done;
            let index = self.index(sample, channel, start);
            let run = (width - start % width).min(count - done);
            (0..run).for_each(|i| each(done + i, index + i * stride));
            done += run;
        }
    }
}

/// Whether axes are apart from the finest stride to the coarsest.
#[inline(never)]
fn are_apart_in_order(axes: &mut [(usize, usize); 5]) -> bool {
    axes.sort_unstable();
    are_apart(axes)
}

/// Whether each axis, of a stride and an extent, steps over all that those before it reach.
#[inline]
fn are_apart(axes: &[(usize, usize); 5]) -> bool {
    let mut reach = 0;
    axes.iter().all(|&(stride, extent)| {
        let apart = extent < 2 || stride > reach;
        // 0 of an axis of extent 1; none is 0.
        reach += stride * (extent - 1);
        apart
    })
}

#[inline]
fn row_major(shape: Shape, batch: usize, channel: usize, pixel: usize) -> Strides {
    let [_, h, w] = shape.spatial;
    let row = w.saturating_mul(pixel);
    Strides { batch, channel, spatial: [h.saturating_mul(row), row, pixel] }
}

/// The stride from pixel to pixel if one serves all spatial axes. Axes of extent 1 take any.
fn uniform(shape: Shape, strides: Strides) -> Option<usize> {
    let mut found = None;
    let mut inner = 1usize;
    for axis in (0..3).rev() {
        let (extent, stride) = (shape.spatial[axis], strides.spatial[axis]);
        if extent > 1 {
            match found {
                None => found = Some(stride),
                Some(pixel) if inner.checked_mul(pixel) != Some(stride) => return None,
                Some(_) => {}
            }
            inner = inner.saturating_mul(extent);
        }
    }
    Some(found.unwrap_or(1))
}
