# สหบรรณ: what an operator and a developer run. Nothing is needed but Python ≥ 3.11 with venv, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVE ?= yes
PORT ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: $(VENV)/run ## the sample network of eleven members, harvested, indexed and served (SERVE=no: not served; PORT=8001)
	$(BIN)/sahaban demo $(if $(filter no,$(SERVE)),--no-serve) $(if $(PORT),--port $(PORT))

test: $(VENV)/dev ## the whole test suite, on every processor
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/dev ## ruff, its formatter, mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(VENV)/dev ## the measurements, each in its own time
	$(BIN)/python -m bench.harvest
	$(BIN)/python -m bench.index
	$(BIN)/python -m bench.cluster --night
	$(BIN)/python -m bench.search
	$(BIN)/python -m bench.thai
	$(BIN)/python -m bench.hostile
	$(BIN)/python -m bench.check --titles 20000

clean: ## remove the environment and the demo's data
	rm -rf $(VENV) var/demo

# The environment is made again when a lock changes; a half-made one is not taken for whole.
$(VENV)/run: requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/dev: requirements-dev.lock | $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: set PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
