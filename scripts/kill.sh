#!/usr/bin/env bash
# Kills the server at random instants under mixed write load, KILLS times on each database, and looks what is left.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/test-deps.sh
mkdir -p .bin
go build -o .bin/ ./internal/tools/withpostgres
LINECARD_KILLS="${KILLS:-1000}" .bin/withpostgres go test -count=1 -v -timeout 85m -run TestKill ./cmd/linecard
