//! The losses of a run: those asked for, or the usual ones.

use std::error::Error;

use segloss_core::class_weights::{Absent, class_weights};
use segloss_core::compose::PRESETS;
use segloss_core::engine::Link;
use segloss_core::text::Number;
use segloss_core::view::{self, Layout, View};
use segloss_simd::Library;

use crate::labels::Labels;
use crate::link::{self, Asked};
use crate::objective::Objective;
use crate::shape::{IGNORE_INDEX, Shape};

/// The usual losses under sigmoid, and what to notice in the figure; `--list` has the others. A run without arguments shows those with a note.
const SIGMOID: [(&str, Option<&str>); 7] = [
    ("bce", Some("every pixel by its error, y - p")),
    ("focal", Some("sure mistakes pull most; easy pixels are left alone")),
    ("dice", Some("foreground pulls harder; sure mistakes are left alone")),
    ("tversky(fp=0.3, fn=0.7)", Some("as dice, more to what is missed than to false alarms")),
    ("focal_tversky(fp=0.3, fn=0.7, gamma=0.75)", None),
    ("boundary", Some("bce, 5 times as much in a band along boundaries")),
    ("distance", Some("bce, less the farther a pixel is from a boundary")),
];

/// The most logits that a loss may have: one GiB of them.
const MOST_LOGITS: usize = 1 << 28;

/// A loss of the run.
#[derive(Debug)]
pub struct Chosen<'l> {
    pub objective: Objective<'l>,
    /// Whether the figure shows it.
    pub is_shown: bool,
    /// What to notice there.
    pub note: Option<&'static str>,
}

/// What losses are chosen by.
pub struct Selection<'a> {
    /// Those asked for, if any.
    pub texts: &'a [String],
    /// The link of all losses, if it is said.
    pub asked: Option<&'a Asked>,
    pub labels: &'a Labels,
    pub shape: Shape,
}

