# `make test` sets up what it needs and runs everything; see README.md and CONTRIBUTING.md.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VENV := .venv
# Seconds of mutation fuzzing per target group.
FUZZ_SECONDS ?= 60
export BREACHDEX_FUZZ_SECONDS := $(FUZZ_SECONDS)

.PHONY: test lint python-tools rust-lint python-lint rust-test portable-test docs

test: lint rust-test portable-test docs

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
	$(VENV)/bin/mypy --strict tests/reader.py tests/terminal.py data/rebuild.py

rust-test:
	cargo test --workspace --locked

# The same lookups once more without POPCNT and PDEP.
portable-test:
	BREACHDEX_KERNEL=portable cargo test --locked -p breachdex --lib

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
