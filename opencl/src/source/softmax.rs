use segloss_core::class::{ClassPixel, softmax};
use segloss_core::lanes::Lanes;
use segloss_core::region::softmax::{self as region, Pivot};

use super::loss::Loss;
use super::terms::{names, numbered, region_weight, returned, trace, weighted};
use crate::library::{FormulaIn, Traced};
use crate::trace::{Expr, Graph, Mask, Numbers};

/// The parameters from which a pixel's true class is found.
const QUANTITIES: &str = "lanes below, lanes own, lanes others, lanes inverse";

/// The functions that `softmax.cl` calls.
pub(super) fn functions<T: Traced>(loss: &Loss<'_>) -> String {
    let mut functions = vec![
        larger::<T>(),
        below_largest::<T>(),
        exp_below::<T>(),
        add_other::<T>(),
        inverse_of::<T>(),
        class_parts::<T>(),
        class_values::<T>(loss),
        class_slope::<T>(loss),
        probability_of::<T>(),
        logit_gradient::<T>(loss),
    ];
    if loss.has_region() {
        functions.extend([class_sums::<T>(loss), region_pivot::<T>(), region_mean::<T>()]);
    }
    functions.join("\n")
}

fn function<T: Traced>(
    graph: &Graph<T>,
    comment: &str,
    signature: &str,
    outputs: &[(String, Expr<'_, T>)],
) -> String {
    format!("/* {comment} */\n") + &graph.function(Numbers::Lanes, signature, outputs)
}

/// The true class's quantities.
fn class_pixel<T: Traced>(graph: &Graph<T>) -> ClassPixel<Expr<'_, T>> {
    graph.note(0, "shared by all terms");
    let (below, own) = (graph.input("below"), graph.input("own"));
    let pixel = ClassPixel::of(below, own, graph.input("others"), graph.input("inverse"));
    ClassPixel { log_p: pixel.log_p.named("log_p"), p: pixel.p.named("p"), q: pixel.q.named("q") }
}

/// The derivatives of the loss in the false positives and negatives of a class.
fn slopes<T: Traced>(graph: &Graph<T>) -> [Expr<'_, T>; 2] {
    [graph.read("a", "slopes[0]"), graph.read("b", "slopes[1]")]
}

/// Whether class k is the label.
fn is_label<T: Traced>(graph: &Graph<T>) -> Mask<'_, T> {
    graph.input("label").eq(graph.input("k"))
}

fn larger<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let found = graph.input("largest").max(graph.input("logit"));
    let comment = "The largest logit, with one more.";
    function(&graph, comment, "lanes larger(lanes largest, lanes logit)", &returned(found))
}

fn below_largest<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let below = softmax::below(graph.input("logit"), graph.input("largest"));
    let comment = "A logit below the largest.";
    function(&graph, comment, "lanes below_largest(lanes logit, lanes largest)", &returned(below))
}

fn exp_below<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let exp = graph.input("below").exp_of_nonpositive();
    function(&graph, "Its exponential.", "lanes exp_below(lanes below)", &returned(exp))
}

fn add_other<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let is_label = is_label(&graph);
    let sum = softmax::add_other(graph.input("others"), is_label, graph.input("exp_k"));
    let comment = "The sum of exponentials of all classes but the label, with class k.";
    let signature = "lanes add_other(lanes others, lanes label, lanes k, lanes exp_k)";
    function(&graph, comment, signature, &returned(sum))
}

fn inverse_of<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let inverse = softmax::inverse(graph.input("others"), graph.input("own"));
    let comment = "What gives every class's probability.";
    function(&graph, comment, "lanes inverse_of(lanes others, lanes own)", &returned(inverse))
}

fn class_parts<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let pixel = class_pixel(&graph);
    let outputs = [("*share".into(), pixel.p), ("*rest".into(), pixel.q)];
    let comment = "The probability of the true class, and 1 less that.";
    let signature = format!("void class_parts({QUANTITIES}, lanes *share, lanes *rest)");
    function(&graph, comment, &signature, &outputs)
}

/// Losses by term, and the sum of factors times slopes.
fn terms<'g, T: Traced>(
    graph: &'g Graph<T>,
    loss: &Loss<'_>,
    pixel: &ClassPixel<Expr<'g, T>>,
) -> (Vec<Expr<'g, T>>, Option<Expr<'g, T>>) {
    trace(graph, loss, |formula, arguments| match formula {
        FormulaIn::Class(formula) => Some(formula(arguments, pixel)),
        _ => None,
    })
}

