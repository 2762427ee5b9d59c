//! Which part of the image the figure enlarges.

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

/// The window, a `part`th of each side of the whole, where the smaller of two sums is largest: those of
/// `weights` (one a pixel, rows of `width`) where the pixel `is_first` and where not.
pub fn window(
    weights: &[f64],
    is_first: impl Fn(usize) -> bool,
    width: usize,
    part: usize,
) -> Window {
    let height = weights.len() / width;
    let (w, h) = (width.div_ceil(part), height.div_ceil(part));
    let of = |wanted| -> Vec<f64> {
        let weight = |(i, &weight)| if is_first(i) == wanted { weight } else { 0.0 };
        sums(&weights.iter().enumerate().map(weight).collect::<Vec<_>>(), width)
    };
    let both = [of(true), of(false)];
    let within = |x: usize, y: usize| {
        let [a, b] = both.each_ref().map(|sums| {
            let at = |x: usize, y: usize| sums[y * (width + 1) + x];
            at(x + w, y + h) + at(x, y) - at(x + w, y) - at(x, y + h)
        });
        (a.min(b), a + b)
    };
    let (mut best, mut most) = ((0, 0), within(0, 0));
    for y in 0..=height - h {
        for x in 0..=width - w {
            if within(x, y) > most {
                (best, most) = ((x, y), within(x, y));
            }
        }
    }
    Window { left: best.0, top: best.1, width: w, height: h }
}

/// The sum of all that lies above and left of each corner.
fn sums(weights: &[f64], width: usize) -> Vec<f64> {
    let mut sums = vec![0.0; width + 1];
    for row in weights.chunks_exact(width) {
        let above = sums.len() - width - 1;
        let mut along = 0.0;
        sums.push(0.0);
        for (x, weight) in row.iter().enumerate() {
            along += weight;
            sums.push(sums[above + x + 1] + along);
        }
    }
    sums
}

impl Window {
    /// What the window shows of rows of `width`.
    pub fn cut<T: Copy>(&self, whole: &[T], width: usize) -> Vec<T> {
        let rows = whole.chunks_exact(width).skip(self.top).take(self.height);
        rows.flat_map(|row| row[self.left..self.left + self.width].iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_has_much_of_both() {
        // 6 x 4 pixels; thirds are 2 x 2.
        let mut weights = vec![0.0; 24];
        for (x, y, weight) in [(0, 0, 9.0), (3, 2, 2.0), (4, 3, 3.0)] {
            weights[y * 6 + x] = weight;
        }
        let found = window(&weights, |i| i == 15, 6, 3);
        assert_eq!(found, Window { left: 3, top: 2, width: 2, height: 2 });
        let numbers: Vec<usize> = (0..24).collect();
        assert_eq!(found.cut(&numbers, 6), [15, 16, 21, 22]);
        // Of one kind alone the most.
        let found = window(&weights, |_| true, 6, 3);
        assert_eq!((found.left, found.top), (0, 0));
    }

    #[test]
    fn any_size_has_a_window() {
        for (width, height) in [(1, 1), (1, 5), (7, 2)] {
            let Window { left, top, width: w, height: h } =
                window(&vec![0.0; width * height], |_| true, width, 6);
            assert_eq!((left, top), (0, 0));
            assert!(w > 0 && h > 0 && w <= width && h <= height);
        }
    }
}
