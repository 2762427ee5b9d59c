//! Overlap of the hard prediction with the mask. Not a loss: it has no
//! gradient, and is what a loss is chosen for.

use crate::shape::{IGNORED, Shape};

/// Dice and intersection over union.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    pub dice: f64,
    pub iou: f64,
}

/// The predicted class of every pixel: logit above 0 for one channel, else
/// the first channel with the largest logit.
pub fn decide(logits: &[f32], shape: Shape) -> Vec<i32> {
    let area = shape.area();
    let mut classes = Vec::with_capacity(shape.pixels());
    for sample in logits.chunks_exact(area * shape.channels) {
        classes.extend((0..area).map(|pixel| {
            if shape.channels == 1 {
                return i32::from(sample[pixel] > 0.0);
            }
            let mut best = 0;
            for channel in 1..shape.channels {
                if sample[channel * area + pixel] > sample[best * area + pixel] {
                    best = channel;
                }
            }
            best as i32
        }));
    }
    classes
}

/// The overlap averaged over the foreground classes found in the mask or the
/// prediction; nothing if there is none.
pub fn overlap(logits: &[f32], labels: &[i32], shape: Shape) -> Option<Overlap> {
    let classes = shape.channels.max(2);
    let (mut both, mut predicted, mut labelled) =
        (vec![0u64; classes], vec![0u64; classes], vec![0u64; classes]);
    for (&label, class) in labels.iter().zip(decide(logits, shape)) {
        if label != IGNORED {
            both[label as usize] += u64::from(label == class);
            predicted[class as usize] += 1;
            labelled[label as usize] += 1;
        }
    }
    let found: Vec<usize> = (1..classes).filter(|&k| predicted[k] + labelled[k] > 0).collect();
    let mean = |score: &dyn Fn(usize) -> f64| {
        found.iter().map(|&k| score(k)).sum::<f64>() / found.len() as f64
    };
    (!found.is_empty()).then(|| Overlap {
        dice: mean(&|k| 2.0 * both[k] as f64 / (predicted[k] + labelled[k]) as f64),
        iou: mean(&|k| both[k] as f64 / (predicted[k] + labelled[k] - both[k]) as f64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Shape = Shape { batch: 1, channels: 1, height: 1, width: 5 };

    #[test]
    fn by_hand() {
        // Two hits, one miss, one false alarm; the ignored pixel is a false alarm too.
        let logits = [2.0, 0.1, -1.0, 3.0, 9.0];
        let found = overlap(&logits, &[1, 1, 1, 0, IGNORED], ROW).unwrap();
        assert_eq!(found, Overlap { dice: 4.0 / 6.0, iou: 2.0 / 4.0 });
    }

    #[test]
    fn classes_are_averaged_without_the_background() {
        let shape = Shape { batch: 1, channels: 3, height: 1, width: 3 };
        let logits = [0.0, 0.0, 5.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0];
        assert_eq!(decide(&logits, shape), [1, 2, 0]);
        let found = overlap(&logits, &[1, 1, 0], shape).unwrap();
        assert_eq!(found, Overlap { dice: (2.0 / 3.0 + 0.0) / 2.0, iou: (0.5 + 0.0) / 2.0 });
    }

    #[test]
    fn nothing_to_find() {
        assert_eq!(overlap(&[-1.0; 5], &[0; 5], ROW), None);
        assert_eq!(overlap(&[1.0; 5], &[IGNORED; 5], ROW), None);
        // A tie and a NaN are background.
        assert_eq!(overlap(&[0.0, f32::NAN, 0.0, 0.0, 0.0], &[0; 5], ROW), None);
    }
}
