//! Losses of sums over a region.

use super::classes::Softmax;
use super::input::{Dense, Extents, Labelled};
use super::loss::Loss;
use super::number::{Number, power_slope, ratio, sum};
use super::pixels::Sigmoid;

/// What the formula sees of a region: `TP = sum p y`, `FP = sum p (1 - y)`, `FN = sum (1 - p) y`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Formula {
    /// `1 - (2 TP + smooth) / (2 TP + FP + FN + smooth)`.
    Dice {
        /// Added to numerator and denominator.
        smooth: f64,
    },
    /// `(1 - (TP + smooth) / (TP + fp_weight FP + fn_weight FN + smooth))^gamma`.
    Tversky {
        /// The papers' alpha.
        fp_weight: f64,
        /// The papers' beta.
        fn_weight: f64,
        /// Added to numerator and denominator.
        smooth: f64,
        /// 1 for the plain loss.
        gamma: f64,
    },
    /// `ln cosh` of the Dice loss.
    LogCoshDice {
        /// Added to numerator and denominator.
        smooth: f64,
    },
}

/// What is summed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Each sample's pixels.
    Sample,
    /// All pixels of the batch.
    Batch,
}

/// What becomes of the losses of regions, of which there is one a channel and sample or batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// The mean over all regions.
    Mean,
    /// The mean over channels, summed over samples; a pooled batch is one sample.
    Sum,
}

/// What becomes of regions whose targets are all 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// They count, as in the source.
    Average,
    /// They are left out of the mean.
    Skip,
}

/// A region loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// The loss of one region.
    pub formula: Formula,
    /// Which pixels are one region.
    pub pool: Pool,
    /// How regions become one number.
    pub reduction: Reduction,
    /// Which regions count.
    pub absent: Absent,
}

/// The probability and the target of each logit.
#[derive(Clone, Debug)]
pub struct Memberships<N> {
    extents: Extents,
    exclusive: bool,
    ignored_class: Option<usize>,
    /// One a logit; `None` where ignored.
    members: Vec<Option<Member<N>>>,
}

#[derive(Clone, Debug)]
struct Member<N> {
    p: N,
    q: N,
    y: N,
    not_y: N,
    weight: N,
}

impl<N: Number> Member<N> {
    fn new(p: N, q: N, y: f64) -> Self {
        let y = N::of(y);
        Member { p, q, not_y: N::of(1.0) - &y, y, weight: N::of(1.0) }
    }
}

impl<N: Number> From<&Dense<'_>> for Memberships<N> {
    fn from(input: &Dense) -> Self {
        let member = |(&z, y): (&f64, &Option<f64>)| {
            let s = Sigmoid::of(z);
            y.map(|y| Member::new(s.p, s.q, y))
        };
        let members = input.logits.iter().zip(&input.targets).map(member).collect();
        Memberships {
            extents: input.extents.clone(),
            exclusive: false,
            ignored_class: None,
            members,
        }
    }
}

impl<N: Number> From<&Labelled<'_>> for Memberships<N> {
    fn from(input: &Labelled) -> Self {
        let mut members = vec![None; input.logits.len()];
        for (pixel, label) in input.labels.iter().enumerate() {
            let Some(label) = *label else { continue };
            let softmax = Softmax::of(input.logits_at(pixel));
            for class in 0..input.extents.channels {
                let y = f64::from(u8::from(class == label));
                let member = Member::new(softmax.p(class), softmax.q(class), y);
                members[input.at(pixel, class)] = Some(member);
            }
        }
        let (extents, ignored_class) = (input.extents.clone(), input.ignored_class);
        Memberships { extents, exclusive: true, ignored_class, members }
    }
}

impl<N: Number> Memberships<N> {
    /// Every pixel counts as often in the sums as its weight says, one a pixel of the batch.
    #[must_use]
    pub fn weighted(mut self, weights: &[N]) -> Self {
        assert_eq!(weights.len(), self.extents.all_pixels(), "one weight a pixel");
        let (pixels, channels) = (self.extents.pixels(), self.extents.channels);
        for (i, member) in self.members.iter_mut().enumerate() {
            let pixel = i / (channels * pixels) * pixels + i % pixels;
            if let Some(member) = member {
                member.weight = weights[pixel].clone();
            }
        }
        self
    }

    /// The sample and channel of a logit.
    fn place(&self, logit: usize) -> (usize, usize) {
        let plane = logit / self.extents.pixels();
        (plane / self.extents.channels, plane % self.extents.channels)
    }

