//! Parts of a line of pixels, as kernels are given them.

/// Places before the pixels of a [`Segment`].
pub(crate) const BEFORE: usize = Segment::<()>::BEFORE;
/// Places after the pixels of a [`Segment`].
pub(crate) const AFTER: usize = Segment::<()>::AFTER;

/// Part of a line whose distances are long, and the storage to find them with.
pub struct Segment<'a, C> {
    /// What each pixel of the line costs: its squared distance along the axes already done. `BEFORE`
    /// places, the pixels that may be nearest to one of the segment's, `AFTER` places. Places off the
    /// line hold what stands for no distance.
    pub costs: &'a [C],
    /// The pixel of `costs[BEFORE]`.
    pub first: usize,
    /// The segment's first pixel, a multiple of [`Clipped::BLOCK`].
    pub start: usize,
    /// The pixel after its last: a multiple of [`Clipped::BLOCK`], or the end of the line.
    pub end: usize,
    /// Room for the places of candidates: a number for each pixel of `costs`, and 32 more.
    pub places: &'a mut [i32],
    /// Room for the costs of candidates, as many.
    pub values: &'a mut [C],
    /// Room for where candidates start to be nearest, as many.
    pub starts: &'a mut [u32],
    /// Room for which pixels stay candidates, as many.
    pub keep: &'a mut [u8],
    /// The squared distances from `start` on, in whole blocks of [`Clipped::BLOCK`]; what is past
    /// `end` does not matter.
    pub out: &'a mut [C],
}

impl<C> Segment<'_, C> {
    /// Places before the pixels in `costs`.
    pub const BEFORE: usize = 8;
    /// Places after the pixels in `costs`.
    pub const AFTER: usize = 24;
}

/// A line's costs in bytes: 255 is anything above 254.
pub struct Clipped<'a> {
    /// `MARGIN` places of 255, the pixels, places of 255 to whole blocks, `MARGIN` of them.
    pub costs: &'a [u8],
    /// The squared distance that each pixel has at most, in whole blocks: its cost, or less if it is
    /// near to a pixel of another label on the line.
    pub bounds: &'a [u8],
}

impl Clipped<'_> {
    /// Places before the pixels, and after whole blocks of them.
    pub const MARGIN: usize = 16;
    /// Pixels that are done, or are not, together.
    pub const BLOCK: usize = 64;
}
