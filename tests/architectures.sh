#!/bin/bash
# architectures.sh PREFIX [NAME...]: core on other architectures gives the bits of this host, and meets golden
# vectors there. Names: aarch64, cortex-m4f, cortex-m0, riscv32, s390x, wasm32, wasm32-simd; all unless given.
#
# Needs rustup, apt (after `apt-get update`) and Node; the emulators of processes are installed, all else goes
# under PREFIX. A minute of a core each.
set -euo pipefail

prefix=$(mkdir -p "${1:?usage: architectures.sh PREFIX [NAME...]}" && cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- aarch64 cortex-m4f cortex-m0 riscv32 s390x wasm32 wasm32-simd
here=$(cd "$(dirname "$0")" && pwd)
. "$here/embedded/toolchain.sh"
results=$prefix/results
mkdir -p "$results"

# The table by rustup's compiler, for a target whose library it has.
by_rustup() {
    local target=$1
    shift
    rustup target add "$target" >&2
    cargo build --quiet --locked --profile table --bin table --target "$target" \
        --target-dir "$prefix/host" "$@"
}

# The program of each architecture, to standard output.
of_aarch64() {
    "$here/../.ci/install" gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user >&2
    local target=aarch64-unknown-linux-gnu
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    local folder=$prefix/host
    if rustup target add "$target" >&2; then
        by_rustup "$target" --features vectors
    else
        # Where rustup has the host's library alone, the standard library is built: minutes instead of seconds.
        folder=$prefix/target
        unpack_rust
        debian_cargo build --quiet --locked -Zbuild-std=std,panic_abort --profile table --bin table \
            --target "$target" --target-dir "$folder" --features vectors
    fi
    qemu-aarch64 -L /usr/aarch64-linux-gnu "$folder/$target/table/table"
}

of_cortex-m4f() {
    unpack_qemu
    bare thumbv7em-none-eabihf "-C link-arg=-Tlink.x"
    board "$prefix/target/thumbv7em-none-eabihf/table/table"
}

of_cortex-m0() {
    unpack_qemu
    bare thumbv6m-none-eabi "-C link-arg=-Tlink.x"
    # A larger processor that runs the same instructions: the emulator's M0 has too little memory.
    board "$prefix/target/thumbv6m-none-eabi/table/table" mps2-an385 cortex-m3
}

of_riscv32() {
    "$here/../.ci/install" qemu-user >&2
    bare riscv32imac-unknown-none-elf "-C link-arg=-e_start"
    qemu-riscv32 "$prefix/target/riscv32imac-unknown-none-elf/table/table"
}

# Big-endian.
of_s390x() {
    "$here/../.ci/install" qemu-user >&2
    bare s390x-unknown-linux-gnu "-C link-arg=-e_start -C relocation-model=static" \
        -Zbuild-std-features=compiler-builtins-mem
    qemu-s390x "$prefix/target/s390x-unknown-linux-gnu/table/table"
}

exports="-C link-arg=--export=table -C link-arg=--export=text -C link-arg=--export=length"

of_wasm32() {
    RUSTFLAGS=$exports by_rustup wasm32-unknown-unknown
    node "$here/embedded/table.mjs" "$prefix/host/wasm32-unknown-unknown/table/table.wasm"
}

of_wasm32-simd() {
    RUSTFLAGS="$exports -C target-feature=+simd128" by_rustup wasm32-unknown-unknown --features vectors
    node "$here/embedded/table.mjs" "$prefix/host/wasm32-unknown-unknown/table/table.wasm"
}

bare() {
    unpack_rust
    local target=$1 flags=$2
    shift 2
    cross "$target" "$flags" --profile table --bin table "$@"
}

cd "$here/embedded/firmware"
cargo run --quiet --locked --profile table --target-dir "$prefix/host" --bin table >"$results/table.txt"
cat "$results/table.txt"
for name in "$@"; do
    "of_$name" >"$results/$name.txt" || { cat "$results/$name.txt" && exit 1; }
    diff "$results/table.txt" "$results/$name.txt"
    echo "$name: $(wc -l <"$results/table.txt") lines, all bits equal"
done
