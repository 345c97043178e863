#!/bin/sh
# Frameworks that are too large for the environment of the other tests, each in one of its own: Wagtail (with the admin of Django
# and createsuperuser), Flask-AppBuilder, and JupyterHub with NativeAuthenticator; or those that are named, among them Airflow
# and Superset, of which each takes minutes and half a gigabyte.
#
# The package is imported from its folder, with the module that is there.
#
#   python/tests/frameworks.sh [FRAMEWORK...]
set -eu
cd "$(dirname "$0")"
package=$(cd .. && pwd)
environments=$(cd ../.. && pwd)/target/python/frameworks

# Runs the tests of a folder with what its requirements name.
run() {
    environment=$environments/$1
    [ -x "$environment/bin/python" ] || python3 -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "frameworks/$1/requirements.txt" \
        $(grep -E '^pytest==' ../requirements-test.txt)
    # Warnings are those of other packages, which are not ours to be rid of.
    PYTHONPATH=$package:$package/tests "$environment/bin/python" -m pytest -c ../pyproject.toml -p no:randomly \
        -W ignore "frameworks/$1"
}

[ $# -gt 0 ] || set -- wagtail appbuilder jupyterhub
for framework; do
    run "$framework"
done
