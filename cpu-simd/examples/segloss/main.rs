//! Trains a small per-pixel predictor with each loss, or evaluates the losses
//! at given logits; prints a table and writes a figure.
//!
//! ```text
//! cargo run --release --example segloss
//! cargo run --release --example segloss -- --image a.png b.png --mask a-mask.png b-mask.png
//! cargo run --release --example segloss -- --logits logits.npy --mask mask.png
//! cargo run --release --example segloss -- --loss "0.3*bce + dice(smooth=1)" --loss medical
//! cargo run --release --example segloss -- --list
//! cargo run --release --example segloss -- recommend --mask mask.png --priority recall
//! ```

mod arguments;
mod batch;
mod canvas;
mod colour;
mod features;
mod figure;
mod listing;
mod logits;
mod maps;
mod mask;
mod metrics;
mod objective;
mod palette;
mod panel;
mod picture;
mod predictor;
mod recommend;
mod run;
mod scale;
mod selection;
mod shape;
mod table;

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use clap::Parser;
use segloss_simd::Library;

use crate::arguments::{Arguments, Command};
use crate::batch::Batch;
use crate::features::Features;
use crate::figure::{Setting, figure};
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
    } else if arguments.list {
        print!("{}", listing::listing(&library)?);
    } else {
        run_losses(arguments, &library)?;
    }
    Ok(())
}

fn run_losses(arguments: &Arguments, library: &Library<f32>) -> Result<(), Box<dyn Error>> {
    arguments.check()?;
    let batch = Batch::read(arguments)?;
    let selection = Selection {
        texts: &arguments.loss,
        link: arguments.link,
        labels: &batch.labels.labels,
        classes: batch.labels.classes,
        shape: batch.shape,
        has_logits: batch.logits.is_some(),
    };
    let objectives = selection.objectives(library)?;
    let Shape { batch: count, height, width, .. } = batch.shape;
    println!("{count} x {height} x {width} pixels, {} classes", batch.labels.classes);

    let labels = &batch.labels.labels;
    let mut outcomes = Vec::new();
    match batch.logits {
        Some(logits) => {
            for mut objective in objectives {
                let logits = logits.clone();
                outcomes.push(run::evaluate(&mut objective, logits, labels, batch.shape)?);
            }
        }
        None => {
            let features = Features::new(&batch.pictures);
            let schedule = (arguments.steps, arguments.rate);
            for mut objective in objectives {
                let shape = Shape { channels: objective.channels(), ..batch.shape };
                outcomes.push(run::train(&mut objective, &features, labels, shape, schedule)?);
            }
            println!("{} steps from zero weights; a cell reads before > after", arguments.steps);
        }
    }
    println!("\n{}\n", table::table(&outcomes));

    let path = &arguments.output;
    let maps = maps::maps(library, labels, batch.labels.classes, batch.shape)?;
    let canvas = figure(Setting { picture: batch.pictures.first(), labels, maps }, &outcomes);
    fs::write(path, canvas.png()?)
        .map_err(|error| format!("--output {}: {error}", path.display()))?;
    println!("figure: {}", path.display());
    Ok(())
}
