#!/usr/bin/env bash
# Every test on both databases and in a real browser: scripts/test.sh [package pattern …]
# With patterns only those packages are tested, and it is no fault when they do not touch one of the databases.
# LINECARD_TEST_P and LINECARD_TEST_PARALLEL override how many packages, and tests in one, run at once.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED="${CGO_ENABLED:-0}" LINECARD_REQUIRE_POSTGRES=1

scripts/test-deps.sh
check=()
if [ $# -eq 0 ]; then
  scripts/check-generated.sh
  check=(-databases)
  set -- ./...
fi
go build "$@"
go vet "$@"

mkdir -p .bin
go build -o .bin/ ./internal/tools/testsummary ./internal/tools/withpostgres

# One package a core: tests drive servers and a browser of their own, which need a share as well.
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
flags=(-json -vet=off -timeout 14m -p "${LINECARD_TEST_P:-$cores}" -parallel "${LINECARD_TEST_PARALLEL:-$((cores * 2))}")
.bin/withpostgres go test "${flags[@]}" "$@" 2>&1 | .bin/testsummary ${check[@]+"${check[@]}"}
