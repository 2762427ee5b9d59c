//! A region loss of one's own, with a parameter: the value alone, of all classes together.
//!
//! `cargo run -p segloss-core --example jaccard`

use segloss_core::compose::{Definition, MapCall, Registry, Term, parse};
use segloss_core::engine::{Call, Link, Problem, Workspace, evaluate};
use segloss_core::lanes::Lanes;
use segloss_core::level::Scalar;
use segloss_core::region::{Classes, RegionTerm};
use segloss_core::summation::TILE;
use segloss_core::term::{Arguments, Parameter};
use segloss_core::view::{Layout, Shape, View, ViewMut};

/// `1 - TP / (TP + FP + FN)`, averaged over classes.
#[derive(Clone, Copy)]
struct Jaccard {
    smooth: f64,
}

impl RegionTerm for Jaccard {
    const NAME: &'static str = "my_jaccard";
    const PARAMETERS: &'static [Parameter] = &[Parameter::number("smooth", 1e-6).at_least(0.0)];

    fn new(arguments: Arguments<'_>) -> Self {
        Jaccard { smooth: arguments.get(0) }
    }

    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|s| {
            let right = s.true_positive + L::splat(self.smooth);
            (s.false_positive + s.false_negative).share_with(right)
        })
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // No allocator: terms, maps and workspace are in arrays.
    let own = [Definition::region::<Jaccard>()];
    let registry = Registry::<f32>::builtin::<Scalar>().with_terms(&own)?;
    let (mut terms, mut maps) = ([Term::default(); 4], [MapCall::default(); 1]);
    let text = "0.3*ce + 0.7*my_jaccard(smooth=1, absent=skip)";
    let loss = parse(text, Link::Softmax, registry, &mut terms, &mut maps)?;

    let (logits, labels, mut gradient) = ([0.5f32, -1.0, 2.0, 0.0, 1.0, 0.25], [1u8, 0], [0f32; 6]);
    let shape = Shape::new(1, 3, &[2])?;
    let packed = Layout::channels_first(shape)?;
    let z = View::new(&logits, packed)?;
    let y = View::new(&labels, Layout::channels_first(shape.with_channels(1))?)?;
    let problem = Problem::<f32, f64>::new(Call::softmax(), &loss, z, y)?;
    let mut workspace = Workspace {
        partials: &mut [[0.0; 32]; 59],
        sums: &mut [0.0; 15],
        segment: &mut [0.0; 15],
        totals: &mut [0.0; 17],
        factors: &mut [0.0; 2],
        slopes: &mut [[0.0; 2]; 3],
        weights: &mut [[0.0; TILE]; 0],
        class_weights: &mut [],
    };
    let mut sink = ViewMut::new(&mut gradient, packed)?;
    let report = evaluate(&problem, Some(&mut sink), &mut workspace)?;
    println!("{loss}: {} with gradient {gradient:?}", report.value);
    Ok(())
}
