//! Statistics of masks and the losses recommended for them.

use proptest::prelude::*;
use segloss_core::Error;
use segloss_core::engine::Ignore;
use segloss_core::guide::{
    BAND_THETA, ClassShare, MaskStatistics, Priority, Recommendation, Situation, recommend,
};
use segloss_core::view::{Layout, Number, Shape, Strides, Targets, View};

use crate::masks::packed;

/// Adds masks with as much scratch as is asked for, and rubbish in it.
fn add<'m>(
    statistics: &mut MaskStatistics<'_>,
    masks: impl Into<Targets<'m>>,
    ignore_index: Option<i64>,
) -> Result<(), Error> {
    let masks = masks.into();
    let length = MaskStatistics::scratch_length(masks.layout().shape()).unwrap();
    statistics.add(masks, Ignore::Labels(ignore_index.as_slice()), &mut vec![0xdead_beef; length])
}

/// Labels drawn as digits, rows apart by blanks; `#` is 255.
fn drawn(picture: &str) -> (Vec<u8>, [usize; 2]) {
    let rows: Vec<&str> = picture.split_whitespace().collect();
    let labels = rows.concat().bytes().map(|c| if c == b'#' { 255 } else { c - b'0' }).collect();
    (labels, [rows.len(), rows[0].len()])
}

#[test]
fn a_binary_mask() {
    let (labels, size) = drawn(
        "0110000
         0100010
         0001110
         1000000",
    );
    let mut counts = [9; 2];
    let mut statistics = MaskStatistics::binary(&mut counts);
    add(&mut statistics, packed(&labels, &size), None).unwrap();
    assert!(statistics.is_binary());
    assert_eq!((statistics.images(), statistics.pixels()), (1, 28));
    assert_eq!(statistics.counts(), [20, 8]);
    assert_eq!(statistics.rarest(), Some(ClassShare { class: 1, share: 8.0 / 28.0 }));
    assert_eq!(statistics.commonest(), Some(ClassShare { class: 0, share: 20.0 / 28.0 }));
    assert_eq!(statistics.balance(), Some(16.0 / 28.0));
    // The corner touching the bar at (1, 5) joins it; (3, 0) stands alone.
    assert_eq!((statistics.objects(), statistics.smallest_size()), (3, Some(1)));
    assert_eq!(statistics.mean_size(), Some(8.0 / 3.0));
    // No pixel is less than 1/1024 of 28.
    assert_eq!((statistics.small_objects(), statistics.small_share()), (0, Some(0.0)));
    // All 8 of the foreground but none within; of the background those beside one.
    let beside = "1001010 1011101 1110001 0101110";
    let background = beside.bytes().filter(|&c| c == b'1').count() as u64;
    assert_eq!(statistics.boundary_pixels(), 8 + background);
    assert_eq!(statistics.boundary_share(), Some((8 + background) as f64 / 28.0));
}

#[test]
fn a_label_map_with_ignored_pixels() {
    let (labels, size) = drawn(
        "0011#2
         001122
         00#222",
    );
    let mut counts = [0; 4];
    let mut statistics = MaskStatistics::multiclass(&mut counts).unwrap();
    add(&mut statistics, packed(&labels, &size), Some(255)).unwrap();
    assert!(!statistics.is_binary());
    assert_eq!((statistics.pixels(), statistics.present()), (16, 3));
    assert_eq!(statistics.counts(), [6, 4, 6, 0]);
    assert_eq!(statistics.rarest(), Some(ClassShare { class: 1, share: 0.25 }));
    assert_eq!(statistics.commonest(), Some(ClassShare { class: 0, share: 0.375 }));
    assert_eq!(statistics.balance(), Some(0.75));
    assert_eq!((statistics.objects(), statistics.smallest_size()), (2, Some(4)));
    // Columns 1 and 2 of the first two rows; (1, 3), (1, 4); and as the first `#` is a 1 and the second a
    // 0, both of them, (0, 5) and (2, 3).
    assert_eq!(statistics.boundary_pixels(), 4 + 2 + 4);
    assert_eq!(statistics.boundary_share(), Some(10.0 / 18.0));
    // All that count are within three steps of those, but for none.
    assert_eq!(statistics.band_pixels(), 16);
}

