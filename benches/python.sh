#!/bin/sh
# The Python module beside PyPI's pwnedpasswords-offline, on the same entries. Appends to a results file.
#
#   benches/python.sh [ENTRIES] [RESULTS-FILE]
#
# Builds the wheel as it would be published, and keeps its corpus in BREACHDEX_BENCH_DATA. 60 million entries want
# 8 GB of disk. BREACHDEX_BENCH_WHEEL is a wheel to measure instead. Leave the machine alone while it runs.
set -eu
cd "$(dirname "$0")/.."

entries=${1:-60000000}
results=${2:-benches/results/$(date -u +%F)-python.txt}
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
mkdir -p "$data"
data=$(cd "$data" && pwd)
cargo build --profile dist --quiet -p breachdex-benches
bin=$(cd "${CARGO_TARGET_DIR:-target}/dist" && pwd)
wheel=${BREACHDEX_BENCH_WHEEL:-}
if [ -z "$wheel" ]; then
    make wheel
    wheel=$(ls -t target/wheels/*.whl | head -1)
fi
environment=$data/python-environment
[ -d "$environment" ] || python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 pwnedpasswords-offline==1.2.0
"$environment/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"

index=$data/python-$entries.bdx
text=$data/python-$entries.txt
if [ ! -e "$text" ]; then
    # Known passwords among the synthetic digests, so that there is something to be found.
    "$bin/corpus" --entries "$entries" "$data/synthetic.txt"
    "$environment/bin/python" benches/python/known.py >"$data/known.txt"
    "$environment/bin/breachdex" build --force -o "$index" "$data/synthetic.txt" "$data/known.txt"
    "$environment/bin/breachdex" export "$index" >"$text"
    rm "$data/synthetic.txt" "$data/known.txt"
fi
"$bin/timing" --script "benches/python.sh $entries" --out "$results"
printf "wheel: %s bytes\n" "$(stat -c %s "$wheel")" | tee -a "$results"
"$environment/bin/python" benches/python/measure.py "$index" "$text" | tee -a "$results"
