//! The list of terms: each says what tables need, and the table in the README is what they say.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use segloss_core::Link;
use segloss_core::builtin::{TermVisitor, visit};
use segloss_core::class::ClassTerm;
use segloss_core::compose::{Definition, Registry};
use segloss_core::level::Scalar;
use segloss_core::pixel::PixelTerm;
use segloss_core::region::RegionTerm;
use segloss_core::term::{About, Parameter};
use segloss_core::text::Number;

fn terms() -> impl Iterator<Item = &'static Definition<'static, f32>> {
    Registry::<f32>::builtin::<Scalar>().terms()
}

/// Names by kind.
#[derive(Default)]
struct Names(Vec<(&'static str, Option<Link>)>);

impl TermVisitor for Names {
    fn pixel<P: PixelTerm>(&mut self) {
        self.0.push((P::NAME, Some(Link::Sigmoid)));
    }

    fn class<P: ClassTerm>(&mut self) {
        self.0.push((P::NAME, Some(Link::Softmax)));
    }

    fn region<P: RegionTerm>(&mut self) {
        self.0.push((P::NAME, None));
    }
}

#[test]
fn the_registry_has_what_is_visited() {
    let mut names = Names::default();
    visit(&mut names);
    let registered: Vec<_> = terms().map(|term| (term.name, term.link())).collect();
    assert_eq!(names.0, registered);
}

#[test]
fn every_term_can_be_told_apart_and_says_what_it_is() {
    let mut names = BTreeSet::new();
    for term in terms() {
        let links = term.link().map_or(vec!["sigmoid", "softmax"], |link| vec![link.name()]);
        assert!(links.iter().all(|link| names.insert((term.name, *link))), "{}", term.name);
        let about = term.about;
        assert!(![about.title, about.formula, about.source].contains(&""), "{}", term.name);
        for parameter in term.parameters {
            assert!(parameter.range.contains(parameter.default), "{} {parameter:?}", term.name);
        }
    }
}

const START: &str = "<!-- losses -->\n";
const END: &str = "<!-- end of losses -->\n";

fn parameter(parameter: &Parameter) -> String {
    let name = parameter.name;
    match (parameter.like, parameter.choices) {
        (Some(other), _) => format!("`{name}={other}`"),
        (None, []) => format!("`{name}={}`", Number(parameter.default)),
        (None, ["false", "true"]) => format!("`{name}=false`"),
        (None, words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`{name}={word}`")).collect();
            words.join(" or ")
        }
    }
}

fn table() -> String {
    let mut table = String::from(
        "| loss | link | formula | parameters | source | also in |\n|---|---|---|---|---|---|\n",
    );
    for term in terms() {
        let link = term.link().map_or("both", Link::name);
        let of_class = term.class_weights.filter(|_| term.link().is_some());
        let weights = of_class.map(|weights| format!("`{}=[..]`", weights.name));
        let parameters: Vec<_> = term.parameters.iter().map(parameter).chain(weights).collect();
        let also = term.also.map(|also| format!(" or `{also}`")).unwrap_or_default();
        let About { title, formula, source, peers } = term.about;
        table += &format!(
            "| `{}`{also}: {title} | {link} | `{formula}` | {} | {source} | {peers} |\n",
            term.name,
            parameters.join(" "),
        );
    }
    table
}

#[test]
fn readme_has_the_table_of_terms() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(&path).unwrap();
    let start = text.find(START).expect("a mark before the table") + START.len();
    let end = text.find(END).expect("a mark after the table");
    let table = table();
    if env::var_os("SEGLOSS_WRITE_README").is_some() {
        fs::write(&path, [&text[..start], &table, &text[end..]].concat()).unwrap();
    } else {
        let advice = "README.md is stale: run this test with SEGLOSS_WRITE_README=1";
        assert_eq!(&text[start..end], table, "{advice}");
    }
}
