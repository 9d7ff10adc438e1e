#!/usr/bin/env bash
# The list of parts of the binary, CycloneDX 1.6, into sbom.json or the file given. Asks no network once the modules are there.
# scripts/sbom.sh [file] [binary]; without a binary it builds the one of `make build` aside.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-sbom.json} binary=${2:-}
mkdir -p .bin
go build -o .bin/ ./internal/tools/sbom
if [ -z "$binary" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  binary=$folder/linecard
  CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$binary" ./cmd/linecard
fi
.bin/sbom "$binary" go.sum internal/portal/ui/vendor.lock >"$out.part"
mv "$out.part" "$out"
echo "$out: $(grep -c '"bom-ref"' "$out") parts with the program itself" >&2
