#!/usr/bin/env bash
# Builds libbreachdex and installs it under a prefix: the shared and the static library, the header and breachdex.pc. DESTDIR is put in
# front of the prefix while installing, as packages need it. PROFILE is a profile of Cargo; released is what `dist` builds.
#
#   crates/breachdex-c/install.sh /usr/local
set -euo pipefail

prefix=${1:?name the prefix, as in /usr/local}
profile=${PROFILE:-dist}
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$folder/../.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
major=${version%%.*}
# Before 1.0 every minor version may change the interface.
[ "$major" != 0 ] || major=${version%.*}
soname=libbreachdex.so.$major

cargo rustc --package breachdex-c --lib --locked --profile "$profile" --crate-type cdylib -- -C "link-arg=-Wl,-soname,$soname"
cargo rustc --package breachdex-c --lib --locked --profile "$profile" --crate-type staticlib
case $profile in dev) built=debug ;; *) built=$profile ;; esac
built=${CARGO_TARGET_DIR:-target}/$built

root=${DESTDIR:-}$prefix
install -d "$root/lib/pkgconfig" "$root/include"
install -m 755 "$built/libbreachdex_c.so" "$root/lib/libbreachdex.so.$version"
ln -sf "libbreachdex.so.$version" "$root/lib/$soname"
ln -sf "$soname" "$root/lib/libbreachdex.so"
install -m 644 "$built/libbreachdex_c.a" "$root/lib/libbreachdex.a"
install -m 644 "$folder/include/breachdex.h" "$root/include/breachdex.h"
sed "s|@PREFIX@|$prefix|; s|@VERSION@|$version|" "$folder/breachdex.pc.in" > "$root/lib/pkgconfig/breachdex.pc"
