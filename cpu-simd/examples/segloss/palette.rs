//! Choosing 256 colours for an image: some that must stay, the others by median
//! cut.

use std::collections::HashMap;

use crate::colour::Rgb;

const COLOURS: usize = 256;

/// A colour and how many pixels have it.
type Counted = (Rgb, u64);

/// A palette that begins with the colours of `kept` (different, at most 255)
/// and each pixel's index into it. Nothing changes if there is room for all.
pub fn quantise(pixels: &[Rgb], kept: &[Rgb]) -> (Vec<Rgb>, Vec<u8>) {
    let mut index: HashMap<Rgb, u8> = kept.iter().copied().zip(0..).collect();
    let mut counts: HashMap<Rgb, u64> = HashMap::new();
    for pixel in pixels.iter().filter(|pixel| !index.contains_key(*pixel)) {
        *counts.entry(*pixel).or_default() += 1;
    }
    let mut colours: Vec<Counted> = counts.into_iter().collect();
    // A map has no order of its own, and the same image shall give the same file.
    colours.sort_unstable();

    let mut boxes = vec![colours];
    while kept.len() + boxes.len() < COLOURS {
        let widest = (0..boxes.len()).max_by_key(|&i| cost(&boxes[i]));
        match widest {
            Some(i) if cost(&boxes[i]) > 0 => {
                let upper = cut(&mut boxes[i]);
                boxes.push(upper);
            }
            _ => break,
        }
    }

    let mut palette = kept.to_vec();
    for colours in boxes {
        index.extend(colours.iter().map(|&(colour, _)| (colour, palette.len() as u8)));
        palette.push(centre(&colours));
    }
    (palette, pixels.iter().map(|pixel| index[pixel]).collect())
}

/// The channel in which the colours differ most, and by how much.
fn spread(colours: &[Counted]) -> (usize, u64) {
    (0..3)
        .map(|c| {
            let channel = || colours.iter().map(|(colour, _)| colour[c]);
            let width = channel().max().unwrap_or(0) - channel().min().unwrap_or(0);
            (c, u64::from(width))
        })
        .max_by_key(|&(_, width)| width)
        .unwrap_or_default()
}

/// How much one colour for all of these would be off, all pixels together.
/// The pixels of the most frequent colour are not off.
fn cost(colours: &[Counted]) -> u64 {
    let total: u64 = colours.iter().map(|(_, count)| count).sum();
    let most = colours.iter().map(|&(_, count)| count).max().unwrap_or(0);
    (total - most) * spread(colours).1.pow(2)
}

/// Splits off the upper half of the pixels along the widest channel.
fn cut(colours: &mut Vec<Counted>) -> Vec<Counted> {
    let (channel, _) = spread(colours);
    colours.sort_by_key(|(colour, _)| colour[channel]);
    let total: u64 = colours.iter().map(|(_, count)| count).sum();
    let mut below = 0;
    let middle = colours.iter().position(|(_, count)| {
        below += count;
        2 * below >= total
    });
    // Both halves keep at least one colour.
    colours.split_off((middle.unwrap_or(0) + 1).min(colours.len() - 1))
}

/// The mean colour, or the one that most of the pixels have: white stays white.
fn centre(colours: &[Counted]) -> Rgb {
    let total: u64 = colours.iter().map(|(_, count)| count).sum();
    match colours.iter().find(|(_, count)| 2 * count > total) {
        Some(&(colour, _)) => colour,
        None => [0, 1, 2].map(|c| {
            let sum: u64 = colours.iter().map(|(colour, n)| u64::from(colour[c]) * n).sum();
            ((sum + total / 2) / total.max(1)) as u8
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_are_not_changed() {
        let pixels: Vec<Rgb> =
            (0..1000).map(|i| [(i % 200) as u8, 7, (i % 200) as u8 / 9]).collect();
        let (palette, indices) = quantise(&pixels, &[[1, 2, 3], [5, 7, 0]]);
        assert_eq!(palette[..2], [[1, 2, 3], [5, 7, 0]]);
        assert_eq!(palette.len(), 2 + 199);
        assert!(pixels.iter().zip(&indices).all(|(p, &i)| palette[usize::from(i)] == *p));
    }

    #[test]
    fn many_colours_stay_close_and_kept_or_frequent_ones_exact() {
        let mut pixels: Vec<Rgb> =
            (0..64 * 64).map(|i| [(i % 64) as u8 * 4, (i / 64) as u8 * 4, 90]).collect();
        pixels.extend([[250, 250, 250]; 9000]);
        let kept: Vec<Rgb> = (0..60).map(|i| [i * 4, 16, 90]).collect();
        let (palette, indices) = quantise(&pixels, &kept);
        assert_eq!(palette.len(), COLOURS);
        for (pixel, &i) in pixels.iter().zip(&indices) {
            let near = palette[usize::from(i)];
            let far = if kept.contains(pixel) || pixel[0] == 250 { 0 } else { 24 };
            assert!((0..3).all(|c| pixel[c].abs_diff(near[c]) <= far), "{pixel:?} {near:?}");
        }
    }

    #[test]
    fn one_colour_and_none() {
        assert_eq!(quantise(&[[1, 2, 3]; 4], &[]), (vec![[1, 2, 3]], vec![0; 4]));
        assert!(quantise(&[], &[]).1.is_empty());
    }
}
