#!/bin/sh
# The range server beside nginx: the same bodies, one worker each, wrk on another core. The server runs twice: without
# a cache, so that every body is read and rendered, and with one that holds all of them.
# Appends to a results file. Besides wrk's figures it has the processor time that a request takes of the server, which
# repeats where other programs disturb the rest.
#
#   benches/serve.sh [SECONDS] [RESULTS-FILE]
#
# Needs nginx and wrk. BREACHDEX_BENCH_DATA is the folder for corpus, files and index (1 GB). Leave the machine
# alone while it runs.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-10}
results=${2:-benches/results/$(date -u +%F)-serve.txt}
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
prefixes=00000-00FFF
mkdir -p "$data" "$(dirname "$results")"

cargo build --profile dist --quiet --locked -p breachdex-cli -p breachdex-benches \
    --bin breachdex --bin corpus --bin timing --bin range
bin=${CARGO_TARGET_DIR:-target}/dist
bin=$(cd "$bin" && pwd)
data=$(cd "$data" && pwd)

ranges=$data/serve-ranges
index=$data/serve.bdx
server= keeping= web=
trap 'kill $server $keeping $web 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$data/serve-web"' EXIT

if [ ! -e "$index" ]; then
    mkdir -p "$ranges"
    "$bin/corpus" --density 1973 --prefixes $prefixes --ranges "$ranges"
    "$bin/breachdex" build -o "$index" --partial "$ranges"
fi
# The bodies that nginx sends are those of our index: the same work to send.
bodies=$data/serve-bodies
if [ ! -e "$bodies" ]; then
    mkdir -p "$bodies.part"
    for file in "$ranges"/*; do
        name=$(basename "$file" .txt)
        cp "$file" "$bodies.part/$name"
    done
    mv "$bodies.part" "$bodies"
fi

"$bin/breachdex" serve --index "$index" --partial --workers 1 --listen 127.0.0.1:0 --cache 0 \
    >"$data/serve.out" 2>"$data/serve.log" &
server=$!
"$bin/breachdex" serve --index "$index" --partial --workers 1 --listen 127.0.0.1:0 --cache 1GiB \
    >"$data/keeping.out" 2>"$data/keeping.log" &
keeping=$!
mkdir -p "$data/serve-web"
cat >"$data/serve-web/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $data/serve-web/pid;
error_log $data/serve-web/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=8192 inactive=1h;
    open_file_cache_valid 1h;
    default_type text/plain;
    client_body_temp_path $data/serve-web/1;
    proxy_temp_path $data/serve-web/2;
    fastcgi_temp_path $data/serve-web/3;
    uwsgi_temp_path $data/serve-web/4;
    scgi_temp_path $data/serve-web/5;
    server { listen 127.0.0.1:18999; location /range/ { alias $bodies/; } }
}
CONF
nginx -c "$data/serve-web/nginx.conf" &
web=$!
while ! grep -q listening "$data/serve.out" || ! grep -q listening "$data/keeping.out"; do sleep 0.1; done
url=$(sed -n 's/listening on //p' "$data/serve.out")
keeping_url=$(sed -n 's/listening on //p' "$data/keeping.out")
cat >"$data/serve.lua" <<'LUA'
local encoding = os.getenv("BENCH_ENCODING")
local headers = {}
if encoding then headers["Accept-Encoding"] = encoding end
function init(args) math.randomseed(os.time()) end
function request()
    return wrk.format("GET", string.format("/range/%05X", math.random(0, 4095)), headers)
end
LUA

# What is compared must be equal.
curl -fsS "$url/range/00ABC" | cmp - "$bodies/00ABC"
curl -fsS "http://127.0.0.1:18999/range/00ABC" | cmp - "$bodies/00ABC"
curl -fsS --compressed "$url/range/00ABC" | cmp - "$bodies/00ABC"

exec 3>>"$results"
"$bin/timing" --script "benches/serve.sh $seconds" --out "$results"
ticks() {
    awk '{ print $14 + $15 }' "/proc/$1/stat"
}
# load NAME URL PROCESS
load() {
    echo "" >&3
    echo "### $1" >&3
    echo '```' >&3
    before=$(ticks "$3")
    wrk -t1 -c16 -d"${seconds}s" --latency -s "$data/serve.lua" "$2" >"$data/wrk.out"
    after=$(ticks "$3")
    cat "$data/wrk.out" >&3
    awk -v ticks=$((after - before)) -v a_second="$(getconf CLK_TCK)" \
        '/requests in/ { printf "Processor time a request: %.1f us\n", ticks * 1e6 / a_second / $1 }' "$data/wrk.out" >&3
    grep -E 'RssAnon|VmHWM' "/proc/$3/status" >&3
    echo '```' >&3
}
sleep 1
worker=$(pgrep -P $web | head -n 1)
# What is asked for again is kept.
wrk -t1 -c16 -d5s -s "$data/serve.lua" "$keeping_url" >/dev/null
BENCH_ENCODING=gzip wrk -t1 -c16 -d5s -s "$data/serve.lua" "$keeping_url" >/dev/null
for round in 1 2 3; do
    load "nginx, round $round" http://127.0.0.1:18999 "$worker"
    load "breachdex serve, no cache, round $round" "$url" "$server"
    BENCH_ENCODING=gzip load "breachdex serve, no cache, gzip, round $round" "$url" "$server"
    load "breachdex serve, all kept, round $round" "$keeping_url" "$keeping"
    BENCH_ENCODING=gzip load "breachdex serve, all kept, gzip, round $round" "$keeping_url" "$keeping"
done
echo "" >&3
echo "### A range without the network" >&3
echo '```' >&3
(cd "$data" && "$bin/range" serve.bdx) >&3
echo '```' >&3
