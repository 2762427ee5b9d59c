//! The syntax of losses as text: what is read, what is refused and how that is said.

use proptest::prelude::*;
use segloss_core::text::*;

#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Preset(String),
    Sum(Vec<TermTree>),
}

#[derive(Clone, Debug, PartialEq)]
struct TermTree {
    coefficient: f64,
    call: CallTree,
    maps: Vec<CallTree>,
}

#[derive(Clone, Debug, PartialEq)]
struct CallTree {
    name: String,
    arguments: Vec<(String, ValueTree)>,
}

#[derive(Clone, Debug, PartialEq)]
enum ValueTree {
    Number(f64),
    Numbers(Vec<f64>),
    Word(String),
}

fn read<'a>(text: &'a str) -> Result<Tree, TextError<'a>> {
    Ok(match Syntax::parse(text)? {
        Syntax::Preset(name) => Tree::Preset(name.text.into()),
        Syntax::Sum(terms) => Tree::Sum(
            terms
                .map(|term| TermTree {
                    coefficient: term.coefficient,
                    call: read_call(term.call),
                    maps: term.maps().map(read_call).collect(),
                })
                .collect(),
        ),
    })
}

fn read_call(call: CallText<'_>) -> CallTree {
    let value = |value| match value {
        Value::Number(number) => ValueTree::Number(number),
        Value::Numbers(list) => {
            assert_eq!(list.len(), list.iter().count());
            assert_eq!(list.iter().size_hint(), (list.len(), Some(list.len())));
            ValueTree::Numbers(list.iter().collect())
        }
        Value::Word(word) => ValueTree::Word(word.text.into()),
    };
    let arguments = call.arguments().map(|a| (a.name.text.into(), value(a.value))).collect();
    CallTree { name: call.name.text.into(), arguments }
}