impl Selection<'_> {
    /// Reads the losses.
    pub fn losses<'l>(&self, library: &'l Library<f32>) -> Result<Vec<Chosen<'l>>, Box<dyn Error>> {
        if self.texts.is_empty() {
            return self.all(library);
        }
        let read = |text: &String| {
            let link = self.link(text, library)?;
            let objective = self.objective(library, text, link)?;
            let known = SIGMOID.iter().find(|(known, _)| link == Link::Sigmoid && known == text);
            Ok(Chosen { objective, is_shown: true, note: known.and_then(|(_, note)| *note) })
        };
        self.texts.iter().map(read).collect()
    }

    /// That of all losses, else that of its terms, else that of the masks.
    fn link(&self, text: &str, library: &Library<f32>) -> Result<Link, String> {
        let own = link::of_loss(text, library)?;
        match (self.asked, own) {
            (Some(asked), Some(own)) if asked.link != own.link => {
                Err(format!("{} needs {}; {} asks for {}", own.by, own.link, asked.by, asked.link))
            }
            (Some(asked), _) => Ok(asked.link),
            (None, Some(own)) => Ok(own.link),
            (None, None) => Ok(self.labels.link.unwrap_or(Link::Sigmoid)),
        }
    }

    fn objective<'l>(
        &self,
        library: &'l Library<f32>,
        text: &str,
        link: Link,
    ) -> Result<Objective<'l>, String> {
        let objective = Objective::new(library, text, link, self.labels.classes)
            .map_err(|error| format!("--loss: {error}"))?;
        let (pixels, channels) = (self.shape.pixels(), objective.channels());
        if pixels.saturating_mul(channels) > MOST_LOGITS {
            return Err(format!(
                "--mask: {channels} classes of {pixels} pixels have {} logits; expected at most \
                 {MOST_LOGITS}: fewer labels, or smaller or fewer images",
                pixels.saturating_mul(channels)
            ));
        }
        Ok(objective)
    }

    /// Every loss of the link that is said or that the masks need, or of both.
    fn all<'l>(&self, library: &'l Library<f32>) -> Result<Vec<Chosen<'l>>, Box<dyn Error>> {
        let only = self.asked.map(|asked| asked.link).or(self.labels.link);
        let mut losses = Vec::new();
        if only != Some(Link::Softmax) {
            for (text, note) in SIGMOID {
                let objective = self.objective(library, text, Link::Sigmoid)?;
                losses.push(Chosen { objective, is_shown: note.is_some(), note });
            }
            for preset in PRESETS {
                let text = format!("preset:{}", preset.name);
                let objective = self.objective(library, &text, Link::Sigmoid)?;
                losses.push(Chosen { objective, is_shown: false, note: None });
            }
        }
        if only != Some(Link::Sigmoid) {
            let weighted = format!("ce(weights=[{}])", self.inverse_frequencies()?);
            for text in ["ce", &weighted, "focal", "dice"] {
                let objective = self.objective(library, text, Link::Softmax)?;
                losses.push(Chosen { objective, is_shown: only.is_some(), note: None });
            }
        }
        Ok(losses)
    }

    /// Class weights as a list, to four digits. A class that never occurs has 1.
    fn inverse_frequencies(&self) -> Result<String, Box<dyn Error>> {
        let Shape { batch, height, width, .. } = self.shape;
        let Labels { labels, classes, .. } = self.labels;
        let shape = view::Shape::new(batch, 1, &[height, width])?;
        let mask = View::new(labels, Layout::channels_first(shape)?)?;
        let (mut counts, mut weights) = (vec![0; *classes], vec![0.0; *classes]);
        class_weights([mask], IGNORE_INDEX, Absent::default(), &mut counts, &mut weights)?;
        let rounded = |weight: &f64| Ok(Number(format!("{weight:.3e}").parse()?).to_string());
        let texts: Result<Vec<String>, std::num::ParseFloatError> =
            weights.iter().map(rounded).collect();
        Ok(texts?.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use segloss_simd::Loss;

    use super::*;
    use crate::shape::IGNORED;

    /// Three pixels of background, one of foreground, and one ignored.
    fn labels(classes: usize, link: Option<Link>) -> Labels {
        Labels { labels: vec![0, 0, 0, 1, IGNORED], classes, link, reading: String::new() }
    }

    fn names(
        texts: &[&str],
        asked: Option<Link>,
        labels: &Labels,
    ) -> Result<Vec<(String, usize, bool)>, String> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        let asked = asked.map(|link| Asked { link, by: format!("--link {link}") });
        let shape = Shape { batch: 1, channels: 1, height: 1, width: 5 };
        let library = Library::default();
        let selection = Selection { texts: &texts, asked: asked.as_ref(), labels, shape };
        let losses = selection.losses(&library).map_err(|error| error.to_string())?;
        let name = |one: &Chosen| {
            (one.objective.name().to_owned(), one.objective.channels(), one.is_shown)
        };
        Ok(losses.iter().map(name).collect())
    }

    #[test]
    fn losses_of_a_run_without_arguments_are_terms() {
        let library = Library::<f32>::default();
        for (text, _) in SIGMOID {
            assert!(Loss::new(&library, text, Link::Sigmoid).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_loss_that_fits_unless_some_are_asked_for() {
        let two = labels(2, None);
        let all = names(&[], None, &two).unwrap();
        assert_eq!(all.len(), SIGMOID.len() + PRESETS.len() + 4);
        assert_eq!(all.iter().filter(|(.., is_shown)| *is_shown).count(), 6);
        // 3 to 1: the weights are 0.5 and 1.5.
        assert!(all.contains(&("ce(weights=[0.5, 1.5])".into(), 2, false)), "{all:?}");
        let sigmoid = names(&[], Some(Link::Sigmoid), &two).unwrap();
        assert_eq!(sigmoid.len(), SIGMOID.len() + PRESETS.len());
        // The third class never occurs.
        let softmax = names(&[], None, &labels(3, Some(Link::Softmax))).unwrap();
        let wanted = ["ce", "ce(weights=[0.5, 1.5, 1])", "focal", "dice"];
        assert_eq!(softmax, wanted.map(|text| (text.to_owned(), 3, true)));
        let asked = names(&["bce + dice", "medical"], None, &two).unwrap();
        let wanted = ["bce + dice", "preset:medical"].map(|text| (text.to_owned(), 1, true));
        assert_eq!(asked, wanted);
    }

    #[test]
    fn links_are_those_of_the_argument_the_terms_or_the_masks() {
        let channels =
            |text, asked, labels: &Labels| names(&[text], asked, labels).map(|all| all[0].1);
        let two = labels(2, None);
        assert_eq!(channels("dice", None, &two), Ok(1));
        assert_eq!(channels("ce", None, &two), Ok(2));
        assert_eq!(channels("dice", None, &labels(4, Some(Link::Softmax))), Ok(4));
        assert_eq!(channels("dice", Some(Link::Softmax), &two), Ok(2));
        let error = channels("ce", Some(Link::Sigmoid), &two).unwrap_err();
        assert_eq!(error, "--loss 'ce' needs softmax; --link sigmoid asks for sigmoid");
    }

    #[test]
    fn a_mistake_names_the_argument() {
        let message = names(&["dice(smoth=1)"], None, &labels(2, None)).unwrap_err();
        assert!(message.starts_with("--loss: at 6: "), "{message}");
        assert!(message.ends_with("dice(smoth=1)\n     ^"), "{message}");
        let many = names(&["ce"], None, &labels(1 << 27, None)).unwrap_err();
        assert!(many.contains("134217728 classes of 5 pixels have 671088640 logits"), "{many}");
    }
}
