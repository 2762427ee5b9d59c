//! The losses of the table.

use std::error::Error;

use segloss_core::class::Ce;
use segloss_core::compose::{Program, class, pixel, region};
use segloss_core::engine::{Call, Problem};
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::view::{self, Layout, View, ViewMut};
use segloss_simd::{AnyLevel, Buffers, evaluate};

use crate::loss::{Evaluation, IGNORED, Objective, Shape};

/// The losses of a run, for label maps of so many classes. The predictor or
/// the given logits must have the channels that a loss asks for.
pub fn objectives(classes: usize) -> Vec<Box<dyn Objective>> {
    let dice = Dice::default();
    let (sigmoid, softmax) = (Call::sigmoid(), Call::softmax());
    vec![
        Loss::boxed("bce", sigmoid, 1, pixel(1.0, Bce)),
        Loss::boxed("dice", sigmoid, 1, region(1.0, dice)),
        Loss::boxed("0.5*bce + 0.5*dice", sigmoid, 1, (pixel(0.5, Bce), region(0.5, dice))),
        Loss::boxed("ce", softmax, classes, class(1.0, Ce)),
        Loss::boxed("dice", softmax, classes, region(1.0, dice)),
    ]
}

struct Loss<P> {
    name: &'static str,
    call: Call<'static>,
    channels: usize,
    program: P,
    level: AnyLevel,
    buffers: Buffers<f32>,
}

impl<P: Program<f32, f64> + 'static> Loss<P> {
    fn boxed(
        name: &'static str,
        call: Call<'static>,
        channels: usize,
        program: P,
    ) -> Box<dyn Objective> {
        let call = Call { ignore_index: Some(i64::from(IGNORED)), ..call };
        let (level, buffers) = (AnyLevel::best(), Buffers::new());
        Box::new(Loss { name, call, channels, program, level, buffers })
    }
}

impl<P: Program<f32, f64>> Objective for Loss<P> {
    fn name(&self) -> &str {
        self.name
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn evaluate(
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
        let problem = Problem::new(self.call, &self.program, &logits, &labels)?;
        let report = evaluate(self.level, &problem, Some(&mut sink), &mut self.buffers)?;
        Ok(Evaluation { value: report.value, valid: report.valid })
    }
}
