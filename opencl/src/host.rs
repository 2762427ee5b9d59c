use segloss_core::engine::{Link, Report};
use segloss_core::view::{Shape, Write};

use crate::commands::{Buffer, Commands};
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::loss::Loss;
use crate::storage::DeviceLogit;
use crate::target::DeviceTarget;
use crate::tensors::{Array, Options, Plane, Tensors, elements};
use crate::trace::Format;

/// What a call reads and writes, in host memory: copied to the device and back. Packed, channels first.
#[derive(Debug)]
pub struct Slices<'a, Z: DeviceLogit, E> {
    /// The logits' shape. Targets have the same, or one channel under the softmax link.
    pub shape: Shape,
    /// Logits.
    pub logits: &'a [Z],
    /// Targets.
    pub targets: &'a [E],
    /// 0 where a pixel does not count: of the targets' shape, or of one channel for all.
    pub mask: Option<&'a [u8]>,
    /// Weights of pixels, as many as a mask.
    pub weights: Option<&'a [Z::Compute]>,
    /// Maps by name, as many numbers each as a mask: those that are not computed, and any that is to be
    /// used again.
    pub maps: &'a [(&'a str, &'a [Z::Compute])],
    /// Where the gradient goes, if it is asked for.
    pub gradient: Option<&'a mut [Z]>,
}

impl<'a, Z: DeviceLogit, E> Slices<'a, Z, E> {
    /// Without a mask, weights, maps or gradient.
    pub fn new(shape: Shape, logits: &'a [Z], targets: &'a [E]) -> Self {
        Slices { shape, logits, targets, mask: None, weights: None, maps: &[], gradient: None }
    }
}

/// A buffer with a number for each pixel.
struct OwnPlane<X> {
    buffer: Buffer<X>,
    is_shared: bool,
}

impl Evaluator {
    /// The value of `loss`, from data in host memory, and its gradient where there is a place for it.
    ///
    /// # Errors
    /// Inputs that do not fit, or a device that fails. The gradient is untouched then.
    pub fn evaluate<Z, E>(
        &self,
        loss: &Loss,
        options: &Options<'_>,
        slices: Slices<'_, Z, E>,
    ) -> Result<Report<f64>, Error>
    where
        Z: DeviceLogit,
        Z::Compute: Format,
        E: DeviceTarget,
    {
        let Slices { shape, logits, targets, mask, weights, maps, gradient } = slices;
        let len = elements(shape)?;
        if Z::STORAGE.is_double() && !self.device().has_double() {
            return Err(Error::NoDouble { device: self.device().name().into() });
        }
        let channels = if loss.link() == Link::Softmax { 1 } else { shape.channels };
        let target_shape = shape.with_channels(channels);
        expect("logits", logits.len(), len)?;
        expect("targets", targets.len(), elements(target_shape)?)?;
        if let Some(gradient) = &gradient {
            expect("gradient", gradient.len(), len)?;
        }
        let bits: Vec<Z::Bits> = logits.iter().map(|logit| logit.to_bits()).collect();
        let logits = Buffer::holding(self.context(), &bits)?;
        let targets: Vec<E::Bits> = targets.iter().map(|target| target.to_bits()).collect();
        let targets = Buffer::holding(self.context(), &targets)?;
        let mask = mask.map(|mask| self.plane("mask", mask, target_shape)).transpose()?;
        let weights =
            weights.map(|weights| self.plane("weights", weights, target_shape)).transpose()?;
        let own_maps =
            maps.iter().map(|(name, map)| Ok((*name, self.plane("map", map, target_shape)?)));
        let own_maps = own_maps.collect::<Result<Vec<_>, Error>>()?;
        let maps: Vec<_> = own_maps.iter().map(|(name, map)| (*name, map.plane())).collect();
        let own_gradient = match &gradient {
            None => None,
            Some(gradient) if options.write == Write::Accumulate => {
                let bits: Vec<Z::Bits> = gradient.iter().map(|number| number.to_bits()).collect();
                Some(Buffer::holding(self.context(), &bits)?)
            }
            Some(_) => Some(Buffer::new(self.context(), len)?),
        };
        let tensors = Tensors {
            shape,
            storage: Z::STORAGE,
            logits: Array::new(logits.memory()),
            element: E::ELEMENT,
            targets: Array::new(targets.memory()),
            mask: mask.as_ref().map(OwnPlane::plane),
            weights: weights.as_ref().map(OwnPlane::plane),
            maps: &maps,
            gradient: own_gradient.as_ref().map(|buffer| Array::new(buffer.memory())),
        };
        let report = self.enqueue(loss, options, &tensors, &[])?.wait()?;
        if let (Some(buffer), Some(gradient)) = (own_gradient, gradient) {
            let mut bits = bits;
            Commands::new(self.queue(), Vec::new()).read(buffer.memory(), 0, &mut bits)?;
            gradient.iter_mut().zip(bits).for_each(|(place, bits)| *place = Z::of_bits(bits));
        }
        Ok(report)
    }

    fn plane<X: ocl_core::OclPrm>(
        &self,
        argument: &'static str,
        data: &[X],
        shape: Shape,
    ) -> Result<OwnPlane<X>, Error> {
        let expected = elements(shape)?;
        let shared = elements(shape.with_channels(1))?;
        let is_shared = data.len() != expected;
        if is_shared && data.len() != shared {
            return Err(Error::Length { argument, length: data.len(), expected });
        }
        Ok(OwnPlane { buffer: Buffer::holding(self.context(), data)?, is_shared })
    }
}

impl<X: ocl_core::OclPrm> OwnPlane<X> {
    fn plane(&self) -> Plane<'_> {
        Plane { array: Array::new(self.buffer.memory()), is_shared: self.is_shared }
    }
}

fn expect(argument: &'static str, length: usize, expected: usize) -> Result<(), Error> {
    if length == expected { Ok(()) } else { Err(Error::Length { argument, length, expected }) }
}
