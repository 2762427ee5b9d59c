use segloss_core::compose::Parts;
use segloss_core::lanes::Lanes;
use segloss_core::pixel::Pixel;
use segloss_core::region;

use super::{numbered, returned, terms, trace_terms};
use crate::trace::{Expr, Format, Graph};

/// The functions that `sigmoid.cl` calls.
pub(super) fn functions<T: Format, P: Parts>(parts: &P) -> String {
    [values::<T, P>(parts), gradient::<T, P>(parts)].join("\n")
}

fn pixel<T: Format>(graph: &Graph<T>) -> Pixel<Expr<'_, T>> {
    graph.note(0, "shared by all terms");
    let pixel = Pixel::new(graph.input("z"), graph.input("y"));
    Pixel { p: pixel.p.named("p"), q: pixel.q.named("q"), tail: pixel.tail.named("tail"), ..pixel }
}

fn values<T: Format, P: Parts>(parts: &P) -> String {
    let graph = Graph::<T>::new();
    let pixel = pixel(&graph);
    let (mut values, _) = trace_terms(&graph, parts, |factors, weights, sums, add| {
        parts.pixel(&pixel, factors, weights, sums, add, None)
    });
    let mut sums = "";
    if P::REGION {
        graph.note(graph.len(), "region sums");
        values.extend(region::pixel_sums(&pixel));
        sums = "; then the channel's region sums";
    }
    let comment = format!("/* What a pixel adds to sums. Terms:{}{sums}. */\n", terms(parts, ""));
    comment + &graph.function("void pixel_values(real z, real y, real *values)", &numbered(values))
}

fn gradient<T: Format, P: Parts>(parts: &P) -> String {
    let graph = Graph::<T>::new();
    let pixel = pixel(&graph);
    let (_, mut gradient) = trace_terms(&graph, parts, |factors, weights, sums, add| {
        parts.pixel(&pixel, factors, weights, sums, add, None)
    });
    if P::REGION {
        graph.note(graph.len(), "region terms, from the derivatives in false positives, negatives");
        let slopes = [graph.read("a", "slopes[0]"), graph.read("b", "slopes[1]")];
        let of_regions = region::pixel_gradient(&pixel, slopes);
        gradient = Some(gradient.map_or(of_regions, |sum| sum + of_regions));
    }
    let gradient = gradient.unwrap_or(Expr::splat(0.0));
    let comment = format!("/* A pixel's gradient. Factors:{}. */\n", terms(parts, ""));
    let signature = "real pixel_gradient(real z, real y, global const real *factors,\n    \
                     global const real *slopes)";
    comment + &graph.function(signature, &returned(gradient))
}
