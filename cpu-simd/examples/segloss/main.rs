//! Trains a small per-pixel predictor with each loss, or evaluates the losses
//! at given logits; prints a table, and writes a figure of what each loss sees
//! in one prediction.
//!
//! ```text
//! cargo run --release --example segloss
//! cargo run --release --example segloss -- --image a.png b.png --mask a-mask.png b-mask.png
//! cargo run --release --example segloss -- --logits logits.npy --mask mask.png
//! cargo run --release --example segloss -- --loss "0.3*bce + dice(smooth=1)" --loss medical
//! cargo run --release --example segloss -- --list
//! cargo run --release --example segloss -- from monai.DiceCELoss
//! cargo run --release --example segloss -- recommend --mask mask.png --priority recall
//! ```

mod arguments;
mod batch;
mod canvas;
mod colour;
mod features;
mod figure;
mod file_type;
mod ignore_index;
mod jpeg_file;
mod labels;
mod legend;
mod link;
mod listing;
mod logits;
mod maps;
mod mask;
mod metrics;
mod npy;
mod objective;
mod palette;
mod panel;
mod peers;
mod picture;
mod png_file;
mod predictor;
mod pull;
mod raster;
mod recommend;
mod run;
mod scale;
mod scene;
mod selection;
mod shape;
mod table;
mod tiff_file;
mod zoom;

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use clap::Parser;
use segloss_simd::Library;

use crate::arguments::{Arguments, Command};
use crate::batch::Batch;
use crate::features::Features;
use crate::figure::{Setting, figure};
use crate::scene::Scene;
use crate::selection::Selection;
use crate::shape::Shape;

fn main() -> ExitCode {
    match work(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn work(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let library = Library::default();
    if let Some(Command::Recommend(arguments)) = &arguments.command {
        println!("{}", recommend::recommendation(arguments)?);
    } else if let Some(Command::From { name }) = &arguments.command {
        print!("{}", peers::lookup(name, &library)?);
    } else if arguments.list {
        print!("{}", listing::listing(&library)?);
    } else {
        run_losses(arguments, &library)?;
    }
    Ok(())
}

fn run_losses(arguments: &Arguments, library: &Library<f32>) -> Result<(), Box<dyn Error>> {
    arguments.check()?;
    let Batch { pictures, labels, asked, logits, shape } = Batch::read(arguments, library)?;
    let selection =
        Selection { texts: &arguments.loss, asked: asked.as_ref(), labels: &labels, shape };
    let mut losses = selection.losses(library)?;
    let Shape { batch: count, height, width, .. } = shape;
    println!("{count} x {height} x {width} pixels: {}", labels.reading);

    let mut outcomes = Vec::new();
    let scene = match logits {
        Some(logits) => {
            for loss in &mut losses {
                outcomes.push(run::evaluate(&mut loss.objective, &logits, &labels.labels, shape)?);
            }
            Scene::given(logits, shape)
        }
        None => {
            let features = Features::new(&pictures);
            let schedule = (arguments.steps, arguments.rate);
            for loss in &mut losses {
                let shape = Shape { channels: loss.objective.channels(), ..shape };
                let objective = &mut loss.objective;
                outcomes.push(run::train(objective, &features, &labels.labels, shape, schedule)?);
            }
            println!("{} steps from zero weights; a cell reads before > after", arguments.steps);
            let channels = losses.first().map_or(1, |loss| loss.objective.channels());
            Scene::early(library, &features, &labels, Shape { channels, ..shape }, schedule)?
        }
    };
    println!("\n{}\n", table::table(&outcomes));

    let shown = losses.iter_mut().filter(|loss| loss.is_shown);
    let views = shown.map(|loss| scene.view(loss, &labels)).collect::<Result<Vec<_>, _>>()?;
    let path = &arguments.output;
    let maps = maps::maps(library, &labels, shape)?;
    let setting = Setting { picture: pictures.first(), labels: &labels, maps, scene: &scene };
    fs::write(path, figure(setting, &views).png()?)
        .map_err(|error| format!("--output {}: {error}", path.display()))?;
    println!("figure: {}", path.display());
    Ok(())
}
