#!/bin/sh
# The conformance tests on 64-bit Arm, emulated: the portable level then uses NEON. Needs rustup and apt; takes
# some ten minutes. Arguments select tests by name, e.g. `golden::`; without any, a few run.
set -eu
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
rustup target add "$target"
if ! command -v qemu-aarch64 >/dev/null || ! command -v aarch64-linux-gnu-gcc >/dev/null; then
    if [ "$(id -u)" -eq 0 ]; then as_root=; else as_root=sudo; fi
    $as_root apt-get update -q
    $as_root apt-get install -y -q --no-install-recommends \
        gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
fi
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
[ $# -gt 0 ] || set -- golden::engine:: accuracy::gradients:: maps::boundary_losses:: same_bits::threads::
exec cargo test --locked --target "$target" -p segloss-conformance --test main -- "$@"
