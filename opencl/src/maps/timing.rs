//! What transforms take on the device, without copies from and to the host: of discs and of noise, 2048 x 2048.
//!
//! `cargo test --release -p segloss-opencl --lib -- --ignored --nocapture times_of_transforms`

use std::time::Instant;

use segloss_core::maps::Mask;
use segloss_core::maps::edt::Spacing;

use super::distance::{Measure, Place};
use super::face::Maps;
use super::host::upload;
use super::source::Finish;
use crate::commands::Buffer;

const SIDE: usize = 2048;
const RUNS: usize = 20;

/// Numbers from 0 to `below` less 1, the same at every run.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
    (*state >> 33) as usize % below
}

fn discs() -> Vec<u8> {
    let (mut mask, state) = (vec![0; SIDE * SIDE], &mut 1);
    for _ in 0..68 {
        let (x, y) = (random(state, SIDE), random(state, SIDE));
        let radius = 5 << random(state, 6);
        for row in y.saturating_sub(radius)..(y + radius).min(SIDE) {
            let half = (radius * radius - row.abs_diff(y).pow(2)).isqrt();
            let line = &mut mask[row * SIDE..(row + 1) * SIDE];
            line[x.saturating_sub(half)..(x + half).min(SIDE)].fill(1);
        }
    }
    mask
}

fn noise() -> Vec<u8> {
    let state = &mut 2;
    (0..SIDE * SIDE).map(|_| random(state, 2) as u8).collect()
}

#[test]
#[ignore = "measures"]
fn times_of_transforms() {
    let maps = Maps::new("", "").unwrap();
    for (name, data) in [("discs", discs()), ("50 % noise", noise())] {
        let mask = Mask::new(&data, &[SIDE, SIDE]).unwrap();
        for (to_other, finish) in [
            (false, Finish::Squared("uint")),
            (false, Finish::Distance),
            (true, Finish::Distance),
            (true, Finish::Decay),
        ] {
            let spacing = Spacing::UNIT;
            let of = Measure { to_other, spacing, finish, rate: -0.2f32, empty: 0.0 };
            let time = maps.with_launch(|launch| {
                let planes = upload(&mask, launch)?;
                let out = Buffer::<f32>::new(launch.context(), data.len())?;
                let mut least = f64::INFINITY;
                for _ in 0..RUNS {
                    let start = Instant::now();
                    of.run(launch, &planes, Place { memory: out.memory(), first: 0 })?;
                    launch.commands.read(out.memory(), 0, &mut [0f32])?;
                    least = least.min(start.elapsed().as_secs_f64());
                }
                Ok(least * 1e9 / data.len() as f64)
            });
            let to = if to_other { "another label" } else { "background" };
            println!("{name}, {finish:?} to {to}: {:.2} ns a pixel", time.unwrap());
        }
    }
}
