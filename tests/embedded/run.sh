#!/bin/bash
# run.sh PREFIX [c]: a Cortex-M4F in an emulator gives the bits of this host.
#
# Builds the firmware that trains, runs it, and compares every number that it prints. The losses of the firmware
# library must link with a panic handler that does not, which proves that none of them can panic; a function
# that can must fail to. With `c`, the same training from C too (needs gcc-arm-none-eabi and newlib).
# `apt-get update` first.
set -euo pipefail

prefix=$(mkdir -p "${1:?usage: run.sh PREFIX [c]}" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/toolchain.sh"
target=thumbv7em-none-eabihf
results=$prefix/results
mkdir -p "$results"
unpack_rust
unpack_qemu

cd "$here/firmware"
cargo run --quiet --locked --release --target-dir "$prefix/host" --bin train >"$results/host.txt"
cross "$target" "-C link-arg=-Tlink.x" --release --bin train
board "$prefix/target/$target/release/train" >"$results/board.txt"
grep '^#' "$results/board.txt"
grep -v '^#' "$results/board.txt" | diff "$results/host.txt" -
echo "Rust: $(wc -l <"$results/host.txt") lines, all bits equal"

cd "$here/../../ffi/firmware"
cross "$target" "" --release --features proof
library=$prefix/target/$target/release/libsegloss_firmware.a
links() {
    "$(linker)" -flavor gnu --gc-sections -u "$1" -e "$1" "$library" -o "$results/linked" \
        2>"$results/linked.txt"
}
for loss in bce focal dice tversky focal_tversky bce_dice bce_dice_map ce class_focal ce_dice poly1 poly1_focal \
    class_poly1 class_poly1_focal sce gce mae; do
    links "segloss_firmware_$loss" || { cat "$results/linked.txt" && exit 1; }
done
# The proof is worth something only if it can fail, for the reason that is meant.
! links segloss_firmware_evaluate
grep -q 'undefined symbol: segloss_firmware_can_panic' "$results/linked.txt"
echo "no loss by name can panic"

[ "${2:-}" = c ] || exit 0
cd "$here/c"
flags="-std=c11 -Wall -Wextra -Werror -Os -ffp-contract=off -I$here/../../include"
cpu="-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"
# What is run may have maps, which are proved by tests alone.
arm-none-eabi-gcc $flags $cpu --specs=rdimon.specs --specs=nano.specs -nostartfiles \
    -ffunction-sections -fdata-sections -Wl,--gc-sections -Wl,--no-warn-rwx-segments \
    -Wl,--no-warn-execstack -Wl,--defsym=segloss_firmware_can_panic=reset -T board.ld start.c train.c \
    "$(arm-none-eabi-gcc $cpu -print-file-name=rdimon-crt0.o)" "$library" -o "$results/c.elf"
board "$results/c.elf" >"$results/c.txt"
sed 's/ (.*//' "$results/host.txt" | diff - "$results/c.txt"
cargo build --quiet --locked --release --manifest-path "$here/../../ffi/firmware/Cargo.toml" \
    --target-dir "$prefix/host"
cc $flags train.c "$prefix/host/release/libsegloss_firmware.a" -o "$results/c-host"
"$results/c-host" | diff "$results/c.txt" -
echo "C: $(wc -l <"$results/c.txt") lines, all bits equal, on the board and here"
