#!/usr/bin/env bash
# exchanges.sh HANDOFF FRONT: replays Openscoring's recorded exchanges ($SHARED/openscoring, default ../shared) and runs
# its own Python client, in all configurations of the roles: against `handoff serve`, and against a stage in memory, where
# requests are events of API Gateway to functions/api, which passes on to functions/score what is to be scored.
# scripts/exchanges.txt names the exchanges that cannot pass yet, with reasons; nothing else may differ, and nothing on that
# list may pass unnoticed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh

handoff=$(realpath "$1") front=$(realpath "$2")
recorded=$(realpath -m "${SHARED:-../shared}/openscoring")
if [ ! -e "$recorded/replay.py" ]; then
	echo "skipped: there are no recorded exchanges at $recorded"
	exit 0
fi
client=$(client_bin)/python

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
failed=0

start() { # COMMAND…: a server on a free port of loopback; sets base
	"$@" --addr 127.0.0.1:0 --data "$work/data" >"$work/out" 2>"$work/log" &
	server=$!
	for _ in $(seq 1 100); do
		base=$(grep -ohE 'http://127\.0\.0\.1:[0-9]+' "$work/out" "$work/log" | head -1 || true)
		[ -n "$base" ] && return 0
		kill -0 $server 2>/dev/null || break
		sleep 0.1
	done
	cat "$work/out" "$work/log"
	exit 1
}

stop() {
	kill "$server"
	wait "$server" || true
	server=
	rm -rf "$work/data"
}

replay() { # CONFIGURATION ARGUMENTS…: compares what differs with the list
	local configuration=$1
	shift
	python3 "$recorded/replay.py" "$base/openscoring" "$@" --server "$configuration" >"$work/replay" || true
	tail -1 "$work/replay"
	grep -E '^FAIL ' "$work/replay" | awk '{ print $2 }' | sort >"$work/differ" || true
	awk -v c="$configuration" '!/^#/ && $1 == c { print $2 }' scripts/exchanges.txt | sort >"$work/known"
	if comm -23 "$work/differ" "$work/known" | grep .; then
		echo "these differ"
		grep -A3 -F -f <(comm -23 "$work/differ" "$work/known") "$work/replay" | head -40
		failed=1
	fi
	if comm -13 "$work/differ" "$work/known" | grep .; then
		echo "these pass now: take them off scripts/exchanges.txt"
		failed=1
	fi
	if ! grep -qE '^[1-9][0-9]* goldens' "$work/replay"; then
		echo "nothing was replayed"
		failed=1
	fi
}

check_client() { # ARGUMENTS…
	if ! "$client" "$recorded/client_check.py" "$base/openscoring" "$@" >"$work/client" 2>&1; then
		grep -A2 FAIL "$work/client" || cat "$work/client"
		failed=1
	fi
	tail -1 "$work/client"
}

for kind in serve front; do
	command=("$handoff" serve)
	[ $kind = front ] && command=("$front")

	echo "== $kind: default"
	start "${command[@]}"
	replay default
	check_client
	stop

	echo "== $kind: token"
	start "${command[@]}" --user-token user-tok --admin-token admin-tok
	replay token --token admin-tok
	check_client --token admin-tok
	stop

	echo "== $kind: nonadmin"
	start "${command[@]}" --admin-token admin-tok
	replay nonadmin
	stop

	echo "== $kind: nouser"
	start "${command[@]}" --user-token user-tok --admin-token admin-tok
	replay nouser
	stop

	echo "== $kind: validate"
	start "${command[@]}" --strict
	replay validate "$recorded/goldens/must" "$recorded/goldens/quirks"
	stop
done
exit $failed
