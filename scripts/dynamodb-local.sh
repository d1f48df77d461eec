#!/usr/bin/env bash
# Runs the tests of internal/aws/dynamodb against AWS's own DynamoDB Local, the contract that every store keeps among them.
# usage: dynamodb-local.sh [--optional]      --optional: where it cannot run here, say why and succeed
# It listens on all addresses, so it gets a network of its own (unshare), with nothing in it but loopback: the tests run
# there, too. Needs Go, Java 17, ip, root or user namespaces, and Maven once, for 50 MB from Maven Central.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
. scripts/tools.sh
folder=$CACHE/dynamodb-local
port=8000

# missing prints why it cannot run here.
missing() {
	local need
	for need in java unshare ip; do
		command -v "$need" >/dev/null || { echo "there is no $need"; return; }
	done
	if [ ! -e "$folder/done" ] && ! command -v mvn >/dev/null; then
		echo "there is no Maven to get DynamoDB Local with"
	elif ! alone true 2>/dev/null; then
		echo "unshare cannot make a network here: that needs root or user namespaces"
	fi
}

# alone runs a command in a network of its own. Root needs no user namespace, and has none in many containers.
alone() {
	if [ "$(id -u)" = 0 ]; then unshare --net -- "$@"; else unshare --map-root-user --net -- "$@"; fi
}

get() {
	[ ! "$folder/done" -nt scripts/dynamodb-local/pom.xml ] || return 0
	rm -rf "$folder"
	mkdir -p "$folder"
	mvn -q -B -Dstyle.color=never -f scripts/dynamodb-local/pom.xml dependency:copy-dependencies "-DoutputDirectory=$folder/lib" >&2
	touch "$folder/done"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

# inside is what runs in the network: DynamoDB Local, the tests, and the end of both.
inside() {
	ip link set lo up
	java -Djava.library.path="$folder/lib" -cp "$folder/lib/*" com.amazonaws.services.dynamodbv2.local.main.ServerRunner \
		-port "$port" -inMemory -disableTelemetry >"$folder/log" 2>&1 &
	java=$!
	local begun=$SECONDS status=0
	trap 'kill "$java" 2>/dev/null; wait "$java" 2>/dev/null || true' EXIT
	until answers; do
		if ! kill -0 "$java" 2>/dev/null || [ $((SECONDS - begun)) -ge 120 ]; then
			echo "DynamoDB Local does not start:" && tail -20 "$folder/log"
			return 1
		fi
		sleep 0.2
	done
	cd internal/aws/dynamodb
	HANDOFF_DYNAMODB=http://127.0.0.1:$port "$folder/store.test" -test.v -test.run '^TestDynamoDBLocal' >"$folder/tests" 2>&1 || status=$?
	grep -vE '^ *(=== |--- PASS)|^PASS$' "$folder/tests" || true
	echo "DynamoDB Local: $(grep -cE '^ *--- PASS' "$folder/tests" || true) tests passed, $(grep -cE '^ *--- FAIL' "$folder/tests" || true) failed, $(grep -cE '^ *--- SKIP' "$folder/tests" || true) skipped"
	grep -qE '^ *--- PASS' "$folder/tests" || return 1
	return "$status"
}

case ${1:-} in
--inside)
	inside
	exit
	;;
--optional | "") ;;
*)
	sed -n '2,5s/^# //p' "$0" >&2
	exit 2
	;;
esac
why=$(missing)
if [ -n "$why" ]; then
	echo "skipped: the store against DynamoDB Local: $why"
	[ "${1:-}" = --optional ]
	exit
fi
get
go test -c -o "$folder/store.test" ./internal/aws/dynamodb
alone "$here/dynamodb-local.sh" --inside
