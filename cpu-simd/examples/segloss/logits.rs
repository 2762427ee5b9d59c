//! Logits from a NumPy file, and their shape.

use crate::npy;
use crate::shape::{IGNORED, Shape};

/// Logits, `[batch, channels, height, width]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    pub values: Vec<f32>,
    pub shape: Shape,
}

impl Logits {
    /// Reads `[H,W]`, `[K,H,W]` or `[B,K,H,W]`.
    pub fn read(file: &[u8]) -> Result<Self, String> {
        let array = npy::read(file)?;
        let (batch, channels, height, width) = match *array.shape {
            [height, width] => (1, 1, height, width),
            [channels, height, width] => (1, channels, height, width),
            [batch, channels, height, width] => (batch, channels, height, width),
            ref shape => {
                return Err(format!("shape {shape:?}; expected [H,W], [K,H,W] or [B,K,H,W]"));
            }
        };
        if array.values.is_empty() {
            return Err(format!("shape {:?}; expected no empty axis", array.shape));
        }
        let shape = Shape { batch, channels, height, width };
        Ok(Self { values: array.values, shape })
    }

    /// Whether the axes fit masks of `height` x `width` if the last one is that of the channels.
    pub fn is_channels_last(&self, height: usize, width: usize) -> bool {
        (self.shape.channels, self.shape.height) == (height, width)
            && (self.shape.height, self.shape.width) != (height, width)
    }

    /// Refuses a NaN at a pixel that counts.
    pub fn check(&self, labels: &[i32]) -> Result<(), String> {
        let Shape { channels, width, .. } = self.shape;
        let area = self.shape.area();
        let pixel = |i: usize| i / (channels * area) * area + i % area;
        let is_wrong = |(i, z): (usize, &f32)| z.is_nan() && labels[pixel(i)] != IGNORED;
        match self.values.iter().enumerate().position(is_wrong) {
            Some(i) => {
                let place =
                    [i / (channels * area), i / area % channels, i % area / width, i % width];
                Err(format!("logit NaN at {place:?}, as [B,K,H,W]; expected a number"))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(shape: &str, values: &[f32]) -> Vec<u8> {
        let elements: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        npy::file("'<f4'", false, shape, &elements)
    }

    #[test]
    fn axes_are_counted_from_the_last() {
        let values: Vec<f32> = (0..12).map(|i| i as f32).collect();
        for (axes, batch, channels) in
            [("(3, 4)", 1, 1), ("(2, 3, 2)", 1, 2), ("(2, 1, 3, 2)", 2, 1)]
        {
            let read = Logits::read(&file(axes, &values)).unwrap();
            assert_eq!((read.shape.batch, read.shape.channels), (batch, channels));
            assert_eq!((read.shape.height, &read.values), (3, &values));
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_named() {
        let line = Logits::read(&file("(4,)", &[0.0; 4])).unwrap_err();
        assert!(line.contains("[4]") && line.contains("[B,K,H,W]"), "{line}");
        let empty = Logits::read(&file("(0, 4)", &[])).unwrap_err();
        assert!(empty.contains("[0, 4]"), "{empty}");
    }

    #[test]
    fn channels_last_is_seen() {
        let read = Logits::read(&file("(3, 4, 2)", &[0.0; 24])).unwrap();
        assert!(read.is_channels_last(3, 4) && !read.is_channels_last(4, 2));
        let square = Logits::read(&file("(4, 4, 4)", &[0.0; 64])).unwrap();
        assert!(!square.is_channels_last(4, 4));
    }

    #[test]
    fn a_nan_is_named_with_its_place_where_it_counts() {
        let mut values = vec![0.0; 24];
        values[17] = f32::NAN;
        let read = Logits::read(&file("(2, 2, 2, 3)", &values)).unwrap();
        let mut labels = [0; 12];
        assert!(read.check(&labels).unwrap_err().starts_with("logit NaN at [1, 0, 1, 2]"));
        labels[11] = IGNORED;
        read.check(&labels).unwrap();
    }
}
