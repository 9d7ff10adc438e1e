#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (10s) one after the other; stops at the first that finds something.
set -euo pipefail
cd "$(dirname "$0")/.."
grep -rlE --include='*_test.go' '^func Fuzz[A-Z]' internal cmd 2>/dev/null | xargs -r -n1 dirname | sort -u | while read -r dir; do
  grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go | cut -d' ' -f2 | while read -r target; do
    echo "== $dir $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "./$dir" </dev/null
  done
done
