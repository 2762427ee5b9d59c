//! Decoding an image file: its samples as numbers.

use std::error::Error;

use crate::file_type::FileType;
use crate::shape::place;
use crate::{jpeg_file, png_file, tiff_file};

/// What a pixel of an image with a palette is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// Its index.
    Indices,
    /// The colour.
    Colours,
}

/// Samples, those of a pixel beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    pub height: usize,
    pub width: usize,
    /// 1 (grey or indices) or 3 (red, green, blue).
    pub planes: usize,
    pub samples: Vec<u16>,
    /// The largest number that a sample can hold.
    pub most: u16,
}

impl Raster {
    /// Decodes a PNG or TIFF, and where colours are asked for a JPEG. An alpha channel may only say that the
    /// image is opaque.
    pub fn read(file: &[u8], palette: Palette) -> Result<Self, Box<dyn Error>> {
        match (FileType::of(file), palette) {
            (FileType::Known("PNG"), _) => png_file::read(file, palette),
            (FileType::Known("TIFF"), _) => tiff_file::read(file, palette),
            (FileType::Known("JPEG"), Palette::Colours) => jpeg_file::read(file),
            (FileType::Known("JPEG"), Palette::Indices) => {
                Err("a JPEG file, which changes values along edges; expected a PNG or TIFF file"
                    .into())
            }
            (kind, Palette::Colours) => {
                Err(format!("{kind}; expected a PNG, TIFF or JPEG file").into())
            }
            (kind, Palette::Indices) => Err(format!("{kind}; expected a PNG or TIFF file").into()),
        }
    }

    /// Samples of which the last of each pixel may be its alpha.
    pub fn new(
        (height, width): (usize, usize),
        (planes, has_alpha): (usize, bool),
        samples: Vec<u16>,
        most: u16,
    ) -> Result<Self, Box<dyn Error>> {
        let mut raster = Raster { height, width, planes, samples, most };
        if has_alpha {
            raster.drop_alpha()?;
        }
        Ok(raster)
    }

    /// Takes away the last sample of each pixel, which has to be the largest.
    fn drop_alpha(&mut self) -> Result<(), String> {
        let stored = self.planes + 1;
        let alphas = self.samples.iter().skip(self.planes).step_by(stored);
        if let Some((pixel, alpha)) = alphas.enumerate().find(|(_, alpha)| **alpha != self.most) {
            return Err(format!(
                "{}: alpha {alpha} of {}; expected an opaque image: flatten it on a background, \
                 or save it without alpha",
                place(pixel, self.width),
                self.most
            ));
        }
        let mut index = 0;
        self.samples.retain(|_| {
            index += 1;
            index % stored != 0
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_may_only_be_opaque() {
        let read = |planes, samples: &[u16]| {
            let raster = Raster::new((1, 2), (planes, true), samples.to_vec(), 255);
            raster.map_err(|error| error.to_string())
        };
        assert_eq!(read(1, &[7, 255, 8, 255]).unwrap().samples, [7, 8]);
        let opaque = read(3, &[1, 2, 3, 255, 4, 5, 6, 255]).unwrap();
        assert_eq!((opaque.planes, opaque.samples), (3, vec![1, 2, 3, 4, 5, 6]));
        let error = read(1, &[7, 255, 8, 128]).unwrap_err();
        assert!(error.starts_with("row 0, column 1 (from 0): alpha 128 of 255"), "{error}");
        assert!(read(3, &[1, 2, 3, 0, 4, 5, 6, 255]).is_err());
    }

    #[test]
    fn other_files_are_named() {
        let refuse = |file: &[u8], palette| Raster::read(file, palette).unwrap_err().to_string();
        let mask = |file: &[u8]| refuse(file, Palette::Indices);
        assert!(
            mask(b"\xff\xd8\xff\xe0").starts_with("a JPEG file, which changes values along edges")
        );
        assert_eq!(mask(b"BM"), "a BMP file; expected a PNG or TIFF file");
        assert_eq!(
            refuse(b"BM", Palette::Colours),
            "a BMP file; expected a PNG, TIFF or JPEG file"
        );
        assert!(mask(b"").starts_with("an empty file"));
        // Files that are cut off.
        for beginning in [&b"\x89PNG\r\n\x1a\n"[..], b"II*\0", b"\xff\xd8\xff"] {
            assert!(Raster::read(beginning, Palette::Colours).is_err());
        }
    }
}
