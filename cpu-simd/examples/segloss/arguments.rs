//! The command line.

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use segloss_core::engine::Link;
use segloss_core::guide::Priority;

use crate::ignore_index::IgnoreIndex;

/// Trains a small per-pixel predictor with each loss and shows what comes out.
///
/// Without arguments it runs the usual losses on a photograph of a retina and a mask
/// of its vessels, both built in.
///
/// Losses differ in scale, and the predictor does not see it: Adam divides the
/// step of each weight by the size of its recent gradients, so that --rate is
/// in weights, whatever the loss. A loss times a constant trains the same.
#[derive(Parser, Debug)]
#[command(name = "segloss", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Losses instead of the usual ones: `0.3*bce + dice(smooth=1)`, or a preset by its
    /// name, `balanced` or `preset:balanced` (`boundary` by itself is the term);
    /// --list says what there is
    #[arg(long, value_name = "TEXT")]
    pub loss: Vec<String>,

    /// How logits become probabilities, `sigmoid` or `softmax`: unless given, as
    /// the terms of --loss need (`bce` sigmoid, `ce` softmax), then as the
    /// channels of --logits or the values of the masks have it
    #[arg(long, value_name = "LINK", value_parser = link)]
    pub link: Option<Link>,

    /// List the terms, maps and presets that --loss can name, with what they take
    #[arg(long, exclusive = true)]
    pub list: bool,

    /// Images to train on (PNG, JPEG or TIFF, grey or colour, opaque); several
    /// make a batch
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "logits")]
    pub image: Vec<PathBuf>,

    /// Masks, one for each image (PNG or TIFF of up to 16 bits, grey or palette,
    /// whose indices are the values): 0 is the background and one other value, such
    /// as 1 or 255, the foreground; 0 to K - 1 without a gap, K up to 64, or
    /// any with --link softmax, are labels of classes
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub mask: Vec<PathBuf>,

    /// Logits to evaluate instead of training: [H,W], [K,H,W] or [B,K,H,W] of
    /// float16, float32 or float64
    #[arg(long, value_name = "NPY", requires = "mask")]
    pub logits: Option<PathBuf>,

    /// Steps of gradient descent for each loss
    #[arg(long, default_value_t = 150, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub steps: u32,

    /// Learning rate: about how far a weight moves in a step
    #[arg(long, default_value_t = 0.1, allow_negative_numbers = true, value_parser = rate)]
    pub rate: f64,

    /// Values of the pixels that do not count, `255` or `0,255`, or `none`:
    /// unless given, 255 in the built-in mask and in labels of classes that end
    /// below it
    #[arg(long, value_name = "VALUES", allow_negative_numbers = true)]
    pub ignore_index: Option<IgnoreIndex>,

    /// Where to write the figure
    #[arg(long, value_name = "PNG", default_value = "segloss.png")]
    pub output: PathBuf,
}

/// What to do other than training.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Look at masks and recommend a loss for them
    Recommend(Recommend),
    /// Say what a loss of another library is called here
    From {
        /// Its name, such as `DiceCELoss` or `monai.DiceCELoss`
        name: String,
    },
}

/// Recommends a loss for masks: those of the retina's vessels unless others are
/// given.
#[derive(Args, Debug)]
pub struct Recommend {
    /// Masks (PNG or TIFF), of one size or several
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub mask: Vec<PathBuf>,

    /// What matters most: balanced (nothing in particular), speed, boundary,
    /// recall or overlap
    #[arg(long, value_name = "NAME", default_value = "balanced", value_parser = priority)]
    pub priority: Priority,

    /// How logits become probabilities: `softmax` reads values with gaps as
    /// labels of classes
    #[arg(long, value_name = "LINK", value_parser = link)]
    pub link: Option<Link>,

    /// Values of the pixels that do not count, as for training
    #[arg(long, value_name = "VALUES", allow_negative_numbers = true)]
    pub ignore_index: Option<IgnoreIndex>,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("expected a finite number greater than 0".into()),
    }
}

fn link(text: &str) -> Result<Link, String> {
    [Link::Sigmoid, Link::Softmax]
        .into_iter()
        .find(|link| link.name() == text)
        .ok_or_else(|| "expected sigmoid or softmax".into())
}

