//! What tracing records, and how it is written.

use segloss_core::engine::Link;
use segloss_core::lanes::Lanes;
use segloss_core::pixel::{Bce, Pixel, PixelTerm};
use segloss_core::view::Shape;
use segloss_opencl::trace::{Expr, Format, Graph, Numbers, literal};
use segloss_opencl::{Element, Loss, Signature, Storage};

use crate::case::evaluator;
use crate::plugins::device_library;
use crate::random::Random;

#[test]
fn equal_operations_are_one_node() {
    let graph = Graph::<f32>::new();
    let (z, y) = (graph.input("z"), graph.input("y"));
    let sum = z + y;
    let before = graph.len();
    let _ = (z + y, graph.input("z"));
    assert_eq!(graph.len(), before);
    let _ = sum * (z + y);
    assert_eq!(graph.len(), before + 1);

    let loss = |z, y| Bce::default().loss(&Pixel::new(z, y));
    let first = loss(z, y);
    let before = graph.len();
    let second = loss(z, y);
    assert_eq!(graph.len(), before);
    let outputs = [("values[0]".into(), first), ("values[1]".into(), second)];
    let text = graph.function(Numbers::Real, "void twice(real z, real y, real *values)", &outputs);
    assert_eq!(text.matches("pow2_of_low_bits").count(), 1, "{text}");
}

/// The program of a text with plugins.
fn source(link: Link, text: &str, storage: Storage) -> String {
    let loss = Loss::with_library(device_library(), text, link).unwrap();
    let shape = Shape::new(1, 3, &[4]).unwrap();
    evaluator().source(&loss, &Signature::new(shape, storage, Element::U8)).unwrap()
}

#[test]
fn terms_share_their_exponential() {
    let text = source(Link::Sigmoid, "bce + squared_error + dice", Storage::F32);
    // In the helpers for lanes and for sums, for the sums of pixels and for the gradient.
    assert_eq!(text.matches("pow2_of_low_bits").count(), 4, "{text}");
}

#[test]
fn constants_are_folded_and_nothing_else() {
    let graph = Graph::<f64>::new();
    let c = |x: f64| Expr::<f64>::splat(x);
    assert!(graph.is_empty());
    let Expr::Constant(e) = (c(1.0) - c(0.5)).exp() else { panic!("not folded") };
    assert_eq!(e.to_bits(), Lanes::exp(0.5f64).to_bits());
    let x = graph.input("x");
    for kept in [x * c(0.0), x + c(0.0), c(1.0) * x, -(-x), x - x] {
        assert!(matches!(kept, Expr::Node(..)));
    }
    let text = graph.function(Numbers::Real, "real f(real x)", &[("return".into(), x * c(0.0))]);
    assert_eq!(text, "real f(real x) {\n    return x * 0.0;\n}\n");
}

#[test]
fn a_choice_between_equal_numbers_is_that_number() {
    let graph = Graph::<f32>::new();
    let (x, y) = (graph.input("x"), graph.input("y"));
    let is_zero = x.eq(Expr::splat(0.0));
    let before = graph.len();
    let _ =
        (Expr::select(is_zero, y, y), Expr::select(is_zero, Expr::splat(2.0), Expr::splat(2.0)));
    assert_eq!(graph.len(), before);
    // 0 and -0 are not the same number.
    let _ = Expr::select(is_zero, Expr::splat(0.0), Expr::splat(-0.0));
    assert_eq!(graph.len(), before + 1);
}

/// Derivatives of a class's loss do not carry along those of others.
#[test]
fn region_losses_are_as_long_as_they_have_classes() {
    let lines = |classes| {
        let loss = Loss::new("dice(absent=skip)", Link::Softmax).unwrap();
        let shape = Shape::new(1, classes, &[4]).unwrap();
        let signature = Signature::new(shape, Storage::F32, Element::U8);
        evaluator().source(&loss, &signature).unwrap().lines().count()
    };
    let [few, more, many] = [8, 16, 32].map(lines);
    assert!(many - more <= 2 * (more - few) + 8, "{few}, {more}, {many} lines");
}

