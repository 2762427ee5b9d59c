//! Every term, in sums that between them have each option, weight and map.

use fastrand::Rng;
use half::{bf16, f16};
use proptest::prelude::*;
use segloss_conformance::case::{Case, IGNORED, SoftCase};
use segloss_conformance::code::Code;
use segloss_conformance::views::{packed, targets_shape};
use segloss_core::class::{
    Ce, ClassTerm, Focal as ClassFocal, Gce, Mae, Poly1 as ClassPoly1,
    Poly1Focal as ClassPoly1Focal, Sce,
};
use segloss_core::compose::{At, Definition, class, pixel, region};
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::level::{Level, Scalar};
use segloss_core::pixel::{Bce, Focal, PixelTerm, Poly1, Poly1Focal};
use segloss_core::region::{Dice, FocalTversky, Pool, RegionTerm, Tversky};
use segloss_core::term::{Absent, Maps, Missing, Normalise, Options, Range, Reduction};
use segloss_core::view::{Logits, Mask, Shape, View, Weights};
use segloss_simd::with_level;

use super::every_way::{Inputs, assert_same, outcome, setting};
use super::{shape, spatial};

/// What a call may read, as it lies in memory.
struct Data {
    shape: Shape,
    targets_shape: Shape,
    /// One channel for all targets, or as many as they have.
    weights_shape: Shape,
    double: Vec<f64>,
    single: Vec<f32>,
    half: Vec<f16>,
    bfloat: Vec<bf16>,
    targets: Vec<f32>,
    mask: Option<Vec<u8>>,
    /// Not negative, a few of them 0.
    weights: Vec<f32>,
    /// Weights of either sign.
    signed: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f64>,
    scales: Vec<f64>,
}

#[derive(Clone, Debug)]
struct Kind {
    seed: u64,
    span: f64,
    ignored: f64,
    /// Shares for targets under sigmoid, instead of 0 and 1.
    soft: bool,
    masked: bool,
    /// Weights for each channel under sigmoid.
    by_channel: bool,
}

fn kind() -> impl Strategy<Value = Kind> {
    let span = prop::sample::select(vec![0.1, 8.0, 40.0, 200.0, 1e4]);
    let ignored = prop::sample::select(vec![0.0, 0.1, 1.0]);
    (any::<u64>(), span, ignored, any::<[bool; 3]>()).prop_map(
        |(seed, span, ignored, [soft, masked, by_channel])| Kind {
            seed,
            span,
            ignored,
            soft,
            masked,
            by_channel,
        },
    )
}

impl Data {
    fn new(link: Link, shape: Shape, kind: &Kind) -> Self {
        let Kind { seed, span, ignored, soft, masked, by_channel } = *kind;
        let hard = |case: Case| (case.logits, case.targets.into_iter().map(f32::from).collect());
        let (double, targets) = match link {
            Link::Sigmoid if soft => {
                let case = SoftCase::new(seed, shape, span, ignored);
                (case.logits, case.targets.into_iter().map(|y| y as f32).collect())
            }
            Link::Sigmoid => hard(Case::sigmoid(seed, shape, span, ignored)),
            Link::Softmax => hard(Case::softmax(seed, shape, span, ignored)),
        };
        let targets_shape = targets_shape(link, shape);
        let weights_shape = if by_channel { targets_shape } else { targets_shape.with_channels(1) };
        let mut rng = Rng::with_seed(!seed);
        let count = weights_shape.batch * weights_shape.channels * shape.pixels();
        let mut draw = |least: f64, zeros: f64| -> Vec<f64> {
            let one = |_| if rng.f64() < zeros { 0.0 } else { least + rng.f64() * 2.0 };
            (0..count).map(one).collect()
        };
        let single = |values: Vec<f64>| values.into_iter().map(|x| x as f32).collect();
        let counts = draw(0.0, 0.2);
        Data {
            shape,
            targets_shape,
            weights_shape,
            single: double.iter().map(|&z| z as f32).collect(),
            half: double.iter().map(|&z| f16::from_f64(z)).collect(),
            bfloat: double.iter().map(|&z| bf16::from_f64(z)).collect(),
            double,
            targets,
            mask: masked.then(|| counts.into_iter().map(|x| u8::from(x > 0.0)).collect()),
            weights: single(draw(0.0, 0.1)),
            signed: single(draw(-1.0, 0.1)),
            first: single(draw(0.5, 0.0)),
            second: draw(0.0, 0.3),
            scales: (0..shape.batch).map(|sample| sample as f64 * 0.75 - 0.5).collect(),
        }
    }

