//! Trains a small per-pixel predictor with each loss, or evaluates the losses
//! at given logits; prints a table and writes a figure.
//!
//! ```text
//! cargo run --release --example segloss
//! cargo run --release --example segloss -- --image a.png b.png --mask a-mask.png b-mask.png
//! cargo run --release --example segloss -- --logits logits.npy --mask mask.png
//! ```

mod arguments;
mod batch;
mod canvas;
mod colour;
mod features;
mod figure;
mod logits;
mod loss;
mod mask;
mod metrics;
mod objective;
mod palette;
mod picture;
mod predictor;
mod run;
mod scale;
mod table;

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::batch::Batch;
use crate::features::Features;
use crate::loss::Shape;
use crate::objective::objectives;

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
    arguments.check()?;
    let batch = Batch::read(arguments)?;
    let Shape { batch: count, height, width, .. } = batch.shape;
    println!("{count} x {height} x {width} pixels, {} classes", batch.labels.classes);

    let labels = &batch.labels.labels;
    let mut outcomes = Vec::new();
    match batch.logits {
        Some(logits) => {
            for mut objective in objectives(batch.shape.channels.max(2)) {
                // One channel is for sigmoid, several are for softmax.
                if objective.channels() == batch.shape.channels {
                    let logits = logits.clone();
                    outcomes.push(run::evaluate(&mut *objective, logits, labels, batch.shape)?);
                }
            }
        }
        None => {
            let features = Features::new(&batch.pictures);
            let schedule = (arguments.steps, arguments.rate);
            for mut objective in objectives(batch.labels.classes) {
                let shape = Shape { channels: objective.channels(), ..batch.shape };
                outcomes.push(run::train(&mut *objective, &features, labels, shape, schedule)?);
            }
            println!("{} steps from zero weights; a cell reads before > after", arguments.steps);
        }
    }
    println!("\n{}\n", table::table(&outcomes));

    let path = &arguments.output;
    let canvas = figure::figure(batch.pictures.first(), labels, &outcomes);
    fs::write(path, canvas.png()?)
        .map_err(|error| format!("--output {}: {error}", path.display()))?;
    println!("figure: {}", path.display());
    Ok(())
}
