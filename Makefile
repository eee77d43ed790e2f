# Needs Go and make alone; `make race` also needs a C compiler.
SHELL := bash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
# How long `make fuzz` stays with each target.
FUZZTIME ?= 30s

.DEFAULT_GOAL := help
.PHONY: help build test race lint lint-rules fmt fuzz bench live demo docs check tidy clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' Makefile

build: ## build bin/govctl: the same bytes wherever the folder lies
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X govctl/cmd.version=$(VERSION)' -o bin/govctl .

test: ## run the unit tests, contracts and scripts
	CGO_ENABLED=0 go test -shuffle=on ./...

race: ## run the same tests under the race detector
	CGO_ENABLED=1 go test -race -shuffle=on ./...

lint: ## check the code with golangci-lint (the first run builds it: minutes)
	tools/lint

lint-rules: ## show that each lint rule of our own fires on a planted breach
	tools/lint-rules

fmt: ## format the code
	tools/golangci fmt . lab

fuzz: ## run each fuzz target for FUZZTIME (30s)
	tools/fuzz $(FUZZTIME)

bench: ## measure govctl beside its neighbours and write docs/performance.md
	cd lab && go run ./bench

live: ## test against real servers (the first run builds Consul: minutes)
	cd lab && CGO_ENABLED=0 go test -count=1 -timeout 60m ./...

demo: build ## show the main jobs on a small mesh of real services
	bin/govctl demo --tour

docs: ## write docs/commands, docs/man and completions from what the commands say
	UPDATE=1 go test -count=1 -run '^TestDocs$$' ./cmd

check: ## check modules, lint, sizes, paths and generated files
	tools/check

tidy: ## tidy the modules
	go mod tidy && cd lab && go mod tidy

clean: ## remove what was built here
	rm -rf bin
