#!/bin/sh
# run.sh [--slow | --all]: installs what the tests need and is missing, then runs them. By itself the quick
# ones; with --slow those that take minutes (every `f32` there is, optimised loops, long fuzzing, the crate of
# vectors without threads); with --all both.
set -eu
cd "$(dirname "$0")/.."

quick=true slow=false
case ${1:-} in
    '') ;;
    --slow) quick=false slow=true ;;
    --all) slow=true ;;
    *) echo "usage: run.sh [--slow | --all]" >&2; exit 2 ;;
esac

# The OpenCL code links the loader and runs on PoCL, which computes on the processor.
packages=
[ -e /etc/OpenCL/vendors/pocl.icd ] || packages="$packages pocl-opencl-icd"
/sbin/ldconfig -p | grep -q 'libOpenCL\.so ' || packages="$packages ocl-icd-opencl-dev"
# The module for Python is tested with NumPy, the packaging with CMake.
python3 -c 'import numpy' 2>/dev/null || /usr/bin/python3 -c 'import numpy' 2>/dev/null ||
    packages="$packages python3-numpy"
command -v cmake >/dev/null || packages="$packages cmake"
command -v pkg-config >/dev/null || packages="$packages pkg-config"
# shellcheck disable=SC2086
[ -z "$packages" ] || .ci/install $packages

# PoCL keeps what it has compiled, and so do we; no other platform's answers are mixed in.
target=${CARGO_TARGET_DIR:-$PWD/target}
export POCL_CACHE_DIR="$target/pocl-cache"
export SEGLOSS_OPENCL_CACHE="$target/opencl-cache"
export OCL_ICD_VENDORS=pocl.icd
mkdir -p "$POCL_CACHE_DIR"
# To build anew in parts costs more than it gives where everything is built once.
export CARGO_INCREMENTAL=0

if $quick; then
    # Not the examples and benchmarks that nobody runs here: each compiles every loss once more.
    cargo test --locked --workspace --tests
    cargo test --locked --workspace --doc
    # Of the whole workspace, because one package alone would be built anew, with other features.
    cargo build --quiet --locked --workspace --example squared_error --example jaccard
    for example in squared_error jaccard; do
        "$target/debug/examples/$example"
    done
fi
if $slow; then
    cargo build --locked --workspace --examples
    # Without threads, which the other parts turn on.
    cargo test --locked -p segloss-simd --tests
    cargo test --locked -p segloss-simd --doc
    # What is ignored for being slow: not what needs more tools, which `.ci/checks/c-callers` has, nor what prints
    # a table, nor what is exhaustive and comes next.
    cargo test --locked --workspace --test main -- --ignored --skip elementary:: --skip bounds::table \
        --skip valgrind --skip opencv --skip clang --skip snapshot
    # Recorded values on a device, for which PoCL compiles for minutes.
    cargo test --locked --workspace --test golden -- --ignored
    # Loops become vectors only where they are optimised. In several units, which takes half the time to build.
    export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
    cargo test --locked --release -p segloss-core -p segloss-conformance --test main -- \
        --include-ignored elementary:: same_bits::
fi
