//! Distance transforms, a boundary's band and its weights: device and CPU side by side.

use std::time::Instant;

use segloss_core::maps::Mask;
use segloss_core::maps::band::Band;
use segloss_core::maps::decay::{Decay, Empty};
use segloss_core::maps::edt::Spacing;
use segloss_core::maps::morphology::Border;
use segloss_opencl::Maps;
use segloss_simd::AnyLevel;
use segloss_simd::maps::{MapBuffers, Threads};

use crate::check::Checked;
use crate::{Outcome, median};

/// A map that is checked and timed.
#[derive(Clone, Copy, Debug)]
pub enum MapWork {
    SquaredDistance,
    SignedDistance,
    DecayWeights,
    /// Erosion, dilation, exclusive or, and dilation by 3: bits.
    BandBits,
    BandWeights,
}

/// What a map gives, and what it took.
pub struct Run {
    pub bits: Vec<u64>,
    pub seconds: f64,
}

/// Bits of numbers, to be compared.
trait Bits {
    fn bits(&self) -> Vec<u64>;
}

impl Bits for Vec<f32> {
    fn bits(&self) -> Vec<u64> {
        self.iter().map(|x| x.to_bits().into()).collect()
    }
}

impl Bits for Vec<u32> {
    fn bits(&self) -> Vec<u64> {
        self.iter().map(|&x| x.into()).collect()
    }
}

impl Bits for Vec<u64> {
    fn bits(&self) -> Vec<u64> {
        self.clone()
    }
}

impl MapWork {
    pub const ALL: [MapWork; 5] = [
        MapWork::SquaredDistance,
        MapWork::SignedDistance,
        MapWork::DecayWeights,
        MapWork::BandBits,
        MapWork::BandWeights,
    ];

    pub fn name(self) -> &'static str {
        match self {
            MapWork::SquaredDistance => "squared distance to background",
            MapWork::SignedDistance => "signed distance",
            MapWork::DecayWeights => "decay weights",
            MapWork::BandBits => "band, as bits",
            MapWork::BandWeights => "band weights",
        }
    }

    /// Bytes of a result for each pixel, of which morphology gives an eighth.
    fn bytes(self, pixels: usize) -> usize {
        if matches!(self, MapWork::BandBits) { pixels / 8 } else { 4 * pixels }
    }

    /// Bytes of the image and the result, each once: the least there can be.
    pub fn least_bytes(self, pixels: usize) -> usize {
        pixels + self.bytes(pixels)
    }

    fn on_device(self, maps: &Maps, mask: &Mask<'_>, pixels: usize) -> Outcome<Vec<u64>> {
        let (mut floats, mut integers) = (vec![0f32; pixels], vec![0u32; pixels]);
        let (decay, band) = plans()?;
        Ok(match self {
            MapWork::SquaredDistance => {
                maps.squared_distance_to_background(mask, &mut integers)?;
                integers.bits()
            }
            MapWork::SignedDistance => {
                maps.signed_distance(mask, Spacing::UNIT, &mut floats)?;
                floats.bits()
            }
            MapWork::DecayWeights => {
                maps.decay_weights(&decay, mask, Spacing::UNIT, &mut floats)?;
                floats.bits()
            }
            MapWork::BandBits => maps.band_bits(&band, mask)?.bits(),
            MapWork::BandWeights => {
                maps.band_weights(&band, mask, &mut floats)?;
                floats.bits()
            }
        })
    }

    /// With all threads, and the time that it took.
    fn on_host(self, mask: &Mask<'_>, pixels: usize) -> Outcome<Run> {
        let mut maps = MapBuffers::new(AnyLevel::best(), Threads);
        let (mut floats, mut integers) = (vec![0f32; pixels], vec![0u32; pixels]);
        let (decay, band) = plans()?;
        // The first one allocates.
        let mut seconds = 0.0;
        let mut bits = Vec::new();
        for _ in 0..2 {
            let start = Instant::now();
            match self {
                MapWork::SquaredDistance => {
                    maps.squared_distance_to_background(mask, &mut integers)?;
                }
                MapWork::SignedDistance => {
                    maps.signed_distance(mask, Spacing::UNIT, &mut floats)?;
                }
                MapWork::DecayWeights => {
                    maps.decay_weights(&decay, mask, Spacing::UNIT, &mut floats)?;
                }
                MapWork::BandBits => bits = maps.band_bits(&band, mask)?,
                MapWork::BandWeights => maps.band_weights(&band, mask, &mut floats)?,
            }
            seconds = start.elapsed().as_secs_f64();
        }
        let bits = match self {
            MapWork::SquaredDistance => integers.bits(),
            MapWork::BandBits => bits.bits(),
            _ => floats.bits(),
        };
        Ok(Run { bits, seconds })
    }

    /// Compares every pixel with the CPU's, of discs on an image whose sides are primes.
    pub fn check(self, maps: &Maps) -> Outcome<Checked> {
        let size = [61, 67];
        let labels = discs(&size);
        let mask = Mask::new(&labels, &size)?;
        let expected = self.on_host(&mask, labels.len())?.bits;
        let same_bits = self.on_device(maps, &mask, labels.len())? == expected;
        let is_exact = maps.device().is_exact::<f32>();
        // What is rounded may differ where the device rounds otherwise; what is whole may not.
        let is_whole = matches!(self, MapWork::SquaredDistance | MapWork::BandBits);
        let (value_error, gradient_error) = (0.0, 0.0);
        let passed = same_bits || !(is_exact || is_whole);
        Ok(Checked { loss: self.name().into(), same_bits, value_error, gradient_error, passed })
    }

    /// The median times of device, by its clock or else the caller's, and CPU, in seconds.
    pub fn seconds(self, maps: &Maps, size: &[usize], runs: usize) -> Outcome<(f64, f64, f64)> {
        let labels = discs(size);
        let mask = Mask::new(&labels, size)?;
        let (mut device, mut call, mut host) = (Vec::new(), Vec::new(), Vec::new());
        for run in 0..=runs {
            let start = Instant::now();
            self.on_device(maps, &mask, labels.len())?;
            let elapsed = start.elapsed().as_secs_f64();
            let of_host = self.on_host(&mask, labels.len())?.seconds;
            // The first one builds programs.
            if run > 0 {
                call.push(elapsed);
                device.push(maps.seconds().filter(|&seconds| seconds > 0.0).unwrap_or(elapsed));
                host.push(of_host);
            }
        }
        Ok((median(&mut device), median(&mut call), median(&mut host)))
    }
}

fn plans() -> Result<(Decay, Band), segloss_core::Error> {
    Ok((Decay::new(5.0, Empty::Zero)?, Band::new(3, 5.0, Border::Zero)?))
}

/// Discs of all sizes, the same at every run; in a volume on each slice.
fn discs(size: &[usize]) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    let (height, width) = match *size {
        [.., height, width] => (height, width),
        [width] => (1, width),
        [] => (0, 0),
    };
    let mut slice = vec![0u8; height * width];
    let most = (height.min(width) / 8).max(2);
    for _ in 0..(height * width / 60_000).max(4) {
        let (x, y) = (random.usize(..width), random.usize(..height));
        let radius = random.usize(1..=most);
        for row in y.saturating_sub(radius)..(y + radius).min(height) {
            let half = (radius * radius - row.abs_diff(y).pow(2)).isqrt();
            slice[row * width..][x.saturating_sub(half)..(x + half).min(width)].fill(1);
        }
    }
    let slices = size.iter().product::<usize>() / slice.len().max(1);
    slice.repeat(slices)
}
