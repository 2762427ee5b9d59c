//! A heading and an image of the figure: what it shows, the key to its colours, and what to notice.

use crate::canvas::{Canvas, Face};
use crate::colour::{FAINT, FRAME, INK, Rgb};
use crate::legend::Legend;
use crate::scale::scale;
use crate::zoom::Window;

/// Height of a heading, two lines.
pub const HEADING: usize = 42;
const LINE: usize = 19;
/// Width of a key's bar.
const BAR: usize = 40;

/// A panel in the resolution of the image.
pub struct Panel {
    pub name: String,
    pub note: String,
    pub aside: Aside,
    pub content: Content,
}

pub enum Content {
    Colours(Vec<Rgb>),
    /// Numbers from 0 to 1 and their colours. NaN stands for ignored.
    Numbers(Vec<f32>, fn(f32) -> Rgb),
}

/// What stands at the right end of a heading.
pub enum Aside {
    Nothing,
    Key(Key),
    Legend(Legend),
    Text(String),
}

/// What the ends of a colour map stand for.
pub struct Key {
    pub from: String,
    pub to: String,
    pub colour: fn(f32) -> Rgb,
}

impl Key {
    /// Draws a bar between the texts of its ends.
    fn draw(&self, canvas: &mut Canvas, (x, y): (usize, usize)) {
        let start = canvas.text(x, y, &self.from, Face::Text, FAINT) + 6;
        canvas.bar(start, y + 3, (BAR, 11), self.colour);
        canvas.frame(start, y + 3, (BAR, 11), FRAME);
        canvas.text(start + BAR + 6, y, &self.to, Face::Text, FAINT);
    }

    fn width(&self) -> usize {
        Face::Text.width(&self.from) + BAR + Face::Text.width(&self.to) + 12
    }
}

impl Panel {
    /// Draws the name, what stands at its right, and below them the note, `room` pixels wide at most.
    pub fn heading(&self, canvas: &mut Canvas, (x, y): (usize, usize), room: usize) {
        let taken = match &self.aside {
            Aside::Nothing => 0,
            Aside::Key(key) => key.width(),
            Aside::Legend(legend) => legend.width(),
            Aside::Text(text) => Face::Text.width(text),
        };
        let right = x + room.saturating_sub(taken);
        match &self.aside {
            Aside::Nothing => {}
            Aside::Key(key) => key.draw(canvas, (right, y)),
            Aside::Legend(legend) => legend.draw(canvas, (right, y)),
            Aside::Text(text) => {
                canvas.text(right, y, text, Face::Text, FAINT);
            }
        }
        let name = Face::Head.fit(&self.name, room.saturating_sub(taken + 8));
        canvas.text(x, y, &name, Face::Head, INK);
        canvas.text(x, y + LINE, &Face::Text.fit(&self.note, room), Face::Text, FAINT);
    }

    /// Draws the image, of `size` pixels, scaled from rows of `width`.
    pub fn image(
        &self,
        canvas: &mut Canvas,
        at: (usize, usize),
        width: usize,
        size: (usize, usize),
    ) {
        draw(canvas, at, &self.content, width, size);
    }

    /// Draws a window of the image.
    pub fn zoom(
        &self,
        canvas: &mut Canvas,
        at: (usize, usize),
        width: usize,
        size: (usize, usize),
        window: Window,
    ) {
        let content = match &self.content {
            Content::Colours(colours) => Content::Colours(window.cut(colours, width)),
            Content::Numbers(numbers, colour) => {
                Content::Numbers(window.cut(numbers, width), *colour)
            }
        };
        draw(canvas, at, &content, window.width, size);
    }
}

fn draw(
    canvas: &mut Canvas,
    (x, y): (usize, usize),
    content: &Content,
    width: usize,
    size: (usize, usize),
) {
    canvas.frame(x, y, size, FRAME);
    canvas.image(x, y, size.0, scaled(content, width, size).into_iter());
}

fn scaled(content: &Content, width: usize, size: (usize, usize)) -> Vec<Rgb> {
    match content {
        Content::Colours(colours) => {
            let colours: Vec<_> = colours.iter().map(|colour| colour.map(f32::from)).collect();
            let byte = |x: f32| x.round() as u8;
            scale(&colours, width, size).into_iter().map(|colour| colour.map(byte)).collect()
        }
        Content::Numbers(numbers, colour) => {
            let numbers: Vec<_> = numbers.iter().map(|x| [*x]).collect();
            scale(&numbers, width, size).into_iter().map(|[x]| colour(x)).collect()
        }
    }
}
