#!/bin/sh
# Audits an NTLM dump, half of whose accounts are exposed: time, and the peak of all memory that is resident, the pages of
# the mapped index among it. Appends to a results file.
#
#   benches/audit.sh [ENTRIES] [ACCOUNTS] [RESULTS-FILE]
#
# BREACHDEX_BENCH_DATA is the folder for corpus, index and dump, which are kept there; 60 million entries want 4 GB.
# BREACHDEX_BENCH_COMMAND is a breachdex to measure instead of one that is built. Leave the machine alone while it runs.
set -eu
cd "$(dirname "$0")/.."

entries=${1:-60000000}
accounts=${2:-1000000}
results=${3:-benches/results/$(date -u +%F)-audit-$entries.txt}
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
mkdir -p "$data" "$(dirname "$results")"
unset BREACHDEX_INDEX || true

bin=${CARGO_TARGET_DIR:-target}/dist
breachdex=${BREACHDEX_BENCH_COMMAND:-$bin/breachdex}
cargo build --profile dist --quiet -p breachdex-benches
[ -n "${BREACHDEX_BENCH_COMMAND:-}" ] || cargo build --profile dist --quiet -p breachdex-cli --features parquet

corpus=$data/ntlm-$entries.txt
index=$data/ntlm-$entries.bdx
dump=$data/dump-$entries-$accounts.ntds
if [ ! -e "$index" ]; then
    "$bin/corpus" --kind ntlm --entries "$entries" "$corpus"
    "$breachdex" build --kind ntlm --force -o "$index" "$corpus"
fi
if [ ! -e "$dump" ]; then
    [ -e "$corpus" ] || "$bin/corpus" --kind ntlm --entries "$entries" "$corpus"
    half=$((accounts / 2))
    awk -v step="$((entries / half))" 'NR % step == 0' "$corpus" | head -n "$half" | shuf --random-source=/dev/zero \
        >"$data/known.part"
    "$bin/corpus" --kind ntlm --entries "$half" --seed 2 --shuffled - >"$data/unknown.part"
    paste -d '\n' "$data/known.part" "$data/unknown.part" |
        awk -F: '{ printf "CORP\\user%07d:%d:aad3b435b51404eeaad3b435b51404ee:%s:::\n", NR, NR + 1000, tolower($1) }' \
            >"$dump.part"
    mv "$dump.part" "$dump"
    rm -f "$data/known.part" "$data/unknown.part" "$corpus"
fi

"$bin/timing" --script "benches/audit.sh $entries $accounts" --out "$results"
cat "$index" "$dump" >/dev/null
time_audit() {
    label=$1
    shift
    "$bin/timing" --label "$label" --runs 5 --items "$accounts" --expect 1 --out "$results" -- \
        "$breachdex" audit -q --index "$index" "$@" "$dump"
    # All that is resident, as the system counts it for a process that has ended.
    python3 - "$label" "$breachdex" audit -q --index "$index" "$@" "$dump" <<'END' | tee -a "$results"
import resource, subprocess, sys
subprocess.run(sys.argv[2:], check=False)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{sys.argv[1]}: peak resident {peak:.0f} MiB, the index's pages among it\n")
END
}
time_audit "audit, summary"
time_audit "audit, page, CSV and Parquet" --force --html "$data/audit.html" --csv "$data/audit.csv" \
    --parquet "$data/audit.parquet"
rm -f "$data/audit.html" "$data/audit.csv" "$data/audit.parquet"
"$breachdex" audit --index "$index" --top 3 "$dump" || [ $? = 1 ]