#[test]
fn the_border_is_no_boundary_and_void_hides_none() {
    for (picture, boundary) in
        [("11 11", 0), ("1#0", 2), ("110", 2), ("1##", 0), ("##", 0), ("1#1", 0), ("0###1", 2)]
    {
        let (labels, size) = drawn(picture);
        let mut counts = [0; 2];
        let mut statistics = MaskStatistics::binary(&mut counts);
        add(&mut statistics, packed(&labels, &size), Some(255)).unwrap();
        assert_eq!(statistics.boundary_pixels(), boundary, "{picture}");
    }
}

/// Different classes that touch are different objects; equal ones across an ignored pixel too.
#[test]
fn objects_end_at_other_classes_and_ignored_pixels() {
    let mut counts = [0; 3];
    let mut statistics = MaskStatistics::multiclass(&mut counts).unwrap();
    add(&mut statistics, packed(&[1u8, 1, 2, 2, 255, 2, 0], &[7]), Some(255)).unwrap();
    assert_eq!(statistics.objects(), 3);
}

#[test]
fn shares_are_foreground_above_a_half() {
    let mut counts = [0; 2];
    let mut statistics = MaskStatistics::binary(&mut counts);
    let above = 0.5 + f64::EPSILON;
    add(&mut statistics, packed(&[0.0, 0.5, above, 1.0], &[4]), None).unwrap();
    assert_eq!(statistics.counts(), [2, 2]);
    add(&mut statistics, packed(&[0i32, 3, 255], &[3]), Some(255)).unwrap();
    add(&mut statistics, packed(&[0u8, 255], &[2]), None).unwrap();
    add(&mut statistics, packed(&[true, false], &[2]), None).unwrap();
    assert_eq!((statistics.counts(), statistics.images()), (&[5, 5][..], 4));
}

#[test]
fn channels_and_samples_are_masks_of_their_own() {
    let shape = Shape::new(2, 2, &[2]).unwrap();
    let masks = View::new(&[1u8; 8], Layout::channels_last(shape).unwrap()).unwrap();
    let mut counts = [0; 2];
    let mut statistics = MaskStatistics::binary(&mut counts);
    add(&mut statistics, masks, None).unwrap();
    assert_eq!((statistics.images(), statistics.objects(), statistics.pixels()), (4, 4, 8));
}

/// The limit is 1/32 of the side: of 1 pixel in 32, of 1 in 1024, of 1 in 32768.
#[test]
fn small_is_relative_to_the_image_and_its_axes() {
    for (spatial, small) in [
        (&[32][..], 0),
        (&[33], 1),
        (&[32, 32], 0),
        (&[41, 25], 1),
        (&[1, 32, 32], 0),
        (&[32, 32, 32], 0),
        (&[32, 32, 33], 1),
    ] {
        let mut labels = vec![0u8; spatial.iter().product()];
        labels[7] = 1;
        let mut counts = [0; 2];
        let mut statistics = MaskStatistics::binary(&mut counts);
        add(&mut statistics, packed(&labels, spatial), None).unwrap();
        assert_eq!((statistics.objects(), statistics.small_objects()), (1, small), "{spatial:?}");
    }
}

