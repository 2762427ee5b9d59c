#!/bin/bash
# run.sh [SECONDS [TARGET...]]: libFuzzer on each target, guided by coverage of the library's own code, which
# is compiled with AddressSanitizer. Needs Debian's packages clang and libclang-rt-14-dev. Inputs that reached
# something new stay in target/fuzz/corpus/TARGET, and what failed in target/fuzz/failed.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-60}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(text tensors evaluate)
triple=$(rustc -vV | sed -n 's/^host: //p')
folder=target/fuzz
mkdir -p $folder/failed

# Sanitizers are unstable options of the same compiler. Their run-time library is clang's, once for both.
coverage="-C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4
    -C llvm-args=-sanitizer-coverage-inline-8bit-counters -C llvm-args=-sanitizer-coverage-pc-table
    -C llvm-args=-sanitizer-coverage-trace-compares"
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Z sanitizer=address -Z external-clangrt $coverage" \
    cargo rustc --locked --quiet -p segloss-ffi --lib --crate-type staticlib \
    --target "$triple" --target-dir $folder

for target in "${targets[@]}"; do
    clang -O1 -g -std=c99 -Wall -Wextra -Werror -DSEGLOSS_LIBFUZZER \
        -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I include \
        "ffi/fuzz/$target.c" "$folder/$triple/debug/libsegloss.a" \
        -lgcc_s -lpthread -ldl -lutil -lm -o "$folder/$target"
    mkdir -p "$folder/corpus/$target"
    echo "== $target"
    # The last line but the statistics tells coverage: edges, features, inputs kept.
    "$folder/$target" -max_total_time="$seconds" -max_len=1024 -len_control=20 -print_final_stats=1 \
        -artifact_prefix="$folder/failed/$target-" "$folder/corpus/$target" 2>"$folder/$target.log" ||
        { tail -n 50 "$folder/$target.log"; exit 1; }
    grep -E '^#[0-9]+.*DONE|number_of_executed_units' "$folder/$target.log"
done
