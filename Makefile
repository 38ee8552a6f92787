# Stator's front door: `make help` lists the targets. What is longer than two lines is a script in Sources/Scripts.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# debug or release
CONFIGURATION ?= debug
export CONFIGURATION

.PHONY: help setup build proto golden release certs image demo up down test test-kill test-rpc test-upgrade test-sanitize fuzz lint format bench bench-commands clean

help: ## List the targets
	@echo "usage: make TARGET [CONFIGURATION=debug|release]"
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/p' Makefile | expand -t 17

setup: ## Install the Debian packages that are missing, with apt
	@Sources/Scripts/setup.sh

build: setup ## Build everything
	@swift build --configuration $(CONFIGURATION)

proto: setup ## Generate C and Swift from Protos/ again, after a change there
	@Protos/generate.sh

golden: setup ## Write the fingerprints of objects and methods anew; refused where a frozen release forbids it
	@Sources/Scripts/golden.sh

release: setup ## Freeze the contract of the release in Release.swift; RELEASE=0.1 checks that it is that one
	@Sources/Scripts/release.sh $(RELEASE)

certs: setup ## Make a development CA and certificates in .stator/certs
	@certs/make-certificates.sh .stator/certs

image: setup ## Make the small guest image in .stator/images
	@Sources/Scripts/build-guest-image.sh .stator/images

demo: setup ## Build, run a whole cluster, tell its story in some steps and stop it
	@Sources/Scripts/demo.sh

up: setup ## Run a development cluster until Ctrl-C
	@Sources/Scripts/cluster.sh up

down: ## Stop the development cluster and its guests, wherever it runs
	@Sources/Scripts/cluster.sh down

test: setup ## Lint, build and run every test
	@Sources/Scripts/test.sh

test-kill: setup ## Kill daemons at random, 50 rounds; STATOR_KILL_SEED=n repeats a run
	@STATOR_KILL_ROUNDS=$${STATOR_KILL_ROUNDS:-50} Sources/Scripts/test.sh --filter KillTests

test-rpc: setup ## Show what the runtime promises at full size, in half an hour; STATOR_RPC_ROUNDS and others change it
	@Sources/Scripts/test-rpc.sh $(ONLY)

test-upgrade: setup ## Upgrade and downgrade beside the previous release, under load: FULL=1, ORDERS=n, SEED=n
	@Sources/Scripts/test-upgrade.sh

test-sanitize: setup ## Run the runtime's unit tests under the thread and address sanitizers
	@Sources/Scripts/test-sanitize.sh

fuzz: setup ## Attack with generated input: TARGET=name, INPUT=file repeats, STATOR_FUZZ_RUNS or _SECONDS
	@Sources/Scripts/fuzz.sh $(if $(INPUT),--input $(TARGET) $(INPUT),$(TARGET))

lint: setup ## Check format, imports, generated code and scripts
	@Sources/Scripts/lint.sh

format: ## Format the Swift sources in place
	@Sources/Scripts/swift-files.sh | xargs -0 swift format format --in-place --parallel

bench: setup ## Measure calls and objects side by side with others; BENCH="--quick" is shorter, "--only objects" a part
	@Sources/Scripts/bench.sh $(BENCH)

bench-commands: setup ## Measure commands of the command line against a cluster of its own
	@Sources/Scripts/bench-commands.sh

clean: ## Stop the development cluster and remove everything built and all local data
	@Sources/Scripts/clean.sh
