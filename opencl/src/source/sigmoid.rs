use segloss_core::lanes::Lanes;
use segloss_core::pixel::Pixel;
use segloss_core::region;

use super::loss::Loss;
use super::terms::{names, numbered, region_weight, returned, trace, weighted};
use crate::library::{FormulaIn, Traced};
use crate::trace::{Expr, Graph, Numbers};

/// The functions that `sigmoid.cl` calls.
pub(super) fn functions<T: Traced>(loss: &Loss<'_>) -> String {
    [values::<T>(loss), gradient::<T>(loss)].join("\n")
}

fn pixel<T: Traced>(graph: &Graph<T>) -> Pixel<Expr<'_, T>> {
    graph.note(0, "shared by all terms");
    let mut pixel = Pixel::new(graph.input("z"), graph.input("y"));
    pixel.p = pixel.p.named("p");
    pixel.q = pixel.q.named("q");
    pixel.softplus_tail = pixel.softplus_tail.named("softplus_tail");
    pixel.cross_entropy = pixel.cross_entropy.named("cross_entropy");
    pixel
}

/// Losses by term, and the sum of factors times slopes.
fn terms<'g, T: Traced>(
    graph: &'g Graph<T>,
    loss: &Loss<'_>,
    pixel: &Pixel<Expr<'g, T>>,
) -> (Vec<Expr<'g, T>>, Option<Expr<'g, T>>) {
    trace(graph, loss, |formula, arguments| match formula {
        FormulaIn::Pixel(formula) => Some(formula(arguments, pixel)),
        _ => None,
    })
}

fn values<T: Traced>(loss: &Loss<'_>) -> String {
    let graph = Graph::<T>::new();
    let pixel = pixel(&graph);
    let (values, _) = terms(&graph, loss, &pixel);
    let mut outputs = numbered(values);
    let mut sums = "";
    if loss.has_region() {
        graph.note(graph.len(), "region sums");
        let of_region = weighted(region_weight(&graph, loss), region::pixel_sums(&pixel));
        let place = |s: usize| format!("values[TERM_SUMS + {s}]");
        outputs.extend(of_region.into_iter().enumerate().map(|(s, value)| (place(s), value)));
        sums = "; then the channel's region sums";
    }
    let comment = format!("/* What a pixel adds to sums. Terms:{}{sums}. */\n", names(loss));
    let signature = "void pixel_values(lanes z, lanes y, const lanes *weights, lanes *values)";
    comment + &graph.function(Numbers::Lanes, signature, &outputs)
}

fn gradient<T: Traced>(loss: &Loss<'_>) -> String {
    let graph = Graph::<T>::new();
    let pixel = pixel(&graph);
    let (_, mut gradient) = terms(&graph, loss, &pixel);
    if loss.has_region() && loss.fit.is_active {
        graph.note(graph.len(), "region terms, from the derivatives in false positives, negatives");
        let slopes = [graph.read("a", "slopes[0]"), graph.read("b", "slopes[1]")];
        let own = region::pixel_gradient(&pixel, &region::PixelSlopes::new(slopes));
        let [own] = weighted(region_weight(&graph, loss), [own]);
        gradient = Some(gradient.map_or(own, |sum| sum + own));
    }
    let gradient = gradient.unwrap_or(Expr::splat(0.0));
    let comment = format!("/* A pixel's gradient. Factors:{}. */\n", names(loss));
    let signature = "lanes pixel_gradient(lanes z, lanes y, const lanes *weights,\n    global const \
                     real *factors, global const real *slopes)";
    comment + &graph.function(Numbers::Lanes, signature, &returned(gradient))
}
