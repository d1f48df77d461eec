#!/usr/bin/env bash
# Shows that the bootstrap of functions/score depends on its sources alone: it is built in two folders, as two commits that
# differ in files that score does not import; for the default architecture the second time from an empty build cache. Both
# builds have one SHA-256.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

snapshot() { # the tree as it is, so that both builds see the same even while somebody works here
	git ls-files -z -co --exclude-standard | while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
		tar --null -T - -cf "$work/tree.tar"
}

unpack() ( # FOLDER: as a repository with one commit
	mkdir -p "$1"
	cd "$1"
	tar -xf "$work/tree.tar"
	git init -q .
	if [ "$1" != "$work/first" ]; then
		printf 'package main\n\nfunc init() { _ = "score does not import this" }\n' >cmd/handoff/another.go
		echo "another commit" >ANOTHER
	fi
	git add -A
	git -c user.name=reproducible -c user.email=reproducible@localhost commit -q -m "A commit"
)

checksum() ( # FOLDER ARCHITECTURE: of the bootstrap alone; the model's compiled form is not part of it
	cd "$1"
	ARCHITECTURE=$2 ARTIFACTS_DIR=$work/out make --no-print-directory -s bootstrap-ScoreFunction >&2
	sha256sum <"$work/out/bootstrap" | cut -d' ' -f1
)

snapshot
first=$work/first second=$work/second/in/another/folder
unpack "$first"
unpack "$second"
for architecture in x86_64 arm64; do
	one=$(checksum "$first" $architecture)
	[ $architecture = arm64 ] && export GOCACHE=$work/cache
	two=$(checksum "$second" $architecture)
	if [ "$one" != "$two" ]; then
		echo "$architecture: two builds differ: $one and $two"
		exit 1
	fi
	echo "$architecture: $one, twice"
done
