//! One image of the figure: what it shows, its caption and the key to its
//! colours.

use crate::canvas::{Canvas, Face};
use crate::colour::{FAINT, FRAME, INK, Rgb};
use crate::scale::scale;

/// Height of a caption.
pub const CAPTION: usize = 22;
/// Width of a key's bar.
const BAR: usize = 40;

/// A panel in the resolution of the image.
pub struct Panel {
    pub name: String,
    pub key: Option<Key>,
    pub content: Content,
}

pub enum Content {
    Colours(Vec<Rgb>),
    /// Numbers from 0 to 1 and their colours. NaN stands for ignored.
    Numbers(Vec<f32>, fn(f32) -> Rgb),
}

/// What the ends of a colour map stand for.
pub struct Key {
    pub from: String,
    pub to: String,
    pub colour: fn(f32) -> Rgb,
}

impl Panel {
    /// Draws the caption and below it the image, of `size` pixels, scaled from
    /// rows of `width`. The caption may be as wide as `room`.
    pub fn draw(
        self,
        canvas: &mut Canvas,
        (x, y): (usize, usize),
        width: usize,
        size: (usize, usize),
        room: usize,
    ) {
        let text = Face::Text;
        let mut left = room;
        if let Some(Key { from, to, colour }) = &self.key {
            let wide = text.width(from) + BAR + text.width(to) + 10;
            left = room.saturating_sub(wide + 8);
            let start = canvas.text(x + room.saturating_sub(wide), y, from, text, FAINT) + 5;
            canvas.bar(start, y + 3, (BAR, 11), colour);
            canvas.frame(start, y + 3, (BAR, 11), FRAME);
            canvas.text(start + BAR + 5, y, to, text, FAINT);
        }
        canvas.text(x, y, &text.fit(&self.name, left), text, INK);
        canvas.frame(x, y + CAPTION, size, FRAME);
        let pixels = scaled(self.content, width, size);
        canvas.image(x, y + CAPTION, size.0, pixels.into_iter());
    }
}

fn scaled(content: Content, width: usize, size: (usize, usize)) -> Vec<Rgb> {
    match content {
        Content::Colours(colours) => {
            let colours: Vec<_> = colours.iter().map(|colour| colour.map(f32::from)).collect();
            let byte = |x: f32| x.round() as u8;
            scale(&colours, width, size).into_iter().map(|colour| colour.map(byte)).collect()
        }
        Content::Numbers(numbers, colour) => {
            let numbers: Vec<_> = numbers.into_iter().map(|x| [x]).collect();
            scale(&numbers, width, size).into_iter().map(|[x]| colour(x)).collect()
        }
    }
}
