# Every command of the project. `make` alone prints this list; all that is made lies under build/.

ifneq ($(filter 3.0% 3.1% 3.2% 3.3% 3.4% 3.5% 3.6% 3.7% 3.80%,$(MAKE_VERSION)),)
$(error GNU make 3.81 or newer is needed, this is $(MAKE_VERSION): install a newer make)
endif

ORCHESTRATION ?= sfn
INPUT ?= samples/lighthouse.json
OUTPUT ?=
SHUFFLE ?=
SCHEDULES ?= 10000
MUTATIONS ?= 100
ONLY ?= runtime
SEED ?= 1
RUNS ?= 5
SIZES ?=
JSON ?=
PARAMS ?=
PDB ?=
KEEP ?=
ARCH ?= x86_64
PYTHON_VERSION ?= 3.13
PYTHON ?= python3
# These six are taken from the command line alone: PREFIX is also what other programs call their place of installation. What VARS
# holds is passed on as it is, with no $$ of it expanded.
PREFIX :=
REGION :=
VARS :=
JOB :=
WORKFLOW :=
FUNCTIONS :=
override VARS := $(value VARS)
# Recipes read them from the environment, so that no file name is ever taken for shell text.
export PREFIX REGION VARS JOB WORKFLOW FUNCTIONS
export SCHEDULES MUTATIONS ONLY SEED ORCHESTRATION INPUT OUTPUT SHUFFLE PARAMS RUNS SIZES JSON ARCH PYTHON_VERSION PYTHON

VENV := build/venv
TOOLS := $(VENV)/.ready
RUN := $(VENV)/bin/python -S scripts/start.py
WHICH = --orchestration "$$ORCHESTRATION" --prefix "$$PREFIX" --region "$$REGION" --job "$$JOB"
SOURCE = --workflow "$$WORKFLOW" --functions "$$FUNCTIONS"

PACKAGE = $(RUN) scripts.package --arch "$$ARCH" --python-version "$$PYTHON_VERSION" $(SOURCE) --job "$$JOB"

.DEFAULT_GOAL := help
# Targets that are named together are steps, in that order: make -j4 local-up local-deploy.
.NOTPARALLEL:
.PHONY: help demo try compare bench test soak mutate faults tools package local-up local-restart local-status local-down local-deploy local-destroy deploy destroy lint format clean

##@ Try it
demo: $(TOOLS) ## Everything at once on the embedded AWS: zips, terraform apply, a run, the counts, tidy-up
	@$(RUN) scripts.demo $(WHICH) --vars="$$VARS" $(SOURCE) --input "$$INPUT" --output "$$OUTPUT" --shuffle "$$SHUFFLE" --params="$$PARAMS"

try: $(TOOLS) ## A job in this process, in a second, without any AWS (JOB=samples/jobs/temperatures INPUT=data.txt OUTPUT= SHUFFLE= PARAMS="smallest=3" PDB=1)
	@$(RUN) scripts.inline $(if $(JOB),--job "$$JOB") $(if $(OUTPUT),--output "$$OUTPUT") $(if $(SHUFFLE),--shuffle "$$SHUFFLE") --params="$$PARAMS" $(if $(PDB),--pdb) $(if $(JOB),$(if $(filter file,$(origin INPUT)),,-- "$$INPUT"),-- "$$INPUT")

compare: $(TOOLS) ## All orchestrations side by side: times, requests, cost of one input (INPUT=... JOB= RUNS=5 SHUFFLE=packed JSON=1 ORCHESTRATION=sfn,http_only VARS=)
	@$(RUN) scripts.compare --input "$$INPUT" --job "$$JOB" --runs "$$RUNS" --shuffle "$$SHUFFLE" --vars="$$VARS" $(if $(JSON),--json) $(if $(filter file,$(origin ORCHESTRATION)),,--orchestration "$$ORCHESTRATION")

bench: $(TOOLS) ## Speed of both layouts beside others: build/bench/bench.html (QUICK=1 about three minutes, SIZES="1 20" MB, ALL=1 every row, RIVALS=1 Lithops)
	@$(RUN) scripts.bench --sizes "$$SIZES" --vars="$$VARS" $(if $(QUICK),--quick) $(if $(ALL),--all) $(if $(RIVALS),--rivals) $(if $(filter file,$(origin RUNS)),,--runs "$$RUNS") $(if $(filter file,$(origin INPUT)),,--text "$$INPUT") $(if $(filter file,$(origin ORCHESTRATION)),,--orchestration "$$ORCHESTRATION")

