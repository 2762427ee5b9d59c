//! Value and gradient of each loss at each level, beside a streaming pass over the same arrays.
use segloss_core::class::Ce;
use segloss_core::compose::*;
use segloss_core::engine::*;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::view::*;
use segloss_simd::{AnyLevel, Buffers, with_level};
use std::time::Instant;

fn time(name: &str, px: usize, mut f: impl FnMut()) -> f64 {
    f();
    let mut ts: Vec<f64> = (0..31).map(|_| { let t = Instant::now(); f(); t.elapsed().as_secs_f64() }).collect();
    ts.sort_by(f64::total_cmp);
    let ns = ts[ts.len() / 2] / px as f64 * 1e9;
    println!("{name:40} {ns:.3} ns/px");
    ns
}

fn main() {
    let mut s = 1u32;
    let mut rnd = move || { s = s.wrapping_mul(1664525).wrapping_add(1013904223); (s >> 8) as f32 / 16777216.0 };
    let (b, n) = (8, 512 * 512);
    for (channels, link) in [(1, Link::Sigmoid), (19, Link::Softmax)] {
        let b = if channels == 1 { b } else { 4 };
        let shape = Shape::new(b, channels, &[512, 512]).unwrap();
        let px = b * n;
        let z: Vec<f32> = (0..px * channels).map(|_| (rnd() - 0.5) * 12.0).collect();
        let y: Vec<u8> = (0..px).map(|_| if channels == 1 { u8::from(rnd() < 0.3) } else { (rnd() * 19.0) as u8 }).collect();
        let mut g = vec![0f32; z.len()];
        let stream = |z: &[f32], y: &[u8], g: &mut [f32]| {
            if channels == 1 { for ((g, z), y) in g.iter_mut().zip(z).zip(y) { *g = z + *y as f32; } }
            else { for (g, z) in g.iter_mut().zip(z) { *g = z + 1.0; } std::hint::black_box(y.iter().fold(0u8, |a, b| a ^ b)); }
        };
        time("stream", px, || stream(std::hint::black_box(&z), &y, &mut g));
        let logits = View::new(&z, Layout::channels_first(shape).unwrap()).unwrap();
        let targets = View::new(&y, Layout::channels_first(shape.with_channels(1)).unwrap()).unwrap();
        let mut buffers = Buffers::<f32>::new();
        for level in AnyLevel::available() {
            macro_rules! go { ($name:expr, $program:expr, $call:expr) => {{
                let program = $program;
                let problem = Problem::new($call, &program, &logits, &targets).unwrap();
                let mut v = 0.0;
                time(&format!("{} {}", $name, level.name()), px, || {
                    let mut sink = ViewMut::new(&mut g, Layout::channels_first(shape).unwrap()).unwrap();
                    let mut ws = buffers.lend(&problem.sizes());
                    v = with_level!(level, l => evaluate(l, &problem, Some(&mut sink), &mut ws)).unwrap().value;
                });
                println!("      value {v} g0 {}", g[0]);
            }} }
            macro_rules! listed { ($name:expr, $call:expr, $($def:ident::<$term:ty>),*) => {{
                with_level!(level, l => { fn defs<L: segloss_core::level::Level>(_: L) -> Vec<Definition<f32>> { vec![$(listed!(@ $def, $term, L)),*] } let defs = defs(l);
                let terms: Vec<Term<f32>> = defs.iter().map(|d| Term::new(0.5, d, &[]).unwrap()).collect();
                go!($name, Listed::new(&terms), $call) })
            }};
            (@ region, $t:ty, $l:ty) => { Definition::region::<$t>() };
            (@ $def:ident, $t:ty, $l:ty) => { Definition::$def::<$t, $l>() }; }
            if link == Link::Sigmoid {
                go!("bce fixed", pixel(1.0, Bce), Call::sigmoid());
                go!("dice fixed", region(1.0, Dice::default()), Call::sigmoid());
                go!("bce+dice fixed", (pixel(0.5, Bce), region(0.5, Dice::default())), Call::sigmoid());
                listed!("bce listed", Call::sigmoid(), pixel::<Bce>);
                listed!("dice listed", Call::sigmoid(), region::<Dice>);
                listed!("bce+dice listed", Call::sigmoid(), pixel::<Bce>, region::<Dice>);
            } else {
                go!("ce fixed", class(1.0, Ce), Call::softmax());
                go!("dice fixed", region(1.0, Dice::default()), Call::softmax());
                listed!("ce listed", Call::softmax(), class::<Ce>);
            }
        }
    }
}
