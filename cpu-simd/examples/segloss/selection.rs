//! The losses of a run: those asked for, or all there are.

use std::error::Error;

use segloss_core::class_weights::{Absent, class_weights};
use segloss_core::compose::PRESETS;
use segloss_core::engine::{Ignore, Link};
use segloss_core::text::Number;
use segloss_core::view::{self, Layout, View};
use segloss_simd::Library;

use crate::objective::Objective;
use crate::shape::{IGNORED, Shape};

const SIGMOID: [&str; 7] = [
    "bce",
    "focal",
    "dice",
    "tversky(fp=0.3, fn=0.7)",
    "focal_tversky(fp=0.3, fn=0.7, gamma=0.75)",
    "boundary",
    "distance",
];

/// What losses are chosen by.
pub struct Selection<'a> {
    /// Those asked for, if any.
    pub texts: &'a [String],
    /// The link asked for, if any.
    pub link: Option<Link>,
    pub labels: &'a [u8],
    /// Classes of the labels, at least 2.
    pub classes: usize,
    pub shape: Shape,
    /// Whether the shape is that of given logits, not yet to be chosen.
    pub has_logits: bool,
}

impl Selection<'_> {
    /// Reads the losses.
    pub fn objectives<'l>(
        &self,
        library: &'l Library<f32>,
    ) -> Result<Vec<Objective<'l>>, Box<dyn Error>> {
        let fitting = self.fitting()?;
        let wanted = match self.texts {
            [] => self.all(fitting)?,
            texts => {
                let by_mask = if self.classes == 2 { Link::Sigmoid } else { Link::Softmax };
                let link = fitting.unwrap_or(by_mask);
                texts.iter().map(|text| (text.clone(), link)).collect()
            }
        };
        let classes = if self.has_logits { self.shape.channels } else { self.classes };
        let read = |(text, link): (String, Link)| {
            Objective::new(library, &text, link, classes)
                .map_err(|error| format!("--loss: {error}").into())
        };
        wanted.into_iter().map(read).collect()
    }

    /// The link that is asked for or that the logits have; none if both will do.
    fn fitting(&self) -> Result<Option<Link>, String> {
        if !self.has_logits {
            return Ok(self.link);
        }
        let channels = self.shape.channels;
        let fits = if channels == 1 { Link::Sigmoid } else { Link::Softmax };
        match self.link {
            Some(link) if link != fits => Err(format!(
                "--link {}: the logits have {channels} channel(s); expected {}",
                link, fits
            )),
            _ => Ok(Some(fits)),
        }
    }

    /// Every loss of `only` that link, or of both.
    fn all(&self, only: Option<Link>) -> Result<Vec<(String, Link)>, Box<dyn Error>> {
        let presets = PRESETS.iter().map(|preset| format!("preset:{}", preset.name));
        let of_sigmoid = SIGMOID.iter().map(|&text| text.to_owned()).chain(presets);
        let weighted = format!("ce(weights=[{}])", self.inverse_frequencies()?);
        let of_softmax = ["ce".into(), weighted, "focal".into(), "dice".into()];
        let all = (of_sigmoid.map(|text| (text, Link::Sigmoid)))
            .chain(of_softmax.map(|text| (text, Link::Softmax)));
        Ok(all.filter(|(_, link)| only.is_none_or(|only| only == *link)).collect())
    }

    /// Class weights as a list, to four digits. A class that never occurs has 0.
    fn inverse_frequencies(&self) -> Result<String, Box<dyn Error>> {
        let Shape { batch, channels, height, width } = self.shape;
        let classes = if self.has_logits { channels.max(2) } else { self.classes };
        let shape = view::Shape::new(batch, 1, &[height, width])?;
        let mask = View::new(self.labels, Layout::channels_first(shape)?)?;
        let (mut counts, mut weights) = (vec![0; classes], vec![0.0; classes]);
        let ignored = Some(i64::from(IGNORED));
        class_weights(
            [mask],
            Ignore::Labels(ignored.as_slice()),
            Absent::Zero,
            &mut counts,
            &mut weights,
        )?;
        let rounded = |weight: &f64| Ok(Number(format!("{weight:.3e}").parse()?).to_string());
        let texts: Result<Vec<String>, std::num::ParseFloatError> =
            weights.iter().map(rounded).collect();
        Ok(texts?.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(selection: &Selection) -> Result<Vec<(String, usize)>, String> {
        let library = Library::default();
        let objectives = selection.objectives(&library).map_err(|error| error.to_string())?;
        Ok(objectives.iter().map(|one| (one.name().to_owned(), one.channels())).collect())
    }

    fn selection<'a>(texts: &'a [String], channels: Option<usize>) -> Selection<'a> {
        let shape = Shape { batch: 1, channels: channels.unwrap_or(1), height: 1, width: 5 };
        Selection {
            texts,
            link: None,
            labels: &[0, 0, 0, 1, IGNORED],
            classes: 2,
            shape,
            has_logits: channels.is_some(),
        }
    }

    #[test]
    fn every_loss_that_fits_unless_some_are_asked_for() {
        let all = names(&selection(&[], None)).unwrap();
        assert_eq!(all.len(), SIGMOID.len() + PRESETS.len() + 4);
        // 3 to 1: the weights are 0.5 and 1.5.
        assert!(all.contains(&("ce(weights=[0.5, 1.5])".into(), 2)), "{all:?}");
        assert_eq!(names(&selection(&[], Some(1))).unwrap().len(), SIGMOID.len() + PRESETS.len());
        assert!(
            names(&selection(&[], Some(3))).unwrap().iter().all(|(_, channels)| *channels == 3)
        );
        let asked = ["bce + dice".to_owned(), "medical".to_owned()];
        let two = [("bce + dice".to_owned(), 1), ("preset:medical".to_owned(), 1)];
        assert_eq!(names(&selection(&asked, None)).unwrap(), two);
    }

    #[test]
    fn links_follow_the_mask_the_logits_or_the_argument() {
        let dice = ["dice".to_owned()];
        let channels = |selection: &Selection| names(selection).unwrap()[0].1;
        assert_eq!(channels(&selection(&dice, None)), 1);
        assert_eq!(channels(&Selection { classes: 4, ..selection(&dice, None) }), 4);
        let softmax = Some(Link::Softmax);
        assert_eq!(channels(&Selection { link: softmax, ..selection(&dice, None) }), 2);
        let clash = names(&Selection { link: softmax, ..selection(&dice, Some(1)) }).unwrap_err();
        assert!(clash.contains("--link softmax") && clash.contains("expected sigmoid"), "{clash}");
    }

    #[test]
    fn a_mistake_names_the_argument() {
        let message = names(&selection(&["dice(smoth=1)".to_owned()], None)).unwrap_err();
        assert!(message.starts_with("--loss: at 6: "), "{message}");
        assert!(message.ends_with("dice(smoth=1)\n     ^"), "{message}");
    }
}
