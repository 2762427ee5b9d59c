//! A pixel loss of one's own: the value alone, and it has a gradient, runs at every level, and takes part
//! in the text form.
//!
//! `cargo run -p segloss-core --example squared_error`

use segloss_core::compose::{Definition, MapCall, Registry, Term, parse};
use segloss_core::engine::{Call, Link, Problem, Workspace, evaluate};
use segloss_core::lanes::Lanes;
use segloss_core::level::Scalar;
use segloss_core::pixel::{Pixel, PixelTerm};
use segloss_core::summation::TILE;
use segloss_core::term::{Arguments, Parameter};
use segloss_core::view::{Layout, Shape, View, ViewMut};

/// `(p - y)^2`, the Brier score.
#[derive(Clone, Copy)]
struct SquaredError;

impl PixelTerm for SquaredError {
    const NAME: &'static str = "squared_error";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Self {
        SquaredError
    }

    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        // p (1 - y) - (1 - p) y, which is p - y without cancellation for y = 0 or 1.
        let difference = pixel.p * (L::splat(1.0) - pixel.y) - pixel.q * pixel.y;
        difference * difference
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // No allocator: terms, maps and workspace are in arrays.
    let own = [Definition::pixel::<SquaredError, Scalar>()];
    let registry = Registry::<f32>::builtin::<Scalar>().with_terms(&own)?;
    let (mut terms, mut maps) = ([Term::default(); 4], [MapCall::default(); 1]);
    let text = "0.5*squared_error + 0.5*dice";
    let loss = parse(text, Link::Sigmoid, registry, &mut terms, &mut maps)?;

    let (logits, mask, mut gradient) = ([0.5f32, -1.0, 2.0], [1u8, 0, 0], [0f32; 3]);
    let packed = Layout::channels_first(Shape::new(1, 1, &[3])?)?;
    let (z, y) = (View::new(&logits, packed)?, View::new(&mask, packed)?);
    let problem = Problem::<f32, f64>::new(Call::sigmoid(), &loss, z, y)?;
    let mut workspace = Workspace {
        partials: &mut [[0.0; 32]; 5],
        sums: &mut [0.0; 7],
        segment: &mut [0.0; 7],
        totals: &mut [0.0; 9],
        factors: &mut [0.0; 2],
        slopes: &mut [[0.0; 2]; 1],
        weights: &mut [[0.0; TILE]; 0],
        class_weights: &mut [],
    };
    let mut sink = ViewMut::new(&mut gradient, packed)?;
    let report = evaluate(&problem, Some(&mut sink), &mut workspace)?;
    println!("{loss}: {} with gradient {gradient:?}", report.value);
    Ok(())
}
