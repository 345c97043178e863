#!/bin/sh
# The range server for minutes under full load while its index is replaced every ten seconds: every answer must be
# a whole 200. Appends to a results file.
#
#   benches/soak.sh [SECONDS] [RESULTS-FILE]
#
# Needs wrk. BREACHDEX_BENCH_DATA is the folder for two indexes of 4,096 ranges of real density (600 MB).
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-600}
results=${2:-benches/results/$(date -u +%F)-soak.txt}
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
prefixes=00000-00FFF
mkdir -p "$data" "$(dirname "$results")"
cargo build --profile dist --quiet -p breachdex-cli -p breachdex-benches --features breachdex-cli/parquet
bin=$(cd "${CARGO_TARGET_DIR:-target}/dist" && pwd)
data=$(cd "$data" && pwd)
served=$data/soak.bdx
server= swapper=
trap 'kill $server $swapper 2>/dev/null || true; rm -f "$served" "$data"/soak-?.bdx "$data/soak-next.bdx"' EXIT

for seed in 1 2; do
    "$bin/corpus" --density 1973 --prefixes $prefixes --seed $seed "$data/soak.txt"
    "$bin/breachdex" build --force -o "$data/soak-$seed.bdx" --prefixes $prefixes "$data/soak.txt"
    rm "$data/soak.txt"
done
cp "$data/soak-1.bdx" "$served"
"$bin/breachdex" serve --index "$served" --partial --workers 1 --listen 127.0.0.1:0 \
    >"$data/serve.out" 2>"$data/serve.log" &
server=$!
while ! grep -q listening "$data/serve.out"; do sleep 0.1; done
url=$(sed -n 's/listening on //p' "$data/serve.out")

(
    seed=2
    while sleep 10; do
        cp "$data/soak-$seed.bdx" "$data/soak-next.bdx"
        mv "$data/soak-next.bdx" "$served"
        seed=$((3 - seed))
    done
) &
swapper=$!

# Every row of a body has 35 digits before its colon, and a body has no line end behind its last row: an answer that
# is cut, mixed or an error shows.
cat >"$data/soak.lua" <<'LUA'
local bad = 0
function init(args) math.randomseed(os.time()) end
function request() return wrk.format("GET", string.format("/range/%05X", math.random(0, 4095))) end
function response(status, headers, body)
    local whole = #body > 60000 and body:sub(-1) ~= "\n" and body:sub(36, 36) == ":"
    if status ~= 200 or not whole then
        bad = bad + 1
        if bad <= 5 then print("bad answer", status, #body) end
    end
end
LUA

exec 3>>"$results"
"$bin/timing" --script "benches/soak.sh $seconds" --out "$results"
echo '```' >&3
wrk -t1 -c16 -d"${seconds}s" --latency -s "$data/soak.lua" "$url" >&3
curl -fsS "$url/metrics" | grep -E '^breachdex_(swaps|refused|range_requests)' >&3
grep -E 'RssAnon|VmHWM' /proc/$server/status >&3
echo "log lines that are warnings or errors: $(grep -cE 'WARN|ERROR' "$data/serve.log" || true)" >&3
echo '```' >&3
