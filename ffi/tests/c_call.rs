//! C and C++ programs call the library, linked both ways.

use segloss_c_tests::Linked;

use crate::LIBRARY;

#[test]
fn contract() {
    for linked in [Linked::Shared, Linked::Static] {
        LIBRARY.c99("tests/contract.c").run(linked).passed();
    }
}

#[test]
fn stages() {
    LIBRARY.c99("tests/stages.c").run(Linked::Shared).passed();
}

#[test]
#[cfg(unix)]
fn fork() {
    LIBRARY.c99("tests/fork.c").run(Linked::Shared).passed();
}

#[test]
fn maps() {
    LIBRARY.c99("tests/maps.c").run(Linked::Shared).passed();
}

#[test]
fn plugins() {
    LIBRARY.c99("tests/plugins.c").run(Linked::Shared).passed();
    let output = LIBRARY.c99("examples/plugin.c").run(Linked::Shared);
    assert_eq!(output.text, "0.587048\n");
}

#[test]
fn threads() {
    LIBRARY.c99("tests/threads.c").run(Linked::Shared).passed();
}

/// With declarations as in DLPack's header before the library's own.
#[test]
fn beside_dlpack() {
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dlpack.h");
    LIBRARY.c99("tests/contract.c").flags(&["-include", header]).run(Linked::Static).passed();
}

#[test]
fn quick_start() {
    let output = LIBRARY.c99("examples/quick_start.c").run(Linked::Shared);
    // Half of ln 2, and half of the dice loss of one half everywhere where there is nothing.
    assert_eq!(output.text, "0.846574\n");
}

#[test]
fn cpp_wrapper() {
    LIBRARY.cpp17("tests/wrapper.cpp").run(Linked::Shared).passed();
    LIBRARY
        .cpp17("tests/without_exceptions.cpp")
        .flags(&["-fno-exceptions"])
        .run(Linked::Shared)
        .passed();
    let output = LIBRARY.cpp17("examples/quick_start.cpp").run(Linked::Shared);
    assert_eq!(output.text, "0.846574\n");
}

#[test]
#[ignore = "OpenCV, which .ci/run installs and asks for"]
fn opencv() {
    let flags = ["-isystem", "/usr/include/opencv4", "-lopencv_core"];
    LIBRARY.cpp17("tests/opencv.cpp").flags(&flags).run(Linked::Shared).passed();
}

#[test]
fn training_step() {
    let source = include_str!("../examples/training_step.c");
    assert!(include_str!("../../docs/c-api.md").contains(&format!("```c\n{source}```")));
    let output = LIBRARY.c99("examples/training_step.c").run(Linked::Shared);
    assert_eq!(output.text.lines().count(), 5, "{}", output.text);
}

/// The page on targets shows what is between the tensors and the result.
#[test]
fn targets() {
    let page = include_str!("../../docs/targets.md");
    for (language, source) in [
        ("c", include_str!("../examples/targets.c")),
        ("cpp", include_str!("../examples/targets.cpp")),
    ] {
        let (_, block) = page.split_once(&format!("```{language}\n")).expect("a block");
        let (block, _) = block.split_once("```").expect("its end");
        let indented: String = block.lines().map(|line| format!("    {line}\n")).collect();
        assert!(source.contains(&indented), "{language}");
    }
    for program in [LIBRARY.c99("examples/targets.c"), LIBRARY.cpp17("examples/targets.cpp")] {
        // Of three classes alike, ln 3.
        assert_eq!(program.run(Linked::Shared).text, "1.098612 of 16 pixels\n");
    }
}

/// What readers are given is what is tested.
#[test]
fn quick_starts_are_in_the_readme() {
    let readme = include_str!("../../README.md");
    for (language, source) in [
        ("c", include_str!("../examples/quick_start.c")),
        ("cpp", include_str!("../examples/quick_start.cpp")),
    ] {
        assert!(readme.contains(&format!("```{language}\n{source}```")), "{language}");
        assert!(source.lines().count() < 40, "{language}");
    }
}