##@ Build
tools: $(TOOLS) ## The tools' own virtual environment, build/venv

package: $(TOOLS) ## build/layer.zip and build/<orchestration>/<function>.zip (ARCH=x86_64|arm64 PYTHON_VERSION=3.13 WORKFLOW= FUNCTIONS= JOB=)
	@$(PACKAGE)

##@ Embedded AWS (no account, no Docker)
local-up: $(TOOLS) ## Start it on loopback (KEEP=1: so that it can be restarted)
	@$(RUN) scripts.embedded up $(if $(KEEP),--keep-state)

local-restart: $(TOOLS) ## Stop it and start it again, with what it held
	@$(RUN) scripts.embedded restart

local-status: $(TOOLS) ## Say whether it runs, and what is deployed on it (JOB=: of that job alone)
	@$(RUN) scripts.embedded status --job "$$JOB"

local-down: $(TOOLS) ## Stop it and remove what it made
	@$(RUN) scripts.embedded down

local-deploy: $(TOOLS) ## The zips, then terraform apply onto it, or an update of code alone (ORCHESTRATION=sfn JOB= PREFIX= VARS="memory_mb=1024")
	@$(PACKAGE) --orchestration "$$ORCHESTRATION"
	@$(RUN) scripts.deploy apply --target embedded $(WHICH) --vars="$$VARS"

local-destroy: $(TOOLS) ## terraform destroy there (ORCHESTRATION= JOB= PREFIX= REGION=)
	@$(RUN) scripts.deploy destroy --target embedded $(WHICH)

##@ AWS account
deploy: $(TOOLS) ## The zips, then terraform apply onto the account of your credentials (ORCHESTRATION= JOB= PREFIX= REGION= VARS=)
	@$(PACKAGE) --orchestration "$$ORCHESTRATION"
	@$(RUN) scripts.deploy apply --target aws $(WHICH) --vars="$$VARS"

destroy: $(TOOLS) ## terraform destroy there (ORCHESTRATION= JOB= PREFIX= REGION= VARS=)
	@$(RUN) scripts.deploy destroy --target aws $(WHICH) --vars="$$VARS"

##@ Develop
test: $(TOOLS) ## Everything the project proves, through tox
	@$(VENV)/bin/tox run-parallel --parallel auto --parallel-no-spinner

soak: $(TOOLS) ## Simulate SCHEDULES=10000 runs of each orchestration under faults, from SEED=1 on
	@$(RUN) tests.simulation --schedules "$$SCHEDULES" --seed "$$SEED"

mutate: $(TOOLS) ## Change runtime/ in MUTATIONS=100 small ways, one at a time, from SEED=1, and tell which ones no test notices (ONLY=runtime/clock.py)
	@$(VENV)/bin/tox run -q -e mutate -- --mutations "$$MUTATIONS" --seed "$$SEED" --only "$$ONLY"

faults: $(TOOLS) ## Real faults on the embedded AWS: killed workers, refused and cut requests, duplicates, throttles, a killed client
	@$(VENV)/bin/tox run -e faults

lint: $(TOOLS) ## ruff, mypy, terraform fmt, shellcheck
	@$(VENV)/bin/tox run -e lint

format: $(TOOLS) ## Rewrite sources in the project's format
	@$(VENV)/bin/tox run -e format

clean: ## Remove build/ (stops the embedded AWS first)
	@if [ -x $(VENV)/bin/python ]; then $(RUN) scripts.embedded down; fi
	rm -rf build .tox

help:
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@printf '\nVariables: ORCHESTRATION=%s PREFIX=wordcount REGION=us-east-1 VARS="memory_mb=512 http_sync_s3.return_store=s3"\n' "$$ORCHESTRATION"
	@printf '           INPUT=%s OUTPUT=counts.json SHUFFLE=packed RUNS=%s JSON=1 ARCH=%s PYTHON_VERSION=%s\n' "$$INPUT" "$$RUNS" "$$ARCH" "$$PYTHON_VERSION"
	@printf '           JOB=samples/jobs/temperatures (a folder with user_map.py and user_reduce.py; default: those of the functions)\n'
	@printf '           WORKFLOW=definitions/wordcount.asl.json FUNCTIONS=functions (another workflow, and the folder of its functions)\n'

$(TOOLS): requirements/tools.txt requirements/redis.txt scripts/tools.sh
	@scripts/tools.sh $(VENV)
