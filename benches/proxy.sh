#!/bin/sh
# The proxy beside nginx's own proxying: the same site behind both, one worker each, wrk in front. Small answers to GET,
# and log-ins, which the proxy reads and looks up and nginx only passes on. nginx sets the same four headers.
# Appends to a results file. Besides wrk's figures it has the processor time that a request takes of each proxy, which
# repeats where other programs disturb the rest.
#
#   benches/proxy.sh [SECONDS] [RESULTS-FILE]
#
# Needs nginx and wrk. BREACHDEX_BENCH_DATA is the folder for what it writes. BREACHDEX_BENCH_COMMAND is a command that is
# already built. Leave the machine alone while it runs.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-10}
results=${2:-benches/results/$(date -u +%F)-proxy.txt}
data=${BREACHDEX_BENCH_DATA:-${TMPDIR:-/tmp}/breachdex-benches}
mkdir -p "$data" "$(dirname "$results")"
command=${BREACHDEX_BENCH_COMMAND:-}
if [ -z "$command" ]; then
    cargo build --profile dist --quiet --locked -p breachdex-cli --bin breachdex
    command=${CARGO_TARGET_DIR:-target}/dist/breachdex
fi
data=$(cd "$data" && pwd)
web=$data/proxy-web
proxy= site= peer=
trap 'kill $proxy $site $peer 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$web"' EXIT
mkdir -p "$web"

# conf NAME SERVER: an nginx of one worker.
conf() {
    cat >"$web/$1.conf" <<CONF
worker_processes 1;
daemon off;
pid $web/$1.pid;
error_log $web/$1.log;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path $web/1;
    proxy_temp_path $web/2;
    fastcgi_temp_path $web/3;
    uwsgi_temp_path $web/4;
    scgi_temp_path $web/5;
    upstream site { server 127.0.0.1:18997; keepalive 64; keepalive_requests 1000000000; }
    $2
}
CONF
    nginx -c "$web/$1.conf" &
}
body=$(head -c 1000 /dev/zero | tr '\0' x)
conf site "server { listen 127.0.0.1:18997; default_type text/html; location / { return 200 '$body'; } }"
site=$!
conf peer "server { listen 127.0.0.1:18998; location / { proxy_pass http://site; proxy_http_version 1.1;
    proxy_set_header Connection ''; proxy_set_header Host \$host; proxy_set_header X-Forwarded-For \$remote_addr;
    proxy_set_header X-Forwarded-Proto \$scheme; proxy_set_header X-Forwarded-Host \$host;
    proxy_set_header Forwarded 'for=\$remote_addr;host=\"\$host\";proto=\$scheme'; } }"
peer=$!
"$command" proxy --upstream http://127.0.0.1:18997 --listen 127.0.0.1:0 --workers 1 \
    --login 'POST /login user=email password=password' >"$data/proxy.out" 2>"$data/proxy.log" &
proxy=$!
while ! grep -q listening "$data/proxy.out"; do sleep 0.1; done
url=$(sed -n 's/listening on //p' "$data/proxy.out")
sleep 1

cat >"$data/login.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
local number = 0
function request()
    number = number + 1
    return wrk.format(nil, "/login", nil, "email=user" .. number .. "%40example.jp&password=Sommer" .. number .. "&next=%2F")
end
LUA

# What is compared must be equal.
curl -fsS http://127.0.0.1:18997/ >"$web/body"
curl -fsS "$url/" | cmp - "$web/body"
curl -fsS http://127.0.0.1:18998/ | cmp - "$web/body"

{
    echo "# benches/proxy.sh $seconds"
    date -u +%FT%TZ
    "$command" --version
    nginx -v 2>&1
    grep -m1 'model name' /proc/cpuinfo
    nproc
    uptime
} >>"$results"
ticks() {
    awk '{ print $14 + $15 }' "/proc/$1/stat"
}
# load NAME URL PROCESS [SCRIPT]
load() {
    before=$(ticks "$3")
    wrk -t1 -c16 -d"${seconds}s" --latency ${4:+-s "$4"} "$2" >"$data/wrk.out"
    after=$(ticks "$3")
    {
        echo ""
        echo "### $1"
        echo '```'
        cat "$data/wrk.out"
        awk -v ticks=$((after - before)) -v a_second="$(getconf CLK_TCK)" \
            '/requests in/ { printf "Processor time a request: %.1f us\n", ticks * 1e6 / a_second / $1 }' "$data/wrk.out"
        grep -E 'RssAnon|VmHWM' "/proc/$3/status"
        echo '```'
    } >>"$results"
    awk -v name="$1" -v ticks=$((after - before)) -v a_second="$(getconf CLK_TCK)" \
        '/requests in/ { count = $1 } /Requests\/sec/ { printf "%-32s %9.0f requests/s %6.1f us of processor time\n", name, $2, ticks * 1e6 / a_second / count }' \
        "$data/wrk.out"
}
worker=$(pgrep -P "$peer" | head -n 1)
for round in 1 2 3; do
    load "nginx, GET, round $round" http://127.0.0.1:18998/ "$worker"
    load "breachdex proxy, GET, round $round" "$url/" "$proxy"
    load "nginx, log-ins, round $round" http://127.0.0.1:18998/ "$worker" "$data/login.lua"
    load "breachdex proxy, log-ins, round $round" "$url/" "$proxy" "$data/login.lua"
done | tee "$data/proxy.table"
{
    echo ""
    echo "### All rounds"
    echo '```'
    cat "$data/proxy.table"
    echo '```'
} >>"$results"
