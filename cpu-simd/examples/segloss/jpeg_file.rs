//! Decoding JPEG files, which hold images and no labels: compression changes values.

use std::error::Error;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::raster::Raster;

/// Reads grey images as grey and all others as red, green and blue.
pub fn read(file: &[u8]) -> Result<Raster, Box<dyn Error>> {
    let mut decoder = JpegDecoder::new(ZCursor::new(file));
    decoder.decode_headers()?;
    let (space, planes) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    decoder.set_options(DecoderOptions::default().jpeg_set_out_colorspace(space));
    let samples: Vec<u16> = decoder.decode()?.into_iter().map(u16::from).collect();
    let info = decoder.info().ok_or("a JPEG file without a header")?;
    let (height, width) = (usize::from(info.height), usize::from(info.width));
    if samples.len() != height * width * planes {
        return Err("a JPEG file of other colours; expected grey or RGB".into());
    }
    Raster::new((height, width), (planes, false), samples, 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of 8 x 8 pixels of one grey, 128 plus its only coefficient times 8 / 8.
    fn block() -> Vec<u8> {
        let segment =
            |marker: u8, data: &[u8]| [&[0xff, marker, 0, data.len() as u8 + 2][..], data].concat();
        // One code of one bit, for the symbol.
        let codes = |class: u8, symbol: u8| [&[class, 1][..], &[0; 15], &[symbol]].concat();
        [
            vec![0xff, 0xd8],
            segment(0xdb, &[&[0][..], &[8; 64]].concat()),
            segment(0xc0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]),
            segment(0xc4, &codes(0x00, 6)),
            segment(0xc4, &codes(0x10, 0)),
            segment(0xda, &[1, 1, 0, 0, 63, 0]),
            // 0: six bits follow; 101000: 40; 0: the end of the block.
            vec![0b0101_0000],
            vec![0xff, 0xd9],
        ]
        .concat()
    }

    #[test]
    fn a_grey_block_is_read() {
        let Raster { height, width, planes, samples, most } = read(&block()).unwrap();
        assert_eq!((height, width, planes, most), (8, 8, 1, 255));
        assert_eq!(samples, [168; 64]);
    }

    #[test]
    fn files_that_are_cut_off_are_errors() {
        assert!(read(&block()[..20]).is_err());
    }
}
