//! What the figure shows of the losses: their pulls at one prediction early in training.

use std::borrow::Cow;
use std::error::Error;

use segloss_core::engine::Link;
use segloss_simd::Library;

use crate::features::Features;
use crate::labels::Labels;
use crate::objective::Objective;
use crate::pull::Pull;
use crate::run;
use crate::selection::Chosen;
use crate::shape::Shape;

/// Steps of cross-entropy before the losses are looked at, unless fewer are asked for.
const STEPS: u32 = 10;

/// A prediction, and where it comes from.
pub struct Scene {
    pub logits: Vec<f32>,
    pub shape: Shape,
    pub origin: String,
}

impl Scene {
    /// Of given logits.
    pub fn given(logits: Vec<f32>, shape: Shape) -> Self {
        Self { logits, shape, origin: "the given logits".to_owned() }
    }

    /// Of a predictor that `steps` of cross-entropy were spent on, `STEPS` at most.
    pub fn early(
        library: &Library<f32>,
        features: &Features,
        labels: &Labels,
        shape: Shape,
        (steps, rate): (u32, f64),
    ) -> Result<Self, Box<dyn Error>> {
        let steps = steps.min(STEPS);
        let (text, link) = match shape.channels {
            1 => ("bce", Link::Sigmoid),
            _ => ("ce", Link::Softmax),
        };
        let mut objective = Objective::new(library, text, link, shape.channels)?;
        let logits = run::trained(&mut objective, features, &labels.labels, shape, (steps, rate))?;
        Ok(Self { logits, shape, origin: format!("{steps} steps of training with {text}") })
    }

    /// How a loss pulls at the prediction.
    pub fn view(&self, chosen: &mut Chosen<'_>, labels: &Labels) -> Result<View, Box<dyn Error>> {
        let shape = Shape { channels: chosen.objective.channels(), ..self.shape };
        let logits = self.logits(shape.channels);
        let mut gradient = vec![0.0; shape.logits()];
        chosen.objective.evaluate(&logits, &labels.labels, shape, &mut gradient)?;
        Ok(View {
            name: chosen.objective.name().to_owned(),
            note: chosen.note,
            pull: Pull::new(foreground(&gradient, shape), &labels.labels[..shape.area()]),
        })
    }

    /// Logits that predict the same in another number of channels: one is the difference of two.
    fn logits(&self, channels: usize) -> Cow<'_, [f32]> {
        let samples = self.logits.chunks_exact(self.shape.channels * self.shape.area());
        match (self.shape.channels, channels) {
            (1, 2) => samples.flat_map(|z| [&vec![0.0; z.len()], z].concat()).collect(),
            (2, 1) => samples
                .flat_map(|pair| {
                    let (background, foreground) = pair.split_at(pair.len() / 2);
                    foreground.iter().zip(background).map(|(a, b)| a - b)
                })
                .collect(),
            _ => (&self.logits).into(),
        }
    }
}

/// How the figure shows a loss.
pub struct View {
    pub name: String,
    /// What to notice.
    pub note: Option<&'static str>,
    pub pull: Pull,
}

/// The foreground's channel of the first image: the only one, or that of class 1.
pub fn foreground(values: &[f32], shape: Shape) -> &[f32] {
    let start = shape.area() * shape.channels.min(2).saturating_sub(1);
    &values[start..start + shape.area()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_channel_and_two_predict_the_same() {
        let of = |channels, logits: &[f32]| {
            let shape = Shape { batch: 2, channels, height: 1, width: 2 };
            Scene::given(logits.to_vec(), shape)
        };
        let one = of(1, &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(*one.logits(2), [0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0]);
        assert_eq!(*one.logits(1), one.logits[..]);
        let two = of(2, &[1.0, 2.0, 5.0, 7.0, 0.0, 0.0, 3.0, 4.0]);
        assert_eq!(*two.logits(1), [4.0, 5.0, 3.0, 4.0]);
    }

    #[test]
    fn a_loss_is_seen_at_the_prediction() {
        let library = Library::default();
        let labels = Labels { labels: vec![0, 1], classes: 2, link: None, reading: String::new() };
        let shape = Shape { batch: 1, channels: 1, height: 1, width: 2 };
        let scene = Scene::given(vec![0.0; 2], shape);
        for (text, link) in [("bce", Link::Sigmoid), ("ce", Link::Softmax)] {
            let objective = Objective::new(&library, text, link, 2).unwrap();
            let mut chosen = Chosen { objective, is_shown: true, note: Some("note") };
            let view = scene.view(&mut chosen, &labels).unwrap();
            assert_eq!((view.pull.pixels, view.pull.mean), (vec![-1.0, 1.0], 0.25));
            assert_eq!((view.name.as_str(), view.note), (text, Some("note")));
        }
    }
}
