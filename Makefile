# Every command that people and CI use. Nothing here needs root, services or credentials.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
CONFIG ?= config.yaml

.PHONY: setup run check test bench protos docs lock clean simulate mutants crash soak fuzz

setup: $(DEV_STAMP)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(DEV_STAMP): requirements/dev.txt $(RUN_STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

run: $(RUN_STAMP)
	$(BIN)/cream run --config $(CONFIG)

check: $(DEV_STAMP)
	$(BIN)/ruff check cream tests tools examples
	$(BIN)/ruff format --check cream tests tools examples
	$(BIN)/mypy
	MYPYPATH=. $(BIN)/mypy --explicit-package-bases tools examples tests/fakes
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/determinism.py cream
	$(BIN)/python tools/protos.py --check
	$(BIN)/python tools/docs.py --check

# One process a core; the tests of a file stay together (docs/adr/0035-tests-run-on-all-cores.md).
WORKERS ?= auto
test: $(DEV_STAMP)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(DEV_STAMP)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks

SOAK ?= --seconds 600
soak: $(DEV_STAMP)
	$(BIN)/python -m tests.soak $(SOAK)

crash: $(DEV_STAMP)
	$(BIN)/python -m tests.crash $(SUITES)

# The whole daemon through ten minutes of bad luck, once for each seed (docs/simulation.md).
SEEDS ?= 100
FIRST_SEED ?= 1
DIGESTS ?= 2
JOBS ?= 2
simulate: $(DEV_STAMP)
	$(BIN)/python -m tests.simulation run --seeds $(SEEDS) --first-seed $(FIRST_SEED) --jobs $(JOBS)
	$(BIN)/python -m tests.simulation effects --jobs $(JOBS)
	$(BIN)/python -m tests.simulation same --seeds $(DIGESTS) --first-seed $(FIRST_SEED)

mutants: $(DEV_STAMP)
	$(BIN)/python -m tests.simulation mutants --seeds $(SEEDS) --first-seed $(FIRST_SEED) --jobs $(JOBS)

protos: $(DEV_STAMP)
	$(BIN)/python tools/protos.py

docs: $(DEV_STAMP)
	$(BIN)/python tools/docs.py

# Both sets are locked together: dev.in is constrained by run.txt.
lock: | $(VENV)/bin/python
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile $(LOCK) -o requirements/run.txt requirements/run.in
	$(BIN)/pip-compile $(LOCK) -o requirements/dev.txt requirements/dev.in
LOCK := --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --no-emit-options --no-header

clean:
	rm -rf $(VENV) .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache
