#!/usr/bin/env bash
# Switches off the complaints of evaluator/internal/check, one after the other, and runs its tests: at least one must
# break each time. Prints those that nobody missed and fails if there are any. The source itself is not touched.
#
#   scripts/mutate-check.sh           each complaint as a whole: each method of faults.go
#   scripts/mutate-check.sh --sites   each place where there is one
#
# Further arguments are names of complaints, or places as FILE:LINE; none means all.
set -euo pipefail
cd "$(dirname "$0")/.."
package=./evaluator/internal/check
folder=evaluator/internal/check
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

complaints() { # the methods without a result
	sed -nE 's/^func \(c \*checker\) ([a-zA-Z]+)\(.*\) \{$/\1/p' "$folder/faults.go"
}

sites() { # FILE:LINE of each call of a complaint
	find "$folder" -name '*.go' ! -name '*_test.go' | sort |
		xargs grep -nE "\bc\.($(complaints | paste -sd'|'))\(" | cut -d: -f1,2
}

# off_complaint writes an overlay in which a complaint does nothing.
off_complaint() { # NAME
	sed -E "s/^(func \(c \*checker\) $1\(.*\) \{)\$/\1 return/" "$folder/faults.go" >"$work/changed.go"
	overlay "$folder/faults.go"
}

# off_site writes an overlay in which a place calls a function that does nothing. With a name of its own, since a place
# may call a method of that name.
off_site() { # FILE:LINE
	local file=${1%:*} line=${1##*:}
	sed -E "${line}s/([a-z]+\.)*c\.($(complaints | paste -sd'|'))\(/noComplaint(/" "$file" >"$work/changed.go"
	printf '\nfunc noComplaint(...any) {}\n' >>"$work/changed.go"
	overlay "$file"
}

overlay() { # FILE
	printf '{"Replace": {"%s": "%s"}}' "$PWD/$1" "$work/changed.go" >"$work/overlay.json"
}

# missed says that no test breaks. The fast ones come first, since they find nearly all.
missed() {
	go test -vet=off -failfast -overlay "$work/overlay.json" -skip 'Hostile|Mutated|Damaged|Corpus' "$package" >"$work/log" 2>&1 &&
		go test -vet=off -failfast -overlay "$work/overlay.json" "$package" >"$work/log" 2>&1
}

off=off_complaint list=complaints
if [ "${1-}" = --sites ]; then
	off=off_site list=sites
	shift
fi
survivors=0
while read -r what; do
	$off "$what"
	if missed; then
		survivors=$((survivors + 1))
		echo "$what: no test breaks$([ $off = off_site ] && sed -nE "${what##*:}s/^[[:space:]]*/: /p" "${what%:*}")"
	elif grep -qE '\[(build|setup) failed\]' "$work/log"; then
		cat "$work/log"
		exit 1
	else
		echo "$what: $(grep -m1 -oE '^ *--- FAIL: [^ ]+' "$work/log" | sed 's/^ *--- FAIL: //')"
	fi
done < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else $list; fi)

echo "$survivors survivors"
[ "$survivors" -eq 0 ]
