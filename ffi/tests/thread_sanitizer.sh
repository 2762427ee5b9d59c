#!/bin/bash
# ThreadSanitizer on the library, its standard library included, and on the C and C++ programs that share a loss
# between eight threads. Needs rustup's component rust-src and Debian's clang with libclang-rt-14-dev; takes some
# ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

triple=$(rustc -vV | sed -n 's/^host: //p')
folder=target/thread-sanitizer
# Sanitizers and a standard library of one's own are unstable options of the same compiler. The run-time
# library is clang's, once for both languages.
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Z sanitizer=thread -Z external-clangrt" \
    cargo rustc --locked --quiet -Z build-std -p segloss-ffi --lib --crate-type staticlib \
    --target "$triple" --target-dir $folder

library="$folder/$triple/debug/libsegloss.a"
libraries=(-lgcc_s -lpthread -ldl -lutil -lm)
clang -std=c99 -O1 -g -fsanitize=thread -I include ffi/tests/threads.c "$library" "${libraries[@]}" \
    -o $folder/threads
clang++ -std=c++17 -O1 -g -fsanitize=thread -I include ffi/tests/wrapper.cpp "$library" "${libraries[@]}" \
    -o $folder/wrapper
for program in threads wrapper; do
    echo "== $program"
    TSAN_OPTIONS="halt_on_error=1" "$folder/$program"
done
