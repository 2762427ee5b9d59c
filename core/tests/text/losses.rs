//! The text form of losses: what each name means, what is refused and where, and that what is printed
//! reads back as the same loss.

use std::fmt::Write;

use proptest::prelude::*;
use segloss_core::Error;
use segloss_core::class::{ClassPixel, ClassTerm};
use segloss_core::compose::{
    Definition, Kind, MapCall, MapDefinition, PRESETS, Plan, Program, Registry, Term,
    TileRegionTerm, link_of, parse, parse_map,
};
use segloss_core::engine::Call;
use segloss_core::engine::Link::{self, Sigmoid, Softmax};
use segloss_core::guide::Situation;
use segloss_core::lanes::{Dual, Lanes};
use segloss_core::level::Scalar;
use segloss_core::maps::band::Band;
use segloss_core::maps::decay::{Decay, Empty};
use segloss_core::maps::edt::Spacing;
use segloss_core::maps::morphology::Border;
use segloss_core::pixel::{Bce, Focal, Pixel, PixelTerm, Poly1, Poly1Focal};
use segloss_core::region::{ClassUse, Dice, FocalTversky, Pool, RegionTerm, SeededSums, Tversky};
use segloss_core::term::{
    Absent, Arguments, Average, ClassNorm, ClassWeights, ClassesInUse, Maps, Missing, Normalise,
    Options, Parameter, Range, Reduction,
};
use segloss_core::text::{Number, NumberList};
use segloss_core::view::{Layout, Shape, View};

/// A pixel term with an alias and a word among its parameters.
#[derive(Clone, Copy)]
struct Hinge;

impl PixelTerm for Hinge {
    const NAME: &'static str = "hinge";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::number("margin", 1.0).or("m").at_least(0.0),
        Parameter::choice("power", &["linear", "squared"]).or("p"),
    ];

    fn new(_: Arguments<'_>) -> Self {
        Hinge
    }

    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        pixel.softplus_tail
    }
}

/// A class term with weights of its own name.
#[derive(Clone, Copy)]
struct Cost;

impl ClassTerm for Cost {
    const NAME: &'static str = "cost";
    const PARAMETERS: &'static [Parameter] = &[];
    const CLASS_WEIGHTS: Option<ClassWeights> =
        Some(ClassWeights { name: "costs", normalised: true });

    fn new(_: Arguments<'_>) -> Self {
        Cost
    }

    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        pixel.q
    }
}

/// A region term that refuses everything, without saying why.
struct Moody;

impl TileRegionTerm<f64> for Moody {
    fn check(&self, arguments: Arguments<'_>) -> Result<(), Error> {
        match arguments.get(0) {
            0.0 => Ok(()),
            _ => Err(Error::Axes { argument: "spatial", axes: 0 }),
        }
    }

    fn loss(&self, _: Arguments<'_>, _: SeededSums<'_, f64>) -> Dual<f64> {
        Dual::constant(0.0)
    }
}

static TERMS: [Definition<'static, f32>; 3] = [
    Definition::pixel::<Hinge, Scalar>(),
    Definition::class::<Cost, Scalar>(),
    Definition::region_tiles("moody", &[Parameter::number("mood", 0.0)], &Moody),
];

static MAPS: [MapDefinition<'static, f32>; 1] = [MapDefinition::given(
    "vessels",
    &[Parameter::number("gain", 1.0).or("g"), Parameter::choice("side", &["left", "right"])],
)];

fn registry() -> Registry<'static, f32> {
    Registry::builtin::<Scalar>().with_terms(&TERMS).unwrap().with_maps(&MAPS).unwrap()
}

