#!/bin/sh
# Types of the package, of each folder of its tests by itself (their modules share names) and of the examples.
#
#   python/types.sh PYTHON
set -eu
python=$(realpath -s "$1")
cd "$(dirname "$0")"
"$python" -m mypy --config-file mypy.ini -p breachdex
for folder in core rest web bulk docs replays shop spark; do
    MYPYPATH=$PWD:$PWD/../examples:$PWD/../docs:tests:tests/$folder "$python" -m mypy --config-file mypy.ini "tests/$folder"
done
# Beside the other folders its name would be taken for Django itself, so what it shares with them is found elsewhere.
shared=$(mktemp -d)
trap 'rm -r "$shared"' EXIT
ln -s "$PWD/tests/leaks.py" "$shared"
(cd tests/django && MYPYPATH=$PWD/../..:$shared "$python" -m mypy --config-file ../../mypy.ini ./*.py django_site/*.py)
"$python" -m mypy --strict ../docs/*.py
cd ../examples/django-shop
MYPYPATH=../../python "$python" -m mypy .
cd ../replay
MYPYPATH=..:../../python "$python" -m mypy -p replay
# Its settings import those of the shop, which is checked by itself.
MYPYPATH=..:../../python "$python" -m mypy --config-file ../incidents/mypy.ini -p incidents
