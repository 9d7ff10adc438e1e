#!/usr/bin/env bash
# Makes everything that is made from something else. Its output is committed; a test fails when it is stale.
set -euo pipefail
cd "$(dirname "$0")/.."
if git ls-files -co --exclude-standard '*.templ' | grep -q .; then
  templ=$(scripts/tool.sh github.com/a-h/templ/cmd/templ)
  "$templ" generate -log-level error
fi
go run ./internal/tools/coverage
go test -count=1 -run ArchitecturePage ./internal/structure -update >/dev/null
