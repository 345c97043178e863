#!/usr/bin/env bash
# Other platforms than this one: compiled, and their tests run under emulation. Says what it skips, and exits with 1 if
# something failed. See tests/platforms and docs/site/platforms.md.
#
#   tests/cross.sh [aarch64|s390x|windows]...
set -euo pipefail
cd "$(dirname "$0")/.."

SUMMARY=${BREACHDEX_CROSS:-$PWD/target/cross}/summary.txt
export SUMMARY
mkdir -p "$(dirname "$SUMMARY")"
: >"$SUMMARY"
test $# != 0 || set -- aarch64 s390x windows
failed=0
for part in "$@"; do
    began=$SECONDS
    "tests/platforms/$part.sh" || { failed=1; echo "FAILED: $part" >>"$SUMMARY"; }
    echo "$part: $((SECONDS - began)) s in all" >>"$SUMMARY"
done
echo
echo "summary:"
cat "$SUMMARY"
exit $failed
