/// The pixels of an image of 1 to 3 axes, in row-major order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Depth, height and width, none of them 0.
    pub extents: [usize; 3],
}

/// The pixels that share a face with a pixel, one an axis on either side; None past the border.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbours {
    /// Those that come before it.
    pub before: [Option<usize>; 3],
    /// Those that come after it.
    pub after: [Option<usize>; 3],
}

impl Grid {
    pub fn pixels(self) -> usize {
        self.extents.iter().product()
    }

    /// Axes along which there is more than one pixel.
    pub fn axes(self) -> u32 {
        self.extents.iter().map(|&extent| u32::from(extent > 1)).sum()
    }

    /// Calls `see(pixel, neighbours)` for each pixel in order.
    #[inline(always)]
    pub fn scan(self, mut see: impl FnMut(usize, Neighbours)) {
        let [depth, height, width] = self.extents;
        for z in 0..depth {
            for y in 0..height {
                for x in 0..width {
                    self.visit([z, y, x], &mut see);
                }
            }
        }
    }

    /// Calls `see(pixel, neighbours)` for each pixel, the last one first.
    #[inline(always)]
    pub fn scan_back(self, mut see: impl FnMut(usize, Neighbours)) {
        let [depth, height, width] = self.extents;
        for z in (0..depth).rev() {
            for y in (0..height).rev() {
                for x in (0..width).rev() {
                    self.visit([z, y, x], &mut see);
                }
            }
        }
    }

    #[inline(always)]
    fn visit(self, place: [usize; 3], see: &mut impl FnMut(usize, Neighbours)) {
        let [_, height, width] = self.extents;
        let pixel = (place[0] * height + place[1]) * width + place[2];
        let mut neighbours = Neighbours { before: [None; 3], after: [None; 3] };
        for (axis, (at, step)) in place.into_iter().zip([height * width, width, 1]).enumerate() {
            neighbours.before[axis] = (at > 0).then(|| pixel - step);
            neighbours.after[axis] = (at + 1 < self.extents[axis]).then(|| pixel + step);
        }
        see(pixel, neighbours);
    }
}
