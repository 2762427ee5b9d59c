use std::time::Instant;

use segloss_core::engine::{Call, Report};
use segloss_core::view::{Layout, View, ViewMut};
use segloss_simd::{Buffers, Library, Loss, Outputs};

use crate::Outcome;
use crate::inputs::Inputs;
use crate::work::Work;

/// A loss on the CPU, with all its threads.
pub struct Host {
    library: Library<f32>,
    buffers: Buffers<f32>,
}

impl Host {
    pub fn new() -> Self {
        let mut buffers = Buffers::new();
        buffers.use_threads(true);
        Host { library: Library::default(), buffers }
    }

    /// Value and gradient.
    pub fn evaluate(
        &mut self,
        work: &Work,
        inputs: &Inputs,
        gradient: &mut [f32],
    ) -> Outcome<Report<f64>> {
        let loss = Loss::new(&self.library, &work.text, work.link).map_err(|e| e.to_string())?;
        let layout = Layout::channels_first(inputs.shape)?;
        let planes = Layout::channels_first(inputs.shape.with_channels(work.planes()))?;
        let (logits, targets) =
            (View::new(&inputs.logits, layout)?, View::new(&inputs.targets, planes)?);
        let mut sink = ViewMut::new(gradient, layout)?;
        let outputs = Outputs::gradient(&mut sink);
        Ok(loss.evaluate(Call::of(work.link), logits, targets, &[], outputs, &mut self.buffers)?)
    }

    /// The median time of value and gradient, in seconds.
    pub fn seconds(&mut self, work: &Work, inputs: &Inputs, runs: usize) -> Outcome<f64> {
        let mut gradient = vec![0.0; inputs.logits.len()];
        self.evaluate(work, inputs, &mut gradient)?;
        let mut times = Vec::new();
        for _ in 0..runs {
            let start = Instant::now();
            self.evaluate(work, inputs, &mut gradient)?;
            times.push(start.elapsed().as_secs_f64());
        }
        Ok(crate::median(&mut times))
    }
}