    /// The derivatives by logits, of those by probabilities.
    fn through_link(&self, by_p: &[N]) -> Vec<N> {
        let (pixels, channels) = (self.extents.pixels(), self.extents.channels);
        let slope = |i: usize| {
            let Some(member) = &self.members[i] else { return N::of(0.0) };
            if !self.exclusive {
                return by_p[i].clone() * &member.p * &member.q;
            }
            // dp_j/dz_k = p_k ([j = k] - p_j), with differences before products.
            let first = i / (channels * pixels) * channels * pixels + i % pixels;
            let others = (0..channels).map(|j| first + j * pixels).filter(|&j| j != i);
            let p = |j: usize| self.members[j].as_ref().map_or(N::of(0.0), |m| m.p.clone());
            sum(others.map(|j| p(j) * (by_p[i].clone() - &by_p[j]))) * &member.p
        };
        (0..self.members.len()).map(slope).collect()
    }
}

/// Sums over one region.
#[derive(Clone)]
struct Sums<N> {
    pixels: usize,
    tp: N,
    fp: N,
    fn_: N,
    targets: N,
}

/// The loss of one region, and its derivatives with the sum of targets held.
struct Phi<N> {
    value: N,
    by_fp: N,
    by_fn: N,
}

impl Formula {
    fn phi<N: Number>(&self, sums: &Sums<N>) -> Phi<N> {
        match *self {
            Formula::Dice { smooth } => {
                let missed = sums.fp.clone() + &sums.fn_;
                let hit = N::of(2.0) * &sums.tp + N::of(smooth);
                let all = hit.clone() + &missed;
                let square = all.clone() * &all;
                Phi {
                    value: ratio(missed.clone(), &all),
                    by_fp: ratio(hit, &square),
                    by_fn: ratio(all + missed, &square),
                }
            }
            Formula::Tversky { fp_weight, fn_weight, smooth, gamma } => {
                let (a, b) = (N::of(fp_weight), N::of(fn_weight));
                let missed = a.clone() * &sums.fp + b.clone() * &sums.fn_;
                let hit = sums.tp.clone() + N::of(smooth);
                let all = hit.clone() + &missed;
                let square = all.clone() * &all;
                let base = ratio(missed.clone(), &all);
                let outer = power_slope(&base, gamma);
                Phi {
                    // No pixels, no loss, whatever gamma.
                    value: if sums.pixels == 0 { N::of(0.0) } else { base.powf(gamma) },
                    by_fp: ratio(a * &hit, &square) * &outer,
                    by_fn: ratio(b * &hit + missed, &square) * &outer,
                }
            }
            Formula::LogCoshDice { smooth } => {
                let dice = Formula::Dice { smooth }.phi(sums);
                // cosh x = 1 + 2 sinh^2(x / 2), and tanh x = sinh x / cosh x.
                let half = N::of(0.5) * &dice.value;
                let sinh = |x: &N| (x.exp() - &(-x.clone()).exp()) * &N::of(0.5);
                let cosh = |x: &N| (x.exp() + &(-x.clone()).exp()) * &N::of(0.5);
                let tanh = sinh(&dice.value) / &cosh(&dice.value);
                Phi {
                    value: (N::of(2.0) * &sinh(&half) * &sinh(&half)).ln_1p(),
                    by_fp: dice.by_fp * &tanh,
                    by_fn: dice.by_fn * &tanh,
                }
            }
        }
    }
}

impl Region {
    /// Value and gradient.
    pub fn evaluate<N: Number>(&self, input: &Memberships<N>) -> Loss<N> {
        let regions = self.regions(input);
        let phis: Vec<_> = regions.iter().map(|sums| self.formula.phi(sums)).collect();
        let shares = self.shares(&regions, input);
        let value = sum(phis.iter().zip(&shares).map(|(phi, share)| phi.value.clone() * share));
        let by_p = input.members.iter().enumerate().map(|(i, member)| {
            let Some(member) = member else { return N::of(0.0) };
            let region = self.region_of(input, i);
            let phi = &phis[region];
            let slope = member.not_y.clone() * &phi.by_fp - member.y.clone() * &phi.by_fn;
            slope * &member.weight * &shares[region]
        });
        Loss { value, gradient: input.through_link(&by_p.collect::<Vec<_>>()) }
    }

    /// The mean over channels of each sample; one number where the batch is pooled.
    pub fn samples<N: Number>(&self, input: &Memberships<N>) -> Vec<N> {
        let regions = self.regions(input);
        let channels = input.extents.channels;
        let shares = Region { reduction: Reduction::Sum, ..*self }.shares(&regions, input);
        let values: Vec<N> = regions
            .iter()
            .zip(shares)
            .map(|(sums, share)| self.formula.phi(sums).value * share)
            .collect();
        values.chunks(channels).map(|sample| sum(sample.iter().cloned())).collect()
    }