fn tree(text: &str) -> Tree {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn message(text: &str) -> String {
    Syntax::parse(text).expect_err(text).to_string()
}

fn plain(name: &str) -> CallTree {
    with(name, &[])
}

fn with(name: &str, arguments: &[(&str, ValueTree)]) -> CallTree {
    let arguments = arguments.iter().map(|(name, value)| ((*name).into(), value.clone()));
    CallTree { name: name.into(), arguments: arguments.collect() }
}

fn term(coefficient: f64, call: CallTree) -> TermTree {
    TermTree { coefficient, call, maps: vec![] }
}

use ValueTree::{Number as Num, Numbers as Nums};

fn word(text: &str) -> ValueTree {
    ValueTree::Word(text.into())
}

fn first(text: &str) -> TermText<'_> {
    match Syntax::parse(text) {
        Ok(Syntax::Sum(mut terms)) => terms.next().expect(text),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_weighted_sum() {
    let expected = Tree::Sum(vec![
        term(0.3, plain("bce")),
        term(0.4, with("dice", &[("smooth", Num(1e-6))])),
        term(0.3, with("boundary", &[("theta", Num(3.0)), ("weight", Num(5.0))])),
    ]);
    let text = "0.3*bce + 0.4*dice(smooth=1e-6) + 0.3*boundary(theta=3, weight=5)";
    assert_eq!(tree(text), expected);
    let dense: String = text.split(' ').collect();
    assert_eq!(tree(&dense), expected);
    let wide: String =
        text.split_inclusive(|c: char| "*+=(),".contains(c)).flat_map(|s| [s, "\r\n\t "]).collect();
    assert_eq!(tree(&format!("\u{a0}{wide}")), expected);
}

#[test]
fn maps_follow_their_term() {
    let ce = with("ce", &[("weights", Nums(vec![0.3, 1.0, 2.5]))]);
    let band = with("band", &[("theta", Num(3.0)), ("border", word("keep"))]);
    let maps = vec![band, plain("vessels")];
    let expected = TermTree { coefficient: 1.0, call: ce, maps };
    let text = "ce(weights=[0.3, 1, 2.5]) @ band(theta=3, border=keep) @ vessels";
    assert_eq!(tree(text), Tree::Sum(vec![expected.clone()]));
    let both = format!("bce+{text}+dice");
    let expected = vec![term(1.0, plain("bce")), expected, term(1.0, plain("dice"))];
    assert_eq!(tree(&both), Tree::Sum(expected));
}

#[test]
fn words_as_values() {
    let dice = with("dice", &[("pool", word("sample")), ("reduction", word("sum"))]);
    assert_eq!(tree("dice(pool=sample, reduction=sum)"), Tree::Sum(vec![term(1.0, dice)]));
}

#[test]
fn presets() {
    assert_eq!(tree("preset:medical"), Tree::Preset("medical".into()));
    assert_eq!(tree(" preset\n: boundary "), Tree::Preset("boundary".into()));
    // Without a colon it is a name.
    assert_eq!(tree("2*preset"), Tree::Sum(vec![term(2.0, plain("preset"))]));
    assert_eq!(message("preset:"), "at 8: expected the name of a preset, found the end");
    assert_eq!(message("preset:3"), "at 8: expected the name of a preset, found `3`");
    assert_eq!(message("preset:medical + bce"), "at 16: expected the end, found `+`");
    assert_eq!(
        message("bce + preset:medical"),
        "at 13: expected `(`, `@`, `+` or the end, found `:`"
    );
}

#[test]
fn empty_brackets() {
    let call = with("f", &[("a", Nums(vec![]))]);
    assert_eq!(tree("g() + f(a=[ ])"), Tree::Sum(vec![term(1.0, plain("g")), term(1.0, call)]));
}

#[test]
fn numbers_as_from_str_takes_them() {
    for text in
        ["1", "-1", "+1", ".5", "5.", "1.5e3", "1E+3", "1e-3", "5.e1", "-.5e-1", "-0", "007"]
    {
        let expected: f64 = text.parse().unwrap();
        assert_eq!(first(&format!("{text}*f")).coefficient.to_bits(), expected.to_bits(), "{text}");
        let list = format!("f(a=[{text},{text} , {text}])");
        let Value::Numbers(list) = first(&list).call.arguments().next().unwrap().value else {
            panic!("{list}");
        };
        assert_eq!(list, NumberList::from(&[expected; 3][..]), "{text}");
    }
}

#[test]
fn numbers_out_of_range() {
    let size = "is out of range, expected 0 or a size from 5e-324 to 1.7976931348623157e308";
    assert_eq!(message("1e999*bce"), format!("at 1: `1e999` {size}"));
    assert_eq!(message("f(a=-1e309)"), format!("at 5: `-1e309` {size}"));
    assert_eq!(message("f(a=[1, 1e-999])"), format!("at 9: `1e-999` {size}"));
    let zeros = "f(a=[0e999, -0.000e-999, 1.7976931348623157e308, 5e-324])";
    let zeros = first(zeros).call.arguments().next().unwrap().value;
    let expected = [0.0, 0.0, f64::MAX, f64::from_bits(1)];
    assert_eq!(zeros, Value::Numbers(NumberList::from(&expected[..])));
}

#[test]
fn numbers_that_are_not_finite() {
    for text in ["inf", "nan", "NaN", "-inf", "+Infinity", "-nan"] {
        let at = |place| format!("at {place}: expected a finite number, found `{text}`");
        assert_eq!(message(&format!("{text} * bce")), at(1));
        assert_eq!(message(&format!("bce(a={text})")), at(7));
        assert_eq!(message(&format!("bce(a=[{text}])")), at(8));
    }
    // As names they are like others, and unknown.
    assert_eq!(
        tree("inf(nan=info)"),
        Tree::Sum(vec![term(1.0, with("inf", &[("nan", word("info"))]))])
    );
}

#[test]
fn what_is_expected_where() {
    for (text, expected) in [
        ("*bce", "at 1: expected a term or a coefficient, found `*`"),
        ("bce +", "at 6: expected a term or a coefficient, found the end"),
        ("bce + + dice", "at 7: expected a term or a coefficient, found `+`"),
        ("bce - dice", "at 5: expected `(`, `@`, `+` or the end, found `-`"),
        ("bce + -dice", "at 7: expected a term or a coefficient, found `-dice`"),
        ("0.3", "at 4: expected `*` and a term, found the end"),
        ("0.3bce", "at 4: expected `*` and a term, found `bce`"),
        ("1.2.3*bce", "at 4: expected `*` and a term, found `.3`"),
        ("1e*bce", "at 2: expected `*` and a term, found `e`"),
        ("2*3*bce", "at 3: expected a term, found `3`"),
        ("bce*2", "at 4: expected `(`, `@`, `+` or the end, found `*`"),
        ("bce dice", "at 5: expected `(`, `@`, `+` or the end, found `dice`"),
        ("bce() 1.5e3", "at 7: expected `@`, `+` or the end, found `1.5e3`"),
        ("bce() @ m 2", "at 11: expected `(`, `@`, `+` or the end, found `2`"),
        ("bce @ m() )", "at 11: expected `@`, `+` or the end, found `)`"),
        ("bce @", "at 6: expected a map, found the end"),
        ("bce @ 2*m", "at 7: expected a map, found `2`"),
        ("dice(", "at 6: expected an argument or `)`, found the end"),
        ("dice(,", "at 6: expected an argument or `)`, found `,`"),
        ("dice(1e-6)", "at 6: expected an argument or `)`, found `1e-6`"),
        ("dice(smooth)", "at 12: expected `=`, found `)`"),
        ("dice(smooth=)", "at 13: expected a number, a list or a word, found `)`"),
        ("dice(smooth=-)", "at 13: expected a number, a list or a word, found `-`"),
        ("dice(smooth=.)", "at 13: expected a number, a list or a word, found `.`"),
        ("dice(smooth=1=", "at 14: expected `,` or `)`, found `=`"),
        ("dice(smooth=1,)", "at 15: expected an argument, found `)`"),
        ("dice(pool=sample batch)", "at 18: expected `,` or `)`, found `batch`"),
        ("ce(weights=[", "at 13: expected a number or `]`, found the end"),
        ("ce(weights=[a])", "at 13: expected a number or `]`, found `a`"),
        ("ce(weights=[1 2])", "at 15: expected `,` or `]`, found `2`"),
        ("ce(weights=[1,])", "at 15: expected a number, found `]`"),
        ("ce(weights=[1)", "at 14: expected `,` or `]`, found `)`"),
        ("bce\n  + dice(\n\tsmooth 1)", "at 3:9: expected `=`, found `1`"),
        ("bce'", "at 4: expected `(`, `@`, `+` or the end, found `'`"),
        ("bce\u{200b}", "at 4: expected `(`, `@`, `+` or the end, found `\\u{200b}`"),
        ("bce\0", "at 4: expected `(`, `@`, `+` or the end, found `\\0`"),
    ] {
        assert_eq!(message(text), expected, "{text}");
    }
}

#[test]
fn a_text_without_a_loss() {
    for (text, place) in [("", "1"), ("  ", "3"), ("\n\t", "2:2")] {
        let expected =
            format!("at {place}: the text is empty, expected a loss such as `bce + dice`");
        assert_eq!(message(text), expected);
    }
}

#[test]
fn repeated_arguments() {
    assert_eq!(
        message("dice(smooth=1, pool=batch, smooth=2)"),
        "at 28: `smooth` is given twice, expected once"
    );
    assert_eq!(message("bce @ band(a=1, a=1)"), "at 17: `a` is given twice, expected once");
    // Names are what they are written as, and each call has its own.
    assert!(Syntax::parse("f(a=1, A=1) @ m(a=1) + f(a=1)").is_ok());
}

#[test]
fn too_many_arguments() {
    let arguments = |count| (0..count).map(|i| format!("a{i}=0")).collect::<Vec<_>>().join(",");
    let most = format!("f({})", arguments(MAX_ARGUMENTS));
    assert_eq!(first(&most).call.arguments().count(), MAX_ARGUMENTS);
    let more = format!("f({})", arguments(MAX_ARGUMENTS + 1));
    let column = more.find("a32").unwrap() + 1;
    assert_eq!(message(&more), format!("at {column}: 33 arguments, expected at most 32"));
}

#[test]
fn places() {
    let term = first(" 2 * ce ( weights = [1, -2], pool= batch ) @ vessels");
    assert_eq!((term.place.position(), term.call.name.place.position()), (1, 5));
    let arguments: Vec<_> = term.call.arguments().collect();
    assert_eq!((arguments[0].name.place.position(), arguments[0].place.position()), (10, 20));
    assert_eq!((arguments[1].name.place.position(), arguments[1].place.position()), (29, 35));
    let Value::Word(batch) = arguments[1].value else { panic!() };
    assert_eq!((batch.text, batch.place), ("batch", arguments[1].place));
    let Value::Numbers(list) = arguments[0].value else { panic!() };
    let places = [0, 1, 2, usize::MAX].map(|i| list.place(i).map(Place::position));
    assert_eq!(places, [Some(21), Some(24), None, None]);
    assert_eq!(term.maps().next().unwrap().name.place.position(), 45);
}

#[test]
fn columns_are_characters() {
    let text = "bce +\u{3000}dice(größe=1)";
    let error = Syntax::parse(text).unwrap_err();
    assert_eq!(error.to_string(), "at 14: expected `=`, found `ö`");
    assert_eq!(error.place.position(), text.find('ö').unwrap());
    assert_eq!((error.place.line(), error.place.column()), (1, 14));
    assert_eq!(error.place.text(), text);
    assert_eq!(error.pointer().to_string(), format!("{text}\n             ^"));
    assert_eq!(message("ü"), "at 1: expected a term or a coefficient, found `ü`");
    assert_eq!(
        message("bce @ m\u{1f9e0}"),
        "at 8: expected `(`, `@`, `+` or the end, found `\u{1f9e0}`"
    );
}

#[test]
fn the_caret_stands_under_the_mistake() {
    let pointer = |text| Syntax::parse(text).unwrap_err().pointer().to_string();
    assert_eq!(pointer("dice(smooth:1)"), "dice(smooth:1)\n           ^");
    assert_eq!(pointer("bce +\r\n\tdice(1)\r\n+ ce"), "\tdice(1)\n\t     ^");
    assert_eq!(pointer("bce +"), "bce +\n     ^");
    assert_eq!(pointer("bce + \n"), "\n^");
    assert_eq!(pointer(""), "\n^");
    assert_eq!(pointer("bce\u{1b}[0m"), "bce\u{fffd}[0m\n   ^");
}

#[test]
fn names_that_are_not_known() {
    let term = first("0.3*dise(smoth=1, reduction=men) @ bend");
    let arguments: Vec<_> = term.call.arguments().collect();
    let map = term.maps().next().unwrap().name;
    let error = TextError::unknown(Named::Term, term.call.name, ["bce", "ce", "dice"]);
    assert_eq!(error.to_string(), "at 5: unknown term `dise`, did you mean `dice`?");
    let error = TextError::unknown(Named::Term, term.call.name, ["bce", "focal"]);
    assert_eq!(error.to_string(), "at 5: unknown term `dise`");
    let error = TextError::unknown_of(Named::Map, map, &["band", "decay"]);
    assert_eq!(error.to_string(), "at 36: unknown map `bend`, did you mean `band`?");
    let error = TextError::unknown_of(Named::Map, map, &["decay"]);
    assert_eq!(error.to_string(), "at 36: unknown map `bend`, expected `decay`");
    let error = TextError::unknown(Named::Argument("dice"), arguments[0].name, ["pool", "smooth"]);
    assert_eq!(error.to_string(), "at 10: `dice` has no argument `smoth`, did you mean `smooth`?");
    let Value::Word(choice) = arguments[1].value else { panic!() };
    let error = TextError::unknown_of(Named::Choice("reduction"), choice, &["mean", "sum"]);
    assert_eq!(error.to_string(), "at 29: `reduction` is `men`, did you mean `mean`?");
    let error = TextError::unknown_of(Named::Choice("reduction"), choice, &["all", "sum", "none"]);
    assert_eq!(error.to_string(), "at 29: `reduction` is `men`, expected `all`, `sum` or `none`");
    let Ok(Syntax::Preset(name)) = Syntax::parse("preset:Medical") else { panic!() };
    let error = TextError::unknown_of(Named::Preset, name, &["balanced", "medical"]);
    assert_eq!(error.to_string(), "at 8: unknown preset `Medical`, did you mean `medical`?");
}

#[test]
fn values_that_do_not_fit() {
    let term = first("f(alpha=[1, 2], gamma=two, pool=0.50)");
    let arguments: Vec<_> = term.call.arguments().collect();
    let message = |i: usize, expected| TextError::value(&arguments[i], expected).to_string();
    assert_eq!(message(0, "a number"), "at 9: `alpha` is a list of 2, expected a number");
    assert_eq!(message(1, "a number"), "at 23: `gamma` is `two`, expected a number");
    assert_eq!(
        message(2, "`sample` or `batch`"),
        "at 33: `pool` is 0.5, expected `sample` or `batch`"
    );
    let mistake = Mistake::Many { what: "numbers", count: 70, limit: 64 };
    let error = TextError::new(arguments[0].place, mistake);
    assert_eq!(error.to_string(), "at 9: 70 numbers, expected at most 64");
}

#[test]
fn errors_are_errors() {
    let error: Box<dyn core::error::Error> = Box::new(Syntax::parse("1").unwrap_err());
    assert_eq!(error.to_string(), "at 2: expected `*` and a term, found the end");
}

#[test]
fn lists_from_text_and_from_slices() {
    let Value::Numbers(text) = first("f(a=[1.0, 25e-1])").call.arguments().next().unwrap().value
    else {
        panic!();
    };
    let values = [1.0, 2.5];
    let slice = NumberList::from(&values[..]);
    assert_eq!(text, slice);
    assert_ne!(text, NumberList::from(&values[..1]));
    assert_ne!(text, NumberList::from(&[1.0, 2.0][..]));
    assert_ne!(NumberList::default(), slice);
    assert!(NumberList::default().is_empty() && !text.is_empty());
    assert_eq!(slice.place(0), None);
    for list in [text, slice] {
        assert_eq!((list.len(), list.iter().len()), (2, 2));
        assert_eq!(list.into_iter().collect::<Vec<_>>(), values);
        assert_eq!(
            (list.to_string(), format!("{list:?}")),
            ("[1, 2.5]".into(), "[1.0, 2.5]".into())
        );
        let mut numbers = list.iter();
        assert_eq!([numbers.next(), numbers.next()], [Some(1.0), Some(2.5)]);
        assert_eq!((numbers.len(), numbers.next(), numbers.next()), (0, None, None));
    }
    assert_eq!(NumberList::default().to_string(), "[]");
}

#[test]
fn numbers_are_shown_short() {
    for (value, expected) in [
        (3.0, "3"),
        (-0.25, "-0.25"),
        (0.0, "0"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e-5, "0.00001"),
        (9.999e-6, "9.999e-6"),
        (1e-6, "1e-6"),
        (1e15, "1000000000000000"),
        (9007199254740993e0, "9007199254740992"),
        (1e16, "1e16"),
        (-1.5e300, "-1.5e300"),
        (f64::from_bits(1), "5e-324"),
        (f64::INFINITY, "inf"),
    ] {
        assert_eq!(Number(value).to_string(), expected);
        assert_eq!(format!("{:.1}", Number(value)), expected);
    }
}

#[test]
fn suggestions() {
    let names = ["bce", "ce", "dice", "tversky", "focal_tversky", "focal", "boundary", "distance"];
    let suggested = |word| suggest(word, names);
    for (word, expected) in [
        ("dise", "dice"),
        ("dcie", "dice"),
        ("DICE", "dice"),
        ("Dise", "dice"),
        ("bec", "bce"),
        ("cbe", "bce"),
        ("fokal", "focal"),
        ("tversy", "tversky"),
        ("tverksy", "tversky"),
        ("focaltversky", "focal_tversky"),
        ("boundry", "boundary"),
        ("bounderie", "boundary"),
        ("distnace", "distance"),
    ] {
        assert_eq!(suggested(word), Some(expected), "{word}");
    }
    for word in ["", "x", "lovasz", "hausdorff", "dünn", "dice_dice_dice"] {
        assert_eq!(suggested(word), None, "{word}");
    }
    // The first of equally near ones; a single letter is not like another.
    assert_eq!(suggest("mat", ["map", "max"]), Some("map"));
    assert_eq!(suggest("a", ["b", "c"]), None);
    assert_eq!(suggest("a", []), None);
    // 32 bytes are compared, 33 only without regard to case.
    let (most, more) = ("x".repeat(32), "x".repeat(33));
    assert_eq!(suggest(&most[1..], [&*most]), Some(&*most));
    assert_eq!(suggest(&most, [&*more]), None);
    assert_eq!(suggest(&more.to_uppercase(), [&*more]), Some(&*more));
}

fn names() -> impl Strategy<Value = String> {
    "[A-Za-z_][A-Za-z0-9_]{0,8}"
}

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite()),
        (-1000i32..1000).prop_map(|x| f64::from(x) / 8.0),
    ]
}

