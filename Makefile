# `make test` sets up what it needs and decides whether a change lands; `make test-all` runs what takes longer, too. See
# README.md and CONTRIBUTING.md.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
VENV := .venv
# What is run of tests/clients; mypy follows the imports.
CLIENTS := tests/clients/run.py tests/clients/pwned-passwords-django/ask.py tests/clients/hibp-downloader/pull.py
# Seconds of mutation fuzzing, shared by all targets.
FUZZ_SECONDS ?= 10
LONG_FUZZ_SECONDS ?= 120
export BREACHDEX_FUZZ_SECONDS := $(FUZZ_SECONDS)
# The Python package, imported from its folder with the module that Cargo builds beside the tests.
PYTHON_VENV := .venv-python
PYTHON := $(PYTHON_VENV)/bin/python
MODULE := python/breachdex/_breachdex.abi3.so
# A process for each folder: frameworks are configured once in a process, and a browser leaves an event loop behind.
PYTHON_TESTS := $(addprefix python-test-,core django rest web bulk docs replays shop)
# Their order is random: `make python-test-core PYTEST_ARGUMENTS=--randomly-seed=7` repeats one that a run printed.
PYTEST_ARGUMENTS ?=
# The long tier. `make test` runs one part of it, by the day; LONG_PART=sdist chooses.
LONG_PARTS := c-library clients django-versions frameworks interpreters sdist million long-fuzz openapi sidecar-examples system incidents instructions spark fleet object-stores thorough
# What compiles too much to be a part of `make test`.
NIGHTLY_PARTS := cross static release-memory release-dry-run radar large-frameworks manifests
LONG_PART ?= $(shell echo $(LONG_PARTS) | cut -d ' ' -f $$(( $$(date -u +%s) / 86400 % $(words $(LONG_PARTS)) + 1 )))
# Features are those of the whole workspace with its tests, so that everything is compiled once.
BUILD := cargo build --workspace --lib --tests --locked

# Where everything is compiled once, from nothing: no lines for debuggers are written, which panics name without, and nothing
# that would make a second compilation shorter.
ifneq ($(CI)$(BUILD_ONCE),)
export CARGO_PROFILE_DEV_DEBUG := 0
export CARGO_INCREMENTAL := 0
endif

# `make simulate SEEDS=20000`, or SECONDS=600: downloads, updates, pulls, overlays, joins, exports of ranges and the server on a simulated
# disk and network.
SEEDS ?= 2000
# `make test` runs new seeds for a while; the first one is printed, and so is each that fails.
SIMULATE_SECONDS ?= 60

.PHONY: test test-all short simulate simulate-ci lint rust-lint python-lint docs rust-build rust-test rust-checks portable-test surfaces-test python-environment \
	python-install python-test $(PYTHON_TESTS) python-types python-stub site browser wheel third-party $(LONG_PARTS) $(NIGHTLY_PARTS)

# A signal that was ignored when make was started, as under nohup or behind an `&` of a script, stays ignored in all programs
# below it, and what tests send them is not heard.
DEFAULT_SIGNALS := $(shell env --default-signal=HUP,INT true 2>/dev/null && echo env --default-signal=HUP,INT)

# One command after another keeps one of two cores idle: cargo waits for linkers, pytest for one interpreter.
test:
	@echo "of the long tier, this run has: $(LONG_PART)"
	$(DEFAULT_SIGNALS) $(MAKE) --jobs=2 --output-sync=target short $(LONG_PART)

# After every Python test, garbage is collected: a file that is left open fails the very test that did so.
test-all: export BREACHDEX_COLLECT_EACH := 1
test-all:
	$(DEFAULT_SIGNALS) $(MAKE) --jobs=2 --output-sync=target short $(LONG_PARTS) $(NIGHTLY_PARTS)

short: rust-lint docs python-environment python-lint rust-build python-types site python-stub rust-test portable-test surfaces-test simulate-ci $(PYTHON_TESTS)

lint: rust-lint python-lint

# Every file by its name: rustfmt does not find the modules that the registries' macros declare. The library also with nothing
# but reading: the workspace has all of its features.
rust-lint:
	rustfmt --check --edition 2024 $$(git ls-files --cached --others --exclude-standard '*.rs')
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --package breachdex --no-default-features --locked -- -D warnings

# After the lints, of whose checked dependencies it makes use.
docs: | rust-lint
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

$(VENV)/bin/ruff:
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-compile ruff==0.17.6 mypy==2.4.1

