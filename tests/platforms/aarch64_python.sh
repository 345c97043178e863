#!/usr/bin/env bash
# The Python module for 64-bit ARM in Debian's Python for it, under emulation.
#
#   tests/platforms/aarch64_python.sh FOLDER-OF-THE-BUILD
set -euo pipefail
source "$(dirname "$0")/common.sh"

built=$1 root=$CROSS/python-arm64
unpack arm64 "$root" libc6 libgcc-s1 zlib1g libexpat1 libffi8 libssl3 libcrypt1 libuuid1 libbz2-1.0 liblzma5 \
    libpython3.11-minimal libpython3.11-stdlib python3.11-minimal >/dev/null \
    || { echo "skipped: Debian's Python for ARM cannot be had"; echo "0 passed"; exit 0; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/package"
cp -r python/breachdex "$scratch/package/"
rm -rf "$scratch"/package/breachdex/*.so "$scratch"/package/breachdex/__pycache__
cp "$built/lib_breachdex.so" "$scratch/package/breachdex/_breachdex.abi3.so"
PYTHONDONTWRITEBYTECODE=1 PYTHONHOME=$root/usr PYTHONPATH=$scratch/package \
    qemu-aarch64 -L "$root" "$root/usr/bin/python3.11" "$PLATFORMS/module.py" "$scratch"
