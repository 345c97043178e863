#!/bin/sh
# The Django tests on the oldest Django that is supported, and with the newest Django on the newest Python, if one is
# present that it runs on. Says aloud what it skips.
#
# The package is imported from its folder, with the module that is there: its binary interface is that of every version.
#
#   python/tests/matrix.sh
set -eu
cd "$(dirname "$0")"
package=$(cd .. && pwd)
environments=$(cd ../.. && pwd)/target/python/matrix

# A Python of a version, on the path or among pyenv's; nothing when there is none.
find_python() {
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/"python$1"; do
        if "$candidate" --version >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
}

# Runs the tests in the folders named after the versions of Python and Django. Of Django REST framework it is the newest
# version that runs on that Django.
run() {
    version=$1 django=$2
    shift 2
    interpreter=$(find_python "$version")
    if [ -z "$interpreter" ]; then
        echo "skipped: there is no Python $version here, so Django $django is not tested on it"
        return
    fi
    environment=$environments/$version-django-$django
    [ -d "$environment" ] || "$interpreter" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "Django==$django.*" \
        $(grep -E '^(pytest|babel|django-allauth|djangorestframework|pydantic|gunicorn|uvicorn|argon2)' \
            ../requirements-test.txt | sed 's/^djangorestframework==.*/djangorestframework/')
    export PYTHONPATH=$package
    "$environment/bin/python" -c 'import django, sys; print("Python", sys.version.split()[0], "Django", django.__version__)'
    "$environment/bin/python" -m pytest -c ../pyproject.toml "$@"
}

run 3.11 4.2 django
run 3.13 6.1 django