#[test]
fn a_bad_mask_adds_nothing() {
    let mut counts = [0; 2];
    let mut statistics = MaskStatistics::multiclass(&mut counts).unwrap();
    add(&mut statistics, packed(&[0u8, 1], &[2]), None).unwrap();
    let before = format!("{statistics:?}");
    let two_images = [0u8, 1, 1, 0, 2, 1];
    let error = add(&mut statistics, packed(&two_images, &[3]), None).unwrap_err();
    assert_eq!(error, Error::Label { label: Number::Unsigned(2), sample: 1, pixel: 1, classes: 2 });
    let one = packed(&[0u8; 3], &[3]);
    let expected = MaskStatistics::scratch_length(one.layout().shape()).unwrap();
    let length = expected - 1;
    let error = statistics.add(one, Ignore::Default, &mut vec![0; length]).unwrap_err();
    assert_eq!(error, Error::Workspace { argument: "scratch", length, expected });
    let channels = Layout::channels_first(Shape::new(1, 2, &[1]).unwrap()).unwrap();
    let error = add(&mut statistics, View::new(&[0u8; 2], channels).unwrap(), None).unwrap_err();
    assert!(matches!(error, Error::Shape { argument: "targets", .. }));
    assert_eq!(format!("{statistics:?}"), before);

    let mut statistics = MaskStatistics::binary(&mut counts);
    let error = add(&mut statistics, packed(&[0.5f32, f32::NAN], &[2]), None).unwrap_err();
    assert!(matches!(error, Error::Share { sample: 0, channel: 0, pixel: 1, .. }));
    let none = Layout::channels_first(Shape::new(1, 1, &[0]).unwrap()).unwrap();
    let error = add(&mut statistics, View::new(&[0u8; 0], none).unwrap(), None).unwrap_err();
    assert!(matches!(error, Error::Empty { argument: "targets", .. }));
    // A batch without samples adds nothing.
    let none = Layout::channels_first(Shape::new(0, 1, &[4]).unwrap()).unwrap();
    add(&mut statistics, View::new(&[0u8; 0], none).unwrap(), None).unwrap();
    assert_eq!((statistics.images(), statistics.pixels(), statistics.objects()), (0, 0, 0));
    assert_eq!((statistics.rarest(), statistics.boundary_share()), (None, None));
    assert_eq!((statistics.mean_size(), statistics.small_share()), (None, None));
}

#[test]
fn sizes_that_do_not_fit() {
    assert!(matches!(MaskStatistics::multiclass(&mut [0]), Err(Error::Classes { classes: 1, .. })));
    let most = (usize::MAX / 2).min(u32::MAX as usize);
    let shape = |spatial: &[usize]| Shape::new(1, 1, spatial).unwrap();
    // Two a pixel, and some rows.
    let length = MaskStatistics::scratch_length(&shape(&[1 << 16, (1 << 16) - 1])).unwrap();
    let two = 2 * (1 << 16) * ((1 << 16) - 1);
    assert!((two..two + (6 << 16)).contains(&length), "{length}");
    assert_eq!(MaskStatistics::scratch_length(&shape(&[3])).unwrap(), 2 * 3 + 31);
    let long = shape(&[(1 << 30) + 1]);
    let error = Error::TooLong { shape: long, expected: "sides of 2^30 at most" };
    assert_eq!(MaskStatistics::scratch_length(&long), Err(error));
    // The stride of 0 makes a mask of so many pixels of one.
    let huge = Layout::strided(shape(&[1 << 16, 1 << 16]), Strides::default()).unwrap();
    let error = Error::Pixels { argument: "targets", pixels: most + 1, most };
    assert_eq!(MaskStatistics::scratch_length(huge.shape()), Err(error));
    let mut counts = [0; 2];
    let mut statistics = MaskStatistics::binary(&mut counts);
    let added = statistics.add(View::new(&[1u8], huge).unwrap(), Ignore::Default, &mut []);
    assert_eq!(added, Err(error));
}

/// The pixels that share a face with `pixel`.
fn beside([d, h, w]: [usize; 3], pixel: usize) -> Vec<usize> {
    let at = [pixel / (h * w), pixel / w % h, pixel % w].map(|i| i as isize);
    let steps = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0, -1, 0], [0, 0, -1]];
    let inside = |[z, y, x]: [isize; 3]| {
        let (z, y, x) =
            (usize::try_from(z).ok()?, usize::try_from(y).ok()?, usize::try_from(x).ok()?);
        (z < d && y < h && x < w).then_some((z * h + y) * w + x)
    };
    steps.into_iter().filter_map(|s| inside([at[0] + s[0], at[1] + s[1], at[2] + s[2]])).collect()
}