    /// Generalised Dice with weights `1 / G^2`, scaled to a largest of 1, of samples: absent classes have the largest.
    pub fn generalized_dice<N: Number>(smooth: f64, input: &Memberships<N>) -> Loss<N> {
        let region = Region {
            formula: Formula::Dice { smooth },
            pool: Pool::Sample,
            reduction: Reduction::Mean,
            absent: Absent::Average,
        };
        let (regions, channels) = (region.regions(input), input.extents.channels);
        let samples = N::of((regions.len() / channels) as f64);
        let (mut value, mut slopes) = (N::of(0.0), Vec::new());
        for sample in regions.chunks(channels) {
            let present = sample.iter().filter(|sums| !sums.targets.is_zero());
            let Some(smallest) =
                present.map(|s| s.targets.clone()).reduce(|a, b| if b < a { b } else { a })
            else {
                slopes.extend(sample.iter().map(|_| (N::of(0.0), N::of(0.0))));
                continue;
            };
            let weight = |sums: &Sums<N>| {
                let rarity = smallest.clone() / &sums.targets;
                if sums.targets.is_zero() { N::of(1.0) } else { rarity.clone() * &rarity }
            };
            let missed = sum(sample.iter().map(|s| weight(s) * &(s.fp.clone() + &s.fn_)));
            let hit = N::of(2.0) * &sum(sample.iter().map(|s| weight(s) * &s.tp)) + N::of(smooth);
            let all = missed.clone() + &hit;
            value = value + missed.clone() / &all / &samples;
            let square = all.clone() * &all * &samples;
            slopes.extend(sample.iter().map(|s| {
                let by_fp = weight(s) * &hit / &square;
                let by_fn = weight(s) * &(all.clone() + &missed) / &square;
                (by_fp, by_fn)
            }));
        }
        let by_p = input.members.iter().enumerate().map(|(i, member)| {
            let Some(member) = member else { return N::of(0.0) };
            let (by_fp, by_fn) = &slopes[region.region_of(input, i)];
            (member.not_y.clone() * by_fp - member.y.clone() * by_fn) * &member.weight
        });
        Loss { value, gradient: input.through_link(&by_p.collect::<Vec<_>>()) }
    }

    fn region_of<N: Number>(&self, input: &Memberships<N>, logit: usize) -> usize {
        let (sample, channel) = input.place(logit);
        match self.pool {
            Pool::Sample => sample * input.extents.channels + channel,
            Pool::Batch => channel,
        }
    }

    fn regions<N: Number>(&self, input: &Memberships<N>) -> Vec<Sums<N>> {
        let samples = match self.pool {
            Pool::Sample => input.extents.batch,
            Pool::Batch => 1,
        };
        let zero = || N::of(0.0);
        let empty = Sums { pixels: 0, tp: zero(), fp: zero(), fn_: zero(), targets: zero() };
        let mut regions = vec![empty; samples * input.extents.channels];
        for (i, member) in input.members.iter().enumerate() {
            let Some(Member { p, q, y, not_y, weight }) = member else { continue };
            let sums = &mut regions[self.region_of(input, i)];
            sums.pixels += 1;
            sums.tp = sums.tp.clone() + p.clone() * y * weight;
            sums.fp = sums.fp.clone() + p.clone() * not_y * weight;
            sums.fn_ = sums.fn_.clone() + q.clone() * y * weight;
            sums.targets = sums.targets.clone() + y.clone() * weight;
        }
        regions
    }

    /// The factor of each region's loss in the whole: over the regions of its sample that can occur (those with a
    /// pixel, of a class that is not ignored), and over samples.
    fn shares<N: Number>(&self, regions: &[Sums<N>], input: &Memberships<N>) -> Vec<N> {
        let channels = input.extents.channels;
        let counts = |(class, sums): &(usize, &Sums<N>)| {
            let can_occur = sums.pixels > 0 && input.ignored_class != Some(*class);
            can_occur && (self.absent == Absent::Average || !sums.targets.is_zero())
        };
        let number = |sample: &[Sums<N>]| sample.iter().enumerate().filter(counts).count();
        let samples = regions.chunks(channels);
        let of_samples = match (self.reduction, self.absent) {
            (Reduction::Sum, _) => 1,
            (Reduction::Mean, Absent::Average) => samples.len(),
            // A sample without a target is in no mean over samples.
            (Reduction::Mean, Absent::Skip) => samples.clone().filter(|s| number(s) > 0).count(),
        };
        let share = |sample: &[Sums<N>]| {
            let share = N::of(1.0) / N::of((number(sample).max(1) * of_samples.max(1)) as f64);
            let of = |region| if counts(&region) { share.clone() } else { N::of(0.0) };
            sample.iter().enumerate().map(of).collect::<Vec<_>>()
        };
        samples.flat_map(share).collect()
    }
}
