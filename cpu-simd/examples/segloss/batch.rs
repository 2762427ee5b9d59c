//! What the run works on: images or logits with their labels, sizes agreed.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::logits;
use crate::mask::{Labels, Mask};
use crate::picture::Picture;
use crate::shape::Shape;

/// The data of a run without arguments; their origin is in `data/README.md`.
const RETINA: &[u8] = include_bytes!("../data/retina.png");
const RETINA_MASK: &[u8] = include_bytes!("../data/retina-mask.png");

pub struct Batch {
    pub pictures: Vec<Picture>,
    pub labels: Labels,
    /// Given logits, if any.
    pub logits: Option<Vec<f32>>,
    /// One channel unless logits are given.
    pub shape: Shape,
}

impl Batch {
    pub fn read(arguments: &Arguments) -> Result<Self, Box<dyn Error>> {
        let mut pictures = Vec::new();
        let masks = masks(&arguments.mask)?;
        for path in &arguments.image {
            pictures.push((named("--image", path), open("--image", path, Picture::read)?));
        }
        if arguments.image.is_empty() && arguments.logits.is_none() {
            pictures.push(("the built-in image".into(), Picture::read(RETINA)?));
        }
        let given = match &arguments.logits {
            Some(path) => Some((named("--logits", path), open("--logits", path, logits::read)?)),
            None => None,
        };
        agree(&pictures, &masks, given.as_ref().map(|(name, (_, shape))| (&name[..], *shape)))?;

        let (height, width) = (masks[0].1.height, masks[0].1.width);
        let (logits, shape) = match given {
            Some((_, (logits, shape))) => (Some(logits), shape),
            None => (None, Shape { batch: masks.len(), channels: 1, height, width }),
        };
        let samples: Vec<u8> = masks.iter().flat_map(|(_, mask)| mask.samples.clone()).collect();
        let channels = logits.as_ref().map(|_| shape.channels);
        let read = |samples: &[u8]| Labels::new(samples, arguments.ignore_index.0, channels);
        let labels = read(&samples).map_err(|error| {
            // Labels are read for the batch; one mask alone often shows the mistake.
            let culprit = masks.iter().find(|(_, mask)| read(&mask.samples).is_err());
            let name = culprit.map_or("--mask", |(name, _)| name);
            format!("{name}: {error}")
        })?;
        Ok(Self {
            pictures: pictures.into_iter().map(|(_, picture)| picture).collect(),
            labels,
            logits,
            shape,
        })
    }
}

/// Masks with what to call them: the built-in one if no path is given.
pub fn masks(paths: &[PathBuf]) -> Result<Vec<(String, Mask)>, Box<dyn Error>> {
    if paths.is_empty() {
        return Ok(vec![("the built-in mask".into(), Mask::read(RETINA_MASK)?)]);
    }
    let read = |path: &PathBuf| Ok((named("--mask", path), open("--mask", path, Mask::read)?));
    paths.iter().map(read).collect()
}

fn named(argument: &str, path: &Path) -> String {
    format!("{argument} {}", path.display())
}

fn open<T>(
    argument: &str,
    path: &Path,
    read: impl Fn(&[u8]) -> Result<T, Box<dyn Error>>,
) -> Result<T, String> {
    let name = |error: &dyn std::fmt::Display| format!("{}: {error}", named(argument, path));
    read(&fs::read(path).map_err(|error| name(&error))?).map_err(|error| name(&error))
}

/// Everything has one size, images one number of planes, and there is a mask
/// for each image or sample.
fn agree(
    pictures: &[(String, Picture)],
    masks: &[(String, Mask)],
    logits: Option<(&str, Shape)>,
) -> Result<(), String> {
    let sizes = (pictures.iter().map(|(name, p)| (name.as_str(), p.height, p.width)))
        .chain(logits.map(|(name, shape)| (name, shape.height, shape.width)))
        .chain(masks.iter().map(|(name, m)| (name.as_str(), m.height, m.width)));
    let mut first = None;
    for (name, height, width) in sizes {
        let (other, h, w) = *first.get_or_insert((name, height, width));
        if (height, width) != (h, w) {
            return Err(format!(
                "{name}: {height} x {width} pixels (height x width); expected {h} x {w}, as {other}"
            ));
        }
    }
    if let Some((name, picture)) =
        pictures.iter().find(|(_, p)| p.planes.len() != pictures[0].1.planes.len())
    {
        let (planes, expected) = (picture.planes.len(), pictures[0].1.planes.len());
        return Err(format!(
            "{name}: {planes} colour planes; expected {expected}, as {}",
            pictures[0].0
        ));
    }
    match logits {
        Some((name, shape)) if shape.batch != masks.len() => Err(format!(
            "--mask: {} given for {name}, whose batch is {}; expected one mask for each sample",
            masks.len(),
            shape.batch
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(name: &str, height: usize, planes: usize) -> (String, Picture) {
        let planes = vec![vec![0.0; height * 3]; planes];
        (name.into(), Picture { height, width: 3, planes })
    }

    fn mask(name: &str, height: usize) -> (String, Mask) {
        (name.into(), Mask { height, width: 3, samples: vec![0; height * 3] })
    }

    #[test]
    fn a_size_that_differs_is_named_with_its_file() {
        let pictures = [picture("a", 4, 1), picture("b", 4, 1)];
        agree(&pictures, &[mask("c", 4), mask("d", 4)], None).unwrap();
        let error = agree(&pictures, &[mask("c", 4), mask("d", 5)], None).unwrap_err();
        assert!(error.starts_with("d: 5 x 3") && error.contains("4 x 3, as a"), "{error}");
        let mixed = [picture("a", 4, 1), picture("b", 4, 3)];
        assert!(agree(&mixed, &[], None).unwrap_err().starts_with("b: 3 colour planes"));
        let shape = Shape { batch: 2, channels: 1, height: 4, width: 3 };
        let error = agree(&[], &[mask("c", 4)], Some(("z", shape))).unwrap_err();
        assert!(error.contains("1 given for z, whose batch is 2"), "{error}");
    }

    #[test]
    fn built_in_data_exercise_the_ignored_label() {
        let arguments = <Arguments as clap::Parser>::parse_from(["segloss"]);
        let batch = Batch::read(&arguments).unwrap();
        assert_eq!((batch.labels.classes, batch.pictures.len()), (2, 1));
        for label in [0, 1, crate::shape::IGNORED] {
            assert!(batch.labels.labels.contains(&label));
        }
    }
}
