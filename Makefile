# A bare machine with Python 3.11 or newer, git and make can run everything here. `make help` lists what there is.

PYTHON ?= python3
VENV ?= .venv
OUT ?= out
ARGS ?=
HALF ?= tune
BIN := $(VENV)/bin
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
PEERS := $(VENV)-benchmarks

.DEFAULT_GOAL := help
.PHONY: help demo install test test-long lint format types borders coverage wheel golden schema benchmark-drill benchmark-blame benchmark-blame-speed benchmark-ingest benchmark-kill benchmark-detection benchmark-moves ci clean

help:  ## what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F '\t' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: $(RUN)  ## investigate the shipped sample incident; the result is in out/
	$(BIN)/incident demo -o "$(OUT)"
	@echo
	@echo "Read $(OUT)/postmortem.md first. $(OUT)/incident.json is the same for machines, $(OUT)/incident.duckdb the case file:"
	@echo "  $(BIN)/incident blame shift-1 --case $(OUT)/incident.duckdb"

install: $(RUN)  ## put the command `incident` into .venv/bin

test: $(DEV)  ## run the tests (make test ARGS="-k ledger")
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-long: $(DEV)  ## the tests that take most of a minute each
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m long $(ARGS)

lint: $(DEV)  ## ruff: the rules, then the layout of the code
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(DEV)  ## let ruff lay out the code
	$(BIN)/ruff format

types: $(DEV)  ## mypy, strict
	$(BIN)/mypy

borders: $(DEV)  ## which room may import which
	$(BIN)/lint-imports

coverage: export PYTEST_ADDOPTS = --cov --cov-report= --cov-fail-under=0
coverage: test  ## run the tests and say which lines they never reached
	$(BIN)/coverage report --skip-covered

wheel: $(DEV)  ## build the wheel, install it into a clean environment and render a report there
	$(BIN)/python -m pytest -m wheel

golden: $(DEV)  ## write sample_incidents/*/expected/ anew; read the difference before you keep it
	$(BIN)/python -m pytest tests/stories -n 2 --dist loadgroup --update-golden

schema: $(RUN)  ## write schemas/*.json anew from the records
	$(BIN)/python schemas/generate.py

benchmark-drill: $(RUN)  ## how often the right cause comes first, on incidents never used for tuning
	$(BIN)/python benchmarks/drill.py $(ARGS)

benchmark-blame-speed: $(RUN)  ## how long blame takes with 30 changes at 10^5, 10^6 and 10^7 traces, as ratios
	$(BIN)/python benchmarks/blame/speed.py $(ARGS)

benchmark-ingest: $(DEV)  ## how quick a load is, as ratios to named routes, and how much memory it takes
	$(BIN)/python benchmarks/ingest.py $(ARGS)

benchmark-kill: $(DEV)  ## kill hundreds of loads at random moments, and see that nothing is lost or doubled
	$(BIN)/python benchmarks/kill.py $(ARGS)

benchmark-detection: $(PEERS)/.installed  ## the detectors on annotated public series, against ruptures and Apache Otava
	$(PEERS)/bin/python benchmarks/detection/tcpd.py $(ARGS)

benchmark-moves: $(DEV)  ## false shifts, power, delay, onset intervals and time on made streams (ARGS="quiet --months 10")
	$(BIN)/python benchmarks/detection/moves.py $(ARGS)

benchmark-blame: $(PEERS)/.installed  ## who is blamed in 58 classes of cases, against seven baselines (HALF=held, ARGS="--seeds 10:30")
	$(PEERS)/bin/python benchmarks/blame/run.py --half $(HALF) --cases $(OUT)/blame/cases --out $(OUT)/blame/$(HALF).jsonl $(ARGS)
	$(PEERS)/bin/python benchmarks/blame/peers.py --lines $(OUT)/blame/$(HALF).jsonl --cases $(OUT)/blame/cases --out $(OUT)/blame/$(HALF)-baselines.jsonl
	$(PEERS)/bin/python benchmarks/blame/score.py $(OUT)/blame/$(HALF).jsonl --baselines $(OUT)/blame/$(HALF)-baselines.jsonl

ci:  ## all that continuous integration runs
	.ci/run

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(PEERS) dist build .coverage .coverage.*

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"Python 3.11 or newer is needed and $(PYTHON) is {v[0]}.{v[1]}; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(RUN): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(PEERS)/.installed: pyproject.toml $(RUN)  # of its own: Otava pins other versions of numpy and scipy
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --editable . --group benchmarks
	@touch $@

$(DEV): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"  # the first pip with --group
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $(RUN) $@
