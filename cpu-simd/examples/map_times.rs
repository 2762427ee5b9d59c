//! Times of the maps, for a program that compares them with others' (`docs/compare_maps.py`).
//!
//! Reads commands from standard input, one a line:
//!
//! * `image FILE EXTENT...`: labels of one byte each, in row-major order, with 1 to 3 extents;
//! * `time WORK LEVEL THREADS RUNS`: answers with the median time in nanoseconds a pixel. `WORK` is one of
//!   `background`, `squared`, `other`, `classes`, `signed`, `decay`, `spaced`, `weights`, `bits`, and with labels
//!   of 255 being void `filled` (weights of a band), `cut` (the same, not filled) and `filled_decay`;
//! * `save WORK LEVEL THREADS FILE`: writes what it gives, and answers with the number of bytes.

use std::error::Error;
use std::io::{BufRead, stdin};
use std::sync::Arc;
use std::time::Instant;

use segloss_simd::maps::band::Band;
use segloss_simd::maps::decay::{Decay, Empty};
use segloss_simd::maps::edt::{self, Spacing};
use segloss_simd::maps::morphology::Border;
use segloss_simd::maps::{Classes, Fork, Labels, Mask, Serial, Threads, Void, bits};
use segloss_simd::{AnyLevel, with_level};

/// Along the axes of a volume, in that order; images take the last ones.
const SPACING: [f64; 3] = [3.0, 1.0, 0.5];

fn main() -> Result<(), Box<dyn Error>> {
    let mut image = Image::default();
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["image", file, ref extents @ ..] => image = Image::read(file, extents)?,
            ["time", work, level, threads, runs] => {
                let mut job = image.job(work, level.parse()?, threads.parse()?)?;
                let mut times: Vec<f64> =
                    (0..runs.parse()?).map(|_| job.time()).collect::<Result<_, _>>()?;
                times.sort_unstable_by(f64::total_cmp);
                println!("{:.4}", times[times.len() / 2] * 1e9 / image.labels.len() as f64);
            }
            ["save", work, level, threads, file] => {
                let mut job = image.job(work, level.parse()?, threads.parse()?)?;
                job.run()?;
                std::fs::write(file, job.bytes())?;
                println!("{}", job.bytes().len());
            }
            _ => return Err(format!("`{line}` is no command").into()),
        }
    }
    Ok(())
}

#[derive(Default)]
struct Image {
    labels: Vec<u8>,
    extents: Vec<usize>,
}

impl Image {
    fn read(file: &str, extents: &[&str]) -> Result<Self, Box<dyn Error>> {
        let extents = extents.iter().map(|extent| extent.parse()).collect::<Result<_, _>>()?;
        Ok(Image { labels: std::fs::read(file)?, extents })
    }

    fn job(&self, work: &str, level: AnyLevel, threads: usize) -> Result<Job<'_>, Box<dyn Error>> {
        let mask = Mask::new(&self.labels, &self.extents)?;
        let classes = Classes::new(&self.labels, &self.extents)?;
        let spacing = Spacing::new(&SPACING[3 - self.extents.len()..])?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let pool = Arc::new(pool);
        let words = pool.install(|| {
            let distances = edt::scratch_words(&mask, Spacing::UNIT, Threads)?;
            let spaced = edt::scratch_words(&mask, spacing, Threads)?;
            let ignoring = mask.ignoring(255);
            let weights =
                Band::new(3, 5.0, Border::Zero)?.weights_scratch_words(&ignoring, Threads)?;
            let decay = Decay::new(5.0, Empty::Zero)?;
            let decay = decay.scratch_words(&ignoring, Spacing::UNIT, Threads)?;
            Ok::<_, segloss_core::Error>(distances.max(spaced).max(weights).max(decay))
        })?;
        let bytes = match work {
            "bits" => bits::words(mask.spatial())? * 8,
            "background" | "squared" | "other" | "classes" | "signed" | "decay" | "spaced"
            | "weights" | "filled" | "cut" | "filled_decay" => self.labels.len() * 4,
            _ => return Err(format!("`{work}` is no work").into()),
        };
        let scratch = vec![0; words];
        let out = vec![0; bytes.div_ceil(8)];
        Ok(Job { work: work.to_owned(), level, pool, mask, classes, spacing, scratch, out, bytes })
    }
}

struct Job<'i> {
    work: String,
    level: AnyLevel,
    pool: Arc<rayon::ThreadPool>,
    mask: Mask<'i>,
    classes: Classes<'i, u8>,
    spacing: Spacing,
    scratch: Vec<u64>,
    out: Vec<u64>,
    bytes: usize,
}

impl Job<'_> {
    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.out)[..self.bytes]
    }

    fn time(&mut self) -> Result<f64, Box<dyn Error>> {
        let start = Instant::now();
        self.run()?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn run(&mut self) -> Result<(), Box<dyn Error>> {
        if self.pool.current_num_threads() == 1 {
            return Ok(self.run_with(Serial)?);
        }
        let threads = self.pool.clone();
        Ok(threads.install(|| self.run_with(Threads))?)
    }

    fn run_with(&mut self, fork: impl Fork) -> Result<(), segloss_core::Error> {
        let (unit, spacing) = (Spacing::UNIT, self.spacing);
        let (mask, classes) = (&self.mask, &self.classes);
        let ignoring = &mask.ignoring(255);
        let (scratch, out) = (&mut self.scratch, bytemuck::cast_slice_mut(&mut self.out));
        let out = &mut out[..self.bytes];
        let singles = |out| bytemuck::cast_slice_mut::<u8, f32>(out);
        with_level!(self.level, level => match &*self.work {
            "background" => edt::distance_to_background(level, fork, mask, unit, singles(out), scratch)?,
            "squared" => {
                let out = bytemuck::cast_slice_mut::<u8, u32>(out);
                edt::squared_distance_to_background(level, fork, mask, out, scratch)?;
            }
            "other" => edt::distance_to_other(level, fork, mask, unit, singles(out), scratch)?,
            "classes" => edt::distance_to_other(level, fork, classes, unit, singles(out), scratch)?,
            "signed" => edt::signed_distance(level, fork, mask, unit, singles(out), scratch)?,
            "decay" => Decay::new(5.0, Empty::Zero)?
                .weights(level, fork, mask, unit, singles(out), scratch)?,
            "spaced" => edt::distance_to_background(level, fork, mask, spacing, singles(out), scratch)?,
            "weights" => Band::new(3, 5.0, Border::Zero)?
                .weights(level, fork, mask, singles(out), scratch)?,
            "filled" => Band::new(3, 5.0, Border::Zero)?
                .weights(level, fork, ignoring, singles(out), scratch)?,
            "cut" => Band::new(3, 5.0, Border::Zero)?.with_void(Void::Cut)
                .weights(level, fork, ignoring, singles(out), scratch)?,
            "filled_decay" => Decay::new(5.0, Empty::Zero)?
                .weights(level, fork, ignoring, unit, singles(out), scratch)?,
            "bits" => Band::new(3, 5.0, Border::Zero)?
                .bits(level, fork, mask, bytemuck::cast_slice_mut(out), scratch)?,
            _ => unreachable!("`job` takes no other work"),
        });
        Ok(())
    }
}
