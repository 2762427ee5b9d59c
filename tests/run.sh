#!/bin/sh
# Installs what the tests need and is missing, then runs all of them.
set -eu
cd "$(dirname "$0")/.."

# The OpenCL code links the loader and runs on PoCL, which computes on the processor.
packages=
[ -e /etc/OpenCL/vendors/pocl.icd ] || packages="$packages pocl-opencl-icd"
/sbin/ldconfig -p | grep -q 'libOpenCL\.so ' || packages="$packages ocl-icd-opencl-dev"
# The module for Python is tested with NumPy, the packaging with CMake.
python3 -c 'import numpy' 2>/dev/null || /usr/bin/python3 -c 'import numpy' 2>/dev/null ||
    packages="$packages python3-numpy"
command -v cmake >/dev/null || packages="$packages cmake"
command -v pkg-config >/dev/null || packages="$packages pkg-config"
if [ -n "$packages" ]; then
    if [ "$(id -u)" -eq 0 ]; then as_root=; else as_root=sudo; fi
    $as_root apt-get update -q
    # shellcheck disable=SC2086
    $as_root apt-get install -y -q --no-install-recommends $packages
fi

# PoCL keeps what it has compiled, and so do we; no other platform's answers are mixed in.
export POCL_CACHE_DIR="${CARGO_TARGET_DIR:-$PWD/target}/pocl-cache"
export SEGLOSS_OPENCL_CACHE="${CARGO_TARGET_DIR:-$PWD/target}/opencl-cache"
export OCL_ICD_VENDORS=pocl.icd
mkdir -p "$POCL_CACHE_DIR"

cargo test --locked --workspace
# Without threads, which the other parts turn on.
cargo test --locked -p segloss-simd
for example in squared_error jaccard; do
    cargo run --quiet --locked -p segloss-core --example $example
done
# Loops become vectors only where they are optimised. In several units, which takes half the time to build.
export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
exec cargo test --locked --release -p segloss-core -p segloss-conformance \
    --test elementary --test same_bits
