#!/bin/bash
# measure.sh PREFIX: what each loss takes on microcontrollers, as the tables of docs/embedded.md.
#
# Text: a program that is linked of that loss alone, with all it calls. Stack: what a call writes to on a painted
# stack. Instructions a pixel: by an emulator that counts them. All of value and gradient, f32 logits, u8 targets
# with ignored pixels, 1024 pixels, 3 classes. `apt-get update` first.
set -euo pipefail

prefix=$(mkdir -p "${1:?usage: measure.sh PREFIX}" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/toolchain.sh"
results=$prefix/results
mkdir -p "$results"
unpack_rust
unpack_qemu

# Bytes of text and constants of a loss.
text() {
    "$(linker)" -flavor gnu --gc-sections -u "$1" -e "$1" \
        "$prefix/target/$target/release/libsegloss_sizes.a" -o "$results/linked"
    python3 "$here/sizes.py" "$results/linked" | awk 'NR == 1 { print $2 + $4 }'
}

# table TARGET MACHINE CPU LEVEL FEATURES TITLE
table() {
    target=$1
    export CARGO_PROFILE_RELEASE_OPT_LEVEL=$4
    (cd "$here/sizes" && cross "$target" "" --release --features "$5")
    (cd "$here/firmware" && cross "$target" "-C link-arg=-Tlink.x" --release --bin costs --features "$5")
    board "$prefix/target/$target/release/costs" "$2" "$3" -icount shift=0 >"$results/costs.txt"
    printf '\n%s\n\n| loss | text, bytes | stack, bytes | instructions a pixel |\n|---|---|---|---|\n' "$6"
    tail -n +2 "$results/costs.txt" | while read -r loss stack instructions; do
        echo "| $loss | $(text "$loss") | $stack | $instructions |"
    done
    echo "| all | $(text all) | | |"
}

m4f="thumbv7em-none-eabihf mps2-an386 cortex-m4"
table $m4f s "" "Cortex-M4F, \`opt-level = \"s\"\`, sums in compensated f32:"
table $m4f 3 "" "Cortex-M4F, \`opt-level = 3\`, sums in compensated f32:"
table $m4f 3 double "Cortex-M4F, \`opt-level = 3\`, sums in f64:"
# The instructions of a Cortex-M0+, on a larger processor that has them too.
table thumbv6m-none-eabi mps2-an385 cortex-m3 s "" \
    "Cortex-M0+, \`opt-level = \"s\"\`, sums in compensated f32:"

# Modules of WebAssembly: one loss, three terms, and all.
rustup target add wasm32-unknown-unknown >&2
export CARGO_PROFILE_RELEASE_OPT_LEVEL=3
cargo build --quiet --locked --release --manifest-path "$here/sizes/Cargo.toml" \
    --target wasm32-unknown-unknown --target-dir "$prefix/host"
printf '\nWebAssembly, `opt-level = 3`: bytes of a module\n\n| losses | bytes |\n|---|---|\n'
for losses in bce bce_dice_boundary all; do
    "$(linker)" -flavor wasm --no-entry --export="$losses" --gc-sections --strip-all \
        "$prefix/host/wasm32-unknown-unknown/release/libsegloss_sizes.a" -o "$results/linked"
    echo "| $losses | $(stat -c %s "$results/linked") |"
done
