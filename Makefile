# One command for each chore; a bare `make` lists them. CI calls the same targets.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
# Real processes and clocks on a busy machine: what failed is run once more, alone, and has to pass then.
AGAIN := $(RUN) pytest --last-failed --last-failed-no-failures none
READY := $(VENV)/.ready
AGENTS := .agents/.ready
IMAGE ?= gastown-container:local
STATE_MACHINES := $(wildcard infra/statemachines/*.asl.json)
export PORT REPO SEEDS FROM
# The stack and the tests start many short programs: whoever forbids bytecode has each of them compile the house anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help dev fmt check unit integration simulate simulate-mutants bench invoke agents e2e rooms test up down demo openapi \
	image image-test push preflight build deploy destroy

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: $(READY) ## Set up the environment in .venv (Python 3.11 or later)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make $@ PYTHON=python3.11"; exit 1; }
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --disable-pip-version-check --editable '.[container,local,dev]'
	@touch $@

agents: $(AGENTS) ## Install the agent program that tests drive into .agents (needs npm; without it they are skipped)

$(AGENTS): tests/support/opencode/package-lock.json
	@command -v npm > /dev/null || { echo "npm is not there: the tests with a real agent program will be skipped"; exit 0; }; \
	mkdir -p $(@D) && cp tests/support/opencode/package.json tests/support/opencode/package-lock.json $(@D) \
	&& npm install --prefix $(@D) --no-audit --no-fund --silent && (cd $(@D)/node_modules/opencode-ai && node postinstall.mjs > /dev/null) && touch $@ \
	|| echo "the agent program could not be installed: the tests with it will be skipped"

fmt: dev ## Format the code and mend what can be mended
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

check: dev ## Format, lint, types, import contracts, template, state machines, house rules, API contract
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/cfn-lint template.yaml
	$(foreach machine,$(STATE_MACHINES),$(VENV)/bin/statelint $(machine) &&) true
	$(RUN) pytest --quiet tests/unit/test_house_rules.py
	@if [ -f infra/openapi.json ]; then \
		$(RUN) gastown.api.openapi | diff -u infra/openapi.json - || { echo "infra/openapi.json is not what the routes say: make openapi"; exit 1; }; \
	fi

unit: dev ## Unit tests: no network, seconds
	$(RUN) pytest tests/unit

integration: dev agents ## Adapters, doors and the template on emulated AWS
	$(RUN) pytest tests/integration

simulate: dev ## The town in worlds of failures (SEEDS=n FROM=k; WITHOUT=kinds or ONLY=strokes replay a failure)
	$(RUN) tests.simulation --seeds $(or $(SEEDS),200) --from $(or $(FROM),0) --without "$(WITHOUT)" $(if $(ONLY),--only "$(ONLY)")

simulate-mutants: dev ## Take out each fix in turn: some seed has to fail
	$(RUN) tests.simulation mutants

bench: dev ## Measure every budget of the design; fails if one is over
	$(RUN) tests.bench

invoke: dev ## Each door in Lambda's own runtime, by `sam local invoke` (needs Docker and the SAM CLI)
	$(RUN) pytest tests/invoke -rs

e2e: dev agents ## Stories against the local stack, over HTTP only
	$(RUN) pytest tests/e2e -n 2 --dist worksteal -o cache_dir=.pytest_cache/e2e || $(AGAIN) tests/e2e -o cache_dir=.pytest_cache/e2e

rooms: dev agents ## Every test but the stories; handed out one by one, the long ones first
	$(RUN) pytest tests/integration tests/simulation tests/unit -n 2 --dist load --maxschedchunk 2 -o cache_dir=.pytest_cache/rooms || \
		$(AGAIN) tests/integration tests/simulation tests/unit -o cache_dir=.pytest_cache/rooms

test: dev agents ## Set up, then run every test: the stories, which mostly wait, beside the rest
	@$(MAKE) --no-print-directory --jobs=2 e2e rooms

up: dev ## Put the local stack up and leave it running (PORT=4567)
	$(RUN) infra.local.up

down: dev ## End the local stack and all its processes (PORT=4567)
	$(RUN) infra.local.down

demo: dev ## Run a convoy on a real git repository to its end, locally (REPO=path; PORT=n; FORGE=1 by pull requests)
	$(RUN) infra.local.demo

openapi: dev ## Write infra/openapi.json from the routes
	$(RUN) gastown.api.openapi > infra/openapi.json

image: ## Build the container image (IMAGE=registry/name:tag; TARGET=small without agent and compilers; BASE_IMAGE= NODE_IMAGE=)
	docker build $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) $(if $(NODE_IMAGE),--build-arg NODE_IMAGE=$(NODE_IMAGE)) \
		$(BUILD_OPTIONS) --target $(or $(TARGET),full) --file infra/container/Dockerfile --tag $(IMAGE) .

image-test: dev ## Where Docker's engine is there, build the image and test what is in it and that a container lives in it
	@if docker version >/dev/null 2>&1; then \
		$(MAKE) --no-print-directory image && GASTOWN_TEST_IMAGE=$(IMAGE) $(RUN) pytest tests/integration/container/test_image.py \
			tests/e2e/test_the_image_runs_a_town.py; \
	else echo "image-test skipped: no Docker daemon answers"; fi

push: image ## Build the container image and push it (IMAGE=registry/name:tag)
	docker push $(IMAGE)

preflight: dev ## Look whether account and region have what a deployment needs (STAGE= SUBNETS= VPC= IMAGE= TOWNS=)
	$(RUN) infra.operate.preflight

build: ## Build functions and layers for AWS (needs the SAM CLI)
	sam build

deploy: build ## Deploy to AWS, asking for what it needs (needs the SAM CLI and an account)
	sam deploy --guided

destroy: dev ## Remove what a stack made at run time (STACK=name; YES=1 asks nothing; FORCE=1 stops containers)
	$(RUN) infra.operate.destroy
