#!/usr/bin/env bash
# Builds the binary from copies of the committed files in two folders and compares the bytes. Takes a commit; without one, HEAD. The second
# build has a build cache of its own, so that it does not take over what the first one compiled: that takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=$(git rev-parse "${1:-HEAD}^{commit}")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
for folder in one another/longer/name; do
  mkdir -p "$work/$folder"
  git archive "$commit" | tar -x -C "$work/$folder"
  [ "$folder" = one ] || export GOCACHE="$work/cache"
  (cd "$work/$folder" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o linecard ./cmd/linecard)
done
cd "$work"
sha256sum one/linecard another/longer/name/linecard
cmp one/linecard another/longer/name/linecard || { echo "The two builds of $commit differ." >&2; exit 1; }
echo "Both builds of $commit with $(go env GOVERSION) are the same."
