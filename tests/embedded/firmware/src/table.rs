//! Bits that must be equal on every architecture, and golden vectors that must be met there.
//!
//! A row a loss and format: a hash of value and gradient of all inputs, in every bit. Each input goes through the
//! engine and through slices, which must agree.

use core::fmt::{self, Write};

use segloss_core::Error;
use segloss_core::class::{self, Ce};
use segloss_core::compose::{MapCall, Parts, Registry, Term, class, parse, pixel, region};
use segloss_core::engine::{Call, Ignore, Link, Problem, Workspace, evaluate};
use segloss_core::lanes::Real;
use segloss_core::maps::MapLevel;
use segloss_core::pixel::{Bce, Focal};
use segloss_core::region::{Dice, FocalTversky, Tversky};
use segloss_core::slices::{self, Binary, Classes, Multiclass};
use segloss_core::summation::{Accumulator, Compensated, Partial};
use segloss_core::view::{Layout, Logit, Shape, View, ViewMut};

use crate::tile::Noise;

/// A recorded loss.
#[derive(Debug)]
pub struct Case {
    id: &'static str,
    loss: &'static str,
    classes: usize,
    logits: &'static [f64],
    targets: &'static [u8],
    value: f64,
    gradient: &'static [f64],
}

#[allow(clippy::approx_constant, reason = "recorded values, some of which are ln 2")]
mod golden {
    use super::Case;
    include!(concat!(env!("OUT_DIR"), "/golden.rs"));
}

/// More than a block, no whole number of tiles, and what fits a board in f64.
const PIXELS: usize = 1100;
const CLASSES: usize = 3;

/// How far results may be from recorded ones: the value relative to itself, the gradient to its largest.
struct Bounds {
    value: f64,
    gradient: f64,
}

/// A format that losses are computed in.
trait Format: Real + Logit<Compute = Self> {
    const BOUNDS: Bounds;
    fn bits(self) -> u64;
}

impl Format for f32 {
    const BOUNDS: Bounds = Bounds { value: 1e-6, gradient: 4e-6 };
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
}

