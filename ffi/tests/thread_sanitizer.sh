#!/bin/bash
# ThreadSanitizer on the library, its standard library included, and on the C and C++ programs that share a loss
# between eight threads. Needs rustup's component rust-src and Debian's clang; takes some
# ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

triple=$(rustc -vV | sed -n 's/^host: //p')
folder=target/thread-sanitizer
# Sanitizers and a standard library of one's own are unstable options of the same compiler.
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Z sanitizer=thread -Z external-clangrt" \
    cargo rustc --locked --quiet -Z build-std -p segloss-ffi --lib --crate-type staticlib \
    --target "$triple" --target-dir $folder

# The run-time library is Rust's, once for both languages: Debian's clang has an older one without all that
# Rust's compiler asks for.
library="$folder/$triple/debug/libsegloss.a"
runtime=$(find "$(rustc --print target-libdir)" -name 'librustc-*_rt.tsan.a')
libraries=("$library" -Wl,--whole-archive "$runtime" -Wl,--no-whole-archive -Wl,--export-dynamic
    -lgcc_s -lpthread -ldl -lutil -lrt -lm)
clang -std=c99 -O1 -g -fsanitize=thread -I include -c ffi/tests/threads.c -o $folder/threads.o
clang $folder/threads.o "${libraries[@]}" -o $folder/threads
clang++ -std=c++17 -O1 -g -fsanitize=thread -I include -c ffi/tests/wrapper.cpp -o $folder/wrapper.o
clang++ $folder/wrapper.o "${libraries[@]}" -o $folder/wrapper
for program in threads wrapper; do
    echo "== $program"
    TSAN_OPTIONS="halt_on_error=1" "$folder/$program"
done
