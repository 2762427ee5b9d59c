//! Reading an image: planes of numbers in 0 to 1, grey or red, green, blue.

use std::error::Error;
use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Transformations};

/// An image, one plane after the other.
#[derive(Clone, Debug)]
pub struct Picture {
    pub height: usize,
    pub width: usize,
    /// 1 or 3 planes of `height * width`.
    pub planes: Vec<Vec<f32>>,
}

impl Picture {
    /// Decodes a PNG. Transparency is dropped.
    pub fn read(file: &[u8]) -> Result<Self, Box<dyn Error>> {
        let mut decoder = Decoder::new(Cursor::new(file));
        decoder.set_transformations(Transformations::EXPAND);
        let mut reader = decoder.read_info()?;
        let size = reader.output_buffer_size().ok_or("the image is too large for memory")?;
        let mut bytes = vec![0; size];
        let info = reader.next_frame(&mut bytes)?;
        let samples: Vec<f32> = match info.bit_depth {
            BitDepth::Sixteen => bytes
                .chunks_exact(2)
                .map(|pair| f32::from(u16::from_be_bytes([pair[0], pair[1]])) / 65535.0)
                .collect(),
            _ => bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect(),
        };
        let kept = match info.color_type {
            ColorType::Grayscale | ColorType::GrayscaleAlpha => 1,
            _ => 3,
        };
        let stored = info.color_type.samples();
        let planes = (0..kept)
            .map(|plane| samples.iter().skip(plane).step_by(stored).copied().collect())
            .collect();
        Ok(Self { height: info.height as usize, width: info.width as usize, planes })
    }

    /// The colour of each pixel for display, the brightest sample at white.
    pub fn colours(&self) -> Vec<[u8; 3]> {
        let brightest = self.planes.iter().flatten().fold(0.0, |a: f32, &b| a.max(b)).max(1e-6);
        let plane = |c: usize| &self.planes[c.min(self.planes.len() - 1)];
        let byte = |x: f32| (x / brightest * 255.0).round() as u8;
        (0..self.height * self.width).map(|i| [0, 1, 2].map(|c| byte(plane(c)[i]))).collect()
    }
}