python-lint: $(VENV)/bin/ruff
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict tests/reader.py tests/terminal.py tests/program.py tests/kernels.py tests/vectors/make.py \
		tests/manifests.py tests/openapi/sidecar_document.py data/rebuild.py examples/sidecar/try_all.py python/in_place.py \
		python/project_urls.py third-party/collect.py benches/instructions.py \
		tests/platforms/container.py tests/platforms/sessions.py tests/platforms/console.py \
		release/dry_run.py release/notes.py release/pack.py \
		$(CLIENTS) benches/full_scale
	# By themselves: their modules lie beside them.
	cd tests/objects && $(CURDIR)/$(VENV)/bin/mypy --strict run.py
	# By itself: its modules lie beside it.
	cd tests/system && $(CURDIR)/$(VENV)/bin/mypy --strict run.py
	cd tests/fleet && $(CURDIR)/$(VENV)/bin/mypy --strict run.py
	# By itself: beside it lies a folder that would be taken for Django.
	$(VENV)/bin/mypy --strict python/tests/interpreters.py

# The tests, the command that they run, and the Python module.
rust-build: | docs
	$(BUILD)

rust-test: rust-build
	cargo test --workspace --locked

# What the kernels do not decide: where groups lie, which file is read, and which are copied. `thorough` has these on the portable
# kernels, too.
BESIDE_KERNELS := $(addprefix --skip ,calendar:: index::far_tests index::live_tests index::sparse_tests build::join build::splice)

# The same once more on the portable kernels, by the same program; and what kernels do on each that is between them and the
# best of this processor.
portable-test: rust-build | rust-test
	program=$$(realpath "$$(python3 tests/program.py breachdex)") && between=$$(python3 tests/kernels.py) \
		&& cd crates/breachdex && BREACHDEX_KERNEL=portable "$$program" --quiet $(BESIDE_KERNELS) \
		&& for kernel in $$between; do \
			echo "on the kernels $$kernel:" && BREACHDEX_KERNEL=$$kernel "$$program" --quiet kernels:: format:: index::export index::rows \
				index::tests || exit 1; \
		done

# Instructions of the hot paths against their budgets. Says that it is skipped where valgrind is missing.
instructions:
	benches/instructions.py

# The same cases on every surface, Python and Django among them, whose module has to be in place.
surfaces-test: python-install | rust-test
	BREACHDEX_SURFACES_NEED_PYTHON=1 cargo test --workspace --locked --test all surfaces::python_and_django

# ARM, s390x and Windows: what is released is compiled for them and run under emulation. Says what it skips.
cross:
	tests/cross.sh

rust-checks: rust-test portable-test

# A shell has a SECONDS of its own, which is not what is meant.
simulate:
	cargo build --package breachdex-simulate --profile simulate --locked
	target/simulate/simulate $(if $(filter command line,$(origin SECONDS)),--seconds $(SECONDS),--seeds $(SEEDS))

# The program that was built for its tests. On one thread, for something else runs beside it.
simulate-ci: rust-build | portable-test
	target/debug/simulate --seconds $(SIMULATE_SECONDS) --threads 1

python-environment: $(PYTHON_VENV)/made

# What is imported is compiled then; most of 11,000 files never are, and compiling them takes 17 seconds of a processor. uv takes
# half of what pip takes; where it cannot be had, or reaches no registry, pip installs.
UV_VERSION := 0.13.9
$(PYTHON_VENV)/made: python/requirements-test.txt python/in_place.py
	python3 -m venv $(PYTHON_VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile uv==$(UV_VERSION) \
		&& $(PYTHON_VENV)/bin/uv pip install --quiet --python $(PYTHON) $${PIP_INDEX_URL:+--default-index "$$PIP_INDEX_URL"} \
			-r python/requirements-test.txt \
		|| $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile -r python/requirements-test.txt
	$(PYTHON) python/in_place.py
	touch $@

# For the tests that look at pages as a person does; without a browser they say that they were skipped.
browser:
	command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null; } \
		|| echo "no Chromium and no way to install it: tests in a browser will be skipped"

# By renaming, for a process may have the old module mapped.
python-install: rust-build $(PYTHON_VENV)/made
	cp target/debug/lib_breachdex.so $(MODULE).new
	mv $(MODULE).new $(MODULE)

python-test-shop python-test-docs: browser
# Not built once more.
python-test-docs: export BUILT_SITE := $(CURDIR)/site
python-test-docs: site
$(PYTHON_TESTS): python-test-%: python-install
	cd python/tests && $(CURDIR)/$(PYTHON) -m pytest -c ../pyproject.toml $(PYTEST_ARGUMENTS) $*

python-test: $(PYTHON_TESTS)

python-types: $(PYTHON_VENV)/made
	python/types.sh $(PYTHON)