    fn weights_view<'a, E>(&self, data: &'a [E]) -> View<'a, E> {
        packed(data, self.weights_shape)
    }

    fn maps(&self) -> [Weights<'_>; 2] {
        [
            Weights::F32(self.weights_view(&self.first)),
            Weights::F64(self.weights_view(&self.second)),
        ]
    }

    /// A call without weights or maps.
    fn call(&self, link: Call<'static>) -> Call<'_> {
        Call {
            ignore_index: Ignore::Labels(&[IGNORED as i64]),
            mask: self.mask.as_deref().map(|mask| Mask::U8(self.weights_view(mask))),
            scale: 1.75.into(),
            ..link
        }
    }

    fn weights<'a>(&self, weights: &'a [f32]) -> Option<Weights<'a>> {
        Some(Weights::F32(self.weights_view(weights)))
    }

    fn inputs<'a, T>(&'a self, call: Call<'a>, logits: Logits<'a, T>) -> Inputs<'a, T> {
        let targets = packed(&self.targets, self.targets_shape);
        Inputs { call, scales: &self.scales, logits, targets }
    }

    /// The logits as they are stored in each format that is computed in `f32`.
    fn stored(&self) -> [Logits<'_, f32>; 3] {
        [
            packed(&self.single, self.shape).into(),
            packed(&self.half, self.shape).into(),
            packed(&self.bfloat, self.shape).into(),
        ]
    }
}

macro_rules! options {
    ({ $($field:ident: $value:expr),* }) => {
        Options { $($field: $value,)* ..Options::default() }
    };
}

macro_rules! made {
    ($trait:ident, $term:ty, $values:expr) => {
        <$term as $trait>::from_values(&$values).unwrap()
    };
}

/// A term fixed when the program is compiled.
macro_rules! part {
    (pixel, $c:expr, $term:ty, $values:expr, $options:expr) => {
        pixel($c, made!(PixelTerm, $term, $values)).options($options)
    };
    (weighted_pixel, $c:expr, $term:ty, $values:expr, $options:expr) => {
        part!(pixel, $c, $term, $values, $options).weighted($options.maps)
    };
    (class, $c:expr, $term:ty, $values:expr, $options:expr) => {
        class($c, made!(ClassTerm, $term, $values)).options($options)
    };
    (weighted_class, $c:expr, $term:ty, $values:expr, $options:expr) => {
        part!(class, $c, $term, $values, $options).weighted($options.class_weights, $options.maps)
    };
    (region, $c:expr, $term:ty, $values:expr, $options:expr) => {
        region($c, made!(RegionTerm, $term, $values)).options($options)
    };
    (weighted_region, $c:expr, $term:ty, $values:expr, $options:expr) => {
        part!(region, $c, $term, $values, $options).weighted()
    };
}

/// Defines a term for a composition at run time.
macro_rules! definition {
    (pixel, $term:ty, $level:ty) => {
        Definition::pixel::<$term, $level>()
    };
    (weighted_pixel, $term:ty, $level:ty) => {
        Definition::pixel::<$term, $level>()
    };
    (class, $term:ty, $level:ty) => {
        Definition::class::<$term, $level>()
    };
    (weighted_class, $term:ty, $level:ty) => {
        Definition::class::<$term, $level>()
    };
    (region, $term:ty, $level:ty) => {
        Definition::region::<$term>()
    };
    (weighted_region, $term:ty, $level:ty) => {
        Definition::region::<$term>()
    };
}

macro_rules! sum {
    ($term:expr) => { $term };
    ($term:expr, $($others:expr),+) => { ($term, sum!($($others),+)) };
}

