#!/bin/sh
# Our downloader and PyPI's hibp-downloader, each from our own server on loopback, at real density.
# Appends to a results file.
#
#   benches/download.sh [RESULTS-FILE]
#
# Runs after benches/serve.sh, whose index it serves, and `make clients`, which sets the peer up.
# BREACHDEX_BENCH_DATA is the folder for both. Leave the machine alone while it runs.
set -eu
cd "$(dirname "$0")/.."

results=${1:-benches/results/$(date -u +%F)-download.txt}
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
peer=${BREACHDEX_BENCH_PEER:-.venv-clients/hibp-downloader/bin/python}
cargo build --profile dist --quiet -p breachdex-cli -p breachdex-benches --features breachdex-cli/parquet
bin=$(cd "${CARGO_TARGET_DIR:-target}/dist" && pwd)
data=$(cd "$data" && pwd)
index=$data/serve.bdx
target=$data/download.bdx
store=$data/download-store
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$target" "$store" "$data"/.download.bdx.breachdex-download*' EXIT

"$bin/breachdex" serve --index "$index" --partial --workers 1 --listen 127.0.0.1:0 \
    >"$data/serve.out" 2>"$data/serve.log" &
server=$!
while ! grep -q listening "$data/serve.out"; do sleep 0.1; done
url=$(sed -n 's/listening on //p' "$data/serve.out")

"$bin/timing" --script "benches/download.sh" --out "$results"
time_command() {
    label=$1 remove=$2
    shift 2
    "$bin/timing" --label "$label" --runs 3 --items 8081408 --remove "$remove" --out "$results" -- "$@"
}
time_command "breachdex download, 4096 ranges into an index" "$target" \
    "$bin/breachdex" download -o "$target" --prefixes 00000-00FFF --base-url "$url"
# Equal ranges give equal indexes: a time for a wrong one is no time.
"$bin/breachdex" diff "$index" "$target" >&2
# The peer's files are left for its next run, which then asks whether they changed; so each run has its own.
for run in 1 2 3; do
    rm -rf "$store"
    "$bin/timing" --label "peer: hibp-downloader, 4096 ranges as .gz files, run $run" --runs 1 --items 8081408 \
        --out "$results" -- \
        "$peer" tests/clients/hibp-downloader/pull.py "$url" --data-path "$store" download \
        --first-hash 00000 --last-hash 00FFF
done