/// Labels with those of the nearest pixel that counts in place of 255, the smallest of several as near.
fn filled(labels: &[u8], [_, h, w]: [usize; 3]) -> Vec<u8> {
    let place = |pixel: usize| [pixel / (h * w), pixel / w % h, pixel % w];
    let squared = |a: usize, b: usize| -> usize {
        place(a).into_iter().zip(place(b)).map(|(a, b)| a.abs_diff(b).pow(2)).sum()
    };
    let counts = |pixel: &usize| labels[*pixel] != 255;
    let label = |pixel: usize| {
        let known = (0..labels.len()).filter(counts);
        let least = known.map(|other| (squared(pixel, other), labels[other])).min();
        if counts(&pixel) { labels[pixel] } else { least.map_or(0, |(_, label)| label) }
    };
    (0..labels.len()).map(label).collect()
}

/// Sizes of all objects, by flooding each from its first pixel.
fn flood(labels: &[u8], extents: [usize; 3]) -> Vec<u64> {
    let mut seen = vec![false; labels.len()];
    let mut sizes = Vec::new();
    for first in 0..labels.len() {
        if seen[first] || labels[first] == 0 || labels[first] == 255 {
            continue;
        }
        seen[first] = true;
        let (mut size, mut open) = (0, vec![first]);
        while let Some(pixel) = open.pop() {
            size += 1;
            for other in beside(extents, pixel) {
                if !seen[other] && labels[other] == labels[first] {
                    seen[other] = true;
                    open.push(other);
                }
            }
        }
        sizes.push(size);
    }
    sizes
}

