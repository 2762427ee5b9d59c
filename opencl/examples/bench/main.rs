//! Checks every kernel against the CPU on each OpenCL device, then times it:
//!
//! ```text
//! cargo run --release -p segloss-opencl --example bench
//! ```

mod arguments;
mod check;
mod host;
mod inputs;
mod maps;
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
use maps::MapWork;
use report::{Report, Time};
use segloss_opencl::{Device, Evaluator, Maps};
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
    let maps = Maps::measuring(device.clone())?;
    // Of losses, if only some are asked for.
    let map_works = if arguments.loss.is_empty() { &MapWork::ALL[..] } else { &[] };
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
    let losses = works.iter().map(|work| check::check(&evaluator, host, work));
    for checked in losses.chain(map_works.iter().map(|work| work.check(&maps))) {
        let checked = checked?;
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
            report.push(Time {
                bytes: work.sweeps() * 4 * logits + 4 * logits + 2 * inputs.targets.len(),
                host_ratio: of_host / seconds,
                ..Time::new(work.name(), &size, logits, seconds, seconds_of_call)
            });
        }
    }
    for work in map_works {
        for size in arguments.sizes() {
            let (seconds, seconds_of_call, of_host) = work.seconds(&maps, &size, arguments.runs)?;
            let pixels = size.iter().product();
            report.push(Time {
                bytes: work.least_bytes(pixels),
                host_ratio: of_host / seconds,
                ..Time::new(work.name().into(), &size, pixels, seconds, seconds_of_call)
            });
        }
    }
    Ok(report)
}

/// The middle one.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
