use segloss_core::class::ClassPixel;
use segloss_core::class::softmax::{Largest, class_gradient, inverse, probability};
use segloss_core::compose::Parts;
use segloss_core::lanes::Lanes;
use segloss_core::region::softmax as region;

use super::{numbered, returned, terms, trace_terms};
use crate::trace::{Expr, Format, Graph};

/// The parameters from which a pixel's true class is found.
const QUANTITIES: &str = "real label, real label_logit, real largest,\n    real largest_class, real \
                          others";

/// The functions that `softmax.cl` calls.
pub(super) fn functions<T: Format, P: Parts>(parts: &P) -> String {
    let mut functions = vec![
        largest_first::<T>(),
        largest_with::<T>(),
        add_other::<T>(),
        probability_of::<T>(),
        class_parts::<T>(),
        class_values::<T, P>(parts),
        class_slope::<T, P>(parts),
        logit_gradient::<T>(P::REGION),
    ];
    if P::REGION {
        functions.extend([class_sums::<T>(), region_shift::<T>(), region_mean::<T>()]);
    }
    functions.join("\n")
}

fn largest<T: Format>(graph: &Graph<T>) -> Largest<Expr<'_, T>> {
    Largest { logit: graph.input("largest"), class: graph.input("largest_class") }
}

/// The true class's quantities.
fn class_pixel<T: Format>(graph: &Graph<T>) -> ClassPixel<Expr<'_, T>> {
    graph.note(0, "shared by all terms");
    let (label, label_logit) = (graph.input("label"), graph.input("label_logit"));
    let pixel = largest(graph).class_pixel(label, label_logit, graph.input("others"));
    ClassPixel { log_p: pixel.log_p.named("log_p"), p: pixel.p.named("p"), q: pixel.q.named("q") }
}

/// The derivatives of the loss in the false positives and negatives of a class.
fn slopes<T: Format>(graph: &Graph<T>) -> [Expr<'_, T>; 2] {
    [graph.read("a", "slopes[0]"), graph.read("b", "slopes[1]")]
}

fn largest_places<T>(largest: Largest<Expr<'_, T>>) -> [(String, Expr<'_, T>); 2] {
    [("*largest".into(), largest.logit), ("*largest_class".into(), largest.class)]
}

fn largest_first<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let signature = "void largest_first(real logit, real *largest, real *largest_class)";
    let comment = "/* The largest logit so far and its class: those of class 0. */\n";
    let found = Largest::first(graph.input("logit"));
    comment.to_owned() + &graph.function(signature, &largest_places(found))
}

fn largest_with<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let so_far = Largest {
        logit: graph.read("so_far", "*largest"),
        class: graph.read("its_class", "*largest_class"),
    };
    let signature =
        "void largest_with(real logit, real k, real *largest,\n    real *largest_class)";
    let found = so_far.with(graph.input("logit"), graph.input("k"));
    let comment = "/* The same with the logit of class k. */\n";
    comment.to_owned() + &graph.function(signature, &largest_places(found))
}

fn add_other<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let (largest, k) = (largest(&graph), graph.input("k"));
    let exp = largest.exp_of(graph.input("logit"), k).named("exp_k");
    let sum = largest.add_other(graph.input("others"), exp, k);
    let comment = "/* The sum of exponentials of all classes but the largest, with class k. */\n";
    let signature = "real add_other(real others, real logit, real k, real largest,\n    \
                     real largest_class)";
    comment.to_owned() + &graph.function(signature, &returned(sum))
}

fn probability_of<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let exp = largest(&graph).exp_of(graph.input("logit"), graph.input("k")).named("exp_k");
    let p = probability(exp, graph.input("inverse"));
    let comment = "/* The probability of class k. */\n";
    let signature = "real probability_of(real logit, real k, real largest, real largest_class,\n    \
                     real inverse)";
    comment.to_owned() + &graph.function(signature, &returned(p))
}