impl Format for f64 {
    const BOUNDS: Bounds = Bounds { value: 1e-13, gradient: 1e-12 };
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// All that the losses of one format take.
struct Storage<T, A> {
    logits: [T; CLASSES * PIXELS],
    targets: [u8; PIXELS],
    by_engine: [T; CLASSES * PIXELS],
    by_slices: [T; CLASSES * PIXELS],
    partials: [Partial<T>; 80],
    sums: [A; 48],
    totals: [A; 24],
    segment: [A; 24],
    factors: [T; 2],
    slopes: [[T; 2]; 4],
    exps: [T; 4],
}

impl<T: Real, A: Accumulator> Storage<T, A> {
    fn new() -> Self {
        Storage {
            logits: [T::default(); _],
            targets: [0; _],
            by_engine: [T::default(); _],
            by_slices: [T::default(); _],
            partials: [Partial::default(); _],
            sums: [A::default(); _],
            totals: [A::default(); _],
            segment: [A::default(); _],
            factors: [T::default(); _],
            slopes: [[T::default(); 2]; _],
            exps: [T::default(); _],
        }
    }
}

/// A hash of numbers (FNV-1a, 64 bits at a time).
struct Hash(u64);

impl Hash {
    fn add(&mut self, bits: u64) {
        self.0 = (self.0 ^ bits).wrapping_mul(0x0100_0000_01b3);
    }
}

/// What went wrong.
#[derive(Debug)]
pub enum Failure {
    /// The library.
    Library(Error),
    /// Printing.
    Print,
    /// The text of a loss, in this case.
    Text(&'static str),
    /// Engine and slices, or this and what is recorded, in this case.
    Differs(&'static str),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Library(error)
    }
}

impl From<fmt::Error> for Failure {
    fn from(_: fmt::Error) -> Self {
        Failure::Print
    }
}

impl<T: Format, A: Accumulator<Real: Format>> Storage<T, A> {
    /// Value and gradient of one sample into `hash`; gives the value.
    fn one<Lv: MapLevel>(
        &mut self,
        id: &'static str,
        text: &str,
        loss: impl Parts,
        (classes, pixels): (usize, usize),
        hash: &mut Hash,
    ) -> Result<f64, Failure> {
        let plane = Layout::channels_first(Shape::new(1, 1, &[pixels])?)?;
        let layout = Layout::channels_first(plane.shape().with_channels(classes))?;
        let (logits, targets) = (&self.logits[..classes * pixels], &self.targets[..pixels]);
        let link = if classes == 1 { Link::Sigmoid } else { Link::Softmax };
        let call = Call { link, ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
        let (z, y) = (View::new(logits, layout)?, View::new(targets, plane)?);
        let mut terms = [Term::<T, A>::default(); 1];
        let mut maps = [MapCall::default(); 1];
        let plan = parse(text, link, Registry::builtin::<Lv>(), &mut terms, &mut maps);
        let plan = plan.map_err(|_| Failure::Text(id))?;
        let problem = Problem::<T, A>::new(call, &plan, z, y)?;
        let mut workspace = Workspace {
            partials: &mut self.partials,
            sums: &mut self.sums,
            segment: &mut self.segment,
            totals: &mut self.totals,
            factors: &mut self.factors,
            slopes: &mut self.slopes,
            weights: &mut [],
            class_weights: &mut [],
        };
        let by_engine = &mut self.by_engine[..logits.len()];
        let by_slices = &mut self.by_slices[..logits.len()];
        let mut sink = ViewMut::new(by_engine, layout)?;
        let report = evaluate(&problem, Some(&mut sink), &mut workspace)?;

        let workspace = slices::Workspace { partials: &mut self.partials, sums: &mut self.sums };
        let (ignored, maps, gradient) = (Some(255), &[][..], Some(&mut *by_slices));
        let alike = if classes == 1 {
            Binary { logits, targets, ignored, maps }.evaluate(loss, gradient, workspace)
        } else {
            let of_classes = Classes { exps: &mut self.exps[..classes], slopes: &mut self.slopes };
            let planes = Multiclass { logits, targets, ignored, maps };
            planes.evaluate(loss, gradient, workspace, of_classes)
        };
        let alike = alike.map_err(Error::from)?;
        hash.add(report.value.bits());
        let mut all_equal =
            report.value.bits() == alike.value.bits() && report.valid == alike.valid;
        for (&engine, &slices) in by_engine.iter().zip(&*by_slices) {
            hash.add(engine.bits());
            all_equal &= engine.bits() == slices.bits();
        }
        if all_equal { Ok(report.value.widen()) } else { Err(Failure::Differs(id)) }
    }

    /// The recorded cases of a loss, and one on many pixels that only has bits.
    fn all<Lv: MapLevel>(
        &mut self,
        (name, text): (&str, &str),
        loss: impl Parts,
        classes: usize,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        let (mut hash, mut count) = (Hash(0xcbf2_9ce4_8422_2325), 0);
        let file = if classes == 1 { golden::BINARY } else { golden::MULTICLASS };
        for case in file.iter().filter(|case| case.loss == name) {
            let shape = (case.classes, case.targets.len());
            self.targets[..shape.1].copy_from_slice(case.targets);
            for (to, &from) in self.logits.iter_mut().zip(case.logits) {
                *to = T::splat(from);
            }
            let value = self.one::<Lv>(case.id, text, loss, shape, &mut hash)?;
            let largest = case.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
            let gradients = self.by_engine.iter().zip(case.gradient);
            let far = gradients.fold(0.0, |most: f64, (a, b)| most.max((a.widen() - b).abs()));
            let is_near = (value - case.value).abs() <= T::BOUNDS.value * case.value.abs();
            if !is_near || far > T::BOUNDS.gradient * largest {
                return Err(Failure::Differs(case.id));
            }
            count += 1;
        }
        let mut noise = Noise(1);
        for logit in &mut self.logits {
            *logit = T::splat(f64::from(noise.draw() * 24.0 - 12.0));
        }
        for target in &mut self.targets {
            let label = (noise.draw() * classes.max(2) as f32) as u8;
            *target = if noise.draw() < 0.0625 { 255 } else { label };
        }
        self.one::<Lv>("many pixels", text, loss, (classes, PIXELS), &mut hash)?;
        writeln!(out, "{name:14} {:016x} {count} golden vectors met", hash.0)?;
        Ok(())
    }

    fn print<Lv: MapLevel>(&mut self, title: &str, out: &mut impl Write) -> Result<(), Failure> {
        writeln!(out, "{title}")?;
        let tversky = Tversky::with(0.3, 0.7, 1e-6)?;
        let focal_tversky = FocalTversky::with(0.3, 0.7, 0.75, 1e-6)?;
        let of_focal_tversky = ("focal_tversky", "focal_tversky(fp=0.3, fn=0.7, gamma=0.75)");
        self.all::<Lv>(("bce", "bce"), pixel(1.0, Bce::default()), 1, out)?;
        self.all::<Lv>(("focal", "focal"), pixel(1.0, Focal::default()), 1, out)?;
        self.all::<Lv>(("dice", "dice"), region(1.0, Dice::default()), 1, out)?;
        self.all::<Lv>(("tversky", "tversky(fp=0.3, fn=0.7)"), region(1.0, tversky), 1, out)?;
        self.all::<Lv>(of_focal_tversky, region(1.0, focal_tversky), 1, out)?;
        self.all::<Lv>(("ce", "ce"), class(1.0, Ce::default()), CLASSES, out)?;
        self.all::<Lv>(("mcfocal", "focal"), class(1.0, class::Focal::default()), CLASSES, out)?;
        self.all::<Lv>(("mcdice", "dice"), region(1.0, Dice::default()), CLASSES, out)
    }
}

/// Prints the table: in f32 with sums in compensated f32 and in f64, and in f64.
///
/// # Errors
/// The first number that is not what it must be.
pub fn print<Lv: MapLevel>(out: &mut impl Write) -> Result<(), Failure> {
    by_format::<Lv, f32, Compensated>("f32, sums in compensated f32", out)?;
    by_format::<Lv, f32, f64>("f32, sums in f64", out)?;
    by_format::<Lv, f64, f64>("f64", out)
}

#[inline(never)]
fn by_format<Lv: MapLevel, T: Format, A: Accumulator<Real: Format>>(
    title: &str,
    out: &mut impl Write,
) -> Result<(), Failure> {
    Storage::<T, A>::new().print::<Lv>(title, out)
}
