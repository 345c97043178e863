#!/usr/bin/env bash
# Windows: the command and the library's tests compiled for x86_64-pc-windows-gnu, and the
# tests and the sessions of the command run by Wine. Says what it skips. Wine is not Windows: it lets everybody read what is
# locked, and its files are those of Linux.
#
#   tests/platforms/windows.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

target=x86_64-pc-windows-gnu
toolchain $target || exit 0
install gcc-mingw-w64-x86-64-posix || { skip "windows: no MinGW, so nothing is linked"; exit 0; }
# Import libraries are made of what Rust's declarations say; the crates' own lie in their packages.
flags $target
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc-posix
export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc-posix
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$PLATFORMS/wine.sh"

began=$SECONDS
rust test --locked --quiet --package breachdex --lib --no-run --target $target
rust build --locked --quiet --package breachdex-cli --target $target
built=$CARGO_TARGET_DIR/$target/debug
did "windows: command and the library's tests compiled in $((SECONDS - began)) s ($TOOLCHAIN)"

install wine wine64 || { skip "windows: no Wine, so nothing is run"; exit 0; }
wine=$(command -v /usr/lib/wine/wine64 wine64 wine 2>/dev/null | head -n 1)
export WINE=$wine WINEPREFIX=$CROSS/wine
did "windows: run by $($wine --version)"
# Wine before 9 lacks this library, which Rust's random numbers come from.
x86_64-w64-mingw32-gcc-posix -shared -o "$built/bcryptprimitives.dll" "$PLATFORMS/bcryptprimitives.c" -ladvapi32
cp "$built/bcryptprimitives.dll" "$built/deps/"
failed=0
export PROPTEST_CASES=16
# Wine is slow at files, and files of exabytes are none of its.
counted "windows: library" rust test --locked --quiet --package breachdex --lib --target $target -- --quiet \
    --skip far_tests --skip build::splice --skip a_stopped_build_leaves_nothing || failed=1
skip "windows: build::splice and index::far_tests, which take too long under Wine; a_stopped_build_leaves_nothing, where Wine removes the" \
    "file only once its last handle is closed"
counted "windows: command" python3 "$PLATFORMS/sessions.py" --windows --skip audit-reports="Parquet is not compiled here" \
    "$PLATFORMS/wine.sh" "$built/breachdex.exe" || failed=1
counted "windows: password prompt on a console" python3 "$PLATFORMS/console.py" "$PLATFORMS/wine.sh" "$built/breachdex.exe" || failed=1
exit $failed