/// Extents, labels 0, 1, 2 and 255 (mostly of few kinds, so that objects grow), and gaps between
/// pixels, rows and planes.
fn volumes() -> impl Strategy<Value = ([usize; 3], Vec<u8>, [usize; 3])> {
    let extents = prop_oneof![
        (1usize..300).prop_map(|w| [1, 1, w]),
        (1usize..24, 1usize..24).prop_map(|(h, w)| [1, h, w]),
        (1usize..8, 1usize..8, 1usize..8).prop_map(|(d, h, w)| [d, h, w]),
    ];
    (extents, 0u32..10).prop_flat_map(|(extents, foreground)| {
        let label = prop_oneof![
            10 => Just(0u8), 6 * foreground + 1 => Just(1u8), 4 => Just(2u8), 1 => Just(255u8)
        ];
        let labels = proptest::collection::vec(label, extents.iter().product::<usize>());
        (Just(extents), labels, [0usize..3, 0..3, 0..3])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn objects_and_boundaries_are_those_of_a_flood_fill(
        (extents, labels, gaps) in volumes(),
        transposed: bool,
    ) {
        let [d, h, w] = extents;
        // Columns before rows if transposed.
        let pixel = 1 + gaps[2];
        let (row, column) = if transposed {
            (pixel, h * pixel + gaps[1])
        } else {
            (w * pixel + gaps[1], pixel)
        };
        let plane = (h * row).max(w * column) + gaps[0];
        let shape = Shape::new(1, 1, &extents).unwrap();
        let strides = Strides { batch: 0, channel: 0, spatial: [plane, row, column] };
        let layout = Layout::strided(shape, strides).unwrap();
        let mut stored = vec![77u8; layout.span()];
        for (i, &label) in labels.iter().enumerate() {
            stored[i / (h * w) * plane + i / w % h * row + i % w * column] = label;
        }

        let mut counts = [0; 3];
        let mut statistics = MaskStatistics::multiclass(&mut counts).unwrap();
        // Twice, so that sums over masks are seen as well.
        for _ in 0..2 {
            add(&mut statistics, View::new(&stored, layout).unwrap(), Some(255)).unwrap();
        }
        let sizes = flood(&labels, extents);
        prop_assert_eq!(statistics.objects(), 2 * sizes.len() as u64);
        prop_assert_eq!(statistics.smallest_size(), sizes.iter().copied().min());
        let mean = sizes.iter().sum::<u64>() as f64 / sizes.len() as f64;
        prop_assert_eq!(statistics.mean_size(), (!sizes.is_empty()).then_some(mean));
        let axes = extents.iter().filter(|&&extent| extent > 1).count() as u32;
        let is_small = |&&size: &&u64| size * 32u64.pow(axes) < (d * h * w) as u64;
        let small = sizes.iter().filter(is_small).count() as u64;
        prop_assert_eq!(statistics.small_objects(), 2 * small);

        let full = filled(&labels, extents);
        let on_boundary = |&pixel: &usize| {
            beside(extents, pixel).into_iter().any(|other| full[other] != full[pixel])
        };
        let mut band: Vec<bool> = (0..labels.len()).map(|pixel| on_boundary(&pixel)).collect();
        let boundary = band.iter().filter(|&&here| here).count() as u64;
        prop_assert_eq!(statistics.boundary_pixels(), 2 * boundary);
        for _ in 0..BAND_THETA {
            let reaches = |pixel| beside(extents, pixel).into_iter().any(|other| band[other]);
            band = (0..labels.len()).map(|pixel| band[pixel] || reaches(pixel)).collect();
        }
        let in_band = (0..labels.len()).filter(|&pixel| band[pixel] && labels[pixel] != 255);
        prop_assert_eq!(statistics.band_pixels(), 2 * in_band.count() as u64);
        for (class, &count) in statistics.counts().iter().enumerate() {
            let expected = labels.iter().filter(|&&label| usize::from(label) == class).count();
            prop_assert_eq!(count, 2 * expected as u64);
        }
    }
}

/// What is recommended for an image of `side` x `side` with squares of `object` x `object`, `gap`
/// apart, along its first row; as a binary mask, then as a label map.
fn advice(
    side: usize,
    object: usize,
    objects: usize,
    priority: Priority,
) -> [Result<Recommendation, Error>; 2] {
    let mut labels = vec![0u8; side * side];
    for first in (0..objects).map(|i| i * (object + 1)) {
        for y in 0..object {
            labels[y * side + first..][..object].fill(1);
        }
    }
    let (mut two, mut classes) = ([0; 2], [0; 2]);
    let both =
        [MaskStatistics::binary(&mut two), MaskStatistics::multiclass(&mut classes).unwrap()];
    both.map(|mut statistics| {
        add(&mut statistics, packed(&labels, &[side, side]), Some(255)).unwrap();
        recommend(&statistics, priority)
    })
}

/// Checks the row and both texts of the recommendation for such an image.
fn assert_advice(
    (side, object, objects): (usize, usize, usize),
    priority: Priority,
    situation: Situation,
    losses: [&str; 2],
) {
    let advice = advice(side, object, objects, priority).map(Result::unwrap);
    assert_eq!(advice.map(|a| a.situation), [situation; 2]);
    assert_eq!(advice.map(|a| a.loss), losses);
    for a in advice {
        assert_eq!(a.reason, situation.reason());
        assert_eq!(a.to_string(), format!("{} ({}: {})", a.loss, situation.name(), a.reason));
    }
}

/// A quarter of the image; 1/121 of it, and 1/90, either side of 1 %; and 1.3 % in pieces of 2 x 2.
const LARGE: (usize, usize, usize) = (40, 20, 1);
const RARE: (usize, usize, usize) = (110, 10, 1);
const NOT_RARE: (usize, usize, usize) = (95, 10, 1);
const SMALL: (usize, usize, usize) = (100, 2, 33);
/// Small ones that are rare besides.
const FEW_SMALL: (usize, usize, usize) = (100, 2, 3);

#[test]
fn guide_balanced_classes() {
    for image in [LARGE, NOT_RARE] {
        let losses = ["0.5*bce + 0.5*dice", "0.5*ce + 0.5*dice"];
        assert_advice(image, Priority::Balanced, Situation::Balanced, losses);
    }
}

#[test]
fn guide_severe_imbalance() {
    let losses = ["0.5*focal + 0.5*dice"; 2];
    assert_advice(RARE, Priority::Balanced, Situation::Imbalanced, losses);
}

#[test]
fn guide_small_objects() {
    for image in [SMALL, FEW_SMALL] {
        for priority in [Priority::Balanced, Priority::Overlap] {
            assert_advice(image, priority, Situation::SmallObjects, ["dice"; 2]);
        }
    }
}

#[test]
fn guide_boundary_precision() {
    for image in [LARGE, RARE, SMALL] {
        let losses = [
            "0.5*bce + 0.5*boundary(theta=3, weight=5)",
            "0.5*ce + 0.5*boundary(theta=3, weight=5)",
        ];
        assert_advice(image, Priority::Boundary, Situation::Boundary, losses);
    }
}

/// No boundary loss is named for masks whose band of theta 3 holds no pixel that counts: void that is too
/// wide, and classes that never meet.
#[test]
fn guide_boundary_without_a_band() {
    for (width, situation) in
        [(0, Situation::Boundary), (6, Situation::Boundary), (9, Situation::Balanced)]
    {
        let row = |y: usize| [0u8; 20].map(|_| u8::from(y >= 15));
        let mut labels: Vec<u8> = (0..30).flat_map(row).collect();
        let first = 15 - width / 2;
        labels[first * 20..(first + width) * 20].fill(255);
        let (mut two, mut classes) = ([0; 2], [0; 2]);
        let both =
            [MaskStatistics::binary(&mut two), MaskStatistics::multiclass(&mut classes).unwrap()];
        for mut statistics in both {
            add(&mut statistics, packed(&labels, &[30, 20]), Some(255)).unwrap();
            assert!(statistics.boundary_pixels() > 0 || width == 0);
            assert_eq!(statistics.band_pixels() > 0, situation == Situation::Boundary);
            let advice = recommend(&statistics, Priority::Boundary).unwrap();
            assert_eq!(advice.situation, situation, "{width}");
        }
    }
    let mut counts = [0; 2];
    let mut statistics = MaskStatistics::binary(&mut counts);
    add(&mut statistics, packed(&[[0u8; 12], [1; 12]].concat(), &[3, 4]), None).unwrap();
    assert_eq!((statistics.boundary_pixels(), statistics.band_pixels()), (0, 0));
    let advice = recommend(&statistics, Priority::Boundary).unwrap();
    assert_eq!(advice.situation, Situation::Balanced);
}

#[test]
fn guide_medical_imaging() {
    let losses = ["0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)"; 2];
    for image in [LARGE, RARE, SMALL] {
        assert_advice(image, Priority::Recall, Situation::Medical, losses);
    }
    for image in [LARGE, RARE] {
        assert_advice(image, Priority::Overlap, Situation::Medical, losses);
    }
}

#[test]
fn guide_real_time_or_simple() {
    for image in [LARGE, RARE, SMALL] {
        assert_advice(image, Priority::Speed, Situation::Simple, ["bce", "ce"]);
    }
}

/// Imbalance is measured against an even share, not as such.
#[test]
fn many_even_classes_are_balanced() {
    let labels: Vec<u8> = (0..200).flat_map(|class| [class; 3]).collect();
    let mut counts = [0; 200];
    let mut statistics = MaskStatistics::multiclass(&mut counts).unwrap();
    add(&mut statistics, packed(&labels, &[20, 30]), None).unwrap();
    assert!((statistics.balance().unwrap() - 1.0).abs() < 1e-12);
    let advice = recommend(&statistics, Priority::Balanced).unwrap();
    assert_eq!(advice.situation, Situation::Balanced);
}

#[test]
fn one_class_or_none_gives_no_recommendation() {
    for priority in Priority::ALL {
        let errors = advice(10, 10, 0, priority);
        assert_eq!(errors, [Err(Error::OneClass { class: 0 }); 2]);
        let errors = advice(10, 10, 1, priority);
        assert_eq!(errors, [Err(Error::OneClass { class: 1 }); 2]);
        let mut counts = [0; 5];
        let statistics = MaskStatistics::multiclass(&mut counts).unwrap();
        assert_eq!(recommend(&statistics, priority), Err(Error::NothingCounted { classes: 5 }));
    }
}

#[test]
fn priorities_by_name() {
    for priority in Priority::ALL {
        assert_eq!(Priority::from_name(priority.name()), Ok(priority));
    }
    let error = Priority::from_name("Speed\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`priority` is \"Speed\\n\", expected one of `balanced`, `speed`, `boundary`, `recall`, \
         `overlap`"
    );
}
