//! Losses on fixed inputs, in storage of fixed size. The host's test includes this file as well,
//! and so computes the same.

use segloss_core::Error;
use segloss_core::class::Ce;
use segloss_core::compose::{Program, class, pixel, region};
use segloss_core::engine::{Call, Problem, Workspace, evaluate};
use segloss_core::lanes::Real;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::summation::{Accumulator, Partial};
use segloss_core::view::{Layout, Logit, Shape, View, ViewMut};

const BATCH: usize = 2;
const CLASSES: usize = 3;
/// More than a block, and no whole number of tiles.
const SPATIAL: [usize; 2] = [37, 41];
const PIXELS: usize = BATCH * SPATIAL[0] * SPATIAL[1];

/// All that the cases of one format compute in.
pub struct Storage<T, A> {
    logits: [T; CLASSES * PIXELS],
    gradient: [T; CLASSES * PIXELS],
    targets: [u8; PIXELS],
    partials: [Partial<T>; 64],
    sums: [A; 30],
    segment: [A; 15],
    totals: [A; 17],
    factors: [T; 2],
    slopes: [[T; 2]; BATCH * CLASSES],
}

impl<T: Real, A: Accumulator> Storage<T, A> {
    /// Zeros.
    pub fn new() -> Self {
        Storage {
            logits: [T::default(); _],
            gradient: [T::default(); _],
            targets: [0; _],
            partials: [Partial::default(); _],
            sums: [A::default(); _],
            segment: [A::default(); _],
            totals: [A::default(); _],
            factors: [T::default(); _],
            slopes: [[T::default(); 2]; _],
        }
    }
}

/// Where results go.
pub trait Output {
    /// A line that says what follows.
    fn title(&mut self, title: &str);
    /// A line with a number.
    fn number(&mut self, bits: u64);
}

/// A number's bits.
pub trait Bits {
    /// The bits.
    fn bits(self) -> u64;
}

impl Bits for f32 {
    fn bits(self) -> u64 {
        self.to_bits().into()
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}

/// Value, valid pixels and gradient of each loss.
///
/// # Errors
/// None, if the library is right.
pub fn run<T, A>(storage: &mut Storage<T, A>, output: &mut impl Output) -> Result<(), Error>
where
    T: Real + Logit<Compute = T> + Bits,
    A: Accumulator<Real: Bits>,
{
    fill(storage);
    let sigmoid = Call::sigmoid();
    storage.targets.iter_mut().for_each(|target| *target &= 1);
    one("bce", sigmoid, &pixel(1.0, Bce::default()), 1, storage, output)?;
    one("dice", sigmoid, &region(1.0, Dice::default()), 1, storage, output)?;

    fill(storage);
    let softmax = Call::softmax();
    one("ce", softmax, &class(1.0, Ce::default()), CLASSES, storage, output)?;
    let both = (class(0.5, Ce::default()), region(0.5, Dice::default()));
    one("ce + dice", softmax, &both, CLASSES, storage, output)
}

/// Logits from -12 to 12, and labels with some pixels that do not count.
fn fill<T: Real, A>(storage: &mut Storage<T, A>) {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    for logit in &mut storage.logits {
        *logit = T::splat(f64::from(next()) * (24.0 / 16_777_216.0) - 12.0);
    }
    for target in &mut storage.targets {
        *target = match next() >> 16 {
            0..=15 => 255,
            label => (label % CLASSES as u32) as u8,
        };
    }
}

fn one<T, A>(
    title: &str,
    call: Call,
    program: &dyn Program<T, A>,
    channels: usize,
    storage: &mut Storage<T, A>,
    output: &mut impl Output,
) -> Result<(), Error>
where
    T: Real + Logit<Compute = T> + Bits,
    A: Accumulator<Real: Bits>,
{
    let shape = Shape::new(BATCH, channels, &SPATIAL)?;
    let layout = Layout::channels_first(shape)?;
    let logits = View::new(&storage.logits, layout)?;
    let map = Layout::channels_first(shape.with_channels(1))?;
    let targets = View::new(&storage.targets, map)?;
    let mut sink = ViewMut::new(&mut storage.gradient, layout)?;
    let mut workspace = Workspace {
        partials: &mut storage.partials,
        sums: &mut storage.sums,
        segment: &mut storage.segment,
        totals: &mut storage.totals,
        factors: &mut storage.factors,
        slopes: &mut storage.slopes,
        weights: &mut [],
        class_weights: &mut [],
    };
    let problem = Problem::new(call, program, logits, targets)?;
    let report = evaluate(&problem, Some(&mut sink), &mut workspace)?;
    output.title(title);
    output.number(report.value.bits());
    output.number(report.valid);
    storage.gradient[..layout.span()].iter().for_each(|gradient| output.number(gradient.bits()));
    Ok(())
}
