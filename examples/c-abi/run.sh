#!/usr/bin/env bash
# Runs the example of every language that is there against an installed library: `examples/c-abi/run.sh PREFIX INDEX`, where INDEX
# holds the password `password`. Says which languages are missing.
set -euo pipefail

prefix=${1:?name the prefix}
index=${2:?name an index}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
library=$prefix/lib/libbreachdex.so
export LD_LIBRARY_PATH=$prefix/lib PKG_CONFIG_PATH=$prefix/lib/pkgconfig
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

try() { # LANGUAGE COMMAND...
    local language=$1 said code
    shift
    for case in "password|exposed|1" "correct horse battery 2026|not exposed|0"; do
        IFS='|' read -r password expected exit_code <<< "$case"
        code=0
        said=$("$@" <<< "$password") || code=$?
        [ "$said" = "$expected" ] && [ "$code" = "$exit_code" ] || {
            echo "$language: said '$said' with $code of '$password'" >&2
            exit 1
        }
    done
    echo "$language: right"
}

missing() { echo "$1: skipped, it is not here"; }

# In a command of its own, so that the program itself and the index's path are one command for `try`.
cc -std=c99 -Wall -Wextra -Werror -o "$scratch/check" "$here/check.c" $(pkg-config --cflags --libs breachdex 2>/dev/null ||
    echo "-I$prefix/include -L$prefix/lib -lbreachdex")
try C "$scratch/check" "$index"
if command -v python3 >/dev/null; then try Python python3 "$here/check.py" "$library" "$index"; else missing Python; fi
if command -v php >/dev/null && php -m | grep -qi '^ffi$'; then
    try PHP php -d ffi.enable=1 "$here/check.php" "$library" "$prefix/include/breachdex.h" "$index"
else missing "PHP with FFI"; fi
if command -v ruby >/dev/null; then try Ruby ruby "$here/check.rb" "$library" "$index"; else missing Ruby; fi
if command -v go >/dev/null; then
    (cd "$scratch" && CGO_CFLAGS="-I$prefix/include" CGO_LDFLAGS="-L$prefix/lib" GOFLAGS=-mod=mod GO111MODULE=off \
        go build -o check-go "$here/check.go")
    try Go "$scratch/check-go" "$index"
else missing Go; fi