python-stub: python-install
	$(PYTHON) -m mypy.stubtest breachdex._breachdex

# Fetches nothing; warnings, links that lead nowhere and translations that are out of date are errors.
site: $(PYTHON_VENV)/made
	$(PYTHON) docs/build_site.py
	$(PYTHON) docs/translations.py
	$(PYTHON) docs/figures.py --check

# The licences and bills of materials of what is released; to be run when Cargo.lock changes.
third-party:
	python3 third-party/collect.py

# Range clients that others wrote, from PyPI and npm, against the server. Says which ones could not be had.
clients: rust-build
	test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || { command -v nginx && command -v caddy; } >/dev/null || { \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx caddy \
		>/dev/null; } || echo "nginx or Caddy cannot be installed: what serves files with it will be skipped"
	python3 tests/clients/run.py target/debug/breachdex-under-test

# The sidecar against its own document, with schemathesis in an environment of its own.
OPENAPI_VENV := .venv-openapi
OPENAPI_EXAMPLES ?= 50
openapi: rust-build
	test -x $(OPENAPI_VENV)/bin/schemathesis || { python3 -m venv $(OPENAPI_VENV) \
		&& $(OPENAPI_VENV)/bin/pip install --quiet --disable-pip-version-check schemathesis==4.32.5; }
	python3 tests/openapi/sidecar_document.py target/debug/breachdex-under-test $(OPENAPI_VENV)/bin/schemathesis $(OPENAPI_EXAMPLES)

# The examples of docs/sidecar.md, with a sidecar and without. Says which ones were skipped, for want of their language.
sidecar-examples: rust-build
	python3 examples/sidecar/try_all.py target/debug/breachdex-under-test
# PAM, Samba and 389-ds with the command, as docs/system.md configures them, and the units of docs/ with systemd. Says which ones
# could not be had.
system: rust-build
	test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends pamtester samba samba-ad-provision samba-dsdb-modules \
		samba-vfs-modules winbind openssl curl systemd >/dev/null; } || echo "what is missing cannot be installed: its test will be skipped"
	python3 tests/system/run.py target/debug/breachdex-under-test

# The incidents of examples/incidents at their full size. `make test` plays them with fewer people.
incidents: python-install
	INCIDENTS_PYTHON=$(CURDIR)/$(PYTHON) PYTHONPATH=$(CURDIR)/python examples/incidents/run --output target/incidents

# The oldest and the newest Django.
django-versions: python-install
	python/tests/matrix.sh

