#!/usr/bin/env bash
# Rewrites the golden files of all packages whose tests know the flag -update.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=$(grep -rlE --include='*_test.go' 'flag\.Bool\("update"' . | xargs -r -n1 dirname | sort -u)
for package in $packages; do
	go test "$package" -update
done
git diff --stat
