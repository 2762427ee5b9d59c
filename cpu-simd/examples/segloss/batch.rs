//! What the run works on: images or logits with their labels, sizes agreed.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use segloss_simd::Library;

use crate::arguments::Arguments;
use crate::ignore_index::IgnoreIndex;
use crate::labels::{Known, Labels};
use crate::link::{self, Asked};
use crate::logits::Logits;
use crate::mask::Mask;
use crate::picture::Picture;
use crate::shape::Shape;

/// The data of a run without arguments; their origin is in `data/README.md`.
const RETINA: &[u8] = include_bytes!("../data/retina.png");
const RETINA_MASK: &[u8] = include_bytes!("../data/retina-mask.png");
/// What its pixels hold that were not judged.
const RETINA_IGNORED: u16 = 255;

pub struct Batch {
    pub pictures: Vec<Picture>,
    pub labels: Labels,
    /// The link of all losses, if it is said.
    pub asked: Option<Asked>,
    /// Given logits, if any.
    pub logits: Option<Vec<f32>>,
    /// One channel unless logits are given.
    pub shape: Shape,
}

impl Batch {
    pub fn read(arguments: &Arguments, library: &Library<f32>) -> Result<Self, Box<dyn Error>> {
        let mut pictures = Vec::new();
        let masks = masks(&arguments.mask)?;
        for path in &arguments.image {
            pictures.push((named("--image", path), open("--image", path, Picture::read)?));
        }
        if arguments.image.is_empty() && arguments.logits.is_none() {
            pictures.push(("the built-in image".into(), Picture::read(RETINA)?));
        }
        let read = |file: &[u8]| Ok(Logits::read(file)?);
        let given = match &arguments.logits {
            Some(path) => Some((named("--logits", path), open("--logits", path, read)?)),
            None => None,
        };
        let given = given.as_ref().map(|(name, logits)| (&name[..], logits));
        agree(&pictures, &masks, given)?;

        let channels = given.map(|(name, logits)| (name, logits.shape.channels));
        let asked = link::of_run(arguments.link, channels)?;
        let of_losses = link::of_losses(&arguments.loss, library)?;
        let known = Known {
            ignored: ignored(&arguments.ignore_index, &arguments.mask),
            asked: asked.as_ref().or(of_losses.as_ref()),
            channels: channels.map(|(_, channels)| channels),
        };
        let labels = Labels::new(&masks, known)?;
        let (height, width) = (masks[0].1.height, masks[0].1.width);
        let (logits, shape) = match given {
            Some((name, logits)) => {
                logits.check(&labels.labels).map_err(|error| format!("{name}: {error}"))?;
                (Some(logits.values.clone()), logits.shape)
            }
            None => (None, Shape { batch: masks.len(), channels: 1, height, width }),
        };
        let pictures = pictures.into_iter().map(|(_, picture)| picture).collect();
        Ok(Self { pictures, labels, asked, logits, shape })
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

/// What is said of values that do not count, by the argument or of the built-in mask.
pub fn ignored<'a>(argument: &'a Option<IgnoreIndex>, masks: &[PathBuf]) -> Option<&'a [u16]> {
    match argument {
        Some(IgnoreIndex(values)) => Some(values),
        None => masks.is_empty().then_some(&[RETINA_IGNORED]),
    }
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
    logits: Option<(&str, &Logits)>,
) -> Result<(), String> {
    if let (Some((name, logits)), Some((_, Mask { height, width, .. }))) = (logits, masks.first())
        && logits.is_channels_last(*height, *width)
    {
        return Err(format!(
            "{name}: channels last, for masks of {height} x {width} pixels; expected [K,H,W] or [B,K,H,W]: \
             save numpy.moveaxis(logits, -1, -3)"
        ));
    }
    let sizes = (pictures.iter().map(|(name, p)| (name.as_str(), p.height, p.width)))
        .chain(logits.map(|(name, logits)| (name, logits.shape.height, logits.shape.width)))
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
        Some((name, logits)) if logits.shape.batch != masks.len() => Err(format!(
            "--mask: {} given for {name}, whose batch is {}; expected one mask for each sample",
            masks.len(),
            logits.shape.batch
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};

    use super::*;
    use crate::npy;
    use crate::png_file::row;

    fn picture(name: &str, height: usize, planes: usize) -> (String, Picture) {
        let planes = vec![vec![0.0; height * 3]; planes];
        (name.into(), Picture { height, width: 3, planes })
    }

    fn mask(name: &str, height: usize) -> (String, Mask) {
        (name.into(), Mask { height, width: 3, values: vec![0; height * 3] })
    }

    fn logits(batch: usize, channels: usize, height: usize, width: usize) -> Logits {
        let shape = Shape { batch, channels, height, width };
        Logits { values: vec![0.0; shape.logits()], shape }
    }

    #[test]
    fn a_size_that_differs_is_named_with_its_file() {
        let pictures = [picture("a", 4, 1), picture("b", 4, 1)];
        agree(&pictures, &[mask("c", 4), mask("d", 4)], None).unwrap();
        let error = agree(&pictures, &[mask("c", 4), mask("d", 5)], None).unwrap_err();
        assert!(error.starts_with("d: 5 x 3") && error.contains("4 x 3, as a"), "{error}");
        let mixed = [picture("a", 4, 1), picture("b", 4, 3)];
        assert!(agree(&mixed, &[], None).unwrap_err().starts_with("b: 3 colour planes"));
        let two = logits(2, 1, 4, 3);
        let error = agree(&[], &[mask("c", 4)], Some(("z", &two))).unwrap_err();
        assert!(error.contains("1 given for z, whose batch is 2"), "{error}");
    }

    #[test]
    fn channels_last_is_named() {
        let last = logits(1, 4, 3, 2);
        let error = agree(&[], &[mask("c", 4)], Some(("z", &last))).unwrap_err();
        assert!(error.starts_with("z: channels last, for masks of 4 x 3 pixels"), "{error}");
        assert!(error.contains("numpy.moveaxis(logits, -1, -3)"), "{error}");
        agree(&[], &[mask("c", 4)], Some(("z", &logits(1, 2, 4, 3)))).unwrap();
    }

    #[test]
    fn built_in_data_exercise_the_ignored_label() {
        let arguments = <Arguments as clap::Parser>::parse_from(["segloss"]);
        let batch = Batch::read(&arguments, &Library::default()).unwrap();
        assert_eq!((batch.labels.classes, batch.pictures.len()), (2, 1));
        assert_eq!(batch.labels.reading, "0 background, 1 foreground; 255 ignored");
        for label in [0, 1, crate::shape::IGNORED] {
            assert!(batch.labels.labels.contains(&label));
        }
    }

    /// Writes a file that is this test's own.
    fn file(name: &str, bytes: &[u8]) -> String {
        let path = std::env::temp_dir().join(format!("segloss-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Masks and logits of one row of two pixels.
    #[test]
    fn files_are_read_or_named_with_the_mistake() {
        let grey = |values: &[u8]| row(ColorType::Grayscale, BitDepth::Eight, 2, values);
        let image = file("image.png", &grey(&[10, 20]));
        let byte = file("255.png", &grey(&[0, 255]));
        let bit = file("1.png", &grey(&[1, 0]));
        let halves = [0x3c00u16, 0x7e00].map(u16::to_le_bytes).concat();
        let logits = file("z.npy", &npy::file("'<f2'", false, "(1, 2)", &halves));
        let archive = file("z.npz", b"PK\x03\x04");
        let read = |line: &[&str]| {
            let arguments = <Arguments as clap::Parser>::parse_from([&["segloss"], line].concat());
            Batch::read(&arguments, &Library::default()).map_err(|error| error.to_string())
        };

        let alone = read(&["--image", &image, "--mask", &byte]).unwrap();
        assert_eq!(alone.labels.labels, [0, 1]);
        let two = ["--image", &image, &image, "--mask", &byte, &bit];
        let error = read(&two).err().unwrap();
        assert!(error.starts_with(&format!("--mask {bit}: row 0, column 0")), "{error}");
        assert!(error.contains(&byte) && error.contains("write the same in all"), "{error}");

        // 1 and NaN.
        let error = read(&["--logits", &logits, "--mask", &byte]).err().unwrap();
        assert!(
            error.starts_with(&format!("--logits {logits}: logit NaN at [0, 0, 0, 1]")),
            "{error}"
        );
        let ignored = ["--logits", &logits, "--mask", &bit, "--ignore-index", "0"];
        assert_eq!(read(&ignored).unwrap().logits.unwrap()[0], 1.0);
        let error = read(&["--logits", &archive, "--mask", &byte]).err().unwrap();
        assert!(
            error.starts_with(&format!("--logits {archive}: a ZIP or NumPy .npz file")),
            "{error}"
        );
        let error = read(&["--image", &logits, "--mask", &byte]).err().unwrap();
        assert!(error.starts_with(&format!("--image {logits}: a NumPy .npy file")), "{error}");
        [image, byte, bit, logits, archive].iter().for_each(|path| fs::remove_file(path).unwrap());
    }
}
