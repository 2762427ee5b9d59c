use segloss_core::class::ClassPixel;
use segloss_core::class::softmax::{Largest, class_gradient, inverse, probability};
use segloss_core::lanes::Lanes;
use segloss_core::region::softmax as region;

use super::loss::Loss;
use super::terms::{names, numbered, region_weight, returned, trace, weighted};
use crate::library::{FormulaIn, Traced};
use crate::trace::{Expr, Graph, Numbers};

/// The parameters from which a pixel's true class is found.
const QUANTITIES: &str = "lanes label, lanes label_logit, lanes largest,\n    lanes largest_class, \
                          lanes others";

/// The functions that `softmax.cl` calls.
pub(super) fn functions<T: Traced>(loss: &Loss<'_>) -> String {
    let mut functions = vec![
        largest_first::<T>(),
        largest_with::<T>(),
        exp_of::<T>(),
        add_other::<T>(),
        class_parts::<T>(),
        class_values::<T>(loss),
        class_slope::<T>(loss),
        logit_gradient::<T>(loss),
    ];
    if loss.has_region() {
        functions.extend([class_sums::<T>(loss), region_shift::<T>(), region_mean::<T>()]);
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

fn largest<T: Traced>(graph: &Graph<T>) -> Largest<Expr<'_, T>> {
    Largest { logit: graph.input("largest"), class: graph.input("largest_class") }
}

/// The true class's quantities.
fn class_pixel<T: Traced>(graph: &Graph<T>) -> ClassPixel<Expr<'_, T>> {
    graph.note(0, "shared by all terms");
    let (label, label_logit) = (graph.input("label"), graph.input("label_logit"));
    let pixel = largest(graph).class_pixel(label, label_logit, graph.input("others"));
    ClassPixel { log_p: pixel.log_p.named("log_p"), p: pixel.p.named("p"), q: pixel.q.named("q") }
}

/// The derivatives of the loss in the false positives and negatives of a class.
fn slopes<T: Traced>(graph: &Graph<T>) -> [Expr<'_, T>; 2] {
    [graph.read("a", "slopes[0]"), graph.read("b", "slopes[1]")]
}

fn largest_places<T>(largest: Largest<Expr<'_, T>>) -> [(String, Expr<'_, T>); 2] {
    [("*largest".into(), largest.logit), ("*largest_class".into(), largest.class)]
}

/// The probability of class k.
fn class_probability<T: Traced>(graph: &Graph<T>) -> Expr<'_, T> {
    probability(graph.input("exp_k"), graph.input("inverse")).named("p")
}

fn largest_first<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let comment = "The largest logit so far and its class: those of class 0.";
    let signature = "void largest_first(lanes logit, lanes *largest, lanes *largest_class)";
    let found = Largest::first(graph.input("logit"));
    function(&graph, comment, signature, &largest_places(found))
}

fn largest_with<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let so_far = Largest {
        logit: graph.read("so_far", "*largest"),
        class: graph.read("its_class", "*largest_class"),
    };
    let comment = "The same with the logit of class k.";
    let signature =
        "void largest_with(lanes logit, lanes k, lanes *largest,\n    lanes *largest_class)";
    let found = so_far.with(graph.input("logit"), graph.input("k"));
    function(&graph, comment, signature, &largest_places(found))
}

fn exp_of<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let exp = largest(&graph).exp_of(graph.input("logit"), graph.input("k"));
    let comment = "The exponential of class k.";
    let signature = "lanes exp_of(lanes logit, lanes k, lanes largest,\n    lanes largest_class)";
    function(&graph, comment, signature, &returned(exp))
}

fn add_other<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    // The largest logit itself is not read.
    let largest = Largest { logit: Expr::splat(0.0), class: graph.input("largest_class") };
    let sum = largest.add_other(graph.input("others"), graph.input("exp_k"), graph.input("k"));
    let comment = "The sum of exponentials of all classes but the largest, with class k.";
    let signature = "lanes add_other(lanes others, lanes exp_k, lanes k, lanes largest_class)";
    function(&graph, comment, signature, &returned(sum))
}

fn class_parts<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let pixel = class_pixel(&graph);
    let outputs = [("*inverse".into(), inverse(graph.input("others"))), ("*rest".into(), pixel.q)];
    let comment = "What gives every class's probability, and 1 - p of the true class.";
    let signature = format!("void class_parts({QUANTITIES}, lanes *inverse, lanes *rest)");
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

fn class_sums<T: Traced>(loss: &Loss<'_>) -> String {
    let graph = Graph::<T>::new();
    let is_label = graph.input("label").eq(graph.input("k"));
    let values = region::class_sums(is_label, class_probability(&graph), graph.input("q"));
    let values = weighted(region_weight(&graph, loss), values);
    let comment = "What a pixel adds to the region sums of class k.";
    let signature = "void class_sums(lanes label, lanes k, lanes exp_k, lanes inverse, lanes q,\n    \
                     const lanes *weights, lanes *values)";
    function(&graph, comment, signature, &numbered(values))
}

fn region_shift<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let k = graph.input("k");
    let slope = region::class_slope(graph.input("label").eq(k), slopes(&graph));
    let is_largest = graph.input("largest_class").eq(k);
    let shift = region::shift(graph.input("shift"), is_largest, slope);
    let comment = "The region slope of the largest class, found class by class.";
    let signature = "lanes region_shift(lanes shift, lanes label, lanes k, lanes largest_class,\n    \
                     global const real *slopes)";
    function(&graph, comment, signature, &returned(shift))
}

fn region_mean<T: Traced>() -> String {
    let graph = Graph::<T>::new();
    let k = graph.input("k");
    let slope = region::class_slope(graph.input("label").eq(k), slopes(&graph));
    let is_largest = graph.input("largest_class").eq(k);
    let (mean, p, shift) = (graph.input("mean"), class_probability(&graph), graph.input("shift"));
    let mean = region::add_to_mean(mean, is_largest, p, slope, shift);
    let comment = "The sum of p times region slope over the other classes, with class k.";
    let signature = "lanes region_mean(lanes mean, lanes label, lanes k, lanes largest_class,\n    \
                     lanes exp_k, lanes inverse, lanes shift, global const real *slopes)";
    function(&graph, comment, signature, &returned(mean))
}

fn logit_gradient<T: Traced>(loss: &Loss<'_>) -> String {
    let graph = Graph::<T>::new();
    let is_label = graph.input("label").eq(graph.input("k"));
    let (p, q, slope) = (class_probability(&graph), graph.input("q"), graph.input("slope"));
    let mut gradient = class_gradient(is_label, slope, q, p);
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
    let signature = "lanes logit_gradient(lanes label, lanes k, lanes exp_k, lanes inverse, lanes q,\n    \
                     lanes slope, lanes shift, lanes mean, const lanes *weights,\n    global const \
                     real *slopes)";
    function(&graph, comment, signature, &returned(gradient))
}
