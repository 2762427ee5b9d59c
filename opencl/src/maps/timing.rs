use std::time::Instant;

use segloss_core::maps::{Mask, edt::Spacing};

use super::distance::{Measure, Place};
use super::face::Maps;
use super::host::upload;
use super::source::Finish;
use crate::commands::Buffer;

#[test]
#[ignore = "measures"]
fn times() {
    let maps = Maps::new("", "").unwrap();
    for name in std::env::var("IMAGES").unwrap_or("discs noise50 noise99 single".into()).split(' ') {
        let data = std::fs::read(format!("{}/../target/{name}.bin", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let mask = Mask::new(&data, &[2048, 2048]).unwrap();
        for (to_other, finish) in [(false, Finish::Squared("uint")), (false, Finish::Distance), (true, Finish::Distance), (true, Finish::Decay)] {
            let of = Measure { to_other, spacing: Spacing::UNIT, finish, rate: -0.2f32, empty: 0.0 };
            let mut best = [f64::INFINITY; 1];
            maps.with_launch(|launch| {
                let planes = upload(&mask, launch)?;
                let out = Buffer::<f32>::new(launch.context(), data.len())?;
                for _ in 0..12 {
                    let start = Instant::now();
                    of.run(launch, &planes, Place { memory: out.memory(), first: 0 })?;
                    launch.commands.read(out.memory(), 0, &mut [0f32; 1])?;
                    best[0] = best[0].min(start.elapsed().as_secs_f64());
                }
                Ok(())
            })
            .unwrap();
            println!("{name} {finish:?} other={to_other} {:.3} ns/px", best[0] * 1e9 / data.len() as f64);
        }
    }
}
