#!/usr/bin/env bash
# Runs the benchmarks, alone on the computer for figures worth reading, and rewrites the tables in docs/benchmarks.md.
# scripts/bench.sh [package pattern …]; BENCH picks benchmarks by regular expression, BENCHTIME and COUNT as in go test.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/test-deps.sh nginx
mkdir -p .bin
go build -o .bin/ ./internal/tools/benchtable ./internal/tools/withpostgres
[ $# -gt 0 ] || set -- ./...
.bin/withpostgres go test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-2s}" -count "${COUNT:-3}" -benchmem -p 1 -timeout 60m "$@" |
  tee /dev/stderr | .bin/benchtable docs/benchmarks.md
