#!/bin/bash
# measure.sh PREFIX: text and stack of BCE, value and gradient, on a Cortex-M4F (thumbv7em).
#
# rustup's toolchain has no library source that `-Zbuild-std` accepts, Debian's rust-web has. Its
# packages are unpacked under PREFIX, so nothing on the machine changes. `apt-get update` first.
set -euo pipefail

prefix=$(mkdir -p "${1:?usage: measure.sh PREFIX}" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
target=thumbv7em-none-eabihf
version=1.96.0

unpack() {
    local folder=$prefix/packages
    mkdir -p "$folder"
    cd "$folder"
    apt-get download -q rustc-web cargo-web rust-web-src libstd-rust-web-dev libstd-rust-web-1.96 \
        libllvm22 libgit2-1.5 libhttp-parser2.9 libmbedcrypto7 libmbedtls14 libmbedx509-1
    for package in *.deb; do
        case $package in
        # Of the sources only the library: the compiler's are large.
        rust-web-src*)
            dpkg-deb --fsys-tarfile "$package" | tar -x -C "$prefix" --wildcards \
                './usr/lib/rustlib/src/*' "./usr/src/rustc-$version/library/*"
            ;;
        *) dpkg -x "$package" "$prefix" ;;
        esac
    done
    cd "$here"
    rm -r "$folder"
    touch "$prefix/unpacked"
}

# Debian's Cargo, with Debian's compiler, whatever comes first on PATH.
debian_cargo() {
    env -u RUSTUP_TOOLCHAIN -u CARGO -u RUSTFLAGS -u CARGO_TARGET_DIR \
        LD_LIBRARY_PATH="$prefix/usr/lib/x86_64-linux-gnu" PATH="$prefix/usr/bin:/usr/bin:/bin" \
        RUSTC="$prefix/usr/bin/rustc" RUSTDOC="$prefix/usr/bin/rustdoc" RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_THUMBV7EM_NONE_EABIHF_RUSTFLAGS="$flags" CARGO_PROFILE_RELEASE_OPT_LEVEL="$level" \
        "$prefix/usr/bin/cargo" "$@"
}

[ -e "$prefix/unpacked" ] || unpack

# The linker comes with rustup's toolchain.
lld=$(find "$(rustc --print sysroot)" -name rust-lld -type f | head -n 1)
flags="-C linker=$lld -C linker-flavor=ld.lld -C link-arg=-eentry -Z emit-stack-sizes"

cd "$here/firmware"
for level in s 3; do
    for features in "" compensated; do
        debian_cargo build --quiet --release --locked -Zbuild-std=core --target "$target" \
            --target-dir "$prefix/target" --features "$features"
        echo "== opt-level $level, sums in ${features:-f64}"
        python3 "$here/sizes.py" "$prefix/target/$target/release/segloss-firmware"
    done
done
