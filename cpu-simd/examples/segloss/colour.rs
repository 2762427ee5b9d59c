//! Colours of the figure.

pub type Rgb = [u8; 3];

pub const WHITE: Rgb = [255, 255, 255];
pub const INK: Rgb = [32, 36, 44];
pub const FAINT: Rgb = [106, 114, 128];
pub const FRAME: Rgb = [208, 212, 218];
pub const IGNORED: Rgb = [88, 92, 100];
/// Frames what is enlarged.
pub const FOCUS: Rgb = [255, 255, 255];

/// Dark to bright, even to the eye (after viridis).
const SEQUENTIAL: [Rgb; 5] =
    [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

/// Blue below 0, black at 0, red above; bright at the ends, so that thin lines show.
const DIVERGING: [Rgb; 5] =
    [[150, 215, 255], [32, 108, 205], [14, 14, 18], [205, 58, 34], [255, 205, 130]];

/// Far apart in hue; the background comes first.
pub const LABELS: [Rgb; 8] = [
    [68, 1, 84],
    [253, 231, 37],
    [0, 158, 115],
    [86, 180, 233],
    [213, 94, 0],
    [204, 121, 167],
    [240, 240, 240],
    [0, 114, 178],
];

/// Steps of a colour map: few enough for the palette, enough to show no edges.
const STEPS: u8 = 40;

/// A probability.
pub fn sequential(p: f32) -> Rgb {
    between(&SEQUENTIAL, p)
}

/// A signed number, moved so that 0 is at 0.5.
pub fn diverging(t: f32) -> Rgb {
    between(&DIVERGING, t)
}

pub fn label(label: i32) -> Rgb {
    match label {
        crate::shape::IGNORED => IGNORED,
        0 => LABELS[0],
        label => LABELS[1 + (label as usize - 1) % (LABELS.len() - 1)],
    }
}

/// Every colour that the maps give, for a palette to keep.
pub fn kept() -> Vec<Rgb> {
    let steps = || (0..=STEPS).map(|step| f32::from(step) / f32::from(STEPS));
    let plain = [WHITE, INK, FAINT, FRAME, IGNORED].into_iter();
    let mut kept: Vec<Rgb> =
        plain.chain(steps().map(sequential)).chain(steps().map(diverging)).chain(LABELS).collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// `a` where `t` is 0, `b` where it is 1.
pub fn mix(a: Rgb, b: Rgb, t: f32) -> Rgb {
    let mix = |i: usize| f32::from(a[i]) + t * (f32::from(b[i]) - f32::from(a[i]));
    [0, 1, 2].map(|i| mix(i).round() as u8)
}

fn between(stops: &[Rgb; 5], t: f32) -> Rgb {
    if t.is_nan() {
        return IGNORED;
    }
    let t = (t.clamp(0.0, 1.0) * f32::from(STEPS)).round() / f32::from(STEPS) * 4.0;
    let below = (t as usize).min(3);
    mix(stops[below], stops[below + 1], t - below as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_middle() {
        assert_eq!((sequential(0.0), sequential(1.0)), (SEQUENTIAL[0], SEQUENTIAL[4]));
        assert_eq!((diverging(0.5), diverging(-7.0)), (DIVERGING[2], DIVERGING[0]));
        assert_eq!(diverging(f32::NAN), IGNORED);
        assert_eq!((label(1), label(8), label(-1)), (LABELS[1], LABELS[1], IGNORED));
    }
}