/// The result of `look` at what `text` is read as, or the mistake in it.
fn read<R>(text: &str, link: Link, look: impl FnOnce(Plan<'_, f32>) -> R) -> Result<R, String> {
    let (mut terms, mut maps) = ([Term::default(); 6], [MapCall::default(); 4]);
    let loss = parse(text, link, registry(), &mut terms, &mut maps);
    loss.map(look).map_err(|error| error.to_string())
}

/// `text` as it is printed.
#[track_caller]
fn printed(text: &str, link: Link) -> String {
    read(text, link, |loss| loss.to_string()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn mistake(text: &str, link: Link) -> String {
    read(text, link, |loss| loss.to_string()).expect_err(text)
}

/// Asserts that two losses are the same, and what they are called.
#[track_caller]
fn assert_same(a: Plan<'_, f32>, b: Plan<'_, f32>) {
    assert_eq!(a.to_string(), b.to_string());
    assert_eq!(a.terms().len(), b.terms().len());
    for (a, b) in a.terms().iter().zip(b.terms()) {
        let name = |term: &Term<'_, f32>| term.definition().map(|d| (d.name, d.link()));
        assert_eq!(name(a), name(b));
        assert_eq!(a.coefficient().to_bits(), b.coefficient().to_bits(), "{a} {b}");
        let bits = |term: &Term<'_, f32>| term.values().iter().map(|v| v.to_bits()).collect();
        let (x, y): (Vec<u64>, Vec<u64>) = (bits(a), bits(b));
        assert_eq!(x, y, "{a} {b}");
        assert_eq!(a.options(), b.options());
    }
    assert_eq!(a.map_calls(), b.map_calls());
}

/// Reads `text` and what that prints: the same loss.
#[track_caller]
fn assert_round_trip(text: &str, link: Link) {
    let once = printed(text, link);
    read(text, link, |loss| read(&once, link, |again| assert_same(loss, again))).unwrap().unwrap();
}

#[test]
fn every_argument_under_both_links() {
    let both = [
        ("dice", "dice"),
        ("dice(smooth=1e-6)", "dice"),
        ("2e0 * dice( smooth = 0.50 )", "2*dice(smooth=0.5)"),
        ("dice(pool=sample)", "dice(pool=sample)"),
        ("dice(pool=batch)", "dice(pool=batch)"),
        ("dice(reduction=sum, empty=skip)", "dice(reduction=sum, empty=skip)"),
        ("dice(reduction=mean, empty=keep, absent=keep, weighted=false)", "dice"),
        ("dice(weighted=true,absent=skip)", "dice(absent=skip, weighted=true)"),
        ("dice(smooth=2, smooth_nr=2)", "dice(smooth=2)"),
        ("dice(smooth_nr=1e-6)", "dice"),
        ("dice(smooth_nr=0, smooth_dr=1e-8)", "dice(smooth=1e-8, smooth_nr=0)"),
        ("dice(log=true, gamma=0.3)", "dice(log=true, gamma=0.3)"),
        ("dice(classes=all, average=macro, normalise=weights, absent=keep)", "dice"),
        (
            "dice(absent=zero, normalise=classes, classes=foreground, weights=[1, 2])",
            "dice(weights=[1, 2], classes=foreground, normalise=classes, absent=zero)",
        ),
        ("dice(average=micro, classes=[0, 2])", "dice(classes=[0, 2], average=micro)"),
        ("iou + gdl(weight=simple)", "jaccard + generalized_dice(weight=simple)"),
        (
            "gdl(classes=[1], scale=none, absent=skip)",
            "generalized_dice(scale=none, classes=[1], absent=skip)",
        ),
        ("tversky", "tversky"),
        ("tversky(fp=0.5, fn=0.5, smooth=1e-6)", "tversky"),
        ("tversky(beta=0.7, alpha=0.3)", "tversky(fp=0.3, fn=0.7)"),
        ("tversky(alpha=0.3, fn=0.7, smooth=0)", "tversky(fp=0.3, fn=0.7, smooth=0)"),
        (
            "focal_tversky(beta=1, gamma=0.75, alpha=0, smooth=2, pool=sample)",
            "focal_tversky(fp=0, fn=1, gamma=0.75, smooth=2, pool=sample)",
        ),
        ("focal_tversky(gamma=1)", "focal_tversky"),
        ("focal", "focal"),
        ("focal(gamma=2)", "focal"),
        ("focal(gamma=0.5, reduction=sum)", "focal(gamma=0.5, reduction=sum)"),
        ("focal(normalise=weights)", "focal(normalise=weights)"),
        ("focal(normalise=valid)", "focal"),
        ("0*focal @ vessels", "0*focal @ vessels"),
        ("focal @ vessels(g=2, side=right)", "focal @ vessels(gain=2, side=right)"),
        ("focal @ vessels(side=left) @ band", "focal @ vessels @ band"),
        ("focal @ band(theta=3, weight=5, border=auto, void=nearest)", "focal @ band"),
        ("focal @ band(border=zero)", "focal @ band(border=zero)"),
        ("focal @ band(void=cut)", "focal @ band(void=cut)"),
        ("focal @ band(border=keep, theta=0)", "focal @ band(theta=0, border=keep)"),
        ("focal @ decay(sigma=5, empty=zero, void=nearest)", "focal @ decay"),
        ("focal @ decay(void=cut, empty=one)", "focal @ decay(empty=one, void=cut)"),
        ("focal @ decay(empty=one)", "focal @ decay(empty=one)"),
        ("moody(mood=0)", "moody"),
    ];
    for (text, expected) in both {
        assert_eq!(printed(text, Sigmoid), expected);
        assert_eq!(printed(text, Softmax), expected);
    }
    for (text, expected) in [
        ("bce", "bce"),
        ("focal(alpha=0.25)", "focal"),
        ("focal(gamma=1, alpha=1)", "focal(alpha=1, gamma=1)"),
        ("focal(alpha=off)", "focal(alpha=off)"),
        ("focal(gamma=3, alpha=-1)", "focal(alpha=off, gamma=3)"),
        ("bce(smoothing=0, pos_weight=1)", "bce"),
        ("bce(smoothing=0.1, pos_weight=3)", "bce(pos_weight=3, smoothing=0.1)"),
        ("poly1(epsilon=1)", "poly1"),
        ("poly1_focal(gamma=1.5, epsilon=-1)", "poly1_focal(epsilon=-1, gamma=1.5)"),
        ("boundary", "bce @ band"),
        ("boundary(theta=2, weight=4)", "bce @ band(theta=2, weight=4)"),
        ("boundary(reduction=sum, border=keep)", "bce(reduction=sum) @ band(border=keep)"),
        ("distance(sigma=3)", "bce @ decay(sigma=3)"),
        ("distance(empty=one) @ vessels", "bce @ decay(empty=one) @ vessels"),
        ("hinge(m=2, p=squared)", "hinge(margin=2, power=squared)"),
        ("hinge(power=linear, margin=1)", "hinge"),
        // Maps are numbered in the order in which they appear, and shown in that order.
        ("bce @ decay @ band + bce @ band @ decay", "bce @ decay @ band + bce @ decay @ band"),
    ] {
        assert_eq!(printed(text, Sigmoid), expected);
    }
    for (text, expected) in [
        ("ce", "ce"),
        ("ce(weights=[1, 2e0, .5])", "ce(weights=[1, 2, 0.5])"),
        ("ce(weights=[])", "ce(weights=[])"),
        ("ce(power=1)", "ce"),
        ("ce(power=0.3, weights=[1, 2])", "ce(weights=[1, 2], power=0.3)"),
        ("poly1(epsilon=-0.5)", "poly1(epsilon=-0.5)"),
        ("sce(floor=-4, beta=1, alpha=0.1)", "sce"),
        ("sce(floor=-0.5, beta=2, alpha=0)", "sce(alpha=0, beta=2, floor=-0.5)"),
        ("gce(power=0.7) + gce(power=1) + mae", "gce + gce(power=1) + mae"),
        ("focal(gamma=1, alpha=[0,1])", "focal(alpha=[0, 1], gamma=1)"),
        ("boundary(theta=2, weight=4)", "ce @ band(theta=2, weight=4)"),
        ("boundary(weights=[1, 3])", "ce(weights=[1, 3]) @ band"),
        ("distance(sigma=3)", "ce @ decay(sigma=3)"),
        ("cost(costs=[3])", "cost(costs=[3])"),
    ] {
        assert_eq!(printed(text, Softmax), expected);
    }
}

/// What the words set, not only how they print.
#[test]
fn options_and_values_reach_the_terms() {
    let text = "0.25*dice(smooth=2, reduction=sum, pool=sample, empty=skip, absent=skip, \
                weighted=true) + focal(alpha=[1, 2], normalise=weights) @ vessels @ band(theta=1)";
    let seen = read(text, Softmax, |loss| {
        let [dice, focal] = loss.terms() else { panic!("{loss}") };
        assert_eq!((dice.coefficient(), dice.values()), (0.25, &[2.0, 2.0, 0.0, 1.0][..]));
        let expected = Options {
            reduction: Reduction::Sum,
            pool: Some(Pool::Sample),
            empty: Missing::Skip,
            absent: Absent::Skip,
            weighted: true,
            ..Options::default()
        };
        assert_eq!(dice.options(), expected);
        assert_eq!(Program::spec(&loss, 0, 3).kind, Kind::Region(Pool::Sample));
        let alpha = [1.0, 2.0];
        let expected = Options {
            normalise: Normalise::Weights,
            class_weights: Some(NumberList::from(&alpha[..])),
            maps: Maps::NONE.and(0).unwrap().and(1).unwrap(),
            ..Options::default()
        };
        assert_eq!((focal.coefficient(), focal.options()), (1.0, expected));
        let [vessels, band] = loss.map_calls() else { panic!("{loss}") };
        assert!(vessels.is_given() && !band.is_given());
        assert_eq!((vessels.values(), band.values()), (&[1.0, 0.0][..], &[1.0, 5.0, 0.0, 0.0][..]));
    });
    seen.unwrap();
    // A term's own choice of a pool depends on the number of classes.
    let kind = |text: &str, classes| {
        read(text, Softmax, |loss| Program::spec(&loss, 0, classes).kind).unwrap()
    };
    assert_eq!(kind("dice", 1), Kind::Region(Pool::Sample));
    assert_eq!(kind("dice", 2), Kind::Region(Pool::Batch));
    assert_eq!(kind("tversky", 1), Kind::Region(Pool::Batch));
    // The same map is one map, another of the same name is another.
    let count = |text: &str| read(text, Sigmoid, |loss| loss.map_calls().len()).unwrap();
    assert_eq!(count("bce @ vessels + focal @ vessels(gain=1)"), 1);
    assert_eq!(count("bce @ vessels + focal @ vessels(gain=2)"), 2);
}

#[test]
fn presets_are_the_sums_they_stand_for() {
    let texts = [
        ("balanced", "0.5*bce + 0.5*dice", "0.5*ce + 0.5*dice"),
        ("imbalanced", "0.5*dice + 0.5*focal", "0.5*dice + 0.5*focal"),
        ("boundary", "0.3*bce + 0.4*dice + 0.3*bce @ band", "0.3*ce + 0.4*dice + 0.3*ce @ band"),
        (
            "medical",
            "0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)",
            "0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)",
        ),
        ("nnunet", "bce + dice(smooth=0.00001)", "ce + dice(smooth=0.00001, classes=foreground)"),
    ];
    assert_eq!(PRESETS.len(), texts.len());
    for (preset, (name, binary, multiclass)) in PRESETS.iter().zip(texts) {
        assert_eq!(preset.name, name);
        for (link, expected) in [(Sigmoid, binary), (Softmax, multiclass)] {
            let text = format!("preset:{name}");
            assert_eq!(printed(&text, link), expected);
            assert_eq!(printed(preset.text(link), link), expected);
            assert_round_trip(&text, link);
        }
    }
}

#[test]
fn every_recommendation_is_a_loss() {
    for situation in Situation::ALL {
        for (link, is_binary) in [(Sigmoid, true), (Softmax, false)] {
            let text = situation.loss(is_binary);
            let total = read(text, link, |loss| {
                loss.terms().iter().map(|term| term.coefficient()).sum::<f64>()
            });
            assert_eq!(total, Ok(1.0), "{text}");
            assert_round_trip(text, link);
        }
    }
}

/// By brute force: the links that each term of a sum can be had under, all of them at once.
#[test]
fn links_are_those_that_terms_need() {
    let registry = Registry::<f64>::builtin::<Scalar>();
    let names: Vec<&str> = registry.terms().map(|term| term.name).chain(["boundary"]).collect();
    let fits = |name: &str, link| name == "boundary" || registry.term(name, link).is_some();
    for one in &names {
        for other in &names {
            let text = format!("0.5*{one} + 0*{other}");
            let both = [Sigmoid, Softmax].map(|link| fits(one, link) && fits(other, link));
            let found = link_of(&text, registry);
            match both {
                [true, true] => assert_eq!(found, Ok(None), "{text}"),
                [true, false] => assert_eq!(found, Ok(Some(Sigmoid)), "{text}"),
                [false, true] => assert_eq!(found, Ok(Some(Softmax)), "{text}"),
                [false, false] => {
                    let error = found.unwrap_err().to_string();
                    let at = text.len() - other.len() + 1;
                    let begin = format!("at {at}: `{other}` needs the ");
                    assert!(error.starts_with(&begin), "{text}: {error}");
                }
            }
        }
    }
    for (text, expected) in [
        ("preset:balanced", Ok(None)),
        // Told by `parse`.
        ("preset:cardiac + dice", Err("at 16: expected the end, found `+`")),
        ("bse", Ok(None)),
        ("bce(gamma=1) @ bend", Ok(Some(Sigmoid))),
        ("ce +", Err("at 5: expected a term or a coefficient, found the end")),
    ] {
        let found = link_of(text, registry);
        assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(String::from));
    }
}

#[test]
fn mistakes_of_names() {
    let number_of_terms = "bce+".repeat(6) + "bce";
    for (text, link, expected) in [
        ("bse", Sigmoid, "at 1: unknown term `bse`, did you mean `bce`?"),
        ("bce + 2*dise", Sigmoid, "at 9: unknown term `dise`, did you mean `dice`?"),
        ("boundry", Softmax, "at 1: unknown term `boundry`, did you mean `boundary`?"),
        ("hing", Sigmoid, "at 1: unknown term `hing`, did you mean `hinge`?"),
        ("lovasz", Sigmoid, "at 1: unknown term `lovasz`"),
        // The other link's terms are not suggested, but known.
        ("dice + bce", Softmax, "at 8: `bce` needs the sigmoid link"),
        ("ce", Sigmoid, "at 1: `ce` needs the softmax link"),
        ("cost", Sigmoid, "at 1: `cost` needs the softmax link"),
        ("bce @ bend", Sigmoid, "at 7: unknown map `bend`, did you mean `band`?"),
        ("bce @ dice", Sigmoid, "at 7: unknown map `dice`"),
        (
            "preset:cardiac",
            Sigmoid,
            "at 8: unknown preset `cardiac`, expected `balanced`, `imbalanced`, `boundary`, \
             `medical` or `nnunet`",
        ),
        (
            "preset:Medical",
            Softmax,
            "at 8: unknown preset `Medical`, expected `balanced`, `imbalanced`, `boundary`, \
             `medical` or `nnunet`",
        ),
        ("preset", Sigmoid, "at 1: unknown term `preset`"),
        ("dice @ band", Sigmoid, "at 1: expected a pixel or class term before `@`, found `dice`"),
        (
            "bce + tversky @ nothing",
            Sigmoid,
            "at 7: expected a pixel or class term before `@`, found `tversky`",
        ),
        ("bce @ band @ band(theta=3)", Sigmoid, "at 14: `band` is given twice, expected once"),
        ("boundary @ band", Sigmoid, "at 12: `band` is given twice, expected once"),
        (&number_of_terms, Sigmoid, "at 25: 7 terms, expected at most 6"),
        (
            "bce @ vessels @ decay @ band @ band(theta=1) + bce @ band(theta=2)",
            Sigmoid,
            "at 54: 5 maps, expected at most 4",
        ),
    ] {
        assert_eq!(mistake(text, link), expected, "{text}");
    }
}

#[test]
fn mistakes_of_arguments() {
    for (text, link, expected) in [
        (
            "bce(smooth=1)",
            Sigmoid,
            "at 5: `bce` has no argument `smooth`, did you mean `smoothing`?",
        ),
        ("mae(power=1)", Softmax, "at 5: `mae` has no argument `power`"),
        ("dice(smoth=1)", Sigmoid, "at 6: `dice` has no argument `smoth`, did you mean `smooth`?"),
        (
            "dice(normalise=valid)",
            Sigmoid,
            "at 16: `normalise` is `valid`, expected `weights` or `classes`",
        ),
        (
            "dice(classes=some)",
            Softmax,
            "at 14: `classes` is `some`, expected `all` or `foreground`",
        ),
        (
            "dice(classes=1)",
            Softmax,
            "at 14: `classes` is 1, expected `all`, `foreground` or a list of classes",
        ),
        (
            "dice(classes=[])",
            Softmax,
            "at 14: `classes` is a list of 0, expected at least one class",
        ),
        (
            "dice(classes=[0, 2, 2])",
            Softmax,
            "at 14: `classes` is 2, expected an integer from 3 to 2^30",
        ),
        (
            "dice(classes=[0.5])",
            Softmax,
            "at 14: `classes` is 0.5, expected an integer from 0 to 2^30",
        ),
        (
            "dice(weights=1)",
            Softmax,
            "at 14: `weights` is 1, expected a list of one number a class",
        ),
        ("ce(classes=[1])", Softmax, "at 4: `ce` has no argument `classes`"),
        ("gdl(average=micro)", Softmax, "at 5: `gdl` has no argument `average`"),
        ("dice(smooth=1, smooth_dr=2)", Softmax, "at 16: `smooth` is given twice, expected once"),
        ("bce(pool=batch)", Sigmoid, "at 5: `bce` has no argument `pool`"),
        ("tversky(bta=1)", Sigmoid, "at 9: `tversky` has no argument `bta`, did you mean `beta`?"),
        ("ce(weight=[1])", Softmax, "at 4: `ce` has no argument `weight`, did you mean `weights`?"),
        (
            "boundary(thta=1)",
            Softmax,
            "at 10: `boundary` has no argument `thta`, did you mean `theta`?",
        ),
        (
            "bce @ band(thet=1)",
            Sigmoid,
            "at 12: `band` has no argument `thet`, did you mean `theta`?",
        ),
        (
            "bce @ vessels(gian=1)",
            Sigmoid,
            "at 15: `vessels` has no argument `gian`, did you mean `gain`?",
        ),
        ("tversky(fp=1, alpha=2)", Sigmoid, "at 15: `fp` is given twice, expected once"),
        ("tversky(beta=1, fn=2)", Sigmoid, "at 17: `fn` is given twice, expected once"),
        ("bce @ vessels(g=1, gain=1)", Sigmoid, "at 20: `gain` is given twice, expected once"),
        ("dice(smooth=1, smooth=1)", Sigmoid, "at 16: `smooth` is given twice, expected once"),
        (
            "focal(alpha=[1, 2])",
            Sigmoid,
            "at 13: `alpha` is a list of 2, expected a number, or `off`",
        ),
        (
            "focal(alpha=0.25)",
            Softmax,
            "at 13: `alpha` is 0.25, expected a list of one number a class",
        ),
        ("focal(alpha=of)", Sigmoid, "at 13: `alpha` is `of`, expected a number, or `off`"),
        ("focal(gamma=off)", Sigmoid, "at 13: `gamma` is `off`, expected a number"),
        ("focal(gamma=two)", Softmax, "at 13: `gamma` is `two`, expected a number"),
        (
            "ce(weights=even)",
            Softmax,
            "at 12: `weights` is `even`, expected a list of one number a class",
        ),
        ("dice(pool=1)", Sigmoid, "at 11: `pool` is 1, expected `sample` or `batch`"),
        ("dice(pool=[1])", Sigmoid, "at 11: `pool` is a list of 1, expected `sample` or `batch`"),
        ("dice(pool=bach)", Sigmoid, "at 11: `pool` is `bach`, did you mean `batch`?"),
        ("dice(reduction=none)", Sigmoid, "at 16: `reduction` is `none`, expected `mean` or `sum`"),
        ("dice(weighted=1)", Sigmoid, "at 15: `weighted` is 1, expected `false` or `true`"),
        ("hinge(power=2)", Sigmoid, "at 13: `power` is 2, expected `linear` or `squared`"),
        ("hinge(p=cubed)", Sigmoid, "at 9: `p` is `cubed`, expected `linear` or `squared`"),
        (
            "bce @ band(border=open)",
            Sigmoid,
            "at 19: `border` is `open`, expected `auto`, `zero` or `keep`",
        ),
        ("ce @ decay(void=one)", Softmax, "at 17: `void` is `one`, expected `nearest` or `cut`"),
    ] {
        assert_eq!(mistake(text, link), expected, "{text}");
    }
}

/// Each at the value itself, also if another argument has the same one.
#[test]
fn mistakes_of_values() {
    let positive = "a finite number, 0 or larger";
    for (text, link, place, rest) in [
        ("bce + -0.5*dice", Sigmoid, 7, format!("`coefficient` is -0.5, expected {positive}")),
        ("dice(smooth_nr=1)", Sigmoid, 16, "`smooth_nr` is 1, expected 0 to 1e-6".into()),
        ("dice(smooth=2, smooth_nr=3)", Sigmoid, 26, "`smooth_nr` is 3, expected 0 to 2".into()),
        ("dice(smooth=-1)", Sigmoid, 13, format!("`smooth` is -1, expected {positive}")),
        ("tversky(smooth=-1, fp=-1)", Sigmoid, 23, format!("`fp` is -1, expected {positive}")),
        ("tversky(fp=0.5, beta=-1)", Sigmoid, 22, format!("`fn` is -1, expected {positive}")),
        ("focal_tversky(gamma=-2)", Softmax, 21, format!("`gamma` is -2, expected {positive}")),
        (
            "focal(gamma=1.5, alpha=1.5)",
            Sigmoid,
            24,
            "`alpha` is 1.5, expected 0 to 1, or `off`".into(),
        ),
        ("focal(gamma=-1)", Softmax, 13, format!("`gamma` is -1, expected {positive}")),
        ("hinge(m=-3)", Sigmoid, 9, format!("`margin` is -3, expected {positive}")),
        (
            "ce(weights=[1, 0, -2, -3])",
            Softmax,
            19,
            format!("`weights` is -2, expected {positive}"),
        ),
        ("focal(alpha=[-1])", Softmax, 14, format!("`alpha` is -1, expected {positive}")),
        (
            "bce @ band(theta=-1)",
            Sigmoid,
            18,
            "`theta` is -1, expected an integer from 0 to 2^30".into(),
        ),
        (
            "boundary(theta=0.5)",
            Softmax,
            16,
            "`theta` is 0.5, expected an integer from 0 to 2^30".into(),
        ),
        ("2*moody(mood=1)", Sigmoid, 3, "`moody` refuses its parameters".into()),
    ] {
        assert_eq!(mistake(text, link), format!("at {place}: {rest}"), "{text}");
    }
    assert!(mistake("distance(sigma=0)", Sigmoid).starts_with("at 16: `sigma` is 0, expected "));
    assert!(mistake("bce @ decay(sigma=-5)", Sigmoid).starts_with("at 19: `sigma` is -5, "));
}

/// A preset stands in the text as a whole, so that is where it does not fit.
#[test]
fn a_preset_that_does_not_fit() {
    let in_room = |terms: usize, maps: usize| {
        let (mut term_places, mut map_places) = ([Term::default(); 3], [MapCall::default(); 1]);
        let (terms, maps) = (&mut term_places[..terms], &mut map_places[..maps]);
        let error = parse("preset: boundary", Sigmoid, registry(), terms, maps).map(|_| ());
        error.map_err(|error| (error.to_string(), error.place.text()))
    };
    let at = |rest: &str| Err((format!("at 9: {rest}"), "preset: boundary"));
    assert_eq!(in_room(2, 1), at("3 terms, expected at most 2"));
    assert_eq!(in_room(3, 0), at("1 maps, expected at most 0"));
    assert_eq!(in_room(3, 1), Ok(()));
}

#[test]
fn terms_made_by_hand() {
    let [hinge, cost, moody] = &TERMS;
    let refuse = |definition, values: &[f64], options| {
        Term::new(1.0, definition, values, options).unwrap_err().to_string()
    };
    let plain = Options::default;
    assert_eq!(
        refuse(hinge, &[1.0, 0.5], plain()),
        "`power` of `hinge` is 0.5, expected the place of a word"
    );
    assert_eq!(
        refuse(hinge, &[1.0, 2.0], plain()),
        "`power` of `hinge` is 2, expected the place of a word"
    );
    assert_eq!(
        refuse(hinge, &[1.0, -0.0], plain()),
        "`power` of `hinge` is -0, expected the place of a word"
    );
    assert_eq!(
        refuse(hinge, &[f64::NAN], plain()),
        "`margin` of `hinge` is NaN, expected a finite number, 0 or larger"
    );
    assert_eq!(refuse(hinge, &[1.0; 3], plain()), "`hinge` was given 3 values, expected at most 2");
    let pooled = Options { pool: Some(Pool::Batch), ..plain() };
    assert_eq!(
        refuse(hinge, &[], pooled),
        "`hinge` was given `pool`, expected options that its kind has"
    );
    let weighted = Options { weighted: true, ..plain() };
    assert_eq!(
        refuse(cost, &[], weighted),
        "`cost` was given `weighted`, expected options that its kind has"
    );
    let mapped = Options { maps: Maps::NONE.and(0).unwrap(), ..plain() };
    assert_eq!(
        refuse(moody, &[], mapped),
        "`moody` was given `maps`, expected options that its kind has"
    );
    let normalised = Options { normalise: Normalise::Weights, ..plain() };
    assert_eq!(
        refuse(moody, &[], normalised),
        "`moody` was given `normalise`, expected options that its kind has"
    );
    let listed = Options { class_weights: Some(NumberList::default()), ..plain() };
    assert_eq!(refuse(moody, &[], listed), "`moody` was given class weights, expected none");
    let map = |values: &[f64]| MapCall::new(&MAPS[0], values).unwrap_err().to_string();
    assert_eq!(map(&[f64::INFINITY]), "`gain` of `vessels` is inf, expected a finite number");
    assert_eq!(map(&[1.0, 7.0]), "`side` of `vessels` is 7, expected the place of a word");

    // A map that the loss was not told has no name, and is shown by its place.
    let unnamed = [Term::new(2.0, hinge, &[], mapped).unwrap()];
    assert_eq!(
        Plan::new(&unnamed, registry().kernels()).to_string(),
        "2*hinge @ map 0 of the call"
    );
}

#[test]
fn ranges_say_what_they_expect() {
    const INTEGERS: fn(i32, i32) -> Range =
        |smallest, largest| Range::Integers { smallest, largest };
    const OR_OFF: fn(f64, f64) -> Range =
        |smallest, largest| Range::NumbersOrOff { smallest, largest };
    let infinite = f64::INFINITY;
    for (range, text, short, within, outside) in [
        (Range::FINITE, "a finite number", "a finite number", -1e300, f64::NAN),
        (Range::FINITE, "a finite number", "a finite number", 0.0, infinite),
        (Range::at_least(1e-30), "a finite number, 1e-30 or larger", "1e-30 or larger", 1.0, 0.0),
        (Range::at_least(0.0), "a finite number, 0 or larger", "0 or larger", -0.0, infinite),
        (Range::within(-infinite, 2.0), "a finite number, 2 or smaller", "2 or smaller", 2.0, 2.5),
        (Range::within(0.0, 1.0), "0 to 1", "0 to 1", 1.0, -1e-300),
        (OR_OFF(0.0, 1.0), "0 to 1, or `off`", "0 to 1, or `off`", Range::OFF, -0.5),
        (OR_OFF(0.0, 1.0), "0 to 1, or `off`", "0 to 1, or `off`", 1.0, 1.5),
        (
            OR_OFF(0.0, infinite),
            "a finite number, 0 or larger, or `off`",
            "0 or larger, or `off`",
            Range::OFF,
            infinite,
        ),
        (INTEGERS(-3, 7), "an integer from -3 to 7", "an integer from -3 to 7", -3.0, 0.5),
        (INTEGERS(0, 1 << 30), "an integer from 0 to 2^30", "an integer from 0 to 2^30", 2.0, -1.0),
        (Range::Place(2), "the place of a word", "the place of a word", 1.0, -0.0),
    ] {
        assert_eq!((format!("{range}"), format!("{range:#}")), (text.into(), short.into()));
        assert!(range.contains(within) && !range.contains(outside), "{text}");
    }
}

#[test]
fn constructors_check_what_texts_do() {
    let refused = [
        (Focal::with(1.5, 2.0).unwrap_err(), "focal(alpha=1.5)"),
        (Focal::with(0.5, -2.0).unwrap_err(), "focal(gamma=-2)"),
        (Bce::with(-1.0, 0.0).unwrap_err(), "bce(pos_weight=-1)"),
        (Bce::with(1.0, 0.75).unwrap_err(), "bce(smoothing=0.75)"),
        (Poly1::epsilon(-1.5).unwrap_err(), "poly1(epsilon=-1.5)"),
        (Poly1Focal::with(1.0, -1.0).unwrap_err(), "poly1_focal(gamma=-1)"),
        (Tversky::with(0.5, -1.0, 0.0).unwrap_err(), "tversky(fn=-1)"),
        (FocalTversky::with(-1.0, 1.0, 1.0, 0.0).unwrap_err(), "focal_tversky(alpha=-1)"),
        (FocalTversky::with(1.0, 1.0, 1.0, -1.0).unwrap_err(), "focal_tversky(smooth=-1)"),
        (Band::new(-1, 5.0, Border::Zero).unwrap_err(), "boundary(theta=-1)"),
        (Band::new(1, -5.0, Border::Zero).unwrap_err(), "boundary(weight=-5)"),
        (Decay::new(0.0, Empty::Zero).unwrap_err(), "distance(sigma=0)"),
    ];
    for (error, text) in refused {
        let Error::Parameter { name, value, expected, .. } = error else { panic!("{error}") };
        let message = format!(": `{name}` is {value}, expected {expected}");
        assert!(mistake(text, Sigmoid).ends_with(&message), "{text}: {error}");
    }
    assert_eq!(Focal::from_values(&[0.5]), Focal::with(0.5, 2.0));
    assert_eq!(Focal::from_values(&[Range::OFF]), Focal::with(-1.0, 2.0));
    let (term, given, expected) = ("dice", 5, 4);
    assert_eq!(Dice::from_values(&[1.0; 5]), Err(Error::Arguments { term, given, expected }));
    // What is not given is like another parameter, or has its default.
    assert_eq!(Dice::from_values(&[3.0]), Dice::smooth(3.0));
    assert_eq!(Dice::from_values(&[3.0, 3.0, 0.0]), Dice::smooth(3.0));
    assert_ne!(Dice::from_values(&[3.0, 1e-6]), Dice::smooth(3.0));
}

fn link() -> impl Strategy<Value = Link> {
    prop::sample::select(vec![Sigmoid, Softmax])
}

fn not_below_0() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>()
            .prop_map(|bits| f64::from_bits(bits >> 1))
            .prop_filter("finite", |x| x.is_finite()),
        (0u32..1000).prop_map(|x| f64::from(x) / 8.0),
    ]
}

