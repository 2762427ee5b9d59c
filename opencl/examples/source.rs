//! Prints the OpenCL C that a loss becomes on a device: `source LINK TEXT CHANNELS`, by default that of
//! `0.5*bce + 0.5*dice` under the sigmoid link.

use segloss_core::engine::Link;
use segloss_core::view::Shape;
use segloss_opencl::{Element, Evaluator, Loss, Signature, Storage};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |i: usize, default| arguments.get(i).map_or(default, String::as_str);
    let link = if argument(0, "sigmoid") == "softmax" { Link::Softmax } else { Link::Sigmoid };
    let text = argument(1, "0.5*bce + 0.5*dice");
    let shape = Shape::new(1, argument(2, "1").parse()?, &[1, 1])?;
    let evaluator = Evaluator::new("", "")?;
    let loss = Loss::new(text, link).map_err(|error| error.to_string())?;
    let signature = Signature::new(shape, Storage::F32, Element::U8);
    print!("{}", evaluator.source(&loss, &signature)?);
    Ok(())
}
