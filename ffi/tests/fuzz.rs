//! A short run of each fuzz target, with the sanitizers; `ffi/fuzz` tells of longer ones.

use segloss_c_tests::Linked;

use crate::LIBRARY;

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn targets_hold() {
    let sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    for target in ["fuzz/text.c", "fuzz/tensors.c", "fuzz/evaluate.c"] {
        let output = LIBRARY.c99(target).flags(&sanitizers).run(Linked::Shared);
        assert_eq!(output.text, "20000 inputs\n", "{target}");
    }
}