#[test]
fn what_no_output_needs_is_left_out() {
    let graph = Graph::<f32>::new();
    let x = graph.input("x");
    let _ = x.sqrt();
    let text = graph.function(Numbers::Real, "real f(real x)", &[("return".into(), x)]);
    assert_eq!(text, "real f(real x) {\n    return x;\n}\n");
}

#[test]
fn nothing_is_fused_or_left_to_the_vendor() {
    let texts = [
        (Link::Sigmoid, "everything + bce + dice + focal(gamma=1.3)"),
        (Link::Softmax, "ce + dice + focal(gamma=1.3)"),
    ];
    for (link, loss) in texts {
        for storage in [Storage::F32, Storage::F64] {
            let text = source(link, loss, storage);
            assert!(text.contains("#pragma OPENCL FP_CONTRACT OFF"));
            for name in ["fma", "mad", "exp", "log", "pow", "ldexp", "frexp", "native_"] {
                let called = |before: &str| text.contains(&format!("{before}{name}("));
                assert!(![" ", "(", "-"].into_iter().any(called), "{name} in\n{text}");
            }
        }
    }
}

#[test]
fn the_text_names_the_loss_and_its_terms() {
    let text = source(Link::Sigmoid, "bce + squared_error + 0.5*dice", Storage::F32);
    let comments = [
        "The loss: bce + squared_error + 0.5*dice.",
        "0 = bce, 1 = squared_error, 2 = dice",
        "/* bce */",
        "/* squared_error */",
    ];
    for comment in comments {
        assert!(text.contains(comment), "{comment} not in\n{text}");
    }
}

/// The bits of a literal, read by rules of its own.
fn read<T: Format>(text: &str) -> u64 {
    if let Some(bits) = text.strip_prefix("as_") {
        let (name, bits) = bits.split_once("(0x").unwrap();
        assert_eq!(name, if T::DOUBLE { "double" } else { "float" });
        return u64::from_str_radix(bits.strip_suffix(')').unwrap(), 16).unwrap();
    }
    let number = if T::DOUBLE { text } else { text.strip_suffix('f').unwrap() };
    let (is_negative, size) = match number.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, number),
    };
    let size = match size.strip_prefix("0x") {
        None => size.parse::<f64>().unwrap(),
        Some(hexadecimal) => {
            let (digits, exponent) = hexadecimal.split_once('p').unwrap();
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            let mantissa = u64::from_str_radix(&format!("{whole}{fraction}"), 16).unwrap();
            assert!(mantissa < 1 << 53, "more digits than the format has");
            let exponent = exponent.parse::<i32>().unwrap() - 4 * fraction.len() as i32;
            // In two factors, each of them exact and so their product.
            let half = exponent / 2;
            mantissa as f64 * 2f64.powi(half) * 2f64.powi(exponent - half)
        }
    };
    let value = if is_negative { -size } else { size };
    let rounded = T::round_from(value);
    assert_eq!(rounded.widen().to_bits(), value.to_bits(), "{text} is not exact");
    rounded.bits()
}

#[test]
fn literals_have_the_bits_of_their_constants() {
    fn check<T: Format>(bits: u64) {
        let text = literal(T::from_bits(bits));
        assert_eq!(read::<T>(&text), bits, "{text}");
    }
    let random = &mut Random::new(3);
    for _ in 0..100_000 {
        check::<f32>(random.bits() >> 32);
        check::<f64>(random.bits());
        // Subnormal.
        check::<f32>(random.bits() >> 42);
        check::<f64>(random.bits() >> 13);
    }
    let some = [0.0, -0.0, 1.0, -1.0, 0.5, -2.25, 1023.9375, 1e-45, 1e300, f64::MIN_POSITIVE];
    for x in some.into_iter().chain([f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN]) {
        check::<f32>((x as f32).bits());
        check::<f64>(x.bits());
    }
    assert_eq!(literal(1.5f32), "1.5f");
    assert_eq!(literal(-0.0f64), "-0.0");
    assert_eq!(literal(0.1f32), "0x1.99999ap-4f");
}
