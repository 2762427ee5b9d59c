use segloss_core::view::Shape;

use crate::work::Work;

/// Logits and targets of a call, the same at every run.
#[derive(Debug)]
pub struct Inputs {
    pub shape: Shape,
    pub logits: Vec<f32>,
    pub targets: Vec<u8>,
}

impl Inputs {
    pub fn new(work: &Work, batch: usize, size: &[usize]) -> Result<Self, segloss_core::Error> {
        let shape = Shape::new(batch, work.channels, size)?;
        let mut random = fastrand::Rng::with_seed(7);
        let pixels = batch * shape.pixels();
        let classes = if work.planes() == work.channels { 2 } else { work.channels as u8 };
        let logits = (0..pixels * work.channels).map(|_| random.f32() * 12.0 - 6.0).collect();
        let targets = (0..pixels * work.planes()).map(|_| random.u8(..classes)).collect();
        Ok(Inputs { shape, logits, targets })
    }
}
