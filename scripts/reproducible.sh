#!/usr/bin/env bash
# Shows that the bootstrap of functions/score depends on its sources alone: it is built here and from a copy in another
# folder, as another commit that differs in a file that score does not import. Both builds have one SHA-256.
set -euo pipefail
cd "$(dirname "$0")/.."

elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT

copy() { # of the tree as it is, committed under another hash
	mkdir "$elsewhere/copy"
	git ls-files -z -co --exclude-standard | while IFS= read -r -d '' file; do [ -f "$file" ] && printf '%s\0' "$file"; done |
		tar --null -T - -c | tar -C "$elsewhere/copy" -x
	cd "$elsewhere/copy"
	echo "another commit" >ANOTHER
	printf 'package main\n\nfunc init() { _ = "not imported by score" }\n' >cmd/handoff/another.go
	git init -q .
	git add -A
	git -c user.name=reproducible -c user.email=reproducible@localhost commit -q -m "Another commit"
}

checksum() { # ARCHITECTURE FOLDER: builds the bootstrap only; the model's compiled form is not part of it
	ARCHITECTURE=$1 ARTIFACTS_DIR=$2 make --no-print-directory -s bootstrap-ScoreFunction >&2
	sha256sum <"$2/bootstrap" | cut -d' ' -f1
}

for architecture in arm64 x86_64; do
	here=$(checksum $architecture "$elsewhere/here-$architecture")
	there=$([ -d "$elsewhere/copy" ] || copy; cd "$elsewhere/copy" && checksum $architecture "$elsewhere/there-$architecture")
	if [ "$here" != "$there" ]; then
		echo "$architecture: two builds differ: $here and $there"
		exit 1
	fi
	echo "$architecture: $here, twice"
done
