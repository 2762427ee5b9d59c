use super::cost::Gap;
use crate::maps::{Label, Labels};

/// Which pixels distances are measured to, as seen along a column.
pub(crate) trait Rule<E: Label>: Copy + Send + Sync {
    /// Whether a pixel's own label decides, so that runs of a label on a line end distances too.
    const BY_LABEL: bool;
    /// The gap of a pixel from its neighbour's. Beyond the ends of a column, `neighbour` is the pixel
    /// itself, of gap `NONE`.
    fn next<S: Labels<Label = E>, G: Gap>(self, label: E, neighbour: E, gap: G) -> G;
}

/// To the nearest pixel of another label.
#[derive(Clone, Copy)]
pub(crate) struct ToOther;

impl<E: Label> Rule<E> for ToOther {
    const BY_LABEL: bool = true;

    #[inline(always)]
    fn next<S: Labels<Label = E>, G: Gap>(self, label: E, neighbour: E, gap: G) -> G {
        let farther = gap.farther();
        if S::same(label, neighbour) { farther } else { G::ONE }
    }
}

/// To the nearest background pixel.
#[derive(Clone, Copy)]
pub(crate) struct ToBackground;

impl<E: Label> Rule<E> for ToBackground {
    const BY_LABEL: bool = false;

    #[inline(always)]
    fn next<S: Labels<Label = E>, G: Gap>(self, label: E, _: E, gap: G) -> G {
        let farther = gap.farther();
        if S::is_background(label) { G::ZERO } else { farther }
    }
}

/// To the nearest background pixel that is not ignored.
#[derive(Clone, Copy)]
pub(crate) struct ToKnownBackground<E> {
    pub(crate) ignored: E,
}

impl<E: Label> Rule<E> for ToKnownBackground<E> {
    const BY_LABEL: bool = false;

    #[inline(always)]
    fn next<S: Labels<Label = E>, G: Gap>(self, label: E, _: E, gap: G) -> G {
        let source = S::is_background(label) & (label != self.ignored);
        let farther = gap.farther();
        if source { G::ZERO } else { farther }
    }
}

/// To the nearest pixel that is neither of this label nor ignored.
#[derive(Clone, Copy)]
pub(crate) struct ToKnownOther<E> {
    pub(crate) than: E,
    pub(crate) ignored: E,
}

impl<E: Label> Rule<E> for ToKnownOther<E> {
    const BY_LABEL: bool = false;

    #[inline(always)]
    fn next<S: Labels<Label = E>, G: Gap>(self, label: E, _: E, gap: G) -> G {
        let source = !S::same(label, self.than) & (label != self.ignored);
        let farther = gap.farther();
        if source { G::ZERO } else { farther }
    }
}
