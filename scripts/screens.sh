#!/usr/bin/env bash
# Refreshes the pictures under docs/screens: the browser tests write them when LINECARD_SCREENS names the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/test-deps.sh
mkdir -p docs/screens
LINECARD_SCREENS="$PWD/docs/screens" go test -count=1 -timeout 14m -run Pictures ./internal/browser/...
