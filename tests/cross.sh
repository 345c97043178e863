#!/bin/sh
# The library for 64-bit ARM: compiled, and the tests of its kernels and of the format run under emulation, where NEON does
# what AVX2 does elsewhere. Says what it skips: without the target's library nothing is compiled, without a linker nothing is
# linked, without an emulator nothing is run.
#
#   tests/cross.sh
#
# Debian has the linker and the emulator as gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user.
set -eu
cd "$(dirname "$0")/.."

target=aarch64-unknown-linux-gnu
rustup target add $target >/dev/null 2>&1 || true
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; then
    echo "skipped: Rust has no library for $target here, so nothing is compiled for it"
    exit 0
fi
if ! command -v aarch64-linux-gnu-gcc >/dev/null; then
    echo "skipped: there is no aarch64-linux-gnu-gcc, so nothing is linked; the library is checked without what is written in C"
    exec cargo check --package breachdex --lib --no-default-features --features live,parallel,system --target $target --locked
fi
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
cargo test --package breachdex --lib --no-run --target $target --locked
if ! command -v qemu-aarch64 >/dev/null; then
    echo "skipped: there is no qemu-aarch64, so the tests are compiled and not run"
    exit 0
fi
# One thread is the test program's own: programs that make threads hang under some versions of the emulator.
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
cargo test --package breachdex --lib --target $target --locked -- --test-threads=1 kernels:: format::
