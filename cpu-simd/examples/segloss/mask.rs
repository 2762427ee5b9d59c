//! Reading a mask. A grey value or a palette index is a value of it; colours are never turned into values.

use std::error::Error;

use crate::raster::{Palette, Raster};
use crate::shape::place;

/// The values of one mask as they stand in the file.
#[derive(Clone, Debug)]
pub struct Mask {
    pub height: usize,
    pub width: usize,
    pub values: Vec<u16>,
}

impl Mask {
    /// Decodes an image file of up to 16 bits a sample. Colours that are grey are read as grey.
    pub fn read(file: &[u8]) -> Result<Self, Box<dyn Error>> {
        let Raster { height, width, planes, samples, .. } = Raster::read(file, Palette::Indices)?;
        let is_colour = |pixel: &[u16]| pixel.iter().any(|sample| *sample != pixel[0]);
        if let Some(i) = samples.chunks_exact(planes).position(is_colour) {
            return Err(format!(
                "{}: colour {:?}; expected a mask that is grey or has a palette",
                place(i, width),
                &samples[i * planes..][..planes]
            )
            .into());
        }
        Ok(Self { height, width, values: samples.into_iter().step_by(planes).collect() })
    }
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};

    use super::*;
    use crate::png_file::row;

    #[test]
    fn grey_values_and_indices_are_read_and_colours_are_not() {
        let read = |colour, depth, bytes: &[u8]| Mask::read(&row(colour, depth, 2, bytes));
        let grey = read(ColorType::Rgb, BitDepth::Eight, &[0, 0, 0, 255, 255, 255]).unwrap();
        assert_eq!(grey.values, [0, 255]);
        let deep = read(ColorType::Grayscale, BitDepth::Sixteen, &[0, 1, 3, 0]).unwrap();
        assert_eq!(deep.values, [1, 768]);
        assert_eq!(read(ColorType::Indexed, BitDepth::Eight, &[3, 1]).unwrap().values, [3, 1]);
        let red = read(ColorType::Rgb, BitDepth::Eight, &[0, 0, 0, 255, 0, 0]).unwrap_err();
        assert!(
            red.to_string().starts_with("row 0, column 1 (from 0): colour [255, 0, 0]"),
            "{red}"
        );
    }
}
