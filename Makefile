# `make test` sets up what it needs and runs everything; see README.md and CONTRIBUTING.md.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VENV := .venv
# What is run of tests/clients; mypy follows the imports.
CLIENTS := tests/clients/run.py tests/clients/pwned-passwords-django/ask.py tests/clients/hibp-downloader/pull.py
# Seconds of mutation fuzzing per target group.
FUZZ_SECONDS ?= 30
# The Python package, installed from a wheel that is built from its source distribution.
PYTHON_VENV := .venv-python
PYTHON := $(PYTHON_VENV)/bin/python
# What drives a browser comes last: it leaves an event loop behind in which others cannot start theirs.
PYTHON_TESTS := core django web docs bulk replays shop
export BREACHDEX_FUZZ_SECONDS := $(FUZZ_SECONDS)

.PHONY: test lint rust-lint python-lint rust-checks rust-test clients portable-test docs python-environment python-install \
	python-test python-checks browser wheel

# One command after another keeps one of two cores idle: cargo waits for linkers, pytest for one interpreter. The wheel
# comes between, since both sides use what it compiles.
test:
	$(MAKE) --jobs=2 --output-sync=target lint python-environment
	$(MAKE) python-install
	$(MAKE) --jobs=2 --output-sync=target python-checks rust-checks

lint: rust-lint python-lint

python-environment: $(PYTHON_VENV)/made browser

rust-checks:
	$(MAKE) rust-test
	$(MAKE) clients
	$(MAKE) portable-test
	$(MAKE) docs

rust-lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

$(VENV)/bin/ruff:
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet ruff==0.17.6 mypy==2.4.1

python-lint: $(VENV)/bin/ruff
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict tests/reader.py tests/terminal.py tests/vectors/make.py data/rebuild.py $(CLIENTS) benches/full_scale

rust-test:
	cargo test --workspace --locked

# Range clients that others wrote, from PyPI and npm, against the server. Says which ones could not be had.
# The command is the one that the tests of the command run, so that after those nothing is built again.
clients:
	cargo test --workspace --locked --no-run --test command
	python3 tests/clients/run.py target/debug/breachdex-under-test

# The same lookups once more without POPCNT and PDEP.
portable-test:
	BREACHDEX_KERNEL=portable cargo test --locked -p breachdex --lib

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# The wheel is built from the source distribution alone; the Rust tests use what it compiled of other people's crates.
python-install: $(PYTHON_VENV)/made
	rm -rf target/python
	cd python && ../$(PYTHON_VENV)/bin/maturin sdist --out ../target/python/sdist
	tar -xzf target/python/sdist/breachdex-*.tar.gz -C target/python --transform 's,^[^/]*,source,'
	cd target/python/source && CARGO_TARGET_DIR=$(CURDIR)/target $(CURDIR)/$(PYTHON_VENV)/bin/maturin build \
		--profile dev --interpreter $(CURDIR)/$(PYTHON) --out ../wheel
	$(PYTHON) -m pip install --quiet --force-reinstall --no-deps target/python/wheel/*.whl

$(PYTHON_VENV)/made: python/requirements-test.txt
	python3 -m venv $(PYTHON_VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r python/requirements-test.txt
	touch $@

# For the tests that look at pages as a person does; without a browser they say that they were skipped.
browser:
	command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null; } \
		|| echo "no Chromium and no way to install it: tests in a browser will be skipped"

python-test: python-install browser
	$(MAKE) python-checks

python-checks:
	$(PYTHON) -m mypy.stubtest breachdex._breachdex
	python/types.sh $(PYTHON)
	cd python/tests && $(CURDIR)/$(PYTHON) -m pytest -c ../pyproject.toml $(PYTHON_TESTS)
	python/tests/matrix.sh target/python/wheel/*.whl
	NO_MKDOCS_2_WARNING=1 $(PYTHON_VENV)/bin/mkdocs build --quiet --strict

# What would be published: the wheel of this platform, optimised.
wheel: $(PYTHON_VENV)/made
	cd python && ../$(PYTHON_VENV)/bin/maturin build --interpreter ../$(PYTHON) --out ../target/wheels
	ls -l target/wheels