# One wheel on every interpreter that can be had. Says which ones could not be had.
interpreters: $(PYTHON_VENV)/made | rust-build
	rm -rf target/python/interpreters
	cd python && ../$(PYTHON_VENV)/bin/maturin build --profile dev --interpreter ../$(PYTHON) --out ../target/python/interpreters
	$(PYTHON) python/tests/interpreters.py target/python/interpreters/*.whl

# Frameworks that are too large for the environment of the tests: Wagtail, Flask-AppBuilder, JupyterHub.
frameworks: python-install
	python/tests/frameworks.sh

# Two that take minutes to install: Airflow and Superset.
large-frameworks: python-install
	python/tests/frameworks.sh airflow superset

# The manifests of the documentation against the schemas of Kubernetes and Compose, and the Dockerfile.
manifests:
	python3 tests/manifests.py

# What pip installs where there is no wheel: built from the source distribution alone, installed apart and tested.
sdist: $(PYTHON_VENV)/made | rust-build
	rm -rf target/python/sdist
	mkdir -p target/python/sdist/source
	cd python && ../$(PYTHON_VENV)/bin/maturin sdist --out ../target/python/sdist
	tar -xzf target/python/sdist/breachdex-*.tar.gz -C target/python/sdist/source --strip-components=1
	cd target/python/sdist/source && CARGO_TARGET_DIR=$(CURDIR)/target $(CURDIR)/$(PYTHON_VENV)/bin/maturin build \
		--profile dev --interpreter $(CURDIR)/$(PYTHON) --out ..
	$(PYTHON) -m zipfile --list target/python/sdist/*.whl > target/python/sdist/content
	grep -q 'dist-info/sboms/breachdex-python.cdx.json' target/python/sdist/content
	grep -q 'dist-info/licenses/.*THIRD-PARTY-LICENCES.txt' target/python/sdist/content
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --target target/python/sdist/installed \
		target/python/sdist/*.whl
	export PYTHONPATH=$(CURDIR)/target/python/sdist/installed && cd python/tests \
		&& test "$$($(CURDIR)/$(PYTHON) -c 'import breachdex; print(breachdex.__file__)')" = "$$PYTHONPATH/breachdex/__init__.py" \
		&& "$$PYTHONPATH/bin/breachdex" --version \
		&& $(CURDIR)/$(PYTHON) -m pytest -c ../pyproject.toml $(PYTEST_ARGUMENTS) core

# The recipes of the documentation on a million rows.
million: python-install
	cd python/tests && $(CURDIR)/$(PYTHON) -m pytest -c ../pyproject.toml $(PYTEST_ARGUMENTS) -m million bulk

# The radar on simulated sites for minutes: its figures in docs/radar.md.
radar:
	BREACHDEX_RADAR_THOROUGH=1 cargo test --release --package breachdex-radar --test radar --locked -- --nocapture

# At their full size: jobs that are killed 50 times, segments that are joined past 4 GiB, every bit of small indexes flipped, and
# every unit test on the portable kernels.
thorough: rust-build | rust-test
	BREACHDEX_THOROUGH=1 cargo test --workspace --locked --test all --test forged -- remote:: past_4_gib:: flipped_bit
	program=$$(realpath "$$(python3 tests/program.py breachdex)") && cd crates/breachdex \
		&& BREACHDEX_KERNEL=portable "$$program" --quiet

long-fuzz: rust-build | rust-test
	BREACHDEX_FUZZ_SECONDS=$(LONG_FUZZ_SECONDS) cargo test --workspace --locked --test all fuzz

# The library for C: under valgrind, installed, and from every language that is here. Says what is missing.
c-library: rust-build
	BREACHDEX_C_THOROUGH=1 cargo test --workspace --locked --test abi
	rm -rf target/c-library
	printf '5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:7\n' > target/c-library.txt
	target/debug/breachdex-under-test build --force -o target/c-library.bdx target/c-library.txt
	PROFILE=dev crates/breachdex-c/install.sh $(CURDIR)/target/c-library
	examples/c-abi/run.sh $(CURDIR)/target/c-library target/c-library.bdx
# What is left in memory by optimised code, as it is released: registers are spilled elsewhere, and copies are made elsewhere.
release-memory: rust-build
	cargo build --release --locked --package breachdex-tests --package breachdex-test-support --bins
	export BREACHDEX_TEST_COMMAND=$(CURDIR)/target/release/breachdex-under-test \
		BREACHDEX_TEST_LIBRARY=$(CURDIR)/target/release/library-under-test \
		&& cargo test --workspace --locked --test all memory && cargo test --workspace --locked --test library_memory

# What would be published: the wheel of this platform, optimised.
wheel: $(PYTHON_VENV)/made
	cd python && ../$(PYTHON_VENV)/bin/maturin build --interpreter ../$(PYTHON) --out ../target/wheels
	ls -l target/wheels

# Builds and audits on a Spark cluster of separate executors, with tasks, executors and drivers that are killed. Says that it is
# skipped where Java is missing.
spark: python-install
	cd python/tests && $(CURDIR)/$(PYTHON) -m pytest -c ../pyproject.toml $(PYTEST_ARGUMENTS) spark
# Several servers behind HAProxy, as docs/fleet.md configures it. Says what is skipped without it.
fleet: rust-build
	command -v haproxy >/dev/null || test -x /usr/sbin/haproxy || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends haproxy >/dev/null; } \
		|| echo "no HAProxy and no way to install it: its tests will be skipped"
	python3 tests/fleet/run.py target/debug/breachdex-under-test
# Ranges and published indexes in an object store: what is left out of the default build is compiled, linted and tested, against the
# S3 server of moto, in an environment of its own, behind a proxy that fails.
OBJECTS_VENV := .venv-objects
object-stores: rust-build
	cargo clippy --package breachdex-objects --all-features --all-targets --locked -- -D warnings
	cargo clippy --package breachdex-cli --features s3 --locked -- -D warnings
	cargo test --package breachdex-objects --all-features --locked
	cargo build --package breachdex-cli --features s3 --locked
	test -x $(OBJECTS_VENV)/bin/moto_server || { python3 -m venv $(OBJECTS_VENV) \
		&& $(OBJECTS_VENV)/bin/pip install --quiet --disable-pip-version-check 'moto[server]==5.2.5'; }
	python3 tests/objects/run.py target/debug/breachdex $(OBJECTS_VENV)/bin/moto_server
# The command linked statically, in an empty root, and the container image of it. Says what it skips.
static:
	tests/platforms/static.sh

# All of a release that can be done here, without publishing anything: target/release-dry-run/dist. The image is that of
# `static`, if it was made.
release-dry-run: $(PYTHON_VENV)/made | rust-build
	release/dry_run.py --python $(PYTHON)
