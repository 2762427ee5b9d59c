//! The maps that a text can name: [`Band`] and [`Decay`], of the targets of a call.

use core::marker::PhantomData;

use super::band::{self, Band};
use super::decay::{self, Decay, Empty};
use super::edt::Spacing;
use super::morphology::Border;
use super::{Classes, LabelRows, Labels, MapLevel, Mask, MaskRows, Serial};
use crate::compose::{LabelBytes, LabelSource, WeightMap};
use crate::error::Error;
use crate::lanes::Real;
use crate::level::Scalar;
use crate::parameter::{Arguments, Parameter};
use crate::view::Shape;

/// [`Band`] as `band(theta=3, weight=5, border=zero|keep)`, run at level `Lv`.
#[derive(Clone, Copy, Debug)]
pub struct NamedBand<Lv> {
    band: Band,
    level: PhantomData<Lv>,
}

/// [`Decay`] as `decay(sigma=5, empty=zero|one)`, run at level `Lv`.
#[derive(Clone, Copy, Debug)]
pub struct NamedDecay<Lv> {
    decay: Decay,
    level: PhantomData<Lv>,
}

impl<Lv: MapLevel> WeightMap for NamedBand<Lv> {
    const NAME: &'static str = band::NAME;
    const PARAMETERS: &'static [Parameter] =
        &[band::THETA, band::WEIGHT, Parameter::choice("border", &["zero", "keep"])];
    const TRUSTED: bool = true;

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        let border = if arguments.get(2) == 0.0 { Border::Zero } else { Border::Keep };
        let band = Band::new(arguments.get(0) as i64, arguments.get(1), border)?;
        Ok(NamedBand { band, level: PhantomData })
    }

    fn scratch(&self, labels: &dyn LabelSource) -> Result<usize, Error> {
        read_as(labels, Measure(self.band, labels.spacing()))
    }

    fn weigh<T: Real>(
        &self,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        weigh::<Lv, _, _>(self.band, labels, scratch, weights)
    }
}

impl<Lv: MapLevel> WeightMap for NamedDecay<Lv> {
    const NAME: &'static str = decay::NAME;
    const PARAMETERS: &'static [Parameter] =
        &[decay::SIGMA, Parameter::choice("empty", &["zero", "one"])];
    const TRUSTED: bool = true;

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        let empty = if arguments.get(1) == 0.0 { Empty::Zero } else { Empty::One };
        Ok(NamedDecay { decay: Decay::new(arguments.get(0), empty)?, level: PhantomData })
    }

    fn scratch(&self, labels: &dyn LabelSource) -> Result<usize, Error> {
        read_as(labels, Measure(self.decay, labels.spacing()))
    }

    fn weigh<T: Real>(
        &self,
        labels: &dyn LabelSource,
        scratch: &mut [u64],
        weights: &mut [T],
    ) -> Result<(), Error> {
        weigh::<Lv, _, _>(self.decay, labels, scratch, weights)
    }
}

impl<Lv> NamedBand<Lv> {
    /// The map, at whatever level.
    pub fn band(&self) -> Band {
        self.band
    }
}

impl<Lv> NamedDecay<Lv> {
    /// The map, at whatever level.
    pub fn decay(&self) -> Decay {
        self.decay
    }
}

/// What both have in common.
trait Map: Copy {
    fn words<S: Labels>(labels: &S, spacing: Spacing) -> Result<usize, Error>;

    fn weights<Lv: MapLevel, S: Labels, T: Real>(
        self,
        level: Lv,
        labels: &S,
        spacing: Spacing,
        out: &mut [T],
        scratch: &mut [u64],
    ) -> Result<(), Error>;
}

impl Map for Band {
    fn words<S: Labels>(labels: &S, _: Spacing) -> Result<usize, Error> {
        Band::weights_scratch_words(labels, Serial)
    }

    fn weights<Lv: MapLevel, S: Labels, T: Real>(
        self,
        level: Lv,
        labels: &S,
        _: Spacing,
        out: &mut [T],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        Band::weights(&self, level, Serial, labels, out, scratch)
    }
}

impl Map for Decay {
    fn words<S: Labels>(labels: &S, spacing: Spacing) -> Result<usize, Error> {
        Decay::scratch_words(labels, spacing, Serial)
    }

    fn weights<Lv: MapLevel, S: Labels, T: Real>(
        self,
        level: Lv,
        labels: &S,
        spacing: Spacing,
        out: &mut [T],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        Decay::weights(&self, level, Serial, labels, spacing, out, scratch)
    }
}

/// Something to do with labels of whatever type: a closure cannot be generic.
trait Use {
    type Output;
    fn with<S: Labels>(self, labels: &S) -> Result<Self::Output, Error>;
}

struct Measure<M>(M, Spacing);

impl<M: Map> Use for Measure<M> {
    type Output = usize;

    fn with<S: Labels>(self, labels: &S) -> Result<usize, Error> {
        M::words(labels, self.1)
    }
}

struct Weigh<'a, Lv, M, T> {
    level: Lv,
    map: M,
    spacing: Spacing,
    scratch: &'a mut [u64],
    weights: &'a mut [T],
}

impl<Lv: MapLevel, M: Map, T: Real> Use for Weigh<'_, Lv, M, T> {
    type Output = ();

    fn with<S: Labels>(self, labels: &S) -> Result<(), Error> {
        self.map.weights(self.level, labels, self.spacing, self.weights, self.scratch)
    }
}

/// At `Lv`; as scalar code on a machine without its instructions.
fn weigh<Lv: MapLevel, M: Map, T: Real>(
    map: M,
    labels: &dyn LabelSource,
    scratch: &mut [u64],
    weights: &mut [T],
) -> Result<(), Error> {
    let spacing = labels.spacing();
    match Lv::detect() {
        Some(level) => read_as(labels, Weigh { level, map, spacing, scratch, weights }),
        None => read_as(labels, Weigh { level: Scalar, map, spacing, scratch, weights }),
    }
}

/// Where they lie, if they are bytes, else row by row.
fn read_as<U: Use>(source: &dyn LabelSource, what: U) -> Result<U::Output, Error> {
    let Some(LabelBytes { data, strides, is_binary, ignored }) = source.bytes() else {
        return if source.read_mask(0, &mut []) {
            what.with(&MaskRows(source))
        } else {
            what.with(&LabelRows(source))
        };
    };
    let Shape { spatial, axes, .. } = source.shape();
    let first = 3usize.saturating_sub(axes);
    let (spatial, strides) = (&spatial[first..], &strides[first..]);
    match (is_binary, ignored) {
        (true, None) => what.with(&Mask::strided(data, spatial, strides)?),
        (true, Some(ignored)) => {
            what.with(&Mask::strided(data, spatial, strides)?.ignoring(ignored))
        }
        (false, None) => what.with(&Classes::strided(data, spatial, strides)?),
        (false, Some(ignored)) => {
            what.with(&Classes::strided(data, spatial, strides)?.ignoring(ignored))
        }
    }
}