/// Asserts that a sum of terms `kind(coefficient, type, values of parameters, {options})` gives the same
/// bits in every way. Fixed `at scalar` alone, it is compiled once instead of once a level.
macro_rules! assert_same {
    (at $fixed_at:ident, $format:ty, $inputs:expr, $preset:expr,
        $($kind:ident($c:expr, $term:ty, $values:expr, $options:tt)),+ $(,)?
    ) => {{
        let inputs = $inputs;
        let fixed = sum!($(part!($kind, $c, $term, $values, options!($options))),+);
        fn definitions<Lv: Level>(_: Lv) -> Vec<Definition<'static, $format>> {
            vec![$(definition!($kind, $term, Lv)),+]
        }
        assert_same::<$format>(
            inputs,
            |code, call| fixed_at!($fixed_at, code, call, fixed, inputs),
            |code| match code {
                Code::Scalar => definitions(Scalar),
                Code::Level(level) => with_level!(level, l => definitions(l)),
            },
            &[$(setting($c, &$values, options!($options))),+],
            $preset,
        );
    }};
}

macro_rules! fixed_at {
    (every_level, $code:ident, $call:expr, $fixed:expr, $inputs:expr) => {
        match $code {
            Code::Scalar => outcome($call, &$fixed, $inputs),
            Code::Level(level) => {
                with_level!(level, l => outcome($call, &At::new(l, $fixed), $inputs))
            }
        }
    };
    (scalar, $code:ident, $call:expr, $fixed:expr, $inputs:expr) => {{
        let _ = $code;
        outcome($call, &$fixed, $inputs)
    }};
}

/// Losses without regions take one sweep, others two; sums that are divided by something of their own,
/// samples by themselves, classes and samples that are left out.
macro_rules! sigmoid_in {
    ($format:ty, $plain:expr, $weighted:expr) => {
        assert_same!(
            at every_level, $format, $plain, None,
            pixel(0.6, Focal, [0.4, 1.5], {}),
            region(0.4, Dice, [1e-6], { pool: Some(Pool::Sample), empty: Missing::Skip }),
            region(0.5, Tversky, [0.3, 0.7, 1.0], {
                pool: Some(Pool::Sample), absent: Absent::Skip, reduction: Reduction::Sum
            }),
            pixel(0.0, Bce, [], {}),
            region(0.2, FocalTversky, [0.3, 0.7, 0.75, 1e-6], { pool: Some(Pool::Sample) }),
        );
        assert_same!(
            at every_level, $format, $weighted, None,
            weighted_pixel(0.7, Bce, [], {
                maps: Maps::NONE.and(0).unwrap(), normalise: Normalise::Weights
            }),
            weighted_pixel(0.3, Focal, [0.25, 2.0], {
                maps: Maps::NONE.and(0).unwrap().and(1).unwrap()
            }),
            weighted_region(0.5, Dice, [1.0], { weighted: true, pool: Some(Pool::Sample) }),
        );
    };
}

macro_rules! softmax_in {
    ($format:ty, $channels:expr, $plain:expr, $weighted:expr) => {
        let (weights, alpha) = (&CLASS_WEIGHTS[..$channels], &ALPHA[..$channels]);
        assert_same!(
            at every_level, $format, $plain, None,
            class(0.6, ClassFocal, [1.5], {}),
            region(0.4, Dice, [1e-6], { pool: Some(Pool::Sample), empty: Missing::Skip }),
            region(0.5, Tversky, [0.3, 0.7, 1.0], {
                pool: Some(Pool::Sample), absent: Absent::Skip, reduction: Reduction::Sum
            }),
            class(0.0, Ce, [], {}),
            region(0.2, FocalTversky, [0.3, 0.7, 0.75, 1e-6], { pool: Some(Pool::Sample) }),
        );
        assert_same!(
            at every_level, $format, $weighted, None,
            weighted_class(0.7, Ce, [], {
                class_weights: Some(weights.into()), maps: Maps::NONE.and(0).unwrap()
            }),
            weighted_class(0.3, ClassFocal, [2.0], {
                class_weights: Some(alpha.into()),
                maps: Maps::NONE.and(0).unwrap().and(1).unwrap(),
                normalise: Normalise::Weights
            }),
            weighted_region(0.5, Dice, [1.0], { weighted: true, pool: Some(Pool::Sample) }),
        );
    };
}

