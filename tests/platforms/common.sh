# What the scripts beside this file share: packages, a Rust toolchain for a target, and how they say what they did. To be
# sourced by a bash with `set -euo pipefail`.
#
# Everything goes into target/cross (or $BREACHDEX_CROSS); nothing is changed about the system but that packages which are
# missing are installed, where this is root's and Debian's.

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PLATFORMS=$PROJECT/tests/platforms
CROSS=${BREACHDEX_CROSS:-$PROJECT/target/cross}
mkdir -p "$CROSS"
cd "$PROJECT"

# Where a part writes what it did and did not do, for the summary.
SUMMARY=${SUMMARY:-$CROSS/summary.txt}

say() { echo "$*"; }
did() { echo "$*" | tee -a "$SUMMARY"; }
skip() { did "skipped: $*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# install PACKAGE...: whether all of these Debian packages are there now.
install() {
    local missing=() package
    for package in "$@"; do
        dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    test ${#missing[@]} != 0 || return 0
    test "$(id -u)" = 0 && have apt-get || { say "missing: ${missing[*]}"; return 1; }
    # Never in place of something: rustc-web and rustc exclude each other.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}" >"$CROSS/apt.log" 2>&1 \
        || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove \
            "${missing[@]}" >"$CROSS/apt.log" 2>&1; } \
        || { say "cannot be installed: ${missing[*]}: $(tail -n 1 "$CROSS/apt.log")"; return 1; }
}

# unpack ARCHITECTURE FOLDER PACKAGE...: unpacks Debian packages of another architecture without installing them. Its lists
# and its state are its own, so that the system does not get another architecture.
unpack() {
    local architecture=$1 folder=$2 state=$CROSS/apt/$1
    shift 2
    have apt-get && have dpkg-deb || return 1
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$folder"
    : >"$state/status"
    local options=(-o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o "Dir::State=$state"
        -o "Dir::State::Lists=$state/lists" -o "Dir::State::status=$state/status" -o "Dir::Cache=$state/cache"
        -o Acquire::Languages=none -o "APT::Sandbox::User=root" -qq)
    test -e "$state/updated" || { apt-get "${options[@]}" update && touch "$state/updated"; } || return 1
    local package
    for package in "$@"; do
        test ! -e "$folder/.$package" || continue
        mkdir -p "$state/$package"
        (cd "$state/$package" && apt-get "${options[@]}" download "$package" && dpkg-deb -x ./*.deb "$folder") || return 1
        rm -r "${state:?}/$package"
        touch "$folder/.$package"
    done
}

# toolchain TARGET: has `rust` be a Cargo that builds for a target, and EXTRA_FLAGS what its rustc needs. Prefers what rustup
# has; Debian's second toolchain otherwise, with the standard library as a package or built from its sources.
toolchain() {
    local target=$1
    EXTRA_FLAGS=
    rustup target add "$target" >/dev/null 2>&1 || true
    if [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$target/lib" ]; then
        rust() { cargo "$@"; }
        TOOLCHAIN=$(rustc --version)
        return
    fi
    install rustc-web cargo-web rust-web-src || { skip "$target: no Rust toolchain has its library"; return 1; }
    TOOLCHAIN="$(/usr/bin/rustc --version), Debian"
    rust() { RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc /usr/bin/cargo "$@"; }
    local root=$CROSS/std/$target stamp
    stamp=$(/usr/bin/rustc --version)
    if [ "$(cat "$root/made" 2>/dev/null)" != "$stamp" ]; then
        rm -rf "$root"
        standard_library "$target" "$root" || { skip "$target: its standard library cannot be built"; return 1; }
        echo "$stamp" >"$root/made"
    fi
    EXTRA_FLAGS="--sysroot $root/usr"
}

standard_library() {
    local target=$1 root=$2
    # This one is a package.
    if [ "$target" = aarch64-unknown-linux-gnu ] && unpack arm64 "$root" libstd-rust-web-dev 2>/dev/null \
        && [ -d "$root/usr/lib/rustlib/$target/lib" ]; then
        return
    fi
    # A crate that has nothing, for which Cargo builds what it depends on. Two minutes of a processor.
    local crate=$CROSS/std/crate flags=
    mkdir -p "$crate"
    printf '%s\n' '[package]' 'name = "nothing"' 'version = "0.0.0"' 'edition = "2024"' '[lib]' 'path = "lib.rs"' '[workspace]' \
        >"$crate/Cargo.toml"
    echo '#![no_std]' >"$crate/lib.rs"
    case $target in *-musl) flags="-C target-feature=+crt-static" ;; esac
    local built=$CROSS/std/build-$target
    (cd "$crate" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=$flags CARGO_TARGET_DIR=$built /usr/bin/cargo build --quiet \
        --release -Zbuild-std=std,panic_unwind,test --target "$target") || return 1
    local library=$root/usr/lib/rustlib/$target/lib
    mkdir -p "$library"
    cp "$built/$target"/release/deps/lib*.r{lib,meta} "$library/"
    rm -rf "$library"/libnothing* "$built"
}

# flags TARGET [FLAG...]: what rustc is told for that target, and nothing for what runs here.
flags() {
    local name=${1^^}
    shift
    export "CARGO_TARGET_${name//-/_}_RUSTFLAGS=$EXTRA_FLAGS $*"
    export CARGO_TARGET_DIR=$CROSS/build
}

# counted NAME COMMAND...: runs tests, shows their output if they fail, and notes how many passed, and in what time.
counted() {
    local name=$1 output=$CROSS/output.txt began=$SECONDS
    shift
    if ! "$@" >"$output" 2>&1; then
        cat "$output"
        did "FAILED: $name"
        return 1
    fi
    local passed
    passed=$(sed -nE 's/^(.*[^0-9])?([0-9]+) passed.*/\2/p' "$output" | awk '{ sum += $1 } END { print sum + 0 }')
    grep '^skipped:' "$output" | while read -r line; do did "$name: $line"; done
    did "$name: ${passed:-0} passed in $((SECONDS - began)) s"
    test "${passed:-0}" != 0 || { cat "$output"; did "FAILED: $name: nothing was run"; return 1; }
}
