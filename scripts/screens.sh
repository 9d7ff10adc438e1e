#!/usr/bin/env bash
# Refreshes the pictures under docs/screens: the browser tests write them when LINECARD_SCREENS names the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/test-deps.sh
mkdir -p docs/screens
packages=$(grep -rlF --include='*_test.go' LINECARD_SCREENS internal | xargs -r -n1 dirname | sort -u | sed 's|^|./|')
[ -n "$packages" ] || { echo "No test draws pictures." >&2; exit 1; }
# shellcheck disable=SC2086
LINECARD_SCREENS="$PWD/docs/screens" go test -count=1 -timeout 14m $packages
# Some tests draw what only their authors need to see; the folder holds pages.
rm -f docs/screens/behaviour-* docs/screens/width-* docs/screens/design-{form,list,question,signin}-*
