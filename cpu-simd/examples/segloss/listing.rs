//! What a loss can be made of, as a library has it: `--list`.

use std::fmt::{self, Write};
use std::ops::Not;

use segloss_core::compose::{CallOption, PRESETS, SHORTHANDS};
use segloss_core::engine::Link;
use segloss_core::term::{About, CLASSES, ClassesInUse, Parameter};
use segloss_core::text::Number;
use segloss_simd::Library;

/// All terms, maps and presets, with what they take.
pub fn listing(library: &Library<f32>) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let registry = library.registry();
    writeln!(out, "terms: name(argument=default, ...); a|b are the words an argument takes\n")?;
    for term in registry.terms() {
        let link = term.link().map_or("sigmoid or softmax", Link::name);
        let parameters = parameters(term.parameters);
        writeln!(out, "  {:<14} {link}", term.name)?;
        line(&mut out, "or", term.also.map(str::to_owned).as_slice())?;
        let About { title, formula, source, .. } = term.about;
        for (what, said) in [("name", title), ("formula", formula), ("source", source)] {
            line(&mut out, what, said.is_empty().not().then(|| said.to_owned()).as_slice())?;
        }
        line(&mut out, "parameters", &parameters)?;
        let weights = term.class_weights.map(|weights| {
            let by = match (term.classes.is_some(), weights.normalised) {
                (true, _) => " in use",
                (false, true) => "; the mean is over the sum of weights",
                (false, false) => "",
            };
            format!("{}=[one number a class]{by}", weights.name)
        });
        let classes = term.chooses_classes().then(|| {
            format!("{CLASSES}={}|[some, in ascending order]", ClassesInUse::WORDS.join("|"))
        });
        line(&mut out, "class weights", weights.as_slice())?;
        line(&mut out, "classes", classes.as_slice())?;
        line(&mut out, "options", &term.options().map(option).collect::<Vec<_>>())?;
    }
    for shorthand in SHORTHANDS {
        let [sigmoid, softmax] = [Link::Sigmoid, Link::Softmax]
            .map(|link| format!("{} @ {}", shorthand.term(link), shorthand.map));
        writeln!(out, "  {:<14} {sigmoid}, or {softmax} under softmax", shorthand.name)?;
        let map = registry.map(shorthand.map);
        line(&mut out, "parameters", &parameters(map.map_or(&[], |map| map.parameters)))?;
    }
    writeln!(out, "\nmaps: a term @ map(argument=default, ...) weighs each pixel\n")?;
    for map in registry.maps() {
        writeln!(out, "  {}", map.name)?;
        line(&mut out, "parameters", &parameters(map.parameters))?;
    }
    writeln!(out, "\npresets: preset:name\n")?;
    for preset in PRESETS {
        writeln!(out, "  {:<14} {}", preset.name, preset.task)?;
        for link in [Link::Sigmoid, Link::Softmax] {
            line(&mut out, link.name(), &[preset.text(link).to_owned()])?;
        }
    }
    Ok(out)
}

fn line(out: &mut String, what: &str, items: &[String]) -> fmt::Result {
    if items.is_empty() { Ok(()) } else { writeln!(out, "      {what:<14} {}", items.join(", ")) }
}

fn parameters(parameters: &[Parameter]) -> Vec<String> {
    let show = |parameter: &Parameter| {
        let default = match (parameter.like, parameter.choices) {
            (Some(other), _) => other.to_owned(),
            (None, []) => Number(parameter.default).to_string(),
            (None, choices) => choices.join("|"),
        };
        let is_bounded = parameter.choices.is_empty() && !parameter.range.is_finite();
        let also = parameter.also.map(|also| format!("or {also}"));
        let range = is_bounded.then(|| format!("{:#}", parameter.range));
        let notes: Vec<_> = [also, range].into_iter().flatten().collect();
        let notes =
            if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
        format!("{}={default}{notes}", parameter.name)
    };
    parameters.iter().map(show).collect()
}

fn option(option: &CallOption) -> String {
    let default = if option.name == "pool" { " (unless given, as the term has it)" } else { "" };
    format!("{}={}{default}", option.name, option.words.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_of_the_registry_is_listed() {
        let library = Library::default();
        let text = listing(&library).unwrap();
        let has_entry = |name: &str| {
            let mut words = text.lines().filter_map(|line| line.strip_prefix("  "));
            assert!(words.any(|line| line.split(' ').next() == Some(name)), "{name} in:\n{text}");
        };
        for term in library.registry().terms() {
            has_entry(term.name);
            for name in term.parameters.iter().flat_map(|p| [Some(p.name), p.also]).flatten() {
                assert!(text.contains(name), "{name}");
            }
            assert!(term.class_weights.is_none_or(|weights| text.contains(weights.name)));
            assert!(text.contains(term.about.formula) && text.contains(term.about.source));
            assert!(term.options().all(|one| text.contains(&option(one))));
        }
        library.registry().maps().for_each(|map| has_entry(map.name));
        SHORTHANDS.iter().for_each(|shorthand| has_entry(shorthand.name));
        for preset in PRESETS {
            has_entry(preset.name);
            assert!(text.contains(preset.text(Link::Sigmoid)));
            assert!(text.contains(preset.text(Link::Softmax)));
        }
    }

    #[test]
    fn parameters_have_defaults_words_and_other_names() {
        let text = listing(&Library::default()).unwrap();
        for part in [
            "fp=0.5 (or alpha; 0 or larger)",
            "border=auto|zero|keep",
            "void=nearest|cut",
            "alpha=0.25 (0 to 1, or `off`)",
            "smooth_nr=smooth (0 or larger)",
            "pool=sample|batch (",
        ] {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
    }
}
