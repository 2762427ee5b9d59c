//! The key to the colours of classes.

use crate::canvas::{Canvas, Face};
use crate::colour::{FAINT, FRAME, LABELS, label};

/// Side of a sample of colour.
const SIDE: usize = 11;
/// Between a sample and its label, and between a label and the next sample.
const GAP: usize = 4;
const SPACE: usize = 10;

/// Samples of the colours of so many classes, with their labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legend(pub usize);

impl Legend {
    /// Draws one sample a colour, and after them from where on colours come again.
    pub fn draw(self, canvas: &mut Canvas, (x, y): (usize, usize)) {
        let end = (0..self.samples()).fold(x, |x, class| {
            canvas.bar(x, y + 3, (SIDE, SIDE), |_| label(class as i32));
            canvas.frame(x, y + 3, (SIDE, SIDE), FRAME);
            canvas.text(x + SIDE + GAP, y, &class.to_string(), Face::Text, FAINT) + SPACE
        });
        canvas.text(end, y, &self.again(), Face::Text, FAINT);
    }

    /// Returns how wide it is.
    pub fn width(self) -> usize {
        let sample = |class: usize| SIDE + GAP + Face::Text.width(&class.to_string()) + SPACE;
        (0..self.samples()).map(sample).sum::<usize>() + Face::Text.width(&self.again())
    }

    fn samples(self) -> usize {
        self.0.min(LABELS.len())
    }

    /// Which class is the first to have another's colour.
    fn again(self) -> String {
        let first = LABELS.len();
        if self.0 > first { format!("{first} as 1 ...") } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::WHITE;

    #[test]
    fn every_colour_has_a_sample() {
        for (classes, last) in [(3, 2), (8, 7), (21, 7)] {
            let legend = Legend(classes);
            let mut canvas = Canvas::new(legend.width() + SPACE, 20);
            legend.draw(&mut canvas, (0, 0));
            let has = |colour| (0..legend.width()).any(|x| canvas.at(x, 8) == colour);
            assert!((0..=last).all(|class| has(label(class))), "{classes}");
            let is_blank = |x: usize| (0..20).all(|y| canvas.at(x, y) == WHITE);
            assert!((legend.width()..canvas.width).all(is_blank), "{classes}");
        }
        assert_eq!(Legend(3).width(), 3 * (SIDE + GAP + Face::Text.width("2") + SPACE));
    }

    #[test]
    fn colours_that_come_again_are_told() {
        assert_eq!((Legend(8).again(), Legend(9).again()), (String::new(), "8 as 1 ...".into()));
        assert_eq!(label(8), label(1));
    }
}
