//! The terms of a loss, traced one after the other and added up.

use segloss_core::compose::{Program, Spec, Term, scaled};
use segloss_core::lanes::{Lanes, weigh};
use segloss_core::term::Arguments;

use super::loss::Loss;
use crate::library::{FormulaIn, Traced};
use crate::trace::{Expr, Graph};

/// The values of a term's parameters.
pub(super) fn arguments<'t>(term: &'t Term<'_, f32>) -> Arguments<'t> {
    Arguments::new(term.values(), term.definition().map_or(&[], |definition| definition.parameters))
}

/// The formula of a term, in the format that is traced.
pub(super) fn formula<T: Traced>(loss: &Loss<'_>, term: &Term<'_, f32>) -> Option<FormulaIn<T>> {
    let formula = loss.library.formula(term.definition()?.name, loss.link)?;
    Some(T::of(&formula))
}

/// What a pixel adds to the sum of each term, and the sum of factors times slopes: 0 if there is no
/// term of pixels. `compute` gives a term's loss and slope.
pub(super) fn trace<'g, T: Traced>(
    graph: &'g Graph<T>,
    loss: &Loss<'_>,
    compute: impl Fn(FormulaIn<T>, Arguments<'_>) -> Option<(Expr<'g, T>, Expr<'g, T>)>,
) -> (Vec<Expr<'g, T>>, Option<Expr<'g, T>>) {
    let zero = Expr::splat(0.0);
    let (mut values, mut sum) = (Vec::new(), None);
    for (index, term) in loss.plan.terms().iter().enumerate() {
        let spec = loss.spec(index, 1);
        values.push(zero);
        if spec.is_region() {
            continue;
        }
        let mut own = zero;
        if spec.is_active() {
            let first = graph.len();
            let found = formula(loss, term).and_then(|formula| compute(formula, arguments(term)));
            let Some((value, slope)) = found else { continue };
            graph.note(first, spec.name);
            let (value, slope) = match weight(graph, loss, index) {
                None => (value, slope),
                Some(weight) => (weigh(weight, value), weigh(weight, slope)),
            };
            values[index] = value;
            let factor = graph.read(&format!("factor_{index}"), &format!("factors[{index}]"));
            own = scaled(factor, slope);
        }
        sum = Some(sum.map_or(own, |sum| sum + own));
    }
    (values, sum)
}

/// What multiplies a term's losses.
fn weight<'g, T: Traced>(
    graph: &'g Graph<T>,
    loss: &Loss<'_>,
    index: usize,
) -> Option<Expr<'g, T>> {
    loss.plan.weighting(index, loss.by_call)?;
    Some(graph.read(&format!("weight_{index}"), &format!("weights[{index}]")))
}

/// What multiplies region sums and their gradient.
pub(super) fn region_weight<'g, T: Traced>(
    graph: &'g Graph<T>,
    loss: &Loss<'_>,
) -> Option<Expr<'g, T>> {
    let is_weighted = loss.fit.region_is_weighted;
    is_weighted.then(|| graph.read("region_weight", "weights[TERMS]"))
}

/// `values`, multiplied by the weight of regions.
pub(super) fn weighted<'g, T: Traced, const N: usize>(
    weight: Option<Expr<'g, T>>,
    values: [Expr<'g, T>; N],
) -> [Expr<'g, T>; N] {
    values.map(|value| weight.map_or(value, |weight| weigh(weight, value)))
}

/// Each term by number and name, for comments.
pub(super) fn names(loss: &Loss<'_>) -> String {
    let name = |index: usize| {
        let spec: Spec<'_> = loss.spec(index, 1);
        format!(" {index} = {}", spec.name)
    };
    (0..loss.terms()).map(name).collect::<Vec<_>>().join(",")
}

/// Outputs `values[0]` and on.
pub(super) fn numbered<'g, T: Copy>(
    values: impl IntoIterator<Item = Expr<'g, T>>,
) -> Vec<(String, Expr<'g, T>)> {
    values.into_iter().enumerate().map(|(i, value)| (format!("values[{i}]"), value)).collect()
}

/// The only output of a function.
pub(super) fn returned<T>(value: Expr<'_, T>) -> [(String, Expr<'_, T>); 1] {
    [("return".into(), value)]
}
