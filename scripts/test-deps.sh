#!/usr/bin/env bash
# Makes sure that what the tests need is on this computer: PostgreSQL's server programs, a Chromium, fonts for Chinese.
# As root on Debian or Ubuntu it installs what is missing; otherwise it says exactly what to install, and fails.
# `test-deps.sh nginx` also wants nginx, the yardstick of the benchmarks; `test-deps.sh sip` Kamailio, at which the phones of a test register.
set -euo pipefail

postgres() {
  local dir
  for dir in "${LINECARD_PG_BIN:-/nowhere}" /usr/lib/postgresql/*/bin; do
    [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && return 0
  done
  command -v initdb >/dev/null && command -v postgres >/dev/null
}
browser() {
  [ -x "${CHROMIUM:-/nowhere}" ] && return 0
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && return 0
  done
  return 1
}
chinese() {
  if command -v fc-list >/dev/null; then fc-list :lang=zh-cn family 2>/dev/null | grep -q .; else
    ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1; fi
}

yardstick() { [ "${1:-}" != nginx ] || command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; }
# Without them the test of registrations is skipped, except in CI.
sip() {
  [ "${1:-}" != sip ] && [ -z "${CI:-}" ] && return 0
  { command -v kamailio >/dev/null || [ -x /usr/sbin/kamailio ]; } && [ -e /usr/share/kamailio/postgres/usrloc-create.sql ] &&
    ls /usr/lib/*/kamailio/modules/db_postgres.so >/dev/null 2>&1
}

missing=() why=()
postgres || { missing+=(postgresql); why+=("PostgreSQL server programs (initdb, postgres): every test runs on both databases"); }
browser  || { missing+=(chromium); why+=("a Chromium: the portal is tested in a real browser"); }
chinese  || { missing+=(fontconfig fonts-noto-cjk); why+=("a font with Chinese characters: the pictures of the pages need it"); }
sip "$@" || { missing+=(kamailio kamailio-postgres-modules); why+=("Kamailio with its PostgreSQL module: a phone registers there in a test"); }
yardstick "$@" || { missing+=(nginx-light); why+=("nginx: the benchmarks compare with it"); }
[ ${#missing[@]} -eq 0 ] && exit 0

echo "The tests need, and this computer lacks:"
printf '  - %s\n' "${why[@]}"
if ! command -v apt-get >/dev/null; then
  echo "There is no apt-get here. Install these with your system's package manager (Debian's names: ${missing[*]}) and run again." >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Not root, so nothing was installed. Run this, then again what you ran:" >&2
  echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
echo "Installing with apt-get: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -q --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
# The package lists are fetched only when the install does not find what it wants in those that are there.
if ! install; then
  echo "Fetching newer package lists first (apt-get update)."
  apt-get update -q >"$log" 2>&1 && install || { tail -n 20 "$log" >&2; echo "The installation failed; see above." >&2; exit 1; }
fi
postgres && browser && chinese && yardstick "$@" && sip "$@" || { echo "Installed ${missing[*]}, but something is still not found." >&2; exit 1; }
echo "Installed."
