//! Every term of the list: by the oracle, in the recorded values, and with the same bits at every level,
//! composed at compile time or from text.

use std::collections::BTreeSet;

use segloss_conformance::case::{Case, IGNORED};
use segloss_conformance::code::Code;
use segloss_conformance::from_text::{Asked, Format, Found};
use segloss_conformance::golden;
use segloss_conformance::objective::{Input, Term};
use segloss_conformance::oracle::{Dense, Extents, Labelled};
use segloss_conformance::run::run;
use segloss_core::builtin::{TermVisitor, visit};
use segloss_core::class::ClassTerm;
use segloss_core::compose::{At, Parts, class, pixel, region};
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::level::Scalar;
use segloss_core::pixel::PixelTerm;
use segloss_core::region::RegionTerm;
use segloss_core::view::{Layout, Shape, View};
use segloss_simd::AnyLevel;

/// Does something with each term, under each link that it has a meaning for.
trait EachTerm {
    fn term<P: Parts>(&mut self, name: &'static str, link: Link, part: P);
}

struct Each<U>(U);

impl<U: EachTerm> TermVisitor for Each<U> {
    fn pixel<P: PixelTerm>(&mut self) {
        let term = P::from_values(&[]).unwrap();
        self.0.term(P::NAME, Link::Sigmoid, pixel(1.0, term));
    }

    fn class<P: ClassTerm>(&mut self) {
        let term = P::from_values(&[]).unwrap();
        self.0.term(P::NAME, Link::Softmax, class(1.0, term));
    }

    fn region<P: RegionTerm>(&mut self) {
        let term = P::from_values(&[]).unwrap();
        self.0.term(P::NAME, Link::Sigmoid, region(1.0, term));
        self.0.term(P::NAME, Link::Softmax, region(1.0, term));
    }
}

fn case(link: Link) -> Case {
    let shape = |channels| Shape::new(2, channels, &[13, 31]).unwrap();
    match link {
        Link::Sigmoid => Case::sigmoid(3, shape(1), 6.0, 0.1),
        Link::Softmax => Case::softmax(4, shape(3), 6.0, 0.1),
    }
}

fn of_targets(case: &Case, link: Link) -> Shape {
    if link == Link::Softmax { case.shape.with_channels(1) } else { case.shape }
}

fn packed<E>(data: &[E], shape: Shape) -> View<'_, E> {
    View::new(data, Layout::channels_first(shape).unwrap()).unwrap()
}

fn call(link: Link) -> Call<'static> {
    Call { ignore_index: Ignore::Labels(&[IGNORED as i64]), ..Call::of(link) }
}

fn from_text<T: Format>(case: &Case, logits: &[T], name: &str, at: (Link, Code)) -> Found<T> {
    let (link, code) = at;
    let targets = packed(&case.targets, of_targets(case, link)).into();
    let (shape, call) = (case.shape, call(link));
    let (samples, loss_map) = (false, false);
    let asked =
        Asked { code, text: name, call, logits, shape, targets, given: &[], samples, loss_map };
    T::evaluate(asked).unwrap()
}

struct SameBits;

impl EachTerm for SameBits {
    fn term<P: Parts>(&mut self, name: &'static str, link: Link, part: P) {
        let case = case(link);
        let (z, layout) = (case.single(), Layout::channels_first(case.shape).unwrap());
        let (logits, targets) =
            (packed(&z, case.shape), packed(&case.targets, of_targets(&case, link)));
        let program = At::new(Scalar, part);
        let fixed = run(call(link), &program, logits, targets, layout, 0f32).unwrap();
        for code in Code::all() {
            let found = from_text(&case, &z, name, (link, code));
            let bits = |gradient: &[f32]| gradient.iter().map(|g| g.to_bits()).collect::<Vec<_>>();
            assert_eq!(found.value.to_bits(), fixed.value.to_bits(), "{name} {}", code.name());
            assert_eq!(bits(&found.gradient), bits(&fixed.gradient), "{name} {}", code.name());
        }
    }
}

#[test]
fn every_term_has_the_same_bits_everywhere() {
    visit(&mut Each(SameBits));
}

struct ByOracle;

impl EachTerm for ByOracle {
    fn term<P: Parts>(&mut self, name: &'static str, link: Link, _: P) {
        let term = Term::named(name).unwrap_or_else(|| panic!("`{name}` has no oracle"));
        let case = case(link);
        let Shape { batch, channels, spatial: [_, height, width], .. } = case.shape;
        let extents = Extents { batch, channels, spatial: vec![height, width] };
        let kept = |&y: &u8| (y != IGNORED).then_some(y);
        let (targets, logits) = (case.targets.iter().map(kept), &case.logits);
        let input = match link {
            Link::Sigmoid => {
                let targets = targets.map(|y| y.map(f64::from)).collect();
                Input::Dense(Dense { extents, logits, targets })
            }
            Link::Softmax => {
                let labels = targets.map(|y| y.map(usize::from)).collect();
                Input::Labelled(Labelled { extents, logits, labels, ignored_class: None })
            }
        };
        let exact = term.evaluate::<f64>(&input);
        let found = from_text(&case, logits, name, (link, AnyLevel::best().into()));
        assert!((found.value - exact.value).abs() <= 1e-12 * exact.value, "{name}");
        let largest = exact.gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
        for (found, exact) in found.gradient.iter().zip(&exact.gradient) {
            assert!((found - exact).abs() <= 1e-12 * largest, "{name}: {found} {exact}");
        }
    }
}

#[test]
fn every_term_has_an_oracle() {
    visit(&mut Each(ByOracle));
}

struct Names(BTreeSet<&'static str>);

impl EachTerm for Names {
    fn term<P: Parts>(&mut self, name: &'static str, _: Link, _: P) {
        self.0.insert(name);
    }
}

/// Terms that the source does not have, so that nothing is recorded of them.
const NOT_RECORDED: &[&str] = &[
    "jaccard",
    "fbeta",
    "log_cosh_dice",
    "generalized_dice",
    "recall",
    "poly1",
    "poly1_focal",
    "sce",
    "gce",
    "mae",
];

#[test]
fn every_term_is_recorded() {
    let mut names = Each(Names(NOT_RECORDED.iter().copied().collect()));
    visit(&mut names);
    let mut recorded: BTreeSet<_> = NOT_RECORDED.iter().map(|&name| name.to_owned()).collect();
    for losses in [golden::binary(), golden::multiclass()] {
        for case in &losses.cases {
            for (_, term) in case.call().objective.terms() {
                let text = term.to_string();
                let name = text.split(['(', ' ']).next().unwrap().to_owned();
                // The oracle has one term for both links.
                let is_ce = case.call().softmax && name == "bce";
                recorded.insert(if is_ce { "ce".into() } else { name });
            }
        }
    }
    recorded.retain(|name| !["boundary", "distance"].contains(&name.as_str()));
    let expected: BTreeSet<_> = names.0.0.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(recorded, expected);
}
