# Linecard. `make demo` shows it, `make test` proves it; the rest is for people who change it.
export CGO_ENABLED ?= 0

.PHONY: help demo build test bench kill fuzz lint generate screens sbom reproduce
help: ## this list
	@grep -E '^[a-z]+: .*## ' Makefile | sed -E 's/: .*## /\t/' | expand -t 12

demo: ## one process with everything in it; prints where to look (ARGS="--fleet 200" …)
	@go run ./cmd/linecard demo $(ARGS)

build: ## the binary, static, in ./linecard
	go build -trimpath -ldflags "-s -w" -o linecard ./cmd/linecard

test: ## every test on both databases and in a real browser; installs what it needs (PKG=./internal/x/... for a part)
	@scripts/test.sh $(PKG)

bench: ## the benchmarks; rewrites the tables in docs/benchmarks.md
	@scripts/bench.sh $(PKG)

kill: ## kill -9 at random instants under load, KILLS (1000) times on each database; 25 are in `make test`
	@scripts/kill.sh

fuzz: ## every fuzz target for FUZZTIME (10s) each
	@scripts/fuzz.sh

lint: ## golangci-lint, pinned, installed into .bin
	@scripts/lint.sh

generate: ## everything that is made from something else: templ pages, docs/coverage.md
	@scripts/generate.sh

screens: ## the pictures under docs/screens
	@scripts/screens.sh

sbom: ## the list of parts of the binary, CycloneDX, in ./sbom.json
	@scripts/sbom.sh

reproduce: ## builds HEAD twice in different folders and compares the bytes
	@scripts/reproduce.sh
