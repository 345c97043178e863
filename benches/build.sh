#!/bin/sh
# Times whole processes: building indexes from text, a peer that only converts it, and one-shot checks.
# Appends markdown to a results file.
#
#   benches/build.sh [ENTRIES] [RESULTS-FILE]
#
# BREACHDEX_BENCH_DATA is the folder for corpora and indexes (about 140 bytes an entry while it runs);
# BREACHDEX_BENCH_KEEP=1 leaves the corpora there. Leave the machine alone while it runs.
set -eu
cd "$(dirname "$0")/.."

entries=${1:-60000000}
results=${2:-benches/results/$(date -u +%F)-build-$entries.txt}
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
mkdir -p "$data" "$(dirname "$results")"
unset BREACHDEX_INDEX || true

cargo build --profile dist --quiet -p breachdex-cli -p breachdex-benches --features breachdex-cli/parquet
bin=${CARGO_TARGET_DIR:-target}/dist

sorted=$data/sha1-$entries-sorted.txt
shuffled=$data/sha1-$entries-shuffled.txt
index=$data/build-$entries.bdx
unsorted_index=$data/build-$entries-unsorted.bdx
flat=$data/build-$entries.flat
question=$data/build-question.txt
trap 'rm -f "$index" "$unsorted_index" "$flat" "$question" "$sorted.part" "$shuffled.part"' EXIT

[ -e "$sorted" ] || { "$bin/corpus" --entries "$entries" "$sorted.part" && mv "$sorted.part" "$sorted"; }
[ -e "$shuffled" ] ||
    { "$bin/corpus" --entries "$entries" --shuffled "$shuffled.part" && mv "$shuffled.part" "$shuffled"; }

# time LABEL RUNS OPTIONS... -- COMMAND...
time_command() {
    label=$1 runs=$2
    shift 2
    "$bin/timing" --label "$label" --runs "$runs" --out "$results" "$@"
}

# build LABEL RUNS INPUT OPTIONS...
time_build() {
    label=$1 runs=$2 input=$3
    shift 3
    cat "$input" >/dev/null
    time_command "$label" "$runs" --items "$entries" --remove "$index" -- \
        "$bin/breachdex" build -o "$index" "$@" "$input"
}

"$bin/timing" --script "benches/build.sh $entries" --out "$results"
time_build "build, sorted, --bits 64" 3 "$sorted" --bits 64
time_build "build, sorted, --threads 1" 3 "$sorted" --threads 1
time_build "build, unsorted, --memory 512MiB" 1 "$shuffled" --memory 512MiB
mv "$index" "$unsorted_index"
time_build "build, sorted" 3 "$sorted"
# Equal entries give equal files, in whatever order they came: a time for a wrong index is no time.
cmp "$index" "$unsorted_index"
rm -f "$unsorted_index"
cat "$sorted" >/dev/null
time_command "peer: text to a flat array of 24-byte records, one thread" 3 --items "$entries" --remove "$flat" -- \
    "$bin/flat" "$sorted" "$flat"
rm -f "$flat"

# One digest out of the middle of the corpus. Exit code 1 says exposed.
size=$(wc -c <"$sorted")
tail -c "+$((size / 2))" "$sorted" 2>/dev/null | sed -n '2{s/:.*//p;q;}' >"$question"
time_command "check --hash, $entries entries, exposed" 301 --stdin "$question" --expect 1 -- \
    "$bin/breachdex" check --hash --index "$index"
time_command "check --hash, starter index, not found" 301 --stdin "$question" -- \
    "$bin/breachdex" check --hash
printf 'password\n' >"$question"
time_command "check, starter index, exposed" 301 --stdin "$question" --expect 1 -- "$bin/breachdex" check
time_command "a process that does nothing (true)" 301 -- true

"$bin/shares" --out "$results"
cat "$sorted" >/dev/null
"$bin/shares" --entries "$entries" --label "sorted" --out "$results" "$sorted" "$index"
"$bin/shares" --entries "$entries" --label "sorted, 64 bits" --bits 64 --out "$results" "$sorted" "$index"
"$bin/shares" --entries "$entries" --label "sorted, one thread" --threads 1 --out "$results" "$sorted" "$index"
cat "$shuffled" >/dev/null
"$bin/shares" --entries "$entries" --label "unsorted, 512 MiB" --memory 512 --out "$results" "$shuffled" "$index"

[ "${BREACHDEX_BENCH_KEEP:-0}" = 1 ] || rm -f "$sorted" "$shuffled"
