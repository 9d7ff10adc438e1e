#!/usr/bin/env bash
# Fails when Go files are not formatted or when templ pages and the Go files made from them differ. Changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=$(git ls-files -co --exclude-standard '*.go' | { while read -r f; do [ -f "$f" ] && echo "$f"; done; true; } | xargs -r gofmt -l)
if [ -n "$bad" ]; then
  printf 'Not formatted (run gofmt -w):\n%s\n' "$bad" >&2
  exit 1
fi

pages=$(git ls-files -co --exclude-standard '*.templ')
[ -n "$pages" ] || exit 0
if ! templ=$(scripts/tool.sh github.com/a-h/templ/cmd/templ); then
  [ -z "${CI:-}" ] || { echo "templ cannot be installed, so the generated pages cannot be checked." >&2; exit 1; }
  echo "NOT CHECKED: templ cannot be installed here, so nobody looked whether the generated pages are fresh." >&2
  exit 0
fi
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp go.mod go.sum "$copy/"
while read -r f; do
  mkdir -p "$copy/$(dirname "$f")"
  cp "$f" "$copy/$f"
done <<<"$pages"
(cd "$copy" && "$templ" generate -log-level error)
# The name of the page in error positions depends on the folder templ was started in, so it does not count.
plain() { sed -E 's#FileName: `([^`]*/)?#FileName: `#' "$1" 2>/dev/null; }
stale=0
while read -r f; do
  made="${f%.templ}_templ.go"
  cmp -s <(plain "$copy/$made") <(plain "$made") || { echo "Stale: $made (run make generate)" >&2; stale=1; }
done <<<"$pages"
exit "$stale"