/// `none` too: no priority.
fn priority(text: &str) -> Result<Priority, String> {
    match text {
        "none" => Ok(Priority::Balanced),
        text => Priority::from_name(text).map_err(|error| error.to_string()),
    }
}

impl Arguments {
    /// The rules that tie arguments to one another, checked before any work.
    pub fn check(&self) -> Result<(), Box<dyn Error>> {
        if self.logits.is_none() && self.image.len() != self.mask.len() {
            return Err(format!(
                "--mask: {} given for {} --image; expected one mask for each image, in the same order",
                self.mask.len(),
                self.image.len()
            )
            .into());
        }
        let folder = match self.output.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => ".".as_ref(),
        };
        if !folder.is_dir() || self.output.is_dir() {
            let path = self.output.display();
            return Err(format!("--output {path}: expected a file in an existing folder").into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["segloss"], line].concat())
    }

    #[test]
    fn definition_is_consistent() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn several_pairs() {
        let line = ["--image", "a.png", "b.png", "--mask", "c.png", "--mask", "d.png"];
        let arguments = parse(&line).unwrap();
        assert_eq!((arguments.image.len(), arguments.mask.len()), (2, 2));
        arguments.check().unwrap();
    }

    #[test]
    fn bad_values_are_refused_by_name() {
        for (argument, value) in [
            ("--rate", "0"),
            ("--rate", "-0.1"),
            ("--steps", "-3"),
            ("--rate", "inf"),
            ("--rate", "fast"),
            ("--steps", "0"),
            ("--ignore-index", "65536"),
            ("--ignore-index", "-1"),
            ("--ignore-index", "None"),
            ("--link", "tanh"),
        ] {
            let message = parse(&[argument, value]).unwrap_err().to_string();
            assert!(message.contains(argument) && message.contains(value), "{message}");
        }
        assert_eq!(parse(&[]).unwrap().ignore_index, None);
        let ignored = |text| parse(&["--ignore-index", text]).unwrap().ignore_index.unwrap().0;
        assert_eq!((ignored("none"), ignored("0,255")), (vec![], vec![0, 255]));
    }

    #[test]
    fn arguments_that_do_not_go_together() {
        assert!(parse(&["--logits", "z.npy"]).is_err());
        assert!(parse(&["--logits", "z.npy", "--mask", "m.png", "--image", "i.png"]).is_err());
        let lone = parse(&["--image", "a.png"]).unwrap().check().unwrap_err().to_string();
        assert!(lone.contains("--mask") && lone.contains("1 --image"), "{lone}");
        let nowhere = parse(&["--output", "no/such/folder/f.png"]).unwrap();
        assert!(nowhere.check().unwrap_err().to_string().contains("no/such/folder/f.png"));
    }

    #[test]
    fn losses_are_given_one_by_one() {
        let line = ["--loss", "bce + dice", "--loss", "medical", "--link", "softmax"];
        let arguments = parse(&line).unwrap();
        assert_eq!(arguments.loss, ["bce + dice", "medical"]);
        assert_eq!(arguments.link, Some(Link::Softmax));
        assert!(parse(&["--list"]).unwrap().list);
        assert!(parse(&["--list", "--steps", "3"]).is_err());
    }

    #[test]
    fn recommend_is_a_command_of_its_own() {
        let recommend = |line: &[&str]| match parse(line)?.command {
            Some(Command::Recommend(recommend)) => Ok::<_, clap::Error>(recommend),
            other => panic!("{other:?} in {line:?}"),
        };
        assert_eq!(recommend(&["recommend"]).unwrap().priority, Priority::Balanced);
        for priority in Priority::ALL {
            let line = ["recommend", "--mask", "a.png", "b.png", "--priority", priority.name()];
            let read = recommend(&line).unwrap();
            assert_eq!((read.priority, read.mask.len()), (priority, 2));
        }
        assert_eq!(
            recommend(&["recommend", "--priority", "none"]).unwrap().priority,
            Priority::Balanced
        );
        let error = recommend(&["recommend", "--priority", "beauty"]).unwrap_err().to_string();
        assert!(error.contains("beauty") && error.contains("`overlap`"), "{error}");
        assert!(recommend(&["--steps", "3", "recommend"]).is_err());
    }
}
