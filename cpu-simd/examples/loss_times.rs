//! Times of the losses, for a program that compares them with others' (`docs/compare_losses.py`).
//!
//! Reads commands from standard input, one a line:
//!
//! * `inputs LOGITS TARGETS TYPE BATCH CHANNELS EXTENT...`: files of packed `f32` logits and of targets, of
//!   type `u8`, `i64` or `f32`, as many as pixels or, of masks, as logits;
//! * `logits f32|f16|bf16 first|last`: how logits and gradient are stored from here on (`f32 first` after
//!   `inputs`): the format, and whether channels come first or last;
//! * `time LINK LEVEL THREADS RUNS TEXT`: answers with the median time of value and gradient in nanoseconds
//!   a logit. `LINK` is `sigmoid` or `softmax`, `TEXT` a loss; 255 is ignored under `softmax`;
//! * `cold LINK LEVEL THREADS RUNS TEXT`: answers with the median time of arrays that no cache holds: before
//!   each run half a gigabyte of other memory is written;
//! * `save LINK LEVEL FILE TEXT`: writes the gradient, and answers with the value;
//! * `stream THREADS RUNS`: the time of reading logits and targets and writing the gradient, nothing
//!   computed.

use std::error::Error;
use std::io::{BufRead, stdin};
use std::time::Instant;

use half::{bf16, f16};
use rayon::prelude::*;
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::view::{self, Layout, Logit, Shape, View, ViewMut};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut inputs = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["inputs", logits, targets, stored, ref shape @ ..] = words[..] {
            inputs = Some(Inputs::read(logits, targets, stored, shape)?);
            continue;
        }
        let inputs = inputs.as_mut().ok_or("expected `inputs` first")?;
        match words[..] {
            ["logits", format, order] => inputs.store_as(format, order)?,
            [how @ ("time" | "cold"), link, level, threads, runs, ref text @ ..] => {
                let (text, level) = (text.join(" "), level.parse()?);
                let mut evict = Evict::new(how == "cold");
                let time = on(threads, || inputs.time(&text, link, level, runs, &mut evict))??;
                println!("{time:.5}");
            }
            ["save", link, level, file, ref text @ ..] => {
                let (text, level) = (text.join(" "), level.parse()?);
                let value = inputs.value(&text, link, level)?;
                std::fs::write(file, inputs.gradient.to_bytes())?;
                println!("{value}");
            }
            ["stream", threads, runs] => {
                println!("{:.5}", on(threads, || inputs.stream(threads, runs))??);
            }
            _ => return Err(format!("`{line}` is no command").into()),
        }
    }
    Ok(())
}

/// Runs `work` in a pool of that many threads.
fn on<R: Send>(threads: &str, work: impl FnOnce() -> R + Send) -> Outcome<R> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?;
    Ok(pool.install(work))
}

/// Memory that takes the place of all else in the caches when it is written.
struct Evict(Vec<u64>);

impl Evict {
    /// Half a gigabyte, or nothing.
    fn new(is_wanted: bool) -> Self {
        Evict(if is_wanted { vec![0; 1 << 26] } else { Vec::new() })
    }

    fn write(&mut self) {
        // One number a cache line.
        self.0.iter_mut().step_by(8).for_each(|number| *number += 1);
        std::hint::black_box(&self.0);
    }
}

fn median(
    runs: &str,
    evict: &mut Evict,
    mut work: impl FnMut() -> Result<(), String>,
) -> Result<f64, String> {
    let runs: usize = runs.parse().map_err(|error| format!("{runs}: {error}"))?;
    work()?;
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs.max(1) {
        evict.write();
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64() * 1e9);
    }
    times.sort_unstable_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Reads the numbers of a file, which need not be aligned.
fn numbers<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Vec<T> {
    bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()
}

enum Targets {
    U8(Vec<u8>),
    I64(Vec<i64>),
    F32(Vec<f32>),
}

/// Logits or a gradient.
enum Numbers {
    F32(Vec<f32>),
    F16(Vec<f16>),
    Bf16(Vec<bf16>),
}