fn values() -> impl Strategy<Value = ValueTree> {
    let finite_word = |word: &String| word.parse::<f64>().is_err();
    prop_oneof![
        finite().prop_map(ValueTree::Number),
        prop::collection::vec(finite(), 0..5).prop_map(ValueTree::Numbers),
        names().prop_filter("no number", finite_word).prop_map(ValueTree::Word),
    ]
}

fn calls() -> impl Strategy<Value = CallTree> {
    let arguments = prop::collection::btree_map(names(), values(), 0..4);
    (names(), arguments)
        .prop_map(|(name, list)| CallTree { name, arguments: list.into_iter().collect() })
}

fn trees() -> impl Strategy<Value = Tree> {
    let term = (finite(), calls(), prop::collection::vec(calls(), 0..3))
        .prop_map(|(coefficient, call, maps)| TermTree { coefficient, call, maps });
    prop_oneof![
        1 => names().prop_map(Tree::Preset),
        9 => prop::collection::vec(term, 1..4).prop_map(Tree::Sum),
    ]
}

fn written(tree: &Tree) -> Vec<String> {
    let mut tokens = vec![];
    match tree {
        Tree::Preset(name) => tokens.extend(["preset".into(), ":".into(), name.clone()]),
        Tree::Sum(terms) => {
            for (i, term) in terms.iter().enumerate() {
                if i > 0 {
                    tokens.push("+".into());
                }
                if term.coefficient != 1.0 {
                    tokens.extend([Number(term.coefficient).to_string(), "*".into()]);
                }
                write_call(&term.call, &mut tokens);
                for map in &term.maps {
                    tokens.push("@".into());
                    write_call(map, &mut tokens);
                }
            }
        }
    }
    tokens
}

