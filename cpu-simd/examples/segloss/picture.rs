//! Reading an image: planes of numbers in 0 to 1, grey or red, green, blue.

use std::error::Error;

use crate::raster::{Palette, Raster};

/// An image, one plane after the other.
#[derive(Clone, Debug)]
pub struct Picture {
    pub height: usize,
    pub width: usize,
    /// 1 or 3 planes of `height * width`.
    pub planes: Vec<Vec<f32>>,
}

impl Picture {
    /// Decodes an image file.
    pub fn read(file: &[u8]) -> Result<Self, Box<dyn Error>> {
        let Raster { height, width, planes, samples, most } = Raster::read(file, Palette::Colours)?;
        let share = |sample: &u16| f32::from(*sample) / f32::from(most);
        let planes = (0..planes)
            .map(|plane| samples.iter().skip(plane).step_by(planes).map(share).collect())
            .collect();
        Ok(Self { height, width, planes })
    }

    /// The colour of each pixel for display, the brightest sample at white.
    pub fn colours(&self) -> Vec<[u8; 3]> {
        let brightest = self.planes.iter().flatten().fold(0.0, |a: f32, &b| a.max(b)).max(1e-6);
        let plane = |c: usize| &self.planes[c.min(self.planes.len() - 1)];
        let byte = |x: f32| (x / brightest * 255.0).round() as u8;
        (0..self.height * self.width).map(|i| [0, 1, 2].map(|c| byte(plane(c)[i]))).collect()
    }
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};

    use super::*;
    use crate::png_file::row;

    #[test]
    fn samples_are_shares_of_their_largest() {
        let read =
            |colour, depth, bytes: &[u8]| Picture::read(&row(colour, depth, 2, bytes)).unwrap();
        let grey = read(ColorType::Grayscale, BitDepth::Eight, &[0, 51]);
        assert_eq!(grey.planes, [[0.0, 0.2]]);
        let deep = read(ColorType::Grayscale, BitDepth::Sixteen, &[255, 255, 0, 0]);
        assert_eq!(deep.planes, [[1.0, 0.0]]);
        let colour = read(ColorType::Rgb, BitDepth::Eight, &[255, 0, 51, 0, 255, 0]);
        assert_eq!(colour.planes, [[1.0, 0.0], [0.0, 1.0], [0.2, 0.0]]);
        assert_eq!(colour.colours()[0], [255, 0, 51]);
    }
}
