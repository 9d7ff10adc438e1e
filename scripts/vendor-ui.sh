#!/bin/sh
# Fetches the front-end files named in internal/portal/ui/vendor.lock and checks them.
#
#   scripts/vendor-ui.sh            fetch again; fail when a package or a file is not what the lock says
#   scripts/vendor-ui.sh --update   after a version was changed in the lock: write the new integrity and sha256
#
# Needs npm and node. The build needs neither: the files are committed, and a test checks them against the lock.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
MODE=${1:-check} WORK=$work node - <<'JS'
const fs = require("fs"), path = require("path"), crypto = require("crypto"), { execFileSync } = require("child_process");
const lockFile = "internal/portal/ui/vendor.lock", update = process.env.MODE === "--update", work = process.env.WORK;
const lock = JSON.parse(fs.readFileSync(lockFile, "utf8"));
const fail = (m) => { console.error("vendor-ui: " + m); process.exit(1); };
for (const p of lock.packages) {
  const out = JSON.parse(execFileSync("npm", ["pack", "--json", "--silent", `${p.name}@${p.version}`], { cwd: work, encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] }));
  const tarball = path.join(work, path.basename(out[0].filename));
  const integrity = "sha512-" + crypto.createHash("sha512").update(fs.readFileSync(tarball)).digest("base64");
  if (integrity !== out[0].integrity) fail(`${p.name}: the archive does not have the integrity that the registry states`);
  if (update) p.integrity = integrity;
  if (integrity !== p.integrity) fail(`${p.name}@${p.version}: integrity is ${integrity}, the lock says ${p.integrity}`);
  const dir = fs.mkdtempSync(path.join(work, "pkg-"));
  execFileSync("tar", ["xzf", tarball, "-C", dir, "--strip-components=1"]);
  for (const f of p.files) {
    const bytes = fs.readFileSync(path.join(dir, f.from));
    const sha256 = crypto.createHash("sha256").update(bytes).digest("hex");
    if (update) f.sha256 = sha256;
    if (sha256 !== f.sha256) fail(`${p.name} ${f.from}: sha256 is ${sha256}, the lock says ${f.sha256}`);
    fs.mkdirSync(path.dirname(f.to), { recursive: true });
    fs.writeFileSync(f.to, bytes);
  }
  console.log(`${p.name}@${p.version}: ${p.files.length} files`);
}
if (update) fs.writeFileSync(lockFile, JSON.stringify(lock, null, 1) + "\n");
JS
