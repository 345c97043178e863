#!/usr/bin/env bash
# A C program with libbreachdex for 64-bit ARM, linked to the shared and to the static library, under emulation.
#
#   tests/platforms/aarch64_c.sh FOLDER-OF-THE-BUILD
set -euo pipefail
source "$(dirname "$0")/common.sh"

built=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$PLATFORMS/emulated.sh" aarch64 "$built/breachdex" build --format passwords -o "$scratch/one.bdx" - <<<password >/dev/null 2>&1

compile=(aarch64-linux-gnu-gcc -std=c99 -Wall -Wextra -Werror -Icrates/breachdex-c/include examples/c-abi/check.c)
cp "$built/libbreachdex_c.so" "$scratch/"
cp "$built/libbreachdex_c.a" "$scratch/libbreachdex-static.a"
"${compile[@]}" -o "$scratch/shared" -L"$scratch" -lbreachdex_c -Wl,-rpath,"$scratch"
"${compile[@]}" -o "$scratch/static" "$scratch/libbreachdex-static.a" -lpthread -ldl -lm

passed=0
for program in shared static; do
    for case in "password|exposed|1" "correct horse battery 2026|not exposed|0"; do
        IFS='|' read -r password expected exit_code <<<"$case"
        code=0
        said=$(LD_LIBRARY_PATH=$scratch "$PLATFORMS/emulated.sh" aarch64 "$scratch/$program" "$scratch/one.bdx" <<<"$password") || code=$?
        [ "$said" = "$expected" ] && [ "$code" = "$exit_code" ] || { echo "$program: said '$said' with $code"; exit 1; }
        passed=$((passed + 1))
    done
done
echo "C: $passed passed, 0 failed"
