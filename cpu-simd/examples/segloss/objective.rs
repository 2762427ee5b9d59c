//! A loss with its text, its link and its buffers.

use std::error::Error;

use segloss_core::compose::Preset;
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::view::{self, Layout, View, ViewMut};
use segloss_simd::{Buffers, Library, Loss, Outputs};

use crate::shape::{IGNORED, Shape};

/// The result of one evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation {
    pub value: f64,
    pub valid: u64,
}

/// A loss that can be evaluated again and again.
#[derive(Debug)]
pub struct Objective<'l> {
    name: String,
    loss: Loss<'l, f32>,
    channels: usize,
    buffers: Buffers<f32>,
}

impl<'l> Objective<'l> {
    /// Reads `text`: the text form, or the bare name of a preset where that is
    /// no term's name. Softmax is over `classes` channels.
    ///
    /// The error shows the text with a caret under the mistake.
    pub fn new(
        library: &'l Library<f32>,
        text: &str,
        link: Link,
        classes: usize,
    ) -> Result<Self, String> {
        let read = |name: String| {
            let loss = Loss::new(library, &name, link)
                .map_err(|error| format!("{error}\n{}", error.pointer()))?;
            let channels = if link == Link::Sigmoid { 1 } else { classes };
            Ok(Objective { name, loss, channels, buffers: Buffers::new() })
        };
        let text = text.trim();
        match read(text.to_owned()) {
            Err(_) if Preset::by_name(text).is_some() => read(format!("preset:{text}")),
            result => result,
        }
    }

    /// The text it was read from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Channels it reads: 1 for the sigmoid link, `K >= 2` for softmax.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Returns the value and writes `dL/dlogits`, of the logits' length.
    pub fn evaluate(
        &mut self,
        logits: &[f32],
        labels: &[u8],
        shape: Shape,
        gradient: &mut [f32],
    ) -> Result<Evaluation, Box<dyn Error>> {
        let shape = view::Shape::new(shape.batch, shape.channels, &[shape.height, shape.width])?;
        let packed = Layout::channels_first(shape)?;
        let logits = View::new(logits, packed)?;
        let labels = View::new(labels, Layout::channels_first(shape.with_channels(1))?)?;
        let mut sink = ViewMut::new(gradient, packed)?;
        let outputs = Outputs::gradient(&mut sink);
        let call = call(self.loss.link());
        let report = self.loss.evaluate(call, logits, labels, &[], outputs, &mut self.buffers)?;
        Ok(Evaluation { value: report.value, valid: report.valid })
    }
}

/// A call that leaves out ignored pixels.
pub fn call(link: Link) -> Call<'static> {
    Call { ignore_index: Ignore::Labels(&[IGNORED as i64]), ..Call::of(link) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let library = Library::default();
        Objective::new(&library, text, Link::Sigmoid, 2).map(|loss| loss.name().to_owned())
    }

    #[test]
    fn presets_with_and_without_their_prefix() {
        assert_eq!(read(" balanced ").unwrap(), "preset:balanced");
        assert_eq!(read("preset:medical").unwrap(), "preset:medical");
        // A term of that name comes before the preset.
        assert_eq!(read("boundary").unwrap(), "boundary");
    }

    #[test]
    fn a_mistake_is_shown_with_a_caret() {
        let message = read("bce + 0.5*dize").unwrap_err();
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(
            lines,
            ["at 11: unknown term `dize`, did you mean `dice`?", "bce + 0.5*dize", "          ^"]
        );
        assert!(read("ce").unwrap_err().contains("softmax"));
    }

    #[test]
    fn a_loss_is_evaluated_by_its_text() {
        let library = Library::default();
        let shape = Shape { batch: 1, channels: 1, height: 1, width: 3 };
        let mut loss = Objective::new(&library, "2*bce", Link::Sigmoid, 2).unwrap();
        let mut gradient = [f32::NAN; 3];
        let found = loss.evaluate(&[0.0; 3], &[0, 1, IGNORED], shape, &mut gradient).unwrap();
        assert_eq!((found.valid, gradient), (2, [0.5, -0.5, 0.0]));
        assert!((found.value - 2.0 * core::f64::consts::LN_2).abs() < 1e-7);
    }
}
