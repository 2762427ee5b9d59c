# Sourced: a compiler with the source of its library, and the emulator of a board, under $prefix.
#
# rustup's toolchain has no library source that `-Zbuild-std` accepts, Debian's rust-web has. Packages are
# unpacked, so nothing on the machine changes: installing qemu-system-arm would remove other packages, and
# rust-web would come before rustup on PATH. Needs `apt-get update` first, and rustup for its linker.

version=1.96.0

# unpack NAME PACKAGE...: unless it has been done.
unpack() {
    local name=$1 folder=$prefix/packages-$1
    shift
    [ ! -e "$prefix/has-$name" ] || return 0
    mkdir -p "$folder"
    (cd "$folder" && apt-get download -q "$@")
    for package in "$folder"/*.deb; do
        case ${package##*/} in
        # Of the sources only the library: the compiler's are large.
        rust-web-src*)
            dpkg-deb --fsys-tarfile "$package" | tar -x -C "$prefix" --wildcards \
                './usr/lib/rustlib/src/*' "./usr/src/rustc-$version/library/*"
            ;;
        *) dpkg -x "$package" "$prefix" ;;
        esac
    done
    rm -r "$folder"
    touch "$prefix/has-$name"
}

unpack_rust() {
    unpack rust rustc-web cargo-web rust-web-src libstd-rust-web-dev libstd-rust-web-1.96 libllvm22 \
        libgit2-1.5 libhttp-parser2.9 libmbedcrypto7 libmbedtls14 libmbedx509-1
}

unpack_qemu() {
    unpack qemu qemu-system-arm qemu-system-common qemu-system-data libcapstone4 libfdt1 libibverbs1 \
        libnl-3-200 libnl-route-3-200 libpmem1 libndctl6 libdaxctl1 librdmacm1 libslirp0 libvdeplug2
}

libraries() {
    echo "$prefix/usr/lib/x86_64-linux-gnu:$prefix/lib/x86_64-linux-gnu"
}

# The linker of rustup's toolchain.
linker() {
    find "$(rustc --print sysroot)" -name rust-lld -type f | head -n 1
}

# Debian's Cargo and compiler, whatever comes first on PATH.
debian_cargo() {
    env -u RUSTUP_TOOLCHAIN -u CARGO -u RUSTFLAGS -u CARGO_TARGET_DIR \
        LD_LIBRARY_PATH="$(libraries)" PATH="$prefix/usr/bin:/usr/bin:/bin" \
        RUSTC="$prefix/usr/bin/rustc" RUSTDOC="$prefix/usr/bin/rustdoc" RUSTC_BOOTSTRAP=1 \
        "$prefix/usr/bin/cargo" "$@"
}

# cross TARGET FLAGS ARGUMENT...: `cargo build` with them, for a target without an operating system or C library.
cross() {
    local target=$1 flags=$2 variable
    shift 2
    variable=CARGO_TARGET_$(echo "$target" | tr a-z- A-Z_)_RUSTFLAGS
    export "$variable=-C linker=$(linker) -C linker-flavor=ld.lld $flags"
    debian_cargo build --quiet --locked -Zbuild-std=core --target "$target" \
        --target-dir "$prefix/target" "$@"
}

# board PROGRAM [MACHINE CPU OPTION...]: a program on a board; its exit status is the program's.
board() {
    local program=$1 machine=${2:-mps2-an386} cpu=${3:-cortex-m4}
    shift $(($# < 3 ? $# : 3))
    LD_LIBRARY_PATH=$(libraries) timeout -k 5 120 "$prefix/usr/bin/qemu-system-arm" \
        -L "$prefix/usr/share/qemu" -machine "$machine" -cpu "$cpu" -nographic -monitor none \
        -serial null -semihosting-config enable=on,target=native -kernel "$program" "$@" </dev/null
}
