#!/usr/bin/env bash
# golangci-lint with .golangci.yml over everything, or over the packages given.
set -euo pipefail
cd "$(dirname "$0")/.."
lint=$(scripts/tool.sh github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
[ $# -gt 0 ] || set -- ./...
exec "$lint" run "$@"