const CLASS_WEIGHTS: [f64; 7] = [0.5, 0.0, 2.0, 1.25, 3.0, 0.1, 1.0];
const ALPHA: [f64; 7] = [1.0, 0.3, 0.7, 0.0, 0.2, 2.0, 0.9];

fn under_sigmoid(data: &Data, storage: usize) {
    let (logits, maps) = (data.stored()[storage], data.maps());
    let plain = &data.inputs(data.call(Call::sigmoid()), logits);
    let mapped = &plain.with(Call { maps: &maps, ..plain.call });
    let weighted = &plain.with(Call { weights: data.weights(&data.weights), ..mapped.call });
    let signed = &plain.with(Call { weights: data.weights(&data.signed), ..mapped.call });

    assert_same!(at scalar, f32, plain, Some("bce"), pixel(1.0, Bce, [], {}));
    assert_same!(
        at scalar, f32, plain, None,
        region(0.3, FocalTversky, [0.3, 0.7, 0.75, 1e-6], { absent: Absent::Skip }),
        region(0.0, Dice, [1e-6], {}),
        pixel(0.5, Focal, [0.4, 0.5], { reduction: Reduction::Sum }),
    );
    // The loss of a pixel may be -0 here, and a term that is not evaluated follows.
    assert_same!(
        at scalar, f32, signed, None,
        weighted_pixel(0.7, Bce, [], { maps: Maps::NONE.and(0).unwrap() }),
        region(0.0, Dice, [1e-6], {}),
    );
    assert_same!(
        at scalar, f32, plain, None,
        pixel(0.7, Bce, [3.0, 0.1], {}),
        region(0.5, Dice, [1e-6], {}),
    );
    assert_same!(at scalar, f32, plain, None, pixel(0.7, Poly1, [-1.0], {}));
    assert_same!(
        at scalar, f32, weighted, None,
        weighted_pixel(0.7, Bce, [0.5, 0.0], { maps: Maps::NONE.and(0).unwrap() }),
        weighted_pixel(0.5, Poly1Focal, [-0.5, 1.5], {}),
        region(0.5, Dice, [1e-6], {}),
        weighted_pixel(0.3, Focal, [Range::OFF, 2.0], {}),
    );
    sigmoid_in!(f32, plain, weighted);

    assert_same!(
        at scalar, f32, plain, Some("preset:balanced"),
        pixel(0.5, Bce, [], {}),
        region(0.5, Dice, [1e-6], {}),
    );
    assert_same!(
        at scalar, f32, plain, Some("preset:imbalanced"),
        region(0.5, Dice, [1e-6], {}),
        pixel(0.5, Focal, [0.25, 2.0], {}),
    );
    assert_same!(
        at scalar, f32, mapped, Some("preset:boundary"),
        pixel(0.3, Bce, [], {}),
        region(0.4, Dice, [1e-6], {}),
        weighted_pixel(0.3, Bce, [], { maps: Maps::NONE.and(0).unwrap() }),
    );
    assert_same!(
        at scalar, f32, plain, Some("preset:medical"),
        region(0.5, Dice, [1e-6], {}),
        region(0.5, Tversky, [0.3, 0.7, 1e-6], {}),
    );
}

