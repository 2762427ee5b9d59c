//! Weight maps of targets that are on the device.

use segloss_core::compose::MapCall;
use segloss_core::engine::Link;
use segloss_core::maps::Void;
use segloss_core::maps::band::Band;
use segloss_core::maps::decay::Decay;
use segloss_core::maps::edt::Spacing;
use segloss_core::term::Arguments;

use super::distance::{Measure, Place};
use super::fill::fill;
use super::labels::{Extents, Planes, Targets};
use super::launch::Launch;
use super::morphology::band_weights;
use super::source::Finish;
use crate::commands::{Buffer, Commands};
use crate::error::Error;
use crate::programs::Programs;
use crate::trace::Format;

/// Pixels whose planes are worked on at a time, unless one plane has more: it bounds scratch memory.
const PIXELS_AT_A_TIME: usize = 1 << 24;

/// A weight map that devices compute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum BuiltinMap {
    /// `band(..)`.
    Band(Band),
    /// `decay(..)`.
    Decay(Decay),
}

impl BuiltinMap {
    /// What a call of a map stands for under a link.
    ///
    /// # Errors
    /// [`Error::NotGiven`] for a map of a plugin; [`Error::Call`] for parameters out of their range.
    pub(crate) fn of<T: Format>(call: &MapCall<'_, T>, link: Link) -> Result<Self, Error> {
        let definition = call.definition().ok_or(Error::NotGiven { map: "" })?;
        let arguments = Arguments::new(call.values(), definition.parameters);
        match definition.name {
            Band::NAME if call.is_trusted() => Ok(BuiltinMap::Band(Band::of(arguments, link)?)),
            Decay::NAME if call.is_trusted() => Ok(BuiltinMap::Decay(Decay::of(arguments)?)),
            map => Err(Error::NotGiven { map }),
        }
    }

    /// The weights of some planes, written from `out` on.
    pub(super) fn run<T: Format>(
        &self,
        launch: &mut Launch<'_, '_>,
        planes: Planes,
        spacing: Spacing,
        out: Place<'_>,
    ) -> Result<(), Error> {
        let planes = &filled(launch, planes, self.void(), spacing)?;
        match self {
            BuiltinMap::Band(band) => band_weights::<T>(launch, band, planes, out),
            BuiltinMap::Decay(decay) => {
                let (rate, empty) = (decay.rate::<T>(), decay.without_other());
                let finish = Finish::Decay;
                Measure { to_other: true, spacing, finish, rate, empty }.run(launch, planes, out)
            }
        }
    }

    /// What the map takes void for.
    fn void(&self) -> Void {
        match self {
            BuiltinMap::Band(band) => band.void(),
            BuiltinMap::Decay(decay) => decay.void(),
        }
    }

    /// Whether a spacing and an image fit the map.
    pub(super) fn check(&self, extents: &Extents, spacing: Spacing) -> Result<(), Error> {
        match self {
            BuiltinMap::Band(_) => Ok(spacing.check(extents.axes)?),
            BuiltinMap::Decay(_) => extents.check(spacing),
        }
    }
}

/// The labels that a map which takes void for this is computed from.
pub(super) fn filled(
    launch: &mut Launch<'_, '_>,
    planes: Planes,
    void: Void,
    spacing: Spacing,
) -> Result<Planes, Error> {
    match (void, planes.ignoring) {
        (Void::Nearest, Some(_)) => fill(launch, planes, spacing),
        _ => Ok(planes),
    }
}

/// The weights of targets: one for each of them, packed, channels first, as
/// [`MapCall::compute`] gives them on the CPU.
///
/// # Errors
/// [`Error::Call`] for targets without a pixel, a spacing for other axes, an image too large;
/// [`Error::Length`] unless `out` has one element a target; or what the device reported.
pub(crate) fn weights<T: Format>(
    programs: &Programs,
    commands: &mut Commands<'_>,
    plan: &BuiltinMap,
    targets: &Targets<'_>,
    spacing: Spacing,
    out: &Buffer<T>,
) -> Result<(), Error> {
    weights_by(&mut Launch::new(programs, commands), plan, targets, spacing, out)
}

/// Adds the commands of [`weights`] to some launches.
pub(super) fn weights_by<T: Format>(
    launch: &mut Launch<'_, '_>,
    plan: &BuiltinMap,
    targets: &Targets<'_>,
    spacing: Spacing,
    out: &Buffer<T>,
) -> Result<(), Error> {
    let extents = Extents::of(targets.shape);
    let (pixels, count) = (extents.pixels(), targets.planes());
    if pixels * count == 0 {
        let shape = targets.shape;
        return Err(segloss_core::Error::Empty { argument: "targets", shape }.into());
    }
    plan.check(&extents, spacing)?;
    let (length, expected) = (out.len(), pixels * count);
    if length != expected {
        return Err(Error::Length { argument: "map weights", length, expected });
    }
    let at_a_time = (PIXELS_AT_A_TIME / pixels).clamp(1, count);
    for first in (0..count).step_by(at_a_time) {
        let planes = targets.read(launch, first, at_a_time.min(count - first))?;
        let out = Place { memory: out.memory(), first: first * pixels };
        plan.run::<T>(launch, planes, spacing, out)?;
    }
    Ok(())
}
