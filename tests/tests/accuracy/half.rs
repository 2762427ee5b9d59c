//! Logits stored in 16 bits: computed in `f32`, gradient rounded once on the way out.

use half::{bf16, f16};
use segloss_conformance::case::Case;
use segloss_conformance::run::run;
use segloss_core::compose::{pixel, region};
use segloss_core::engine::{Call, Ignore, Problem, Report, evaluate};
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::view::{Layout, Logit, Shape, View, ViewMut};
use segloss_simd::Buffers;

fn assert_like_single<E>(convert: fn(f32) -> E)
where
    E: Logit<Compute = f32> + PartialEq + core::fmt::Debug + Default,
{
    let shape = Shape::new(2, 1, &[31, 47]).unwrap();
    let packed = Layout::channels_first(shape).unwrap();
    let case = Case::sigmoid(3, shape, 20.0, 0.1);
    let stored: Vec<E> = case.single().into_iter().map(convert).collect();
    let widened: Vec<f32> = stored.iter().map(|z| z.load()).collect();
    let program = (pixel(0.5, Bce::default()), region(0.5, Dice::default()));
    let call = Call { ignore_index: Ignore::Labels(&[255]), scale: 1e4.into(), ..Call::sigmoid() };
    let targets = View::new(&case.targets, packed).unwrap();

    let logits = View::new(&widened, packed).unwrap();
    let single = run(call, &program, logits, targets, packed, 0f32).unwrap();
    let logits = View::new(&stored, packed).unwrap();
    let half = run(call, &program, logits, targets, packed, E::default()).unwrap();
    assert_eq!(half.value, single.value);
    let rounded: Vec<E> = single.gradient.iter().map(|&g| convert(g)).collect();
    assert_eq!(half.gradient, rounded);

    // The gradient kept in f32.
    let problem = Problem::<f32, f64>::new(call, &program, logits, targets).unwrap();
    let mut gradient = vec![0f32; stored.len()];
    let mut sink = ViewMut::new(&mut gradient, packed).unwrap();
    let mut buffers = Buffers::new();
    let Report { value, .. } =
        evaluate(&problem, Some(&mut sink), &mut buffers.lend(&problem.sizes()).unwrap()).unwrap();
    assert_eq!((value, gradient), (single.value, single.gradient));
}

#[test]
fn half_precision() {
    assert_like_single(f16::from_f32);
}

#[test]
fn bfloat16() {
    assert_like_single(bf16::from_f32);
}

/// Source findings F10: sums of 262,144 pixels overflow f16, not the loss.
#[test]
fn f10_dice_of_a_large_image() {
    let shape = Shape::new(1, 1, &[512, 512]).unwrap();
    let packed = Layout::channels_first(shape).unwrap();
    let (logits, targets) = (vec![f16::ZERO; 512 * 512], vec![1u8; 512 * 512]);
    let (logits, targets) =
        (View::new(&logits, packed).unwrap(), View::new(&targets, packed).unwrap());
    let dice = region(1.0, Dice::default());
    let outcome = run(Call::sigmoid(), &dice, logits, targets, packed, f16::ZERO).unwrap();
    assert!((outcome.value - 1.0 / 3.0).abs() < 1e-9, "{}", outcome.value);
}