fn under_softmax(data: &Data, storage: usize) {
    let (logits, maps) = (data.stored()[storage], data.maps());
    let plain = &data.inputs(data.call(Call::softmax()), logits);
    let mapped = &plain.with(Call { maps: &maps, ..plain.call });
    let weighted = &plain.with(Call { weights: data.weights(&data.weights), ..mapped.call });
    let signed = &plain.with(Call { weights: data.weights(&data.signed), ..mapped.call });
    let weights = &CLASS_WEIGHTS[..data.shape.channels];

    assert_same!(at scalar, f32, plain, Some("ce"), class(1.0, Ce, [], {}));
    assert_same!(
        at scalar, f32, plain, None,
        region(0.3, FocalTversky, [0.3, 0.7, 0.75, 1e-6], { absent: Absent::Skip }),
        region(0.0, Dice, [1e-6], {}),
        class(0.5, ClassFocal, [0.5], { reduction: Reduction::Sum }),
    );
    assert_same!(
        at scalar, f32, signed, None,
        weighted_class(0.7, Ce, [], {
            class_weights: Some(weights.into()), maps: Maps::NONE.and(0).unwrap()
        }),
        region(0.0, Dice, [1e-6], {}),
    );
    assert_same!(
        at scalar, f32, weighted, None,
        weighted_class(0.7, Ce, [0.3], { class_weights: Some(weights.into()) }),
        region(0.5, Dice, [1e-6], {}),
        weighted_class(0.5, ClassPoly1Focal, [-0.5, 1.5], {}),
    );
    assert_same!(
        at scalar, f32, plain, None,
        class(0.7, ClassPoly1, [-1.0], {}),
        class(0.5, Sce, [0.0, 1.0, -4.0], {}),
        region(0.5, Dice, [1e-6], {}),
        class(0.5, Mae, [], {}),
    );
    assert_same!(at scalar, f32, plain, None, class(0.5, Gce, [0.7], {}));
    softmax_in!(f32, data.shape.channels, plain, weighted);

    assert_same!(
        at scalar, f32, plain, Some("preset:balanced"),
        class(0.5, Ce, [], {}),
        region(0.5, Dice, [1e-6], {}),
    );
    assert_same!(
        at scalar, f32, plain, Some("preset:imbalanced"),
        region(0.5, Dice, [1e-6], {}),
        class(0.5, ClassFocal, [2.0], {}),
    );
    assert_same!(
        at scalar, f32, mapped, Some("preset:boundary"),
        class(0.3, Ce, [], {}),
        region(0.4, Dice, [1e-6], {}),
        weighted_class(0.3, Ce, [], { maps: Maps::NONE.and(0).unwrap() }),
    );
    assert_same!(
        at scalar, f32, plain, Some("preset:medical"),
        region(0.5, Dice, [1e-6], {}),
        region(0.5, Tversky, [0.3, 0.7, 1e-6], {}),
    );
}

fn under_sigmoid_in_double(data: &Data) {
    let (logits, maps) = (packed(&data.double, data.shape).into(), data.maps());
    let plain = &data.inputs(data.call(Call::sigmoid()), logits);
    let weights = data.weights(&data.weights);
    let weighted = &plain.with(Call { weights, maps: &maps, ..plain.call });
    sigmoid_in!(f64, plain, weighted);
}

fn under_softmax_in_double(data: &Data) {
    let (logits, maps) = (packed(&data.double, data.shape).into(), data.maps());
    let plain = &data.inputs(data.call(Call::softmax()), logits);
    let weights = data.weights(&data.weights);
    let weighted = &plain.with(Call { weights, maps: &maps, ..plain.call });
    softmax_in!(f64, data.shape.channels, plain, weighted);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sigmoid(
        kind in kind(), batch in 1usize..4, channels in 1usize..4, spatial in spatial(),
        storage in 0usize..3,
    ) {
        let data = Data::new(Link::Sigmoid, shape(batch, channels, &spatial), &kind);
        under_sigmoid(&data, storage);
        under_sigmoid_in_double(&data);
    }

    #[test]
    fn softmax(
        kind in kind(), batch in 1usize..4, channels in 2usize..8, spatial in spatial(),
        storage in 0usize..3,
    ) {
        let data = Data::new(Link::Softmax, shape(batch, channels, &spatial), &kind);
        under_softmax(&data, storage);
        under_softmax_in_double(&data);
    }
}

/// More than one segment in a sample, which the random shapes above are too small for.
#[test]
fn over_several_segments() {
    let kind =
        Kind { seed: 3, span: 12.0, ignored: 0.05, soft: false, masked: true, by_channel: false };
    let data = Data::new(Link::Sigmoid, shape(2, 1, &[301, 467]), &kind);
    under_sigmoid(&data, 0);
    let data = Data::new(Link::Softmax, shape(1, 3, &[301, 467]), &kind);
    under_softmax(&data, 0);
}