/// A choice of each option, of which those that a term has are taken.
type Drawn = (usize, f64, Vec<f64>, [bool; 10], Option<Vec<f64>>, Vec<(usize, Vec<f64>)>);

fn drawn() -> impl Strategy<Value = Drawn> {
    let list = || prop::collection::vec(not_below_0(), 0..5);
    let values = || prop::collection::vec(not_below_0(), 8);
    let maps = prop::collection::vec((any::<usize>(), values()), 0..3);
    (any::<usize>(), not_below_0(), values(), any::<[bool; 10]>(), prop::option::of(list()), maps)
}

/// Values as these parameters take them, made of any that are not negative.
fn fitting(parameters: &[Parameter], drawn: &[f64]) -> Vec<f64> {
    let fit = |(parameter, &value): (&Parameter, &f64)| match parameter.range {
        _ if parameter.name == "mood" => 0.0,
        Range::NumbersOrOff { .. } if value > 2.0 => Range::OFF,
        Range::Numbers { smallest, largest } | Range::NumbersOrOff { smallest, largest } => {
            match (smallest.is_finite(), largest.is_finite()) {
                (true, true) => smallest + value % (largest - smallest),
                (false, true) => largest - value,
                _ => value.max(smallest),
            }
        }
        Range::Integers { .. } => (value % 1000.0).floor(),
        Range::Place(words) => f64::from(value.to_bits() as u32 % words as u32),
    };
    let mut values: Vec<f64> = parameters.iter().zip(drawn).map(fit).collect();
    for (place, parameter) in parameters.iter().enumerate() {
        let other = parameters.iter().position(|other| parameter.like == Some(other.name));
        if let Some(other) = other {
            // Whether the other is given or has its default.
            values[place] = values[place].min(values[other]).min(parameters[other].default);
        }
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_loss_made_by_hand_reads_back(link in link(), all in prop::collection::vec(drawn(), 1..6)) {
        let registry = registry();
        let definitions: Vec<_> =
            registry.terms().filter(|term| term.link().is_none_or(|own| own == link)).collect();
        let map_definitions: Vec<_> = registry.maps().collect();
        let (mut terms, mut maps) = (vec![], Vec::<MapCall<'_, f32>>::new());
        for (which, coefficient, values, options, class_weights, map_values) in &all {
            let definition = definitions[which % definitions.len()];
            let [sum, second, third, fourth, fifth, sixth, seventh, eighth, ..] = *options;
            let [.., chosen, listed] = *options;
            let reduction = if sum { Reduction::Sum } else { Reduction::Mean };
            let mut own = Options { reduction, ..Options::default() };
            if definition.link().is_none() {
                own.pool = second.then_some(if third { Pool::Batch } else { Pool::Sample });
                own.empty = if fourth { Missing::Skip } else { Missing::Keep };
                own.absent = if fifth { Absent::Skip } else { Absent::Keep };
                own.weighted = sixth;
            }
            if definition.chooses_classes() {
                own.classes = match (chosen, listed) {
                    (false, _) => ClassesInUse::All,
                    (true, false) => ClassesInUse::Foreground,
                    (true, true) => ClassesInUse::Listed(NumberList::from(&[0.0, 2.0, 7.0][..])),
                };
            }
            if definition.classes == Some(ClassUse::Averaged) {
                own.average = if seventh { Average::Micro } else { Average::Macro };
                own.class_norm = if eighth { ClassNorm::Classes } else { ClassNorm::Weights };
                own.absent = if fifth && sixth { Absent::Zero } else { own.absent };
            }
            if definition.link().is_none() {
                // Maps are for terms of pixels.
            } else {
                own.normalise = if second { Normalise::Weights } else { Normalise::Valid };
                for (which, values) in map_values {
                    let map = map_definitions[which % map_definitions.len()];
                    let call = MapCall::new(map, &fitting(map.parameters, values)).unwrap();
                    let place = maps.iter().position(|other| *other == call);
                    if place.is_none() && maps.len() == 4 {
                        continue;
                    }
                    own.maps = own.maps.and(place.unwrap_or(maps.len())).unwrap();
                    if place.is_none() {
                        maps.push(call);
                    }
                }
            }
            if definition.class_weights.is_some() {
                own.class_weights = class_weights.as_deref().map(NumberList::from);
            }
            let values = fitting(definition.parameters, values);
            terms.push(Term::new(*coefficient, definition, &values, own).unwrap());
        }
        let loss = Plan::new(&terms, registry.kernels()).maps(&maps);
        let text = loss.to_string();
        read(&text, link, |again| assert_same(loss, again))
            .unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    #[test]
    fn any_text_of_a_loss_reads_back(
        link in link(), all in prop::collection::vec(drawn(), 1..6), space in "[ \n\t]{0,2}",
    ) {
        let registry = registry();
        let definitions: Vec<_> =
            registry.terms().filter(|term| term.link().is_none_or(|own| own == link)).collect();
        let mut text = String::new();
        for (which, coefficient, values, words, class_weights, maps) in &all {
            let [by_alias, backwards, all_values, ..] = *words;
            let definition = definitions[which % definitions.len()];
            if !text.is_empty() {
                text.push('+');
            }
            write!(text, "{space}{}{space}*{}", Number(*coefficient), definition.name).unwrap();
            let mut arguments = argument_texts(definition.parameters, values, by_alias, all_values);
            if let (Some(declared), Some(list)) = (definition.class_weights, class_weights) {
                arguments.push(format!("{}={}", declared.name, NumberList::from(&list[..])));
            }
            if backwards {
                arguments.reverse();
            }
            write!(text, "({}){space}", arguments.join(",")).unwrap();
            if definition.link().is_some()
                && let Some((which, values)) = maps.first()
            {
                let map = registry.maps().nth(which % registry.maps().count()).unwrap();
                let arguments = argument_texts(map.parameters, values, by_alias, all_values);
                let arguments = arguments.join(&format!(",{space}"));
                write!(text, "@{space}{}({space}{arguments})", map.name).unwrap();
            }
        }
        match read(&text, link, |_| ()) {
            Ok(()) => assert_round_trip(&text, link),
            // Five terms may have five maps.
            Err(error) => {
                prop_assert!(error.ends_with("5 maps, expected at most 4"), "{text}: {error}");
            }
        }
    }
}

/// Arguments of all parameters or of every other one.
fn argument_texts(
    parameters: &[Parameter],
    values: &[f64],
    by_alias: bool,
    all: bool,
) -> Vec<String> {
    let values = fitting(parameters, values);
    let given = parameters.iter().zip(&values).step_by(if all { 1 } else { 2 });
    let text = |(parameter, &value): (&Parameter, &f64)| {
        let name = parameter.also.filter(|_| by_alias).unwrap_or(parameter.name);
        match parameter.word(value) {
            Some(word) => format!("{name}={word}"),
            None => format!("{name}={}", Number(value)),
        }
    };
    given.map(text).collect()
}

#[test]
fn a_map_of_no_pixels_is_refused() {
    let shape = Shape::new(1, 1, &[0, 3]).unwrap();
    let targets = View::new(&[0u8; 0], Layout::channels_first(shape).unwrap()).unwrap().into();
    let registry = Registry::<f32>::builtin::<Scalar>();
    for text in ["band", "decay"] {
        let map = parse_map(text, registry).unwrap();
        let empty = Error::Empty { argument: "targets", shape };
        assert_eq!(map.scratch(&Call::sigmoid(), &targets), Err(empty), "{text}");
        let computed = map.compute(&Call::sigmoid(), &targets, &mut [], &mut [0f32; 0]);
        assert_eq!(computed, Err(empty), "{text}");
    }
}

/// The frame of a label map is no boundary of its classes, that of a mask is one of the foreground, unless
/// the text says otherwise.
#[test]
fn the_frame_is_a_boundary_of_masks_alone() {
    let shape = Shape::new(1, 1, &[1, 9]).unwrap();
    let targets = View::new(&[1u8; 9], Layout::channels_first(shape).unwrap()).unwrap().into();
    let registry = Registry::<f32>::builtin::<Scalar>();
    let in_band = |text: &str, call: Call<'_>| {
        let map = parse_map(text, registry).unwrap();
        let mut scratch = vec![0; map.scratch(&call, &targets).unwrap()];
        let mut weights = [0f32; 9];
        map.compute(&call, &targets, &mut scratch, &mut weights).unwrap();
        weights.iter().filter(|&&weight| weight == 5.0).count()
    };
    for (text, sigmoid, softmax) in [
        ("band", 9, 0),
        ("band(border=auto)", 9, 0),
        ("band(border=zero)", 9, 9),
        ("band(border=keep)", 0, 0),
    ] {
        assert_eq!(in_band(text, Call::sigmoid()), sigmoid, "{text}");
        assert_eq!(in_band(text, Call::softmax()), softmax, "{text}");
    }
}

/// A spacing is for maps that measure: that of a band is for what is nearest to void.
#[test]
fn a_spacing_that_nothing_measures_by_is_refused() {
    let registry = Registry::<f32>::builtin::<Scalar>();
    let check = |texts: &[&str], along: &[f64]| {
        let maps: Vec<_> = texts.iter().map(|text| parse_map(text, registry).unwrap()).collect();
        MapCall::check_spacing(&maps, Spacing::new(along).unwrap())
    };
    let spacing = [1.0, 2.0, 0.5];
    let expected = "1 along every axis, or a map that measures distances";
    let unused = Error::Unused { argument: "spacing", expected };
    assert_eq!(check(&[], &spacing[1..]), Err(unused));
    assert_eq!(check(&["band(void=cut)"], &spacing[1..]), Err(unused));
    assert_eq!(check(&["band(void=cut)"], &[1.0, 1.0]), Ok(()));
    for texts in [&["band"][..], &["decay(void=cut)"], &["band(void=cut)", "decay"]] {
        assert_eq!(check(texts, &spacing[1..]), Ok(()), "{texts:?}");
    }
    assert_eq!(
        unused.to_string(),
        "`spacing` is given and nothing uses it, expected 1 along every axis, or a map that measures distances"
    );
}
