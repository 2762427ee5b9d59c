//! Checks every kernel against the CPU on each OpenCL device, then times it:
//!
//! ```text
//! cargo run --release -p segloss-opencl --example bench
//! ```

mod arguments;
mod check;
mod host;
mod inputs;
mod plot;
mod report;
mod timing;
mod work;

use std::error::Error;
use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;
use host::Host;
use inputs::Inputs;
use report::{Report, Time};
use segloss_opencl::{Device, Evaluator};
use work::Work;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Gives whether every check passed.
fn run(arguments: &Arguments) -> Outcome<bool> {
    let works: Vec<Work> = if arguments.loss.is_empty() {
        Work::all()
    } else {
        arguments.loss.iter().map(|text| Work::parse(text)).collect()
    };
    let mut host = Host::new();
    let mut reports = Vec::new();
    for device in Device::all(&arguments.platform, &arguments.device)? {
        reports.push(report(device, &works, &mut host, arguments)?);
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&reports)? + "\n")?;
    }
    if let Some(path) = &arguments.plot {
        plot::draw(&reports, path)?;
    }
    Ok(reports.iter().all(|report| report.checks.iter().all(|check| check.passed)))
}

fn report(
    device: Device,
    works: &[Work],
    host: &mut Host,
    arguments: &Arguments,
) -> Outcome<Report> {
    let evaluator = Evaluator::measuring(device)?;
    let (platform, device) = (evaluator.device().platform(), evaluator.device().name());
    let copy = timing::copy_bandwidth(&evaluator, arguments.runs)?;
    println!("{device} ({platform}), copies {:.1} GB/s", copy * 1e-9);
    let mut report = Report {
        platform: platform.into(),
        device: device.into(),
        copy_gb_s: copy * 1e-9,
        checks: Vec::new(),
        times: Vec::new(),
    };
    for work in works {
        let checked = check::check(&evaluator, host, work)?;
        let verdict = if checked.passed { "ok" } else { "WRONG" };
        let bits = if checked.same_bits { "same bits" } else { "close" };
        println!(
            "{verdict:5} {:40} {bits}, value within {:.1e}, gradient within {:.1e}",
            checked.loss, checked.value_error, checked.gradient_error
        );
        report.checks.push(checked);
    }
    if arguments.check {
        return Ok(report);
    }
    println!("{}", Time::heading());
    for work in works {
        for size in arguments.sizes() {
            let inputs = Inputs::new(work, 1, &size)?;
            let (seconds, seconds_of_call) =
                timing::seconds(&evaluator, work, &inputs, arguments.runs)?;
            let of_host = host.seconds(work, &inputs, arguments.runs)?;
            let logits = inputs.logits.len();
            let bytes = work.sweeps() * 4 * logits + 4 * logits + 2 * inputs.targets.len();
            let sides: Vec<String> = size.iter().map(ToString::to_string).collect();
            let gb_s = bytes as f64 / seconds * 1e-9;
            let time = Time {
                what: work.name(),
                size: sides.join("x"),
                logits,
                seconds,
                seconds_of_call,
                ns_per_logit: seconds * 1e9 / logits as f64,
                bytes,
                gb_s,
                share_of_copy: gb_s / report.copy_gb_s,
                host_threads: rayon::current_num_threads(),
                host_ratio: of_host / seconds,
            };
            println!("{}", time.line());
            report.times.push(time);
        }
    }
    Ok(report)
}

/// The middle one.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
