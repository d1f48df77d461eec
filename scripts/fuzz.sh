#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, each for FUZZTIME (default 30s).
set -euo pipefail
cd "$(dirname "$0")/.."

targets() { # PACKAGE TARGET, one pair a line
	go test -list '^Fuzz' ./... | awk '/^Fuzz/ { names[++n] = $1 } $1 == "ok" { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }'
}

targets | while read -r package target; do
	echo "== $package $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" "$package" </dev/null
done
