//! The text of a loss's program: traced functions, and around them hand-written kernels that only
//! load, store, loop and add up.

mod sigmoid;
mod softmax;

use core::cell::Cell;

use segloss_core::compose::Parts;
use segloss_core::engine::Link;
use segloss_core::region::SUMS;
use segloss_core::summation::{ACCUMULATORS, BLOCK};

use crate::target::DeviceTarget;
use crate::trace::{Expr, Format, Graph};

/// The OpenCL C program that evaluates `parts` under `link`, on logits of format `T` and targets
/// stored as `E`.
///
/// Coefficients, reductions and the number of classes are no part of it; the parameters of pixel
/// and class terms are.
pub fn source<T: Format, E: DeviceTarget, P: Parts>(parts: &P, link: Link) -> String {
    let (functions, kernels) = match link {
        Link::Sigmoid => (sigmoid::functions::<T, P>(parts), include_str!("../kernels/sigmoid.cl")),
        Link::Softmax => (softmax::functions::<T, P>(parts), include_str!("../kernels/softmax.cl")),
    };
    let share = if E::IS_FLOAT { "((real)(t))" } else { "((t) != 0 ? (real)1 : (real)0)" };
    let region = u32::from(P::REGION);
    let sizes = [
        format!("typedef {} target;", E::NAME),
        format!("#define SHARE(t) {share}"),
        format!("#define ACCUMULATORS {ACCUMULATORS}"),
        format!("#define BLOCK {BLOCK}"),
        format!("#define TERMS {}", P::LEN),
        format!("#define REGION {region}"),
        format!("#define SUMS {}", P::LEN + if P::REGION { SUMS } else { 0 }),
    ];
    let loss = format!("/* The loss:{}. */", terms(parts, ""));
    let prelude = "#pragma OPENCL FP_CONTRACT OFF";
    let common = include_str!("../kernels/common.cl");
    [&loss, prelude, T::PRELUDE, &sizes.join("\n"), "", common, &functions, kernels].join("\n")
}

/// Each term by number and name, for comments.
fn terms<P: Parts>(parts: &P, before: &str) -> String {
    // The number of classes does not change a name.
    let name = |index| format!("{before} {index} = {}", parts.spec(index, 1).name);
    (0..P::LEN).map(name).collect::<Vec<_>>().join(",")
}

/// What is traced of a term: which one it is, and its loss if it has one a pixel.
type Value<'g, T> = (usize, Option<Expr<'g, T>>);

/// Traces the parts' pixel or class terms: `call` is [`Parts::pixel`] or [`Parts::class`] and gets
/// the factors, weights (which no term reads), the values to fill, and what fills one. Gives the values by term and what `call`
/// gives: the sum of factors times slopes.
fn trace_terms<'g, T: Format, P: Parts>(
    graph: &'g Graph<T>,
    parts: &P,
    call: impl FnOnce(
        &P::Each<Expr<'g, T>>,
        &P::Each<Expr<'g, T>>,
        &mut P::Each<Value<'g, T>>,
        &dyn Fn(&mut Value<'g, T>, Expr<'g, T>),
    ) -> Option<Expr<'g, T>>,
) -> (Vec<Expr<'g, T>>, Option<Expr<'g, T>>) {
    let factor = |i| graph.read(&format!("factor_{i}"), &format!("factors[{i}]"));
    let factors = P::each::<Expr<'g, T>>(factor, 0);
    let mut each = P::each::<Value<'g, T>>(|i| (i, None), 0);
    // The first node that belongs to the next term, and what still comes of a term after its loss:
    // the slope's product with its factor, and from the second term on a sum.
    let next = Cell::new((graph.len(), 1));
    let put = |value: &mut Value<'g, T>, loss: Expr<'g, T>| {
        value.1 = Some(loss);
        let (first, to_come) = next.get();
        graph.note(first, parts.spec(value.0, 1).name);
        next.set((graph.len() + to_come, 2));
    };
    let weights = P::each::<Expr<'g, T>>(|_| Expr::Constant(T::default()), 0);
    let slope = call(&factors, &weights, &mut each, &put);
    let mut values = vec![Expr::Constant(T::default()); P::LEN];
    let mut list = |i: usize, (_, value): Value<'g, T>| {
        if let Some(value) = value {
            values[i] = value;
        }
    };
    P::visit(&each, &mut list, 0);
    (values, slope)
}

/// Outputs `values[0]` and on.
fn numbered<'g, T: Copy>(
    values: impl IntoIterator<Item = Expr<'g, T>>,
) -> Vec<(String, Expr<'g, T>)> {
    values.into_iter().enumerate().map(|(i, value)| (format!("values[{i}]"), value)).collect()
}

/// The only output of a function.
fn returned<T>(value: Expr<'_, T>) -> [(String, Expr<'_, T>); 1] {
    [("return".into(), value)]
}
