#!/usr/bin/env bash
# The static command for Linux: built with musl by Zig, which needs no musl of the system's, and run in an empty root; the image
# of the Dockerfile, built without a daemon, its size, its settings, and the same run in what it contains.
#
#   tests/platforms/static.sh [x86_64|aarch64]
#
# STATIC_PROFILE is a profile of Cargo: `dist` unless set, as it is released, so that the image's size can be judged; and `release`,
# which is compiled in a third of the time, for another architecture, of which no image is made. The binary is
# target/cross/static/breachdex-ARCHITECTURE-linux-musl.
set -euo pipefail
source "$(dirname "$0")/common.sh"

architecture=${1:-x86_64}
profile=release
[ "$architecture" != "$(uname -m)" ] || profile=dist
profile=${STATIC_PROFILE:-$profile}
target=$architecture-unknown-linux-musl
binary=$CROSS/static/breachdex-$architecture-linux-musl

toolchain "$target" || exit 0
if ! "$CROSS/zig/bin/python" -m ziglang version >/dev/null 2>&1; then
    python3 -m venv "$CROSS/zig" && "$CROSS/zig/bin/pip" install --quiet --disable-pip-version-check --no-compile ziglang==0.17.1 \
        || { skip "static: no Zig, so nothing is linked"; exit 0; }
fi
export ZIG="$CROSS/zig/bin/python -m ziglang" ZIG_TARGET=$architecture-linux-musl
lower=${target//-/_}
export "CC_$lower=$PLATFORMS/zig_cc.sh" "AR_$lower=$PLATFORMS/zig_ar.sh" "CARGO_TARGET_${lower^^}_LINKER=$PLATFORMS/zig_cc.sh"
flags "$target" -C link-self-contained=no -C target-feature=+crt-static

began=$SECONDS
rust build --locked --quiet --profile "$profile" --features parquet --package breachdex-cli --target "$target" \
    --config "profile.$profile.strip=true"
mkdir -p "$CROSS/static"
cp "$CARGO_TARGET_DIR/$target/$profile/breachdex" "$binary"
did "static: $target, profile $profile, Zig $($ZIG version), $TOOLCHAIN: $(stat -c %s "$binary") bytes in $((SECONDS - began)) s"
! readelf --dynamic "$binary" 2>/dev/null | grep -q NEEDED || { did "FAILED: static: it needs shared libraries"; exit 1; }

if [ "$architecture" != "$(uname -m)" ]; then
    install qemu-user || { skip "static: no qemu-user, so the command for $architecture is not run"; exit 0; }
    counted "static: command for $architecture" python3 "$PLATFORMS/sessions.py" "qemu-$architecture" "$binary"
    exit
fi
failed=0
counted "static: command" python3 "$PLATFORMS/sessions.py" "$binary" || failed=1
counted "static: in an empty root" python3 "$PLATFORMS/container.py" "$binary" || failed=1
"$PLATFORMS/image.sh" "$binary" || failed=1
exit $failed
