#!/bin/bash
# Inside: starts, reloads, restarts and stops the units, and says a line for each step that units.py compares.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
say() { echo "$*"; }
state() { say "$1 $2: $(systemctl show -p ActiveState,SubState,Result --value "$2" | tr '\n' ' ')"; }
owner() { ps -o user:40= -p "$(systemctl show -p MainPID --value "$1")"; }
sidecar() { curl -s --unix-socket /run/breachdex-sidecar/sidecar.sock "$@"; }
verdict() { sidecar --json '{"event": "sign_up", "password": "Ki7mQzw2"}' http://localhost/v1/verdict | grep -o '"action":"[a-z]*"' | head -1; }
until_is() { for _ in $(seq 300); do [ "$("${@:2}")" = "$1" ] && return; sleep 0.2; done; }
ip link set lo up

systemctl start breachdex.service
state started breachdex.service
say "range: $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/range/21BC1), as $(owner breachdex.service)"
systemctl reload breachdex.service
state reloaded breachdex.service

runuser -u breachdex -- /usr/local/bin/breachdex download --base-url http://127.0.0.1:8080 --prefixes 21BC0-21BC3 -o /var/lib/breachdex/own.bdx >/var/log/units/download 2>&1
runuser -u breachdex -- mv /var/lib/breachdex/next.bdx /var/lib/breachdex/pwned.bdx
body() { curl -s http://127.0.0.1:8080/range/21BC1 | tr -d '\r' | grep -c ':9$'; }
until_is 3 body
say "rows of the next index: $(body)"
systemctl start breachdex-update.service
state updated breachdex-update.service
say "own.bdx: $(stat -c '%U:%G %a' /var/lib/breachdex/own.bdx)"
systemctl start breachdex-update.timer
state started breachdex-update.timer

systemctl start breachdex-sidecar.service
state started breachdex-sidecar.service
say "sidecar: $(sidecar http://localhost/healthz), as $(owner breachdex-sidecar.service)"
say "socket: $(stat -c '%G %a' /run/breachdex-sidecar/sidecar.sock), state: $(stat -c '%a' /var/lib/breachdex-sidecar/radar)"
systemctl restart breachdex-sidecar.service
state restarted breachdex-sidecar.service
say "verdict: $(verdict)"
printf 'profile = "nist"\nrules = { exposed = false }\n' > /etc/breachdex/policy.toml
until_is '"action":"reject"' verdict
say "verdict by the changed policy: $(verdict)"

python3 -m http.server --bind 127.0.0.1 9000 >/dev/null 2>&1 &
until_is 200 curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9000/
systemctl start breachdex-proxy.service
state started breachdex-proxy.service
say "site: $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8081/), proxy: $(curl -s http://127.0.0.1:9091/healthz), as $(owner breachdex-proxy.service)"
systemctl reload breachdex-proxy.service
state reloaded breachdex-proxy.service

for unit in breachdex breachdex-sidecar breachdex-proxy; do
    systemctl stop $unit.service
    state stopped $unit.service
done
# The port that systemd opens: without --listen.
printf '[Service]\nExecStart=\nExecStart=/usr/local/bin/breachdex serve --partial --index /var/lib/breachdex/pwned.bdx\n' \
    > /etc/systemd/system/breachdex.service.d/socket.conf
systemctl daemon-reload
systemctl start breachdex.socket
say "range by the socket: $(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/range/21BC1)"
state started breachdex.service
say end
systemctl exit
