//! A picture to draw on: text, rectangles and scaled images.

use std::error::Error;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::colour::{self, Rgb, WHITE, mix};
use crate::palette::quantise;

/// A face of the built-in font.
#[derive(Clone, Copy)]
pub enum Face {
    Text,
    Head,
}

impl Face {
    fn raster(self) -> (FontWeight, RasterHeight) {
        match self {
            Self::Text => (FontWeight::Regular, RasterHeight::Size16),
            Self::Head => (FontWeight::Bold, RasterHeight::Size16),
        }
    }

    /// How wide a text is, in pixels.
    pub fn width(self, text: &str) -> usize {
        let (weight, height) = self.raster();
        text.chars().count() * get_raster_width(weight, height)
    }

    /// The text, its end left out if it is wider than `room` pixels.
    pub fn fit(self, text: &str, room: usize) -> String {
        let (weight, height) = self.raster();
        let most = room / get_raster_width(weight, height);
        if text.chars().count() <= most {
            return text.to_owned();
        }
        let kept: String = text.chars().take(most.saturating_sub(3)).collect();
        kept + &"..."[..most.min(3)]
    }
}

pub struct Canvas {
    pub width: usize,
    pub height: usize,
    pixels: Vec<Rgb>,
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![WHITE; width * height] }
    }

    /// What lies outside is cut off.
    fn set(&mut self, x: usize, y: usize, colour: Rgb) {
        if x < self.width && y < self.height {
            self.pixels[y * self.width + x] = colour;
        }
    }

    #[cfg(test)]
    pub fn at(&self, x: usize, y: usize) -> Rgb {
        self.pixels[y * self.width + x]
    }

    /// Writes a line of text with its upper left corner at `x`, `y`, and
    /// returns where it ends.
    pub fn text(&mut self, x: usize, y: usize, text: &str, face: Face, colour: Rgb) -> usize {
        let (weight, height) = face.raster();
        let mut left = x;
        for character in text.chars() {
            let raster =
                get_raster(character, weight, height).or_else(|| get_raster('?', weight, height));
            for (dy, row) in raster.iter().flat_map(|raster| raster.rows().enumerate()) {
                for (dx, &cover) in row.iter().enumerate() {
                    if cover > 0 {
                        let ink = mix(WHITE, colour, f32::from(cover) / 255.0);
                        self.set(left + dx, y + dy, ink);
                    }
                }
            }
            left += get_raster_width(weight, height);
        }
        left
    }

    /// A rectangle whose colour depends on how far right (0 to 1) one is.
    pub fn bar(&mut self, x: usize, y: usize, size: (usize, usize), colour: impl Fn(f32) -> Rgb) {
        for dx in 0..size.0 {
            let colour = colour(dx as f32 / (size.0.max(2) - 1) as f32);
            (0..size.1).for_each(|dy| self.set(x + dx, y + dy, colour));
        }
    }

    /// A thin frame around a rectangle.
    pub fn frame(&mut self, x: usize, y: usize, size: (usize, usize), colour: Rgb) {
        let (left, top) = (x.saturating_sub(1), y.saturating_sub(1));
        for dx in 0..size.0 + 2 {
            self.set(left + dx, top, colour);
            self.set(left + dx, y + size.1, colour);
        }
        for dy in 0..size.1 + 2 {
            self.set(left, top + dy, colour);
            self.set(x + size.0, top + dy, colour);
        }
    }

    /// Pixels, row after row, with the upper left corner at `x`, `y`.
    pub fn image(&mut self, x: usize, y: usize, width: usize, pixels: impl Iterator<Item = Rgb>) {
        for (i, pixel) in pixels.enumerate() {
            self.set(x + i % width, y + i / width, pixel);
        }
    }

    /// The canvas as a PNG file with a palette, a third of the size without.
    pub fn png(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut file = Vec::new();
        let (width, height) = (u32::try_from(self.width)?, u32::try_from(self.height)?);
        let (palette, indices) = quantise(&self.pixels, &colour::kept());
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette.as_flattened());
        encoder.set_compression(png::Compression::High);
        // Neighbouring indices are not neighbouring colours: no differences.
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&indices)?;
        writer.finish()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_cut_off_at_the_edge() {
        let mut canvas = Canvas::new(2, 1);
        canvas.image(1, 0, 2, [[1; 3], [2; 3], [3; 3], [4; 3]].into_iter());
        assert_eq!(canvas.pixels, [WHITE, [1; 3]]);
    }

    #[test]
    fn text_is_fitted_into_its_room() {
        let room = Face::Text.width("12345678");
        assert_eq!(Face::Text.fit("12345678", room), "12345678");
        assert_eq!(Face::Text.fit("123456789", room), "12345...");
        assert_eq!(Face::Text.fit("1234", Face::Text.width("12")), "..");
    }

    #[test]
    fn text_leaves_ink_and_unknown_letters_do_no_harm() {
        let mut canvas = Canvas::new(40, 20);
        let end = canvas.text(0, 0, "d\u{2202}z far outside", Face::Text, [0; 3]);
        assert!(end > 40 && canvas.pixels.contains(&[0; 3]));
    }
}
