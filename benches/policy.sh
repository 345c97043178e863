#!/bin/sh
# What a verdict costs, from Rust and from Python, against an index. Appends to a results file.
#
#   benches/policy.sh [ENTRIES] [RESULTS-FILE]
#
# Asks the index that benches/python.sh keeps in BREACHDEX_BENCH_DATA, with the wheel that it installed there; run that
# first. Leave the machine alone while it runs.
set -eu
cd "$(dirname "$0")/.."

entries=${1:-60000000}
results=${2:-benches/results/$(date -u +%F)-policy-$entries.txt}
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
index=$data/python-$entries.bdx
environment=$data/python-environment
[ -e "$index" ] && [ -d "$environment" ] || { echo "run benches/python.sh $entries first" >&2; exit 2; }
cargo build --profile dist --quiet -p breachdex-benches
bin=${CARGO_TARGET_DIR:-target}/dist
cat "$index" >/dev/null
"$bin/timing" --script "benches/policy.sh $entries" --out "$results"
"$bin/policy" "$index" | tee -a "$results"
"$environment/bin/python" benches/python/policy.py "$index" | tee -a "$results"