fn write_call(call: &CallTree, tokens: &mut Vec<String>) {
    tokens.push(call.name.clone());
    if call.arguments.is_empty() {
        return;
    }
    for (i, (name, value)) in call.arguments.iter().enumerate() {
        let before = if i == 0 { "(" } else { "," };
        tokens.extend([before.into(), name.clone(), "=".into()]);
        tokens.push(match value {
            ValueTree::Number(value) => Number(*value).to_string(),
            ValueTree::Numbers(list) => NumberList::from(&list[..]).to_string(),
            ValueTree::Word(word) => word.clone(),
        });
    }
    tokens.push(")".into());
}

fn loss_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "preset", ":", "bce", "dice", "+", "-", "*", "@", "(", ")", "[", "]", ",", "=", "0.3",
        "1e", "inf", "nan", ".", " ", "\n", "ü", "1e999", "_", "smooth", "e5",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

/// Reads a text whatever it is; a mistake must lie within it, between two characters.
fn inspect(text: &str) {
    match read(text) {
        Ok(Tree::Sum(terms)) => assert!(!terms.is_empty()),
        Ok(Tree::Preset(name)) => assert!(!name.is_empty()),
        Err(error) => {
            let position = error.place.position();
            assert!(text.is_char_boundary(position), "{position}");
            assert_eq!(error.to_string().lines().count(), 1);
            assert_eq!(error.pointer().to_string().split('\n').count(), 2);
            if let Mistake::Unexpected { found, .. } = error.mistake {
                assert!(text[position..].starts_with(found));
                assert_eq!(found.is_empty(), position == text.len());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(tree in trees(), space in prop::sample::select(vec!["", " ", "\n\t"])) {
        let text = written(&tree).join(space);
        prop_assert_eq!(read(&text).map_err(|e| e.to_string()), Ok(tree));
    }

    #[test]
    fn every_cut_of_a_loss_is_read_or_refused(tree in trees()) {
        let text = written(&tree).join(" ");
        for end in 0..text.len() {
            inspect(&text[..end]);
            inspect(&text[end..]);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        inspect(&text);
    }

    #[test]
    fn any_tokens_are_read_or_refused(text in loss_like()) {
        inspect(&text);
    }

    #[test]
    fn numbers_read_back(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let shown = Number(value).to_string();
        prop_assert_eq!(shown.parse::<f64>().unwrap().to_bits(), bits);
        prop_assert_eq!(first(&format!("{shown}*f")).coefficient.to_bits(), bits);
        prop_assert!(shown.len() <= 24, "{}", shown);
    }

    #[test]
    fn suggestions_are_candidates(word in any::<String>(), names in prop::collection::vec(any::<String>(), 0..4)) {
        if let Some(suggested) = suggest(&word, names.iter().map(|n| &**n)) {
            prop_assert!(names.iter().any(|n| n == suggested));
        }
    }

    #[test]
    fn one_edit_is_suggested(name in "[a-z]{3,12}", at in any::<prop::sample::Index>(), edit in 0..4) {
        let mut word: Vec<char> = name.chars().collect();
        let at = at.index(word.len() - 1);
        match edit {
            0 => word.swap(at, at + 1),
            1 => word[at] = '_',
            2 => word.insert(at, '_'),
            _ => drop(word.remove(at)),
        }
        let word: String = word.into_iter().collect();
        prop_assert_eq!(suggest(&word, ["0123456789", &*name]), Some(&*name));
    }
}
