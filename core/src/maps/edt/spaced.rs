use super::cost::{Cost, spaced};
use super::grid::divide;
use super::hull::candidates;
use crate::level::{Kernel, Level};
use crate::maps::Segment;

/// Pixels from one grid point to the next.
const STEP: usize = 16;
/// Candidates compared at a time, at every level: which one is found must not depend on it.
const LANES: usize = 8;

/// Solves a segment with a spacing. Where rounding makes two candidates change places, the distance is that
/// to one as near as the nearest within the rounding.
pub(crate) fn solve<Lv: Level>(level: Lv, segment: Segment<'_, f64>, weight: f64) {
    let Segment { costs, first, start, end, places, values, starts, keep, out } = segment;
    let out = &mut out[..end - start];
    let found = candidates(level, costs, first, keep, places, values, weight);
    if found == 0 {
        out.fill(f64::NONE);
        return;
    }
    let room = found + LANES;
    values[found..room].fill(f64::NONE);
    let (places, values) = (&places[..room], &values[..room]);
    level.enter(Divided { places, values, found, starts, start, weight, out });
}

struct Divided<'a> {
    places: &'a [i32],
    values: &'a [f64],
    found: usize,
    starts: &'a mut [u32],
    start: usize,
    weight: f64,
    out: &'a mut [f64],
}

impl Kernel for Divided<'_> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Divided { places, values, found, starts, start, weight, out } = self;
        let intervals = divide::<STEP>(out.len(), found, starts, |x, low, high| {
            search(places, values, (start + x) as i32, low, high, weight)
        });
        let blocks = out.chunks_mut(STEP).zip(starts[..intervals + 1].windows(2));
        for (interval, (block, ends)) in blocks.enumerate() {
            let nearest = ends[0] as usize..ends[1] as usize + 1;
            let x = (start + interval * STEP) as i32;
            let (places, values) = (&places[nearest.clone()], &values[nearest]);
            let least = fill(places, values, x, weight);
            for (out, least) in block.chunks_mut(LANES).zip(least) {
                out.copy_from_slice(&least[..out.len()]);
            }
        }
    }
}

/// The squared distances of the pixels from `x` on, kept in registers over all candidates.
#[inline(always)]
fn fill(places: &[i32], values: &[f64], x: i32, weight: f64) -> [[f64; LANES]; STEP / LANES] {
    let mut best = [[f64::NONE; LANES]; STEP / LANES];
    let mut pixels = [[0.0; LANES]; STEP / LANES];
    for (ahead, pixel) in pixels.as_flattened_mut().iter_mut().enumerate() {
        *pixel = f64::from(x + ahead as i32);
    }
    for (&place, &value) in places.iter().zip(values) {
        let place = f64::from(place);
        for (best, pixels) in best.iter_mut().zip(&pixels) {
            for (best, pixel) in best.iter_mut().zip(pixels) {
                *best = spaced(value, pixel - place, weight).least(*best);
            }
        }
    }
    best
}

/// The first candidate of those nearest to pixel `x` among `low..=high`.
#[inline(always)]
fn search(places: &[i32], values: &[f64], x: i32, low: usize, high: usize, weight: f64) -> usize {
    let end = low + (high - low) / LANES * LANES + LANES;
    let places = places[low..end].as_chunks::<LANES>().0;
    let values = values[low..end].as_chunks::<LANES>().0;
    let seen = |place: i32, value: f64| value.seen_from(x - place, weight);
    let mut best = [f64::NONE; LANES];
    for (places, values) in places.iter().zip(values) {
        for ((best, &place), &value) in best.iter_mut().zip(places).zip(values) {
            *best = seen(place, value).least(*best);
        }
    }
    let least = best.into_iter().fold(f64::NONE, |least, best| best.least(least));
    for (chunk, (places, values)) in places.iter().zip(values).enumerate() {
        let mut equal = [false; LANES];
        for ((equal, &place), &value) in equal.iter_mut().zip(places).zip(values) {
            *equal = seen(place, value) == least;
        }
        if let Some(lane) = equal.iter().position(|&equal| equal) {
            return (low + chunk * LANES + lane).min(high);
        }
    }
    high
}
