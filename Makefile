# Everything that is done with a checkout. `make` alone lists it.
# Needs Python 3.11 or newer and make; all else is fetched into the checkout.
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV ?= .venv
PORT ?= 8000
ARGS ?=
BIN := $(VENV)/bin
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON := $(or $(PYTHON),$(shell for one in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$one $(NEW_ENOUGH) 2>/dev/null && echo $$one && break; done),python3)
PYTEST := $(BIN)/python -m pytest
QUICK := not slow and not whole and not manual and not browser and not wheel and not postgresql

.PHONY: help demo test check docs bench assets lock python run-time test-time \
	test-browser test-postgresql test-slow test-bench slow test-wheel audit locks

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: run-time ## set everything up and show the portal with a sample of seven cities (PORT=8000)
	@COMMONGROUND_HOME="$${COMMONGROUND_HOME:-$(CURDIR)/.demo}" exec $(BIN)/commonground demo --port $(PORT)

test: test-time ## install what the tests need and run the quick suite (ARGS="-k search")
	$(PYTEST) -n auto --dist loadfile -m "$(QUICK)" $(ARGS)

check: test-time ## style, types, import contracts, the manual, the figures of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PYTEST) -q -n auto --dist loadfile tests/test_house.py tests/docs

docs: test-time ## write the generated reference pages anew
	$(BIN)/python docs/generate.py

bench: test-time ## measure what the documentation claims (ARGS=harvest for one)
	$(BIN)/python bench/run.py $(ARGS)

assets: run-time ## build styles, fonts and scripts from npm packages

lock: test-time ## resolve the lock files anew (ARGS=--upgrade for newer versions)
	$(BIN)/python tools/lock.py $(ARGS)

test-browser: test-time ## pages in a real browser: accessibility, keyboard, sizes
	CHROMIUM="$$($(BIN)/python tools/browser.py)" && export CHROMIUM && $(PYTEST) -n 2 --dist loadfile -m browser $(ARGS)

test-postgresql: test-time ## the tests of the database on a private PostgreSQL
	$(BIN)/python tests/postgres.py -n auto --dist loadfile -m "(database or postgresql) and not slow and not manual and not browser and not wheel" $(ARGS)

test-slow: test-time ## the groups that take minutes
	$(PYTEST) -n auto --dist loadfile -m "(slow or whole) and not manual and not postgresql and not browser and not wheel" --ignore tests/bench $(ARGS)

test-bench: test-time ## each measurement at a tenth of its size, with nothing beside it
	$(PYTEST) tests/bench $(ARGS)

slow: test-slow bench ## the whole of what takes long: slow tests, and every measurement at its full size

test-wheel: test-time ## build the package, install it elsewhere, run it
	$(PYTEST) -m wheel $(ARGS)

audit: test-time ## known vulnerabilities of the Python and npm packages
	$(BIN)/python tools/audit.py

# Not for people.

python:
	@$(PYTHON) $(NEW_ENOUGH) 2>/dev/null || { \
		echo "Common Ground needs Python 3.11 or newer; found: $$($(PYTHON) --version 2>/dev/null || echo none)." >&2; \
		echo "  Install one (https://www.python.org/downloads/), or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
		exit 1; }

run-time: python
	@$(PYTHON) tools/set_up.py run --venv $(VENV)

test-time: python
	@$(PYTHON) tools/set_up.py test --venv $(VENV)
