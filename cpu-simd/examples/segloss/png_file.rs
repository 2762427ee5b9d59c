//! Decoding PNG files.

use std::error::Error;
use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Transformations};

use crate::raster::{Palette, Raster};

/// Reads images of any depth.
pub fn read(file: &[u8], palette: Palette) -> Result<Raster, Box<dyn Error>> {
    let mut decoder = Decoder::new(Cursor::new(file));
    decoder.set_transformations(match palette {
        Palette::Indices => Transformations::IDENTITY,
        Palette::Colours => Transformations::EXPAND,
    });
    let mut reader = decoder.read_info()?;
    let size = reader.output_buffer_size().ok_or("the image is too large for memory")?;
    let mut bytes = vec![0; size];
    let info = reader.next_frame(&mut bytes)?;
    let (height, width) = (info.height as usize, info.width as usize);
    let row = width * info.color_type.samples();
    let bits = info.bit_depth as usize;
    let samples = bytes.chunks_exact(info.line_size).flat_map(|line| match info.bit_depth {
        BitDepth::Sixteen => {
            line.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
        }
        _ => unpack(line, bits, row),
    });
    let planes = match info.color_type {
        ColorType::Grayscale | ColorType::Indexed => (1, false),
        ColorType::GrayscaleAlpha => (1, true),
        ColorType::Rgb => (3, false),
        ColorType::Rgba => (3, true),
    };
    Raster::new((height, width), planes, samples.collect(), u16::MAX >> (16 - bits))
}

/// The `count` samples of one row, which a PNG packs from the high bits down.
fn unpack(row: &[u8], bits: usize, count: usize) -> Vec<u16> {
    let each = 8 / bits;
    let keep = u8::MAX >> (8 - bits);
    let sample = |x: usize| row[x / each] >> (8 - bits * (x % each + 1)) & keep;
    (0..count).map(|x| u16::from(sample(x))).collect()
}

/// A file of one row.
#[cfg(test)]
pub fn row(colour: ColorType, depth: BitDepth, width: u32, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, 1);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ColorType::Indexed {
        encoder.set_palette(vec![0, 0, 0, 50, 60, 70, 80, 90, 100, 110, 120, 130]);
    }
    encoder.write_header().unwrap().write_image_data(bytes).unwrap();
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palettes_packed_bits_and_two_bytes() {
        let indices = |file: &[u8]| read(file, Palette::Indices).unwrap();
        let packed = row(ColorType::Indexed, BitDepth::Two, 5, &[0b00_01_10_11, 0b10_00_00_00]);
        assert_eq!(indices(&packed).samples, [0, 1, 2, 3, 2]);
        let colours = read(&packed, Palette::Colours).unwrap();
        assert_eq!((colours.planes, &colours.samples[3..6]), (3, &[50, 60, 70][..]));
        let one_bit = indices(&row(ColorType::Grayscale, BitDepth::One, 3, &[0b101_00000]));
        assert_eq!((&one_bit.samples[..], one_bit.most), (&[1, 0, 1][..], 1));
        let deep = indices(&row(ColorType::Grayscale, BitDepth::Sixteen, 2, &[1, 2, 255, 255]));
        assert_eq!((&deep.samples[..], deep.most), (&[258, 65535][..], 65535));
    }

    #[test]
    fn transparency_is_an_error() {
        let half = row(ColorType::GrayscaleAlpha, BitDepth::Eight, 2, &[7, 255, 8, 128]);
        assert!(read(&half, Palette::Indices).unwrap_err().to_string().contains("alpha 128"));
        let opaque = row(ColorType::Rgba, BitDepth::Eight, 1, &[1, 2, 3, 255]);
        assert_eq!(read(&opaque, Palette::Colours).unwrap().samples, [1, 2, 3]);
    }
}