fn class_parts<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let pixel = class_pixel(&graph);
    let outputs = [("*inverse".into(), inverse(graph.input("others"))), ("*rest".into(), pixel.q)];
    let comment = "/* What gives every class's probability, and 1 - p of the true class. */\n";
    let signature = format!("void class_parts({QUANTITIES}, real *inverse, real *rest)");
    comment.to_owned() + &graph.function(&signature, &outputs)
}

fn class_values<T: Format, P: Parts>(parts: &P) -> String {
    let graph = Graph::<T>::new();
    let pixel = class_pixel(&graph);
    let (values, _) = trace_terms(&graph, parts, |factors, weights, sums, add| {
        parts.class(&pixel, factors, weights, sums, add, None)
    });
    let comment = format!("/* What a pixel adds to sums. Terms:{}. */\n", terms(parts, ""));
    let signature = format!("void class_values({QUANTITIES}, real *values)");
    comment + &graph.function(&signature, &numbered(values))
}

fn class_slope<T: Format, P: Parts>(parts: &P) -> String {
    let graph = Graph::<T>::new();
    let pixel = class_pixel(&graph);
    let (_, slope) = trace_terms(&graph, parts, |factors, weights, sums, add| {
        parts.class(&pixel, factors, weights, sums, add, None)
    });
    let comment =
        format!("/* The derivative in ln p of the true class. Factors:{}. */\n", terms(parts, ""));
    let signature = format!("real class_slope({QUANTITIES}, global const real *factors)");
    comment + &graph.function(&signature, &returned(slope.unwrap_or(Expr::splat(0.0))))
}

fn class_sums<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let is_label = graph.input("label").eq(graph.input("k"));
    let values = region::class_sums(is_label, graph.input("p"), graph.input("q"));
    let comment = "/* What a pixel adds to the region sums of class k. */\n";
    let signature = "void class_sums(real label, real k, real p, real q, real *values)";
    comment.to_owned() + &graph.function(signature, &numbered(values))
}

fn region_shift<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let k = graph.input("k");
    let slope = region::class_slope(graph.input("label").eq(k), slopes(&graph));
    let is_largest = graph.input("largest_class").eq(k);
    let shift = region::shift(graph.input("shift"), is_largest, slope);
    let comment = "/* The region slope of the largest class, found class by class. */\n";
    let signature = "real region_shift(real shift, real label, real k, real largest_class,\n    \
                     global const real *slopes)";
    comment.to_owned() + &graph.function(signature, &returned(shift))
}

fn region_mean<T: Format>() -> String {
    let graph = Graph::<T>::new();
    let k = graph.input("k");
    let slope = region::class_slope(graph.input("label").eq(k), slopes(&graph));
    let is_largest = graph.input("largest_class").eq(k);
    let (mean, p, shift) = (graph.input("mean"), graph.input("p"), graph.input("shift"));
    let mean = region::add_to_mean(mean, is_largest, p, slope, shift);
    let comment = "/* The sum of p times region slope over the other classes, with class k. */\n";
    let signature = "real region_mean(real mean, real label, real k, real largest_class, real p,\n    \
                     real shift, global const real *slopes)";
    comment.to_owned() + &graph.function(signature, &returned(mean))
}

fn logit_gradient<T: Format>(with_region: bool) -> String {
    let graph = Graph::<T>::new();
    let is_label = graph.input("label").eq(graph.input("k"));
    let (p, q, slope) = (graph.input("p"), graph.input("q"), graph.input("slope"));
    let mut gradient = class_gradient(is_label, slope, q, p);
    let mut more = "";
    if with_region {
        let slope = region::class_slope(is_label, slopes(&graph));
        let (shift, mean) = (graph.input("shift"), graph.input("mean"));
        gradient = gradient + region::class_gradient(p, slope, shift, mean);
        more = ",\n    real shift, real mean, global const real *slopes";
    }
    let comment = "/* The gradient in logit k. */\n";
    let signature =
        format!("real logit_gradient(real label, real k, real p, real q, real slope{more})");
    comment.to_owned() + &graph.function(&signature, &returned(gradient))
}
