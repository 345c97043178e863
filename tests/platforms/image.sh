#!/usr/bin/env bash
# The image of the Dockerfile from a command that is already built: its last stage, built by buildah without a daemon. Its size
# and settings are checked, and what it contains is run as its user, with nothing else there.
#
#   tests/platforms/image.sh PROGRAM
#
# The image is target/cross/image/breachdex.tar, for `docker load` or `podman load`.
set -euo pipefail
source "$(dirname "$0")/common.sh"

binary=$1
most=$((25 * 1000 * 1000))
folder=$CROSS/image
install buildah ca-certificates || { skip "image: no buildah, so none is built"; exit 0; }
rm -rf "$folder"
mkdir -p "$folder/build/image" "$folder/build/etc/ssl/certs" "$folder/root"
cp "$binary" "$folder/build/image/breachdex"
cp /etc/ssl/certs/ca-certificates.crt "$folder/build/etc/ssl/certs/"
# The first stage compiles the command; it is what lies in build/ here.
sed -n '/^FROM scratch/,$p' Dockerfile >"$folder/Dockerfile"

export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
store=(buildah --root "$folder/store" --runroot "$folder/run")
"${store[@]}" bud --quiet --format docker --timestamp "$(git log -1 --format=%ct)" --build-context "build=$folder/build" \
    -f "$folder/Dockerfile" -t breachdex . >"$folder/log" 2>&1 \
    || { tail -n 5 "$folder/log"; skip "image: buildah cannot build here"; exit 0; }
"${store[@]}" push --quiet localhost/breachdex "docker-archive:$folder/breachdex.tar:breachdex:latest"
"${store[@]}" inspect --type image localhost/breachdex >"$folder/settings.json"
python3 - "$folder/settings.json" <<'PYTHON'
import json, sys
settings = json.load(open(sys.argv[1]))["Docker"]["config"]
assert settings["User"] == "65532:65532", settings["User"]
assert settings["Entrypoint"] == ["/breachdex"], settings["Entrypoint"]
assert settings["Cmd"][0] == "serve", settings["Cmd"]
assert settings["Healthcheck"]["Test"][:3] == ["CMD", "/breachdex", "serve"], settings["Healthcheck"]
assert settings["StopSignal"] in ("SIGTERM", "15"), settings["StopSignal"]
PYTHON
size=$(stat -c %s "$folder/breachdex.tar")
did "image: $size bytes, compressed $(gzip -c "$folder/breachdex.tar" | wc -c)"
if [ "$size" -ge "$most" ]; then
    # What is released is built with `dist`; other profiles make larger programs.
    [ "${STATIC_PROFILE:-dist}" != dist ] || { did "FAILED: image: more than $most bytes"; exit 1; }
    skip "image: its size is not held against $most bytes, for the command was not built with STATIC_PROFILE=dist"
fi

container=$("${store[@]}" from localhost/breachdex)
cp -a "$("${store[@]}" mount "$container")/." "$folder/root/"
"${store[@]}" rm "$container" >/dev/null
counted "image: its content, as its user" python3 "$PLATFORMS/container.py" "$folder/root/breachdex" "$folder/root"
rm -rf "$folder/store" "$folder/run" "$folder/root" "$folder/build"
