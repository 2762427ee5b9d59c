//! What a loss is computed of.

use segloss_core::view::Shape;

use crate::case::{Case, IGNORED, SoftCase};

/// Extents of packed, channels-first logits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extents {
    /// Samples.
    pub batch: usize,
    /// Channels of the logits: masks (sigmoid) or classes (softmax).
    pub channels: usize,
    /// One to three axes, e.g. height and width. Their number matters to weight maps: an axis of
    /// extent 1 has an outside.
    pub spatial: Vec<usize>,
}

impl Extents {
    /// Pixels of one sample.
    pub fn pixels(&self) -> usize {
        self.spatial.iter().product()
    }

    /// Pixels of the batch.
    pub fn all_pixels(&self) -> usize {
        self.batch * self.pixels()
    }
}

impl From<Shape> for Extents {
    fn from(shape: Shape) -> Self {
        let spatial = shape.spatial[3 - shape.axes..].to_vec();
        Extents { batch: shape.batch, channels: shape.channels, spatial }
    }
}

/// Logits of independent masks, with one target a logit.
#[derive(Clone, Debug)]
pub struct Dense<'a> {
    /// Extents of logits and targets.
    pub extents: Extents,
    /// Channels first, packed, finite.
    pub logits: &'a [f64],
    /// The share of foreground, from 0 to 1; `None` where ignored.
    pub targets: Vec<Option<f64>>,
}

impl Dense<'_> {
    /// The masks that weight maps are made of: 1 where the share is above one half.
    pub fn labels(&self) -> Vec<Option<usize>> {
        self.targets.iter().map(|y| y.map(|y| usize::from(y > 0.5))).collect()
    }
}

/// Logits of classes that exclude each other, with one label a pixel.
#[derive(Clone, Debug)]
pub struct Labelled<'a> {
    /// Extents of the logits.
    pub extents: Extents,
    /// Channels first, packed, finite.
    pub logits: &'a [f64],
    /// The true class; `None` where ignored.
    pub labels: Vec<Option<usize>>,
    /// The class whose label is ignored, if one is: it cannot occur.
    pub ignored_class: Option<usize>,
}

impl Labelled<'_> {
    /// Where the logit of `class` at `pixel` of the batch is.
    pub(super) fn at(&self, pixel: usize, class: usize) -> usize {
        let (pixels, classes) = (self.extents.pixels(), self.extents.channels);
        (pixel / pixels * classes + class) * pixels + pixel % pixels
    }

    /// The logits of all classes at `pixel` of the batch.
    pub(super) fn logits_at(&self, pixel: usize) -> Vec<f64> {
        (0..self.extents.channels).map(|class| self.logits[self.at(pixel, class)]).collect()
    }
}

impl<'a> From<&'a Case> for Dense<'a> {
    fn from(case: &'a Case) -> Self {
        let share = |&y: &u8| (y != IGNORED).then(|| f64::from(u8::from(y != 0)));
        let targets = case.targets.iter().map(share).collect();
        Dense { extents: case.shape.into(), logits: &case.logits, targets }
    }
}

impl<'a> From<&'a SoftCase> for Dense<'a> {
    fn from(case: &'a SoftCase) -> Self {
        let share = |&y: &f64| (y != f64::from(IGNORED)).then_some(y);
        let targets = case.targets.iter().map(share).collect();
        Dense { extents: case.shape.into(), logits: &case.logits, targets }
    }
}

impl<'a> From<&'a Case> for Labelled<'a> {
    fn from(case: &'a Case) -> Self {
        let label = |&y: &u8| (y != IGNORED).then_some(usize::from(y));
        let labels = case.targets.iter().map(label).collect();
        Labelled { extents: case.shape.into(), logits: &case.logits, labels, ignored_class: None }
    }
}
