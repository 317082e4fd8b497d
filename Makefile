# Everything here does its own set-up: Python 3.11 or newer and make are all a machine needs.

VENV := .venv
BIN := $(VENV)/bin

# Which Python makes the environment; `make PYTHON=/path/to/python3` chooses another.
PYTHON ?=
CANDIDATES := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test mutants lint docs clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## /make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

demo: $(VENV)/.demo-installed  ## run a small real model on short problems, without a GPU
	@model="$$($(BIN)/python tests/tools/small_model.py gguf)" && \
	$(BIN)/mathevalkit run --model "$$model" --backend llama_cpp --task demo
	@echo "  (first: . $(BIN)/activate)"

test: $(VENV)/.dev-installed  ## run the tests that need no inference engine, on every core
	$(BIN)/python -m pytest -m "not engine" -n auto --dist worksteal

# PACKAGE=stats, COUNT=50 (faults a package), SEED=1, SINCE=main (only lines that changed since then)
mutants: $(VENV)/.dev-installed  ## make small faults in the code and see which no test notices
	$(BIN)/python tests/tools/mutants.py $(foreach name,$(PACKAGE),--package $(name)) \
	  $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(SINCE),--since $(SINCE))

lint: $(VENV)/.dev-installed  ## ruff (rules and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.docs-installed  ## build the documentation into build/site; any warning fails
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet --fresh-env --write-all \
	  --doctree-dir build/doctrees docs build/site
	@echo "build/site/index.html"

clean:  ## remove the environments, caches and build output (runs/ stays)
	rm -rf .venv .venv-vllm .cache dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.demo-installed: pyproject.toml | $(BIN)/python
	@echo "Installing mathevalkit with llama.cpp into $(VENV) (a minute or two) ..."
	@$(BIN)/python -m ensurepip >/dev/null  # where making the environment was interrupted, pip is missing
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[llama-cpp]'
	@touch $@

$(VENV)/.dev-installed: pyproject.toml | $(BIN)/python
	@echo "Installing mathevalkit with llama.cpp and the tools of development into $(VENV) (a minute or two) ..."
	@$(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,llama-cpp]'
	@touch $@

$(VENV)/.docs-installed: pyproject.toml | $(BIN)/python
	@echo "Installing mathevalkit with what its documentation is built with into $(VENV) (half a minute) ..."
	@$(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@

$(BIN)/python:
	@found=; \
	for candidate in $(CANDIDATES); do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    found="$$candidate"; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "mathevalkit needs Python 3.11 or newer; none among: $(CANDIDATES)" >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$found cannot make virtual environments: its venv module is not installed" >&2; \
	  echo "(Debian and Ubuntu: apt install python3-venv)" >&2; \
	  exit 1; \
	fi; \
	"$$found" -m venv --clear $(VENV)