fn class_values<T: Traced>(loss: &Loss<'_>) -> String {
    let graph = Graph::<T>::new();
    let (values, _) = terms(&graph, loss, &class_pixel(&graph));
    let comment = format!("What a pixel adds to sums. Terms:{}.", names(loss));
    let signature = format!("void class_values({QUANTITIES}, const lanes *weights, lanes *values)");
    function(&graph, &comment, &signature, &numbered(values))
}

fn class_slope<T: Traced>(loss: &Loss<'_>) -> String {
    let graph = Graph::<T>::new();
    let (_, slope) = terms(&graph, loss, &class_pixel(&graph));
    let comment = format!("The derivative in ln p of the true class. Factors:{}.", names(loss));
    let signature = format!(
        "lanes class_slope({QUANTITIES}, const lanes *weights,\n    global const real *factors)"
    );
    function(&graph, &comment, &signature, &returned(slope.unwrap_or(Expr::splat(0.0))))
}

/// The probability of class k: of the label, `share`.
fn probability_of<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let p = softmax::probability(graph.input("exp_k"), graph.input("inverse"));
    let p = Expr::select(is_label(&graph), graph.input("share"), p);
    let comment = "The probability of class k.";
    let signature =
        "lanes probability_of(lanes label, lanes k, lanes exp_k, lanes inverse, lanes share)";
    function(&graph, comment, signature, &returned(p))
}

fn class_sums<T: Traced>(loss: &Loss<'_>) -> String {
    let graph = Graph::<T>::new();
    let is_label = is_label(&graph);
    let (p, rest) = (graph.input("p"), graph.input("rest"));
    // Of the label `p` is its own.
    let values = region::class_sums(is_label, p, p, rest);
    let values = weighted(region_weight(&graph, loss), values);
    let comment = "What a pixel adds to the region sums of class k.";
    let signature = "void class_sums(lanes label, lanes k, lanes p, lanes rest,\n    \
                     const lanes *weights, lanes *values)";
    function(&graph, comment, signature, &numbered(values))
}

fn region_pivot<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let slope = region::class_slope(is_label(&graph), slopes(&graph));
    let pivot = Pivot { p: graph.read("so_far", "*largest"), slope: graph.read("its", "*shift") };
    let pivot = pivot.with(graph.input("p"), slope);
    let outputs = [("*largest".into(), pivot.p), ("*shift".into(), pivot.slope)];
    let comment = "The largest probability and the region slope of its class, with class k.";
    let signature = "void region_pivot(lanes label, lanes k, lanes p, global const real *slopes,\n    \
                     lanes *largest, lanes *shift)";
    function(&graph, comment, signature, &outputs)
}

fn region_mean<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let slope = region::class_slope(is_label(&graph), slopes(&graph));
    let (mean, p, shift) = (graph.input("mean"), graph.input("p"), graph.input("shift"));
    let mean = region::add_to_mean(mean, p, slope, shift);
    let comment = "The sum of p times region slope, less that of the largest, with class k.";
    let signature = "lanes region_mean(lanes mean, lanes label, lanes k, lanes p, lanes shift,\n    \
                     global const real *slopes)";
    function(&graph, comment, signature, &returned(mean))
}

fn logit_gradient<T: Traced>(loss: &Loss<'_>) -> String {
    let graph = Graph::<T>::new();
    let is_label = is_label(&graph);
    let (p, rest, slope) = (graph.input("p"), graph.input("rest"), graph.input("slope"));
    let both = softmax::toward_and_away(slope, rest);
    let mut gradient = softmax::class_gradient(is_label, both, p);
    if !loss.fit.is_active {
        gradient = Expr::splat(0.0);
    } else if loss.has_region() {
        let slope = region::class_slope(is_label, slopes(&graph));
        let (shift, mean) = (graph.input("shift"), graph.input("mean"));
        let own = region::class_gradient(p, slope, shift, mean);
        let [own] = weighted(region_weight(&graph, loss), [own]);
        gradient = gradient + own;
    }
    let comment = "The gradient in logit k.";
    let signature = "lanes logit_gradient(lanes label, lanes k, lanes p, lanes rest, lanes slope,\n    \
                     lanes shift, lanes mean, const lanes *weights, global const real *slopes)";
    function(&graph, comment, signature, &returned(gradient))
}
