#!/usr/bin/env bash
# Verdicts and attempts a second of the sidecar: one worker, HTTP/1.1 over keep-alive, wrk on another core.
#
#     benches/sidecar.sh [SECONDS]
#
# Prints wrk's figures and the processor time that a request takes of the sidecar. The index has a million made-up
# passwords, is read and checked for every answer, as the command does, and is in the page cache. Needs wrk. Leave the machine
# alone meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
BENCH_PREFIX=${BENCH_PREFIX:-}
built=${CARGO_TARGET_DIR:-target}/dist
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
mkdir -p "$data"
cargo build --profile dist --package breachdex-sidecar --example measure --locked
cargo build --profile dist --package breachdex-cli --locked
[[ -e $data/base.bdx ]] || seq -f 'made-up password %.0f' 1000000 \
    | "$built/breachdex" build --format passwords --no-counts -o "$data/base.bdx" -

cat >"$data/sidecar.lua" <<'LUA'
local requests, number = {}, 0
local bodies = {
    verdict = function(i)
        -- Every eighth one is exposed.
        local password = i % 8 == 0 and string.format("made-up password %d", i) or string.format("kentucky-bluegrass-%d", i)
        return string.format('{"event":"sign_up","password":"%s","user_name":"hanako%d","email":"hanako%d@example.jp"}', password, i, i)
    end,
    attempt = function(i)
        return string.format('{"source":"198.51.%d.%d","account":"user%d@example.jp","outcome":"%s","password":"kentucky-bluegrass-%d"}',
            i % 200, i % 251, i, i % 5 == 0 and "succeeded" or "failed", i)
    end,
    check = function(i) return string.format('{"password":"kentucky-bluegrass-%d"}', i) end,
}
function init(arguments)
    local headers = { ["Content-Type"] = "application/json" }
    for i = 1, 8192 do
        requests[i] = wrk.format("POST", "/v1/" .. arguments[1], headers, bodies[arguments[1]](i))
    end
end
function request()
    number = number % #requests + 1
    return requests[number]
end
LUA

rm -f "$data/url"
# On a machine that does other things too: BENCH_PREFIX="chrt -f 10".
$BENCH_PREFIX "$built/examples/measure" "$data/base.bdx" 127.0.0.1:0 >"$data/url" &
sidecar=$!
trap 'kill $sidecar' EXIT
until [[ -s $data/url ]]; do sleep 0.1; done
url=$(head -1 "$data/url")
ticks() { awk '{ print $14 + $15 }' "/proc/$sidecar/stat"; }
for route in verdict attempt check; do
    $BENCH_PREFIX wrk -t1 -c16 -d2s -s "$data/sidecar.lua" "$url" -- "$route" >/dev/null
    before=$(ticks)
    $BENCH_PREFIX wrk -t1 -c16 -d"${seconds}s" --latency -s "$data/sidecar.lua" "$url" -- "$route" >"$data/wrk.out"
    used=$(($(ticks) - before))
    echo "== $route"
    cat "$data/wrk.out"
    awk -v ticks="$used" -v a_second="$(getconf CLK_TCK)" \
        '/requests in/ { printf "Processor time a request: %.1f us\n", ticks * 1e6 / a_second / $1 }' "$data/wrk.out"
done
