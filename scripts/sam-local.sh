#!/usr/bin/env bash
# Runs both functions under the SAM CLI, in containers, on this machine alone: no AWS account, nothing pulled. Sets the
# SAM CLI up in .cache/, and on Debian as root a Docker engine if none is there. Everything listens on 127.0.0.1.
#
#	sam-local.sh [--optional]
#
# With --optional it prints what it skipped and succeeds where no Docker engine can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh
. scripts/docker-engine.sh

mkdir -p "$CACHE"
optional=
[ "${1:-}" = --optional ] && optional=yes
build=.aws-sam/build
say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }

case $(uname -m) in
x86_64) architecture=x86_64 machine=3e ;;
aarch64) architecture=arm64 machine=b7 ;;
*) echo "Lambda has no $(uname -m)"; exit 1 ;;
esac

PATH=$(sam_bin):$PATH
sam_environment
say "$(sam --version)"
sam validate --lint
cfn-lint template.yaml infra/*.yaml
say "the templates are valid"

# The handler tests know what to expect of the events and of the sample models.
go test -c -o "$CACHE/answers.test" ./internal/aws/function

# machine_of FILE: the processor in an ELF header (bytes 18 and 19), 3e for x86_64 and b7 for arm64.
machine_of() { od -An -tx1 -j18 -N1 "$1" | tr -d ' '; }

build_for() { # ARCHITECTURE MACHINE FOLDER
	sam build --build-dir "$3" --parameter-overrides Architecture="$1" >"$CACHE/sam-build.log" 2>&1 || { cat "$CACHE/sam-build.log"; exit 1; }
	for function in ApiFunction ScoreFunction; do
		if [ "$(machine_of "$3/$function/bootstrap")" != "$2" ]; then
			echo "$function's bootstrap is not for $1"
			exit 1
		fi
		say "built $function for $1: $(stat -c %s "$3/$function/bootstrap") bytes"
	done
}
build_for arm64 b7 .aws-sam/arm64
build_for "$architecture" "$machine" $build

if ! engine_start; then
	echo "skipped: sam local invoke, sam local start-api: $engine_missing"
	[ -n "$optional" ]
	exit
fi
api=
cleanup() {
	[ -z "$api" ] || { kill "$api" 2>/dev/null || true; wait "$api" 2>/dev/null || true; }
	engine_stop
}
trap cleanup EXIT
say "Docker engine $(docker info -f '{{.ServerVersion}}')"
base_image $architecture "$(python -c 'import os, samcli; print(os.path.dirname(samcli.__file__))')/local/rapid/aws-lambda-rie-$architecture"

options=(--template "$build/template.yaml" --skip-pull-image --parameter-overrides "Architecture=$architecture")

# Every event, each in a fresh container. What they answer is compared below with the answers of the handler tests.
answers=$CACHE/answers
rm -rf "$answers"
mkdir "$answers"
for event in events/*/*.json; do
	kind=$(basename "$(dirname "$event")")
	function=ApiFunction
	[ "$kind" = score ] && function=ScoreFunction
	answer=$answers/$kind-$(basename "$event")
	sam local invoke $function -e "$event" "${options[@]}" >"$answer" 2>"$CACHE/sam-invoke.log" || true
	[ -s "$answer" ] || { cat "$CACHE/sam-invoke.log"; exit 1; }
	say "sam local invoke $function -e $event"
done

port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
base=http://127.0.0.1:$port
sam local start-api "${options[@]}" --warm-containers LAZY --host 127.0.0.1 --port "$port" >"$CACHE/start-api.log" 2>&1 &
api=$!
wait_for "$base/model" 60 || { cat "$CACHE/start-api.log"; exit 1; }
say "sam local start-api at $base"

models=$(curl -sf "$base/model" | python -c 'import json, sys; print(*(m["id"] for m in json.load(sys.stdin)["responses"]))')
say "models: $models"
for model in $models; do
	# NA is missing in our samples; over HTTP a missing value is an empty cell.
	sed -E ':again; s/(^|,)NA(,|$)/\1\2/; t again' "testdata/samples/$model/input.csv" >"$CACHE/input.csv"
	curl -sf -H 'Content-Type: text/csv' --data-binary @"$CACHE/input.csv" "$base/model/$model/csv?delimiterChar=," >"$answers/$model.csv" ||
		{ cat "$CACHE/start-api.log"; exit 1; }
	say "scored $model: $(($(wc -l <"$answers/$model.csv") - 1)) rows"
done

(cd internal/aws/function && HANDOFF_ANSWERS=$answers "$CACHE/answers.test" -test.run AnsweredElsewhere)
rm -rf "$answers"
say "all events and all tables are answered as expected"
