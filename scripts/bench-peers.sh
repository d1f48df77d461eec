#!/bin/sh
# Measures Handoff, JPMML-Evaluator and PMML4S on the same models, one after the other on one core.
# usage: bench-peers.sh [--json] [--rounds N] [--missing TEXTS] [FOLDER…]   (each with model.pmml[.gz] and input.csv)
# Without folders: ../shared/perf/models (HANDOFF_SHARED names another place), else testdata/samples. The figures of
# ../shared/perf/RESULTS.md are shown beside, where they are.
# Needs Go, Java 17 and Maven (the first time, for the peers' jars). A model takes about half a minute a round.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
shared=${HANDOFF_SHARED:-$root/../shared}
flags= folders=
while [ $# -gt 0 ]; do
	case $1 in
	--json) flags="$flags -json" ;;
	--rounds | --missing | --core) flags="$flags -${1#--} $2" && shift ;;
	--help | -h) sed -n '2,6s/^# //p' "$0" && exit 0 ;;
	-*) echo "bench-peers.sh: unknown option $1" >&2 && exit 2 ;;
	*) folders="$folders $1" ;;
	esac
	shift
done
if [ -z "$folders" ] && [ -d "$shared/perf/models" ]; then
	folders=$(echo "$shared"/perf/models/*/)
elif [ -z "$folders" ]; then
	echo "bench-peers.sh: no shared models here, measuring testdata/samples" >&2
	folders=$(echo "$root"/testdata/samples/*/)
	flags="$flags -missing NA"
fi
[ ! -f "$shared/perf/RESULTS.md" ] || flags="$flags -figures $shared/perf/RESULTS.md"
classpath=$("$root/scripts/peers/build.sh")
go build -C "$root" -trimpath -o bin/handoff ./cmd/handoff
go build -C "$root" -trimpath -o bin/peers ./scripts/peers
# shellcheck disable=SC2086 # both are lists of words
exec "$root/bin/peers" -handoff "$root/bin/handoff" -classpath "$classpath" $flags $folders
