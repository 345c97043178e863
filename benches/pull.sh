#!/bin/sh
# Bytes and time of `breachdex pull` beside rsync and zsync, over loopback, from nginx and an rsync daemon.
#
#     benches/pull.sh BREACHDEX FOLDER [ENTRIES]
#
# FOLDER holds old.bdx, spread.bdx, sparse.bdx, clustered.bdx and ranges.bdx (see benches/pull_corpus.py); what is missing is made. Needs nginx, rsync and
# zsync, and python3 with numpy. Bytes are those of all answers, heads included, as nginx counts them, or as rsync says.
set -eu
breachdex=$1 folder=$2 entries=${3:-4400000}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder/www"
cd "$folder"
port=18090 rsync_port=18873

for state in old spread sparse clustered ranges; do
    if [ ! -f $state.bdx ]; then
        [ -f txt/$state.txt ] || "${PYTHON:-python3}" "$here/pull_corpus.py" txt "$entries"
        date=2026-11-27; [ $state = old ] && date=2026-11-20
        "$breachdex" build txt/$state.txt -o $state.bdx --date $date > /dev/null
    fi
done

cat > nginx.conf <<EOF
daemon on; pid $folder/nginx.pid; error_log $folder/nginx.err;
events { worker_connections 256; }
http {
    log_format bytes '\$bytes_sent \$body_bytes_sent \$uri';
    access_log $folder/access.log bytes;
    keepalive_requests 1000000;
    client_body_temp_path $folder/b; proxy_temp_path $folder/p; fastcgi_temp_path $folder/f;
    uwsgi_temp_path $folder/u; scgi_temp_path $folder/s;
    server { listen 127.0.0.1:$port; root $folder/www; default_type application/octet-stream; }
}
EOF
cat > rsyncd.conf <<EOF
port = $rsync_port
address = 127.0.0.1
pid file = $folder/rsyncd.pid
use chroot = no
[www]
path = $folder/www
EOF
rm -f access.log nginx.pid rsyncd.pid
nginx -c "$folder/nginx.conf"
rsync --daemon --config=rsyncd.conf
stop() { kill "$(cat nginx.pid)" "$(cat rsyncd.pid)" 2> /dev/null || true; }
trap stop EXIT INT TERM
sleep 1

now() { date +%s.%N; }
sent() { sleep 0.3; awk '{ sum += $1 } END { print sum + 0 }' access.log; }
line() { awk -v name="$1" -v bytes="$2" -v whole="$3" -v from="$4" -v to="$5" -v requests="$6" 'BEGIN {
    printf "%-34s %11d bytes %7.2f %%  %7.2f s  %s\n", name, bytes, bytes * 100 / whole, to - from, requests }'; }
# `nginx` counts from here on.
count() { : > access.log; kill -USR1 "$(cat nginx.pid)"; sleep 0.2; }
requests() { echo "$(awk 'END { print NR }' access.log) requests"; }

pull() { # name, flags
    name=$1; shift
    cp old.bdx out.bdx
    count
    from=$(now)
    "$breachdex" pull http://127.0.0.1:$port/pwned.bdx -o out.bdx --unsigned --threads 1 --progress none "$@" > /dev/null
    to=$(now)
    cmp out.bdx www/pwned.bdx
    line "$name" "$(sent)" "$whole" "$from" "$to" "$(requests)"
}

echo "$("$breachdex" --version), $(nproc) processors, $(rsync --version | head -1), $(zsync -V 2>&1 | head -1)"
"$breachdex" info old.bdx | grep -E '^(entries|bytes)'
for state in clustered ranges sparse spread; do
    rm -f www/*
    cp $state.bdx www/pwned.bdx
    whole=$(stat -c %s www/pwned.bdx)
    echo
    echo "$state: $("$breachdex" diff old.bdx $state.bdx | grep -E 'ranges changed|added|counts' | tr -s ' ' | tr '\n' ';')"
    pull "pull"
    for gap in ${GAPS:-}; do pull "pull --gap $gap" --gap "$gap"; done
    "$breachdex" diff old.bdx $state.bdx --delta www/pwned.bdx > /dev/null 2> delta.said
    sed 's/.*, \([0-9]*\) bytes/delta of \1 bytes/' delta.said
    pull "pull with the delta"
    cp old.bdx out.bdx
    from=$(now)
    said=$(rsync --no-whole-file --stats rsync://127.0.0.1:$rsync_port/www/pwned.bdx out.bdx)
    to=$(now)
    cmp out.bdx www/pwned.bdx
    bytes=$(echo "$said" | awk -F': ' '/Total bytes (sent|received)/ { gsub(",", "", $2); sum += $2 } END { print sum }')
    line rsync "$bytes" "$whole" "$from" "$to" ""
    (cd www && zsyncmake -u http://127.0.0.1:$port/pwned.bdx -o pwned.bdx.zsync pwned.bdx > /dev/null 2>&1)
    cp old.bdx zold.bdx; rm -f pwned.bdx
    count
    from=$(now)
    zsync -q -i zold.bdx -o pwned.bdx http://127.0.0.1:$port/pwned.bdx.zsync > /dev/null 2>&1
    to=$(now)
    cmp pwned.bdx www/pwned.bdx
    line zsync "$(sent)" "$whole" "$from" "$to" "$(requests)"
done
rm -f out.bdx pwned.bdx zold.bdx delta.said
