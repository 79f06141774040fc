PYTHON ?= python3.11
ENVIRONMENTS := .venv
AUTHOR := $(ENVIRONMENTS)/author/bin
TEST := $(ENVIRONMENTS)/test/bin
# Each step, server and command is a process: what one has compiled the others need not, also where
# the environment says otherwise.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run train release-demo test test-nightly test-cluster lint lint-infra compile lock bench clean environments test-environments images

help:  ## list these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

run: environments  ## six months of card fraud replayed, with Phasegate and without
	$(AUTHOR)/python -m examples.replay

train: environments  ## simulate a million card payments, train, gate and register a champion
	$(AUTHOR)/phasegate simulate data/card-fraud --start 2025-01-01 --days 120 --customers 5000 --terminals 1000 --seed 7
	$(AUTHOR)/phasegate run examples/card-fraud.yaml

release-demo: environments  ## a good challenger is promoted, bad ones are rolled back, under real traffic
	$(AUTHOR)/python -m examples.release_demo

test: test-environments  ## run all tests through the real processes
	$(TEST)/python -m pytest -n 2 --dist loadfile --durations=30

test-nightly: test-environments  ## run the end-to-end tests that take minutes
	$(TEST)/python -m pytest -m nightly

test-cluster: test-environments  ## test on a real Kubernetes API (KUBECONFIG, or KUBEBUILDER_ASSETS), with terraform, and KFP_ENDPOINT
	PHASEGATE_TEST_CLUSTER=1 $(TEST)/python -m pytest tests/cluster tests/platform tests/kubernetes/contract tests/kubeflow/contract -rs --durations=5

lint: test-environments  ## check style, generated files, and compiled pipelines for what shows on a cluster
	$(TEST)/ruff check .
	$(TEST)/ruff format --check .
	$(TEST)/phasegate compile --check
	$(TEST)/phasegate pipelines lint pipelines/compiled

lint-infra:  ## check the Terraform tree and the workflows; CHECKS="--require all" insists that each check runs
	@$(PYTHON) -m phasegate.local.environments infra
	$(ENVIRONMENTS)/infra/bin/python -m infra.lint run $(CHECKS)

compile: test-environments  ## compile pipelines to YAML and generate component READMEs
	$(TEST)/phasegate compile

images: environments  ## build the container images; IMAGES="--push --registry ..." says which and where to
	$(AUTHOR)/phasegate images build $(IMAGES)

lock: environments  ## resolve pyproject.toml into requirements/*.txt anew
	for name in core tfdv sidecar drift author tracking test mlserver peers; do \
	  $(ENVIRONMENTS)/uv/bin/uv pip compile --quiet pyproject.toml --extra $$name --generate-hashes \
	    --universal --python-version 3.11 --no-header --output-file requirements/$$name.txt; done

bench: test-environments  ## measure speed and memory against named peers
	@$(PYTHON) -m phasegate.local.environments mlserver peers
	for name in simulate ingest featurize pipeline serving.throughput serving.proxy \
	  serving.kill_switch serving.faults serving.memory \
	  release.false_decisions release.power release.bad_challengers release.assumptions release.deciding \
	  release.evidence monitoring.drift_speed monitoring.false_alarms monitoring.delays \
	  monitoring.sidecar monitoring.skew monitoring.estimates monitoring.decisions authoring.speed; do \
	  $(TEST)/python -m benchmarks.$$name || exit 1; done

clean:  ## remove environments, runs and simulated data
	rm -rf $(ENVIRONMENTS) .phasegate data

environments:  ## build what is not built from its lock yet
	@$(PYTHON) -m phasegate.local.environments core tfdv drift author

test-environments:
	@$(PYTHON) -m phasegate.local.environments core tfdv sidecar drift test
