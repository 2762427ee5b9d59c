use std::path::PathBuf;

use clap::Parser;

/// Checks every kernel against the CPU on each OpenCL device, then times it.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// Only platforms with this in their name.
    #[arg(long, default_value = "")]
    pub platform: String,
    /// Only devices with this in their name.
    #[arg(long, default_value = "")]
    pub device: String,
    /// Losses to time, in text form (several times; `softmax:TEXT` for the softmax link). All of a list
    /// unless given.
    #[arg(long)]
    pub loss: Vec<String>,
    /// Sizes, such as `512x512` or `64x64x64` (several times). 256^2 to 8192^2 and 256^3 unless given.
    #[arg(long, value_parser = size)]
    pub size: Vec<Vec<usize>>,
    /// Timed runs, after one that is not; the median counts.
    #[arg(long, default_value_t = 7)]
    pub runs: usize,
    /// Writes the measurements there.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Draws them there as SVG: GB/s by size, beside the device's copy.
    #[arg(long)]
    pub plot: Option<PathBuf>,
    /// Only checks.
    #[arg(long)]
    pub check: bool,
}

fn size(text: &str) -> Result<Vec<usize>, String> {
    let sides: Result<Vec<usize>, _> = text.split('x').map(str::parse).collect();
    match sides {
        Ok(sides) if (1..=3).contains(&sides.len()) && sides.iter().all(|&side| side > 0) => {
            Ok(sides)
        }
        _ => Err(format!("`{text}` is no size, expected 1 to 3 numbers such as 512x512")),
    }
}

impl Arguments {
    pub fn sizes(&self) -> Vec<Vec<usize>> {
        if !self.size.is_empty() {
            return self.size.clone();
        }
        let squares = [256, 512, 1024, 2048, 4096, 8192].map(|side| vec![side, side]);
        squares.into_iter().chain([vec![256; 3]]).collect()
    }
}
