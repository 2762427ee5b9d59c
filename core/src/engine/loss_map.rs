//! The loss of each pixel, unreduced.

use core::slice::{from_mut, from_ref};

use super::call::Link;
use super::problem::{Problem, expect_shape};
use super::sweep::scratch;
use super::weights::{FillWeights, read_targets};
use super::workspace::Workspace;
use crate::aligned::Aligned;
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::{Accumulator, TILE};
use crate::tile::{PixelTiles, Scratch, TileWeights, TrueClass};
use crate::view::{GradientSink, Write};

impl<T: Real, A: Accumulator> Problem<'_, T, A> {
    /// Writes each pixel's loss to `sink`, shaped as the targets: the sum of each term's coefficient,
    /// weight and loss, not divided by anything; 0 where a pixel does not count. Inputs are to have
    /// passed [`Problem::check`].
    ///
    /// # Errors
    /// [`Problem::check_loss_map`]'s, or [`Error::Workspace`] if it is too short.
    pub fn loss_map(
        &self,
        workspace: &mut Workspace<'_, T, A>,
        sink: &mut dyn GradientSink<T>,
    ) -> Result<(), Error> {
        self.check_loss_map(sink)?;
        let mut workspace = workspace.take_mut(&self.sizes())?;
        self.load_class_weights(workspace.class_weights);
        let (shape, mut class) = (self.shape(), TrueClass::new());
        for sample in 0..shape.batch {
            for channel in 0..self.planes() {
                for first in (0..shape.pixels()).step_by(TILE) {
                    let count = TILE.min(shape.pixels() - first);
                    let at = (sample, channel, first);
                    self.loss_map_tile(at, count, &mut workspace, &mut class, sink);
                }
            }
        }
        Ok(())
    }

    /// Checks what [`Problem::loss_map`] asks for, before anything is computed.
    ///
    /// # Errors
    /// [`Error::NoLossMap`] for a region term, which has no loss of one pixel; [`Error::Shape`].
    pub fn check_loss_map(&self, sink: &dyn GradientSink<T>) -> Result<(), Error> {
        if let Some(spec) =
            self.active().map(|index| self.spec(index)).find(|spec| spec.is_region())
        {
            return Err(Error::NoLossMap { term: spec.name });
        }
        expect_shape("loss_map", *sink.layout().shape(), *self.targets.layout().shape())
    }

    fn loss_map_tile(
        &self,
        at: (usize, usize, usize),
        count: usize,
        workspace: &mut Workspace<'_, T, A>,
        class: &mut TrueClass<T>,
        sink: &mut dyn GradientSink<T>,
    ) {
        let Problem { call, program, logits, targets, .. } = self;
        let Workspace { partials, weights, class_weights, .. } = workspace;
        let weights = &mut weights[..self.sizes().weights];
        let (kernels, channels) = (self.kernels(), self.shape().channels);
        let mut values = Aligned([T::default(); TILE]);
        let values = &mut values.0;
        let scratch = &mut scratch!(T);
        let (y, valid) = (&mut class.labels.0, &mut class.valid.0);
        let found = read_targets(&kernels.targets, call, targets, at, count, y, valid);
        let fill = FillWeights {
            call,
            program: *program,
            classes: channels,
            class_weights,
            labels: &class.labels.0,
            at,
            count,
            tiles: weights,
        };
        fill.run();
        let weights = TileWeights { tiles: weights, by_call: call.weights.is_some() };
        match call.link {
            Link::Sigmoid => {
                let mut stage = [T::default(); TILE];
                let z = logits.tile(at, count, &mut stage);
                let valid = (!found.all_count).then_some(from_ref(&class.valid.0));
                let (z, y) = (from_ref(z), from_ref(&class.labels.0));
                let tiles = PixelTiles { z, y, is_hard: found.all_hard, valid, weights };
                program.pixel_values(tiles, from_mut(values), scratch);
            }
            Link::Softmax => {
                let exps = &mut partials[self.rows.terms..];
                let (exps, _) = exps.as_flattened_mut().as_chunks_mut::<TILE>();
                let (exps, stage) = exps.split_at_mut(channels);
                let (sample, _, first) = at;
                let planes = logits.planes(sample, first, count, &mut stage[..channels]);
                (kernels.softmax.read)(planes, exps, class);
                let tile = class.tile((!found.all_count).then_some(&class.valid.0), weights);
                program.class_values(tile, values, scratch);
            }
        }
        sink.put(at, count, values, Write::Overwrite);
    }
}