impl Numbers {
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Numbers::F32(numbers) => bytemuck::cast_slice(numbers).to_vec(),
            Numbers::F16(numbers) => numbers.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            Numbers::Bf16(numbers) => numbers.iter().flat_map(|x| x.to_ne_bytes()).collect(),
        }
    }
}

struct Inputs {
    shape: Shape,
    layout: Layout,
    of_targets: Layout,
    /// Logits in the order of the file, channels first.
    read: Vec<f32>,
    logits: Numbers,
    targets: Targets,
    gradient: Numbers,
}

impl Inputs {
    fn read(logits: &str, targets: &str, stored: &str, shape: &[&str]) -> Outcome<Self> {
        let extents: Vec<usize> = shape.iter().map(|e| e.parse()).collect::<Result<_, _>>()?;
        let [batch, channels, ref spatial @ ..] = extents[..] else {
            return Err("expected BATCH CHANNELS EXTENT...".into());
        };
        let shape = Shape::new(batch, channels, spatial)?;
        let read: Vec<f32> = numbers(&std::fs::read(logits)?);
        let bytes = std::fs::read(targets)?;
        let (count, targets) = match stored {
            "u8" => (bytes.len(), Targets::U8(bytes)),
            "i64" => (bytes.len() / 8, Targets::I64(numbers(&bytes))),
            "f32" => (bytes.len() / 4, Targets::F32(numbers(&bytes))),
            _ => return Err(format!("targets of type `{stored}`").into()),
        };
        let of_targets = if count == read.len() { shape } else { shape.with_channels(1) };
        Ok(Inputs {
            shape,
            layout: Layout::channels_first(shape)?,
            of_targets: Layout::channels_first(of_targets)?,
            logits: Numbers::F32(read.clone()),
            gradient: Numbers::F32(vec![0.0; read.len()]),
            read,
            targets,
        })
    }

    fn store_as(&mut self, format: &str, order: &str) -> Outcome<()> {
        let (pixels, channels) = (self.shape.pixels(), self.shape.channels);
        let values: Vec<f32> = match order {
            "first" => self.read.clone(),
            "last" => {
                let samples = self.read.chunks_exact(pixels * channels);
                let place = |i: usize| i % channels * pixels + i / channels;
                samples.flat_map(|z| (0..z.len()).map(move |i| z[place(i)])).collect()
            }
            _ => return Err(format!("channels `{order}`").into()),
        };
        self.layout = match order {
            "first" => Layout::channels_first(self.shape)?,
            _ => Layout::channels_last(self.shape)?,
        };
        let count = values.len();
        (self.logits, self.gradient) = match format {
            "f32" => (Numbers::F32(values), Numbers::F32(vec![0.0; count])),
            "f16" => {
                let values = values.into_iter().map(f16::from_f32).collect();
                (Numbers::F16(values), Numbers::F16(vec![f16::ZERO; count]))
            }
            "bf16" => {
                let values = values.into_iter().map(bf16::from_f32).collect();
                (Numbers::Bf16(values), Numbers::Bf16(vec![bf16::ZERO; count]))
            }
            _ => return Err(format!("logits of type `{format}`").into()),
        };
        Ok(())
    }

    fn value(&mut self, text: &str, link: &str, level: AnyLevel) -> Result<f64, String> {
        let mut value = f64::NAN;
        self.with_loss(text, link, level, |run| {
            value = run()?;
            Ok(())
        })?;
        Ok(value)
    }

    fn time(
        &mut self,
        text: &str,
        link: &str,
        level: AnyLevel,
        runs: &str,
        evict: &mut Evict,
    ) -> Result<f64, String> {
        let (mut time, logits) = (0.0, self.read.len() as f64);
        self.with_loss(text, link, level, |run| {
            time = median(runs, evict, || run().map(|_| ()))? / logits;
            Ok(())
        })?;
        Ok(time)
    }

