//! Reading label maps. A grey value or a palette index is the label; colours
//! are never turned into labels.

use std::error::Error;
use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Transformations};

use crate::shape::IGNORED;

/// More classes than this are taken for a mask that is not a label map.
const MOST_CLASSES: usize = 64;

/// The samples of one mask as they stand in the file.
#[derive(Clone, Debug)]
pub struct Mask {
    pub height: usize,
    pub width: usize,
    pub samples: Vec<u8>,
}

impl Mask {
    /// Decodes a PNG of 1, 2, 4 or 8 bits a sample.
    pub fn read(file: &[u8]) -> Result<Self, Box<dyn Error>> {
        let mut decoder = Decoder::new(Cursor::new(file));
        decoder.set_transformations(Transformations::IDENTITY);
        let mut reader = decoder.read_info()?;
        let size = reader.output_buffer_size().ok_or("the mask is too large for memory")?;
        let mut bytes = vec![0; size];
        let info = reader.next_frame(&mut bytes)?;
        if info.bit_depth == BitDepth::Sixteen {
            return Err("16 bits a sample; expected a label map of at most 8 bits".into());
        }
        let (height, width) = (info.height as usize, info.width as usize);
        let samples = match info.color_type {
            ColorType::Grayscale | ColorType::Indexed => {
                let bits = info.bit_depth as usize;
                let row = |row: &[u8]| unpack(row, bits, width);
                bytes.chunks_exact(info.line_size).flat_map(row).collect()
            }
            ColorType::GrayscaleAlpha => bytes.chunks_exact(2).map(|pixel| pixel[0]).collect(),
            colour => bytes
                .chunks_exact(colour.samples())
                .map(|pixel| (pixel[0] == pixel[1] && pixel[1] == pixel[2]).then_some(pixel[0]))
                .collect::<Option<_>>()
                .ok_or("colours; expected a label map, grey or with a palette")?,
        };
        Ok(Self { height, width, samples })
    }
}

/// The samples of one row, which a PNG packs from the high bits down.
fn unpack(row: &[u8], bits: usize, width: usize) -> Vec<u8> {
    let each = 8 / bits;
    let keep = u8::MAX >> (8 - bits);
    (0..width).map(|x| (row[x / each] >> (8 - bits * (x % each + 1))) & keep).collect()
}

/// Labels of the whole batch, ignored pixels at [`IGNORED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    pub labels: Vec<u8>,
    /// At least 2.
    pub classes: usize,
}

impl Labels {
    /// Reads samples as labels. Background and one other value, such as 0 and
    /// 255, are background and class 1, unless the `channels` of given logits
    /// say that there are more classes. For one channel all of the foreground
    /// is class 1.
    pub fn new(
        samples: &[u8],
        ignore: Option<u8>,
        channels: Option<usize>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut present = [false; 256];
        samples
            .iter()
            .filter(|&&s| Some(s) != ignore)
            .for_each(|&s| present[usize::from(s)] = true);
        let foreground: Vec<usize> = (1..256).filter(|&value| present[value]).collect();
        if let (Some(ignore), []) = (ignore, &foreground[..])
            && samples.contains(&ignore)
        {
            return Err(format!(
                "every pixel is 0 or ignored ({ignore}); if {ignore} marks the foreground, \
                 give --ignore-index none"
            )
            .into());
        }
        let binary = match channels {
            Some(1) => true,
            Some(channels) if channels > 2 => false,
            _ => foreground.len() == 1,
        };
        let highest = if binary { 1 } else { foreground.last().copied().unwrap_or(1) };
        let limit = channels.map_or(MOST_CLASSES, |channels| channels.clamp(2, 255));
        if highest >= limit {
            return Err(match channels {
                Some(_) => format!(
                    "label {highest}; expected labels below {limit}, as --logits has channels"
                ),
                None => format!(
                    "label {highest}; expected labels below {limit}, or --ignore-index {highest}"
                ),
            }
            .into());
        }
        let read = |&sample: &u8| match sample {
            sample if Some(sample) == ignore => IGNORED,
            sample if binary => u8::from(sample != 0),
            sample => sample,
        };
        Ok(Self { labels: samples.iter().map(read).collect(), classes: highest + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(colour: ColorType, depth: BitDepth, width: u32, bytes: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, 1);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        encoder.set_palette(vec![0; 12]);
        encoder.write_header().unwrap().write_image_data(bytes).unwrap();
        file
    }

    #[test]
    fn palette_indices_and_packed_bits_are_labels() {
        let packed = png(ColorType::Indexed, BitDepth::Two, 5, &[0b00_01_10_11, 0b10_00_00_00]);
        assert_eq!(Mask::read(&packed).unwrap().samples, [0, 1, 2, 3, 2]);
        let one_bit = png(ColorType::Grayscale, BitDepth::One, 3, &[0b101_00000]);
        assert_eq!(Mask::read(&one_bit).unwrap().samples, [1, 0, 1]);
    }

    #[test]
    fn colours_are_no_labels() {
        let grey = png(ColorType::Rgb, BitDepth::Eight, 2, &[0, 0, 0, 255, 255, 255]);
        assert_eq!(Mask::read(&grey).unwrap().samples, [0, 255]);
        let red = png(ColorType::Rgb, BitDepth::Eight, 2, &[0, 0, 0, 255, 0, 0]);
        assert!(Mask::read(&red).unwrap_err().to_string().contains("colours"));
        let deep = png(ColorType::Grayscale, BitDepth::Sixteen, 1, &[0, 1]);
        assert!(Mask::read(&deep).unwrap_err().to_string().contains("16 bits"));
    }

    #[test]
    fn two_values_are_background_and_foreground() {
        let read =
            |samples: &[u8], ignore, channels| Labels::new(samples, ignore, channels).unwrap();
        let binary = Labels { labels: vec![0, 1, 0], classes: 2 };
        assert_eq!(read(&[0, 255, 0], None, None), binary);
        assert_eq!(read(&[0, 15, 0], None, Some(2)), binary);
        assert_eq!(read(&[0, 15, 0], None, Some(21)).labels, [0, 15, 0]);
        assert_eq!(read(&[0, 3, 7, 9], Some(9), Some(1)).labels, [0, 1, 1, IGNORED]);
        let several = Labels { labels: vec![0, 3, IGNORED, 1], classes: 4 };
        assert_eq!(read(&[0, 3, 7, 1], Some(7), None), several);
        assert_eq!(read(&[0, 0], Some(255), None).classes, 2);
    }

    #[test]
    fn labels_that_do_not_fit() {
        let refuse = |samples: &[u8], ignore, channels| {
            Labels::new(samples, ignore, channels).unwrap_err().to_string()
        };
        assert!(refuse(&[0, 255], Some(255), None).contains("--ignore-index none"));
        assert!(refuse(&[0, 1, 200], None, None).contains("label 200"));
        assert!(refuse(&[0, 1, 5], None, Some(3)).contains("below 3"));
    }
}
