//! The loss of each pixel, unreduced.

use super::call::Link;
use super::problem::{Problem, expect_shape};
use super::true_class::TrueClass;
use super::weights::{Fill, read_targets};
use super::workspace::Workspace;
use crate::compose::{PixelTile, Program, TileWeights};
use crate::error::Error;
use crate::lanes::Real;
use crate::level::{Kernel, Level};
use crate::summation::{Accumulator, Partial, TILE};
use crate::view::{GradientSink, LogitSource, TargetSource, Write};

impl<T, A, P, Z, Y> Problem<'_, T, A, P, Z, Y>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    /// Writes each pixel's loss to `sink`, shaped as the targets: the sum of each term's coefficient,
    /// weight and loss, not divided by anything; 0 where a pixel does not count. Inputs are to have
    /// passed [`Problem::check`].
    ///
    /// # Errors
    /// [`Problem::check_loss_map`]'s, or [`Error::Workspace`] if it is too short.
    pub fn loss_map<Lv: Level, G: GradientSink<T>>(
        &self,
        level: Lv,
        workspace: &mut Workspace<'_, T, A>,
        sink: &mut G,
    ) -> Result<(), Error> {
        self.check_loss_map(sink)?;
        let Workspace { partials, weights, class_weights, .. } = workspace.cut(&self.sizes())?;
        self.load_class_weights(class_weights);
        for sample in 0..self.shape().batch {
            level.enter(LossMap { problem: self, sample, partials, weights, class_weights, sink });
        }
        Ok(())
    }

    /// What [`Problem::loss_map`] asks for, before anything is computed.
    ///
    /// # Errors
    /// [`Error::NoLossMap`] for a region term, which has no loss of one pixel; [`Error::Shape`].
    pub fn check_loss_map<G: GradientSink<T>>(&self, sink: &G) -> Result<(), Error> {
        if let Some((_, spec)) = self.active().find(|(_, spec)| spec.is_region()) {
            return Err(Error::NoLossMap { term: spec.name });
        }
        expect_shape("loss_map", *sink.layout().shape(), *self.targets.layout().shape())
    }
}

/// One sample.
struct LossMap<'s, 'p, T, A, P, Z, Y, G> {
    problem: &'s Problem<'p, T, A, P, Z, Y>,
    sample: usize,
    partials: &'s mut [Partial<T>],
    weights: &'s mut [[T; TILE]],
    class_weights: &'s [T],
    sink: &'s mut G,
}

impl<T, A, P, Z, Y, G> Kernel for LossMap<'_, '_, T, A, P, Z, Y, G>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    G: GradientSink<T>,
{
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(mut self) {
        let pixels = self.problem.shape().pixels();
        let mut class = TrueClass::new();
        for channel in 0..self.problem.planes() {
            for first in (0..pixels).step_by(TILE) {
                let at = (self.sample, channel, first);
                self.tile::<Lv>(at, TILE.min(pixels - first), &mut class);
            }
        }
    }
}

impl<T, A, P, Z, Y, G> LossMap<'_, '_, T, A, P, Z, Y, G>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    G: GradientSink<T>,
{
    #[inline(always)]
    fn tile<Lv: Level>(
        &mut self,
        at: (usize, usize, usize),
        count: usize,
        class: &mut TrueClass<T>,
    ) {
        let Problem { call, program, logits, targets, .. } = *self.problem;
        let channels = self.problem.shape().channels;
        let mut values = [T::default(); TILE];
        let all = read_targets(&call, targets, at, count, &mut class.labels.0, &mut class.valid.0);
        let fill = Fill {
            call: &call,
            program,
            classes: channels,
            class_weights: self.class_weights,
            labels: &class.labels.0,
            at,
            count,
            tiles: &mut *self.weights,
        };
        fill.enter::<Lv, A>();
        let weights = TileWeights { tiles: self.weights, by_call: call.weights.is_some() };
        match P::LINK.unwrap_or(call.link) {
            Link::Sigmoid => {
                let mut stage = [T::default(); TILE];
                let z = logits.tile(at.0, at.1, at.2, count, &mut stage);
                let valid = (!all).then_some(&class.valid.0);
                let tile = PixelTile { z, y: &class.labels.0, valid, weights };
                program.pixel_values::<Lv>(tile, &mut values);
            }
            Link::Softmax => {
                let exps = &mut self.partials[self.problem.rows.terms..];
                let (exps, _) = exps.as_flattened_mut().as_chunks_mut::<TILE>();
                class.read::<Lv, Z>(logits, at, count, &mut exps[..channels]);
                let tile = class.tile((!all).then_some(&class.valid.0), weights);
                program.class_values::<Lv>(tile, &mut values);
            }
        }
        self.sink.put(at, count, &values, Write::Overwrite);
    }
}
