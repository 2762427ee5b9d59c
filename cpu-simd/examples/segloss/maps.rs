//! The weight maps of a mask, for the figure.

use std::error::Error;

use segloss_core::compose::MapCall;
use segloss_core::engine::Link;
use segloss_core::view::{self, Layout, View};
use segloss_simd::Library;

use crate::labels::Labels;
use crate::objective::call;
use crate::shape::Shape;

/// A map and its weights, one a pixel of the first image.
pub struct WeightMap {
    pub name: String,
    pub weights: Vec<f32>,
}

/// All maps of the library at their defaults, of the first image of a batch.
/// Two classes make a binary mask, more a label map.
pub fn maps(
    library: &Library<f32>,
    labels: &Labels,
    shape: Shape,
) -> Result<Vec<WeightMap>, Box<dyn Error>> {
    let extents = view::Shape::new(1, 1, &[shape.height, shape.width])?;
    let call = call(if labels.classes == 2 { Link::Sigmoid } else { Link::Softmax });
    let labels =
        View::new(&labels.labels[..shape.area()], Layout::channels_first(extents)?)?.into();
    let compute = |map: MapCall<'_, f32>| {
        let mut scratch = vec![0; map.scratch(&call, &labels)?];
        let mut weights = vec![0.0; shape.area()];
        map.compute(&call, &labels, &mut scratch, &mut weights)?;
        Ok(WeightMap { name: map.to_string(), weights })
    };
    library.registry().maps().map(|definition| compute(MapCall::new(definition, &[])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{ignored, masks};
    use crate::labels::Known;
    use crate::shape::IGNORED;

    /// Of the pixels that count some are in the band, and some are not.
    #[test]
    fn the_band_of_the_retina_is_not_empty() {
        let masks = masks(&[]).unwrap();
        let known = Known { ignored: ignored(&None, &[]), asked: None, channels: None };
        let labels = Labels::new(&masks, known).unwrap();
        let mask = &masks[0].1;
        let shape = Shape { batch: 1, channels: 1, height: mask.height, width: mask.width };
        let found = maps(&Library::default(), &labels, shape).unwrap();
        let counted = found[0].weights.iter().zip(&labels.labels).filter(|(_, l)| **l != IGNORED);
        let in_band = counted.clone().filter(|(weight, _)| **weight == 5.0).count();
        assert!(in_band > 10_000 && in_band < counted.count(), "{in_band}");
    }

    #[test]
    fn band_and_decay_of_an_edge() {
        let library = Library::default();
        // The right half of the first of two images.
        let shape = Shape { batch: 2, channels: 1, height: 20, width: 20 };
        let labels = (0..800).map(|i| i32::from(i < 400 && i % 20 >= 10)).collect();
        let labels = Labels { labels, classes: 2, link: None, reading: String::new() };
        let found = maps(&library, &labels, shape).unwrap();
        let names: Vec<&str> = found.iter().map(|map| map.name.as_str()).collect();
        assert_eq!(names, ["band", "decay"]);
        for map in found {
            assert_eq!(map.weights.len(), 400);
            let row = &map.weights[200..220];
            assert!(row[9] > row[0] && row[10] > row[15], "{}: {row:?}", map.name);
        }
    }
}
