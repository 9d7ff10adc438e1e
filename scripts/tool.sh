#!/usr/bin/env bash
# Prints the path of a development tool, installed into .bin at its pinned version when it is not there yet:
#   scripts/tool.sh github.com/a-h/templ/cmd/templ
# A tool of a module in go.mod has that module's version. The others are pinned here and stay out of go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."
package=$1
case $package in
  github.com/a-h/templ/*) version=$(sed -n 's|.*github.com/a-h/templ \(v[^ ]*\).*|\1|p' go.mod) ;;
  github.com/golangci/golangci-lint/v2/*) version=v2.15.0 ;;
  *) echo "scripts/tool.sh: no version is pinned for $package" >&2; exit 2 ;;
esac
dir="$PWD/.bin/$(basename "$package")-$version"
if [ ! -x "$dir/$(basename "$package")" ]; then
  echo "Installing $package@$version into .bin (once)" >&2
  GOBIN="$dir" CGO_ENABLED=0 nice go install "$package@$version" >&2
fi
echo "$dir/$(basename "$package")"
