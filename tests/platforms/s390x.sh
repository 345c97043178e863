#!/usr/bin/env bash
# Big-endian: the library's tests on s390x under emulation. A file has the same bytes there, and is read the same. Says what it
# skips.
#
#   tests/platforms/s390x.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

target=s390x-unknown-linux-gnu
toolchain $target || exit 0
install gcc-s390x-linux-gnu libc6-dev-s390x-cross || { skip "s390x: no gcc-s390x-linux-gnu, so nothing is linked"; exit 0; }
flags $target
export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-linux-gnu-gcc
export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER="$PLATFORMS/emulated.sh s390x"

began=$SECONDS
rust test --locked --quiet --package breachdex --lib --no-run --target $target
did "s390x: the library's tests compiled in $((SECONDS - began)) s ($TOOLCHAIN)"
install qemu-user || { skip "s390x: no qemu-user, so nothing is run"; exit 0; }
export PROPTEST_CASES=16
counted "s390x: library" rust test --locked --quiet --package breachdex --lib --target $target -- --quiet \
    --skip far_tests --skip build::splice
skip "s390x: build::splice and index::far_tests, which take too long under emulation, or more address space than it has"
