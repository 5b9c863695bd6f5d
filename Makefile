# Everything a developer or a new user runs. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAM_VENV := .venv-sam
MINISTACK_VENV := .venv-ministack
CHECKOV_VENV := .venv-checkov
DIST_VENV := .venv-dist
SAM := SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/$(SAM_VENV)/bin:$$PATH" $(SAM_VENV)/bin/sam

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# --- running ----------------------------------------------------------------

.PHONY: demo up
demo: install ## play visits through the whole chain on this machine and check every outcome
	@$(BIN)/recognizeme-local demo

up: install ## the same chain on http://127.0.0.1:8000, with data in ./data, until Ctrl-C
	@$(BIN)/recognizeme-local up

# --- checking ---------------------------------------------------------------

.PHONY: test test-slow check bench bench-cold
test: install $(SAM_VENV)/.installed ## run the tests
	@$(BIN)/pytest -n auto --dist worksteal

test-slow: install ## run the tests that take minutes
	@$(BIN)/pytest -m slow

check: install $(SAM_VENV)/.installed $(CHECKOV_VENV)/.installed ## format, lint, types, import rules, template
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest --quiet tests/architecture
	@$(SAM) validate --lint
	@$(CHECKOV_VENV)/bin/checkov --config-file .checkov.yaml
	@$(CHECKOV_VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

bench: install $(SAM_VENV)/.installed ## run every benchmark; each prints a table for docs/performance.md
	@status=0; for script in $$(grep -l __main__ benchmarks/*.py); do name=$$(basename $$script .py); \
	  echo "==> $$name"; $(BIN)/python -m benchmarks.$$name || status=1; done; exit $$status

bench-cold: install $(SAM_VENV)/.installed ## first and warm invocations of the built functions
	@$(BIN)/python -m benchmarks.cold_start

.PHONY: api api-diff api-fuzz
api: install ## write openapi.json and docs/api.md from the code
	@PYTHONPATH=functions $(BIN)/python -m tests.api

api-diff: install ## what would break clients of the last tag
	@PYTHONPATH=functions $(BIN)/python -m tests.api.breaking

api-fuzz: install .venv-schemathesis/.installed ## made-up requests to every route of a stack on this machine
	@PYTHONPATH=functions $(BIN)/python -m tests.api.fuzz

# --- the serverless application ---------------------------------------------

.PHONY: build
build: $(SAM_VENV)/.installed ## sam build: the functions into .aws-sam/build
	@$(SAM) build

.PHONY: deploy
STAGE ?= dev
deploy: install build ## deploy to AWS: make deploy STAGE=prod SET="ThresholdPct=95"
	@$(BIN)/python -m tests.cloud.deploy --config-env $(STAGE) $(if $(ADOPT),--adopt) $(SET)
	@$(BIN)/python -m tests.cloud.smoke_stack --config-env $(STAGE)

.PHONY: clients
CLIENTS := tests/rekolocal/integration/clients
clients: .venv-awscli/.installed $(CLIENTS)/node_modules ## AWS CLI and JavaScript's SDK, for rekolocal's conformance tests

$(CLIENTS)/node_modules: $(CLIENTS)/package-lock.json
	@npm ci --prefix $(CLIENTS) --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.PHONY: sam-local deploy-test
deploy-test: install $(SAM_VENV)/.installed $(MINISTACK_VENV)/.installed ## sam deploy to a local CloudFormation, and the main job on it
	@$(BIN)/pytest -m slow tests/cloud/test_deploy.py

sam-local: install $(SAM_VENV)/.installed ## what `sam local` needs: S3, DynamoDB, Rekognition on this machine, Ada enrolled
	@$(BIN)/python -m tests.cloud.sam_local

# --- the three distributions ------------------------------------------------

.PHONY: dist dist-test
dist: install ## build rekolocal, recognizeme-kiosk and recognizeme into dist/
	@rm -rf dist && $(BIN)/uv build --quiet --all-packages --no-build-isolation --python $(BIN)/python

dist-test: install $(DIST_VENV)/.installed ## build them, check them, install each alone and run it
	@$(BIN)/pytest -m slow tests/dist

# --- installation -----------------------------------------------------------
# uv installs from the hash-locked requirement files; it is itself installed from a locked file.

.PHONY: install
install: $(VENV)/.installed ## make .venv with everything locked in requirements/dev.txt

$(VENV)/.installed: requirements/uv.txt requirements/dev.txt pyproject.toml kiosk/pyproject.toml rekolocal/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "RecognizeMe needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "==> making $(VENV) (once; about 200 MB to download)"
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "python3 has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements/uv.txt requirements/dev.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation \
	  --editable . --editable kiosk --editable rekolocal
	@touch $@

# Tools that pin their dependencies tightly have environments of their own: .venv-NAME from requirements/NAME.txt.
.venv-%/.installed: requirements/uv.txt requirements/%.txt
	@echo "==> making .venv-$*"
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@VIRTUAL_ENV=.venv-$* .venv-$*/bin/uv pip sync --quiet --require-hashes requirements/uv.txt requirements/$*.txt
	@touch $@

.PHONY: lock
lock: $(VENV)/.installed ## resolve the dependencies anew and write the hash-locked files
	@for name in uv sam ministack checkov awscli dist schemathesis; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --upgrade requirements/$$name.in --output-file requirements/$$name.txt; done
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --upgrade requirements/functions.in --output-file functions/requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --upgrade --all-extras --no-emit-package recognizeme-kiosk --no-emit-package rekolocal \
	  pyproject.toml --output-file requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra web --constraint requirements/dev.txt kiosk/pyproject.toml --output-file kiosk/service/requirements.txt
