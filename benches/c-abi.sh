#!/usr/bin/env bash
# Lookups by the library for C beside the same loop in Rust: the same index and questions, in turn. Processor time, so that other work
# on the machine counts little; then instructions, by callgrind. What happens once, such as opening the index, is subtracted.
#
#   benches/c-abi.sh [ENTRIES] [TURNS]        PROFILE=dist, unless it says another one; BREACHDEX is the command that builds the index
set -euo pipefail

entries=${1:-2000000}
turns=${2:-9}
profile=${PROFILE:-dist}
questions=200000
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --quiet --locked --profile "$profile" --package breachdex-c --lib --example lookups
built=${CARGO_TARGET_DIR:-target}/$profile
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 - "$entries" "$questions" "$folder" <<'PYTHON'
import random
import sys
from pathlib import Path

dice, entries, questions, folder = random.Random(1), int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
held = sorted(dice.randbytes(20) for _ in range(entries))
with (folder / "lines.txt").open("w") as lines:
    lines.writelines(f"{digest.hex().upper()}:{1 + number % 1000}\n" for number, digest in enumerate(held))
for name, count in (("questions", questions), ("few", questions // 10)):
    asked = [dice.choice(held) if number % 2 else dice.randbytes(20) for number in range(count)]
    (folder / name).write_bytes(b"".join(asked))
PYTHON
"${BREACHDEX:-target/$profile/breachdex}" build -o "$folder/index.bdx" "$folder/lines.txt" >/dev/null

cc -O2 -Wall -Wextra -Icrates/breachdex-c/include -o "$folder/c" benches/c-abi/lookups.c -L"$built" -lbreachdex_c
cp "$built/examples/lookups" "$folder/rust"
export LD_LIBRARY_PATH=$PWD/$built
TIMEFORMAT='%U'
# The user time of some rounds, in seconds.
spent() { { time "$folder/$1" "$folder/index.bdx" "$folder/questions" "$2" >/dev/null; } 2>&1; }
for turn in $(seq "$turns"); do
    for side in c rust; do
        awk -v once="$(spent $side 1)" -v all="$(spent $side 6)" -v turn="$turn" -v side=$side -v questions=$questions \
            'BEGIN { printf "turn %d, %s: %.1f ns of processor time a question\n", turn, side, (all - once) / 5 / questions * 1e9 }'
    done
done | tee "$folder/times"
for side in c rust; do
    sed -n "s/.*, $side: \([0-9.]*\) ns.*/\1/p" "$folder/times" | sort -n | awk -v side=$side \
        '{ all[NR] = $1 } END { printf "%s: median %.1f ns, best %.1f ns\n", side, all[int((NR + 1) / 2)], all[1] }'
done
command -v valgrind >/dev/null || { echo "no valgrind: instructions are not counted"; exit 0; }
for side in c rust; do
    for rounds in 1 2; do
        valgrind --tool=callgrind --callgrind-out-file="$folder/callgrind" "$folder/$side" "$folder/index.bdx" "$folder/few" $rounds 2>&1 >/dev/null \
            | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
    done | awk -v side=$side -v few=$((questions / 10)) '{ all[NR] = $1 } END { printf "%s: %.1f instructions a question\n", side, (all[2] - all[1]) / few }'
done
