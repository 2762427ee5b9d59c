use segloss_core::lanes::Real;
use segloss_core::view::{GradientSink, Layout, Logit, NoGradient, ViewMut};

/// A gradient sink in memory, which can be divided among threads.
pub trait MemorySink<T: Real>: GradientSink<T> {
    /// What an element is stored as.
    type Element: Logit<Compute = T>;

    /// The elements, and how they are laid out.
    fn memory(&mut self) -> (&mut [Self::Element], Layout);
}

impl<E: Logit> MemorySink<E::Compute> for ViewMut<'_, E> {
    type Element = E;

    fn memory(&mut self) -> (&mut [E], Layout) {
        self.parts()
    }
}

impl MemorySink<f32> for NoGradient {
    type Element = f32;

    fn memory(&mut self) -> (&mut [f32], Layout) {
        match *self {}
    }
}

impl MemorySink<f64> for NoGradient {
    type Element = f64;

    fn memory(&mut self) -> (&mut [f64], Layout) {
        match *self {}
    }
}
