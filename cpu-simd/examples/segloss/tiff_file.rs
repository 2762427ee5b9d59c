//! Decoding TIFF files.

use std::error::Error;
use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult};

use crate::raster::{Palette, Raster};

/// Reads one image of 8 or 16 bits a sample.
pub fn read(file: &[u8], palette: Palette) -> Result<Raster, Box<dyn Error>> {
    let mut decoder = Decoder::new(Cursor::new(file))?;
    let (width, height) = decoder.dimensions()?;
    let (height, width) = (height as usize, width as usize);
    let colour = decoder.colortype()?;
    let (planes, has_alpha) = match colour {
        ColorType::Gray(_) => (1, false),
        ColorType::GrayA(_) => (1, true),
        ColorType::RGB(_) => (3, false),
        ColorType::RGBA(_) => (3, true),
        ColorType::Palette(_) if palette == Palette::Indices => (1, false),
        other => return Err(format!("a TIFF file of {other:?}; expected grey or RGB").into()),
    };
    if decoder.more_images() {
        return Err("a TIFF file of several images; expected one".into());
    }
    let (samples, most) = match (decoder.read_image()?, colour.bit_depth()) {
        (DecodingResult::U8(samples), 8) => (samples.into_iter().map(u16::from).collect(), 255),
        (DecodingResult::U16(samples), 16) => (samples, u16::MAX),
        (_, bits) => {
            let expected = "whole numbers of 8 or 16 bits without a sign";
            return Err(
                format!("a TIFF file of other samples ({bits} bits); expected {expected}").into()
            );
        }
    };
    let expected = height * width * (planes + usize::from(has_alpha));
    if samples.len() != expected {
        let expected = "the samples of a pixel beside each other";
        return Err(format!("a TIFF file of one plane after the other; expected {expected}").into());
    }
    Raster::new((height, width), (planes, has_alpha), samples, most)
}

#[cfg(test)]
mod tests {
    use tiff::encoder::TiffEncoder;
    use tiff::encoder::colortype::{self, ColorType};

    use super::*;

    /// A file of images of one row of two pixels.
    fn file<C: ColorType>(images: &[&[C::Inner]]) -> Vec<u8>
    where
        [C::Inner]: tiff::encoder::TiffValue,
    {
        let mut file = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut file).unwrap();
        images.iter().for_each(|image| encoder.write_image::<C>(2, 1, image).unwrap());
        file.into_inner()
    }

    #[test]
    fn grey_and_colours_of_two_depths() {
        let indices = |file: &[u8]| read(file, Palette::Indices).unwrap();
        let grey = indices(&file::<colortype::Gray8>(&[&[0, 255]]));
        assert_eq!((&grey.samples[..], grey.most), (&[0, 255][..], 255));
        let deep = indices(&file::<colortype::Gray16>(&[&[1, 40_000]]));
        assert_eq!((&deep.samples[..], deep.most), (&[1, 40_000][..], 65535));
        let colour =
            read(&file::<colortype::RGB8>(&[&[1, 2, 3, 4, 5, 6]]), Palette::Colours).unwrap();
        assert_eq!((colour.planes, colour.samples), (3, vec![1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn what_is_not_read_is_named() {
        let refuse = |file: &[u8]| read(file, Palette::Indices).unwrap_err().to_string();
        assert!(refuse(&file::<colortype::Gray8>(&[&[0, 1], &[2, 3]])).contains("several images"));
        assert!(refuse(&file::<colortype::Gray32Float>(&[&[0.0, 1.0]])).contains("8 or 16 bits"));
        assert!(refuse(&file::<colortype::Gray32>(&[&[0, 1]])).contains("(32 bits)"));
        assert!(refuse(&file::<colortype::CMYK8>(&[&[0; 8]])).contains("CMYK"));
        assert!(
            refuse(&file::<colortype::RGBA8>(&[&[9, 9, 9, 255, 9, 9, 9, 7]])).contains("alpha 7")
        );
        let whole = file::<colortype::Gray8>(&[&[0, 255]]);
        assert!(read(&whole[..whole.len() / 2], Palette::Indices).is_err());
    }
}