    /// Hands `work` a call of the loss, whose buffers stay between calls.
    fn with_loss(
        &mut self,
        text: &str,
        link: &str,
        level: AnyLevel,
        work: impl FnOnce(&mut dyn FnMut() -> Result<f64, String>) -> Result<(), String>,
    ) -> Result<(), String> {
        let (link, call) = match link {
            "sigmoid" => (Link::Sigmoid, Call::sigmoid()),
            "softmax" => {
                (Link::Softmax, Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() })
            }
            _ => return Err(format!("`{link}` is no link")),
        };
        let library = Library::<f32>::new(level);
        let loss = Loss::new(&library, text, link).map_err(message)?;
        let y: view::Targets<'_> = match &self.targets {
            Targets::U8(targets) => View::new(targets, self.of_targets).map_err(message)?.into(),
            Targets::I64(targets) => View::new(targets, self.of_targets).map_err(message)?.into(),
            Targets::F32(targets) => View::new(targets, self.of_targets).map_err(message)?.into(),
        };
        let mut buffers = Buffers::new();
        let mut evaluate = |gradient: &mut Numbers| match (&self.logits, gradient) {
            (Numbers::F32(z), Numbers::F32(g)) => {
                evaluate(&loss, call, (z, g), self.layout, &y, &mut buffers)
            }
            (Numbers::F16(z), Numbers::F16(g)) => {
                evaluate(&loss, call, (z, g), self.layout, &y, &mut buffers)
            }
            (Numbers::Bf16(z), Numbers::Bf16(g)) => {
                evaluate(&loss, call, (z, g), self.layout, &y, &mut buffers)
            }
            _ => Err("logits and gradient of two formats".into()),
        };
        work(&mut || evaluate(&mut self.gradient))
    }

    fn stream(&mut self, threads: &str, runs: &str) -> Result<f64, String> {
        let z = &self.read;
        let mut gradient = vec![0.0; z.len()];
        let time = match &self.targets {
            Targets::U8(y) => streamed(z, y, f32::from, &mut gradient, threads, runs),
            Targets::I64(y) => streamed(z, y, |y| y as f32, &mut gradient, threads, runs),
            Targets::F32(y) => streamed(z, y, |y| y, &mut gradient, threads, runs),
        };
        time.map(|time| time / z.len() as f64)
    }
}

fn message(error: impl ToString) -> String {
    error.to_string()
}

fn evaluate<E: Logit<Compute = f32>>(
    loss: &Loss<'_, f32>,
    call: Call<'_>,
    (logits, gradient): (&[E], &mut [E]),
    layout: Layout,
    targets: &view::Targets<'_>,
    buffers: &mut Buffers<f32>,
) -> Result<f64, String> {
    let z = View::new(logits, layout).map_err(message)?;
    let mut sink = ViewMut::new(gradient, layout).map_err(message)?;
    let outputs = Outputs::gradient(&mut sink);
    let report = loss.evaluate(call, z, targets, &[], outputs, buffers);
    report.map(|report| report.value).map_err(message)
}

/// Every logit and every target is read, and every place of the gradient written.
fn streamed<Y: Copy + Sync>(
    logits: &[f32],
    targets: &[Y],
    number: impl Fn(Y) -> f32 + Sync,
    gradient: &mut [f32],
    threads: &str,
    runs: &str,
) -> Result<f64, String> {
    let per_target = logits.len() / targets.len();
    let threads: usize = threads.parse().map_err(|error| format!("{threads}: {error}"))?;
    let part = targets.len().div_ceil(threads);
    median(runs, &mut Evict::new(false), || {
        let logits = logits.par_chunks(part * per_target);
        let gradients = gradient.par_chunks_mut(part * per_target);
        logits.zip(gradients).zip(targets.par_chunks(part)).for_each(|((z, g), y)| {
            let (first_z, z) = z.split_at(y.len());
            let (first_g, g) = g.split_at_mut(y.len());
            first_z.iter().zip(first_g).zip(y).for_each(|((z, g), y)| *g = z + number(*y));
            z.iter().zip(g).for_each(|(z, g)| *g = z + 1.0);
        });
        std::hint::black_box(&*gradient);
        Ok(())
    })
}
