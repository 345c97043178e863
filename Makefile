# `make test` sets up what it needs and runs everything; see README.md and CONTRIBUTING.md.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VENV := .venv
# What is run of tests/clients; mypy follows the imports.
CLIENTS := tests/clients/run.py tests/clients/pwned-passwords-django/ask.py tests/clients/hibp-downloader/pull.py
# Seconds of mutation fuzzing per target group.
FUZZ_SECONDS ?= 60
export BREACHDEX_FUZZ_SECONDS := $(FUZZ_SECONDS)

.PHONY: test lint python-tools rust-lint python-lint rust-test clients portable-test docs

test: lint rust-test clients portable-test docs

lint: rust-lint python-lint

rust-lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

$(VENV)/bin/ruff:
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet ruff==0.17.6 mypy==2.4.1

python-lint: $(VENV)/bin/ruff
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict tests/reader.py tests/terminal.py data/rebuild.py $(CLIENTS)

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
