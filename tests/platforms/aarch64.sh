#!/usr/bin/env bash
# 64-bit ARM Linux: everything that is released is compiled, and run under emulation: the library's tests on each kernel, the
# sessions of the command, a C program with libbreachdex, and the Python module in a Python for ARM. Says what it skips.
#
#   tests/platforms/aarch64.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

target=aarch64-unknown-linux-gnu
toolchain $target || exit 0
install gcc-aarch64-linux-gnu libc6-dev-arm64-cross || { skip "aarch64: no gcc-aarch64-linux-gnu, so nothing is linked"; exit 0; }
flags $target
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$PLATFORMS/emulated.sh aarch64"

began=$SECONDS
rust test --locked --quiet --package breachdex --lib --no-run --target $target
rust build --locked --quiet --package breachdex-cli --package breachdex-c --package breachdex-python --target $target
built=$CARGO_TARGET_DIR/$target/debug
did "aarch64: command, C library, Python module and the library's tests compiled in $((SECONDS - began)) s ($TOOLCHAIN)"

install qemu-user || { skip "aarch64: no qemu-user, so nothing is run"; exit 0; }
did "aarch64: emulated by $(qemu-aarch64 --version | head -n 1)"
failed=0
export PROPTEST_CASES=16
library() { rust test --locked --quiet --package breachdex --lib --target $target -- --quiet "$@"; }
counted "aarch64: library, NEON" library --skip far_tests --skip build::splice || failed=1
skip "aarch64: build::splice and index::far_tests, which take too long under emulation, or more address space than it has"
counted "aarch64: kernels and format, portable" env BREACHDEX_KERNEL=portable bash -c "$(declare -f rust library)
    cd '$PROJECT'; target=$target; library kernels:: format::" || failed=1
counted "aarch64: command" python3 "$PLATFORMS/sessions.py" --skip audit-reports="Parquet is not compiled here" \
    "$PLATFORMS/emulated.sh" aarch64 "$built/breachdex" || failed=1
counted "aarch64: C" "$PLATFORMS/aarch64_c.sh" "$built" || failed=1
counted "aarch64: Python" "$PLATFORMS/aarch64_python.sh" "$built" || failed=1
exit $failed
