#!/usr/bin/env bash
# Runs our functions under the SAM CLI, in containers, on this machine alone: no AWS account, nothing pulled. Every event of
# events/ has one invocation of its function; then functions/api serves HTTP, with moto behind it: one exchange for each
# route and role, the recorded ones that scripts/sam-exchanges.txt does not leave out, and Openscoring's own Python client.
#
#	sam-local.sh [--optional]
#
# With --optional it prints what it skipped and succeeds where no Docker engine can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stand-ins.sh

mkdir -p "$CACHE"
optional=
[ "${1:-}" = --optional ] && optional=yes
say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }
machine

PATH=$(sam_bin):$PATH
sam_environment
say "$(sam --version)"
sam validate --lint
cfn-lint template.yaml infra/*.yaml
say "the templates are valid"

# machine_of FILE: the processor in an ELF header (bytes 18 and 19), 3e for x86_64 and b7 for arm64.
machine_of() { od -An -tx1 -j18 -N1 "$1" | tr -d ' '; }

build_for() { # ARCHITECTURE MACHINE FOLDER: template.yaml into FOLDER, infra/score.yaml into FOLDER-score
	local template bootstrap
	for template in template.yaml infra/score.yaml; do
		local folder=$3
		[ $template = template.yaml ] || folder=$3-score
		sam build --template "$template" --build-dir "$folder" --parameter-overrides Architecture="$1" >"$CACHE/sam-build.log" 2>&1 ||
			{ cat "$CACHE/sam-build.log"; exit 1; }
	done
	for bootstrap in "$3"/*/bootstrap "$3"/DeployFunction/score/bootstrap "$3"-score/*/bootstrap; do
		if [ "$(machine_of "$bootstrap")" != "$2" ]; then
			echo "$bootstrap is not for $1"
			exit 1
		fi
		say "built for $1: $(stat -c %s "$bootstrap") bytes in ${bootstrap#.aws-sam/}"
	done
}
case $architecture in
x86_64) build_for arm64 b7 .aws-sam/arm64 ;;
arm64) build_for x86_64 3e .aws-sam/x86_64 ;;
esac
build=.aws-sam/build
build_for $architecture $elf $build

api=
cleanup() {
	[ -z "$api" ] || { kill "$api" 2>/dev/null || true; wait "$api" 2>/dev/null || true; }
	stand_ins_stop
}
trap cleanup EXIT
if ! stand_ins_start $build/DeployFunction; then
	echo "skipped: sam local invoke, sam local start-api: $engine_missing"
	[ -n "$optional" ]
	exit
fi
say "Docker engine $(docker info -f '{{.ServerVersion}}'), moto at $MOTO, functions/deploy in it"

# ---- The sample stage: version 1 of iris is live, and nothing else.
e2e deploy
say "the sample stage is there"

options=(--skip-pull-image --docker-network "$MOTO_NETWORK" --invoke-image "$sam_image")
template=(--template "$build/template.yaml" --parameter-overrides Architecture=$architecture Stage=test)
score=(--template "$build-score/template.yaml" --parameter-overrides Architecture=$architecture)

# ---- Every event, each in a fresh container. What they answer is compared with the answers of the handlers' tests.
answers=$CACHE/answers
rm -rf "$answers"
mkdir "$answers"

# modes NAME: the authorization of the stage that an event of events/api is sent to, by the beginning of its name.
modes() {
	case $1 in
	iam-*) echo AWS_IAM AWS_IAM ;;
	jwt-*) echo JWT JWT ;;
	token-*) echo TOKEN TOKEN ;;
	*) echo AWS_IAM NONE ;;
	esac
}

invoke() { # EVENT: its answer goes to $answers
	local kind name answer log arguments modes
	kind=$(basename "$(dirname "$1")")
	name=$(basename "$1" .json)
	answer=$answers/$kind-$name.json
	log=$answers/$kind-$name.log
	case $kind in
	score) arguments=(ScoreFunction "${score[@]}") ;;
	deploy) arguments=(DeployFunction "${template[@]}" --env-vars "$CACHE/e2e-sam.json") ;;
	api)
		read -ra modes < <(modes "$name")
		jq --arg admin "${modes[0]}" --arg scoring "${modes[1]}" \
			'.ApiFunction.HANDOFF_ADMIN_AUTHORIZATION = $admin | .ApiFunction.HANDOFF_SCORING_AUTHORIZATION = $scoring' \
			"$CACHE/e2e-sam.json" >"$answers/$name.env"
		arguments=(ApiFunction "${template[@]}" --env-vars "$answers/$name.env")
		;;
	esac
	sam local invoke "${arguments[@]}" "${options[@]}" -e "$1" >"$answer" 2>"$log" || true
	if [ ! -s "$answer" ]; then
		echo "$1 was not answered"
		cat "$log"
		return 1
	fi
}

# wait_for_all: until the invocations that have begun end; each must have been answered. (jobs: not the poller.)
wait_for_all() {
	local job
	for job in $(jobs -p); do
		[ "$job" = "$stand_ins_poller" ] || [ "$job" = "${engine_pid:-}" ] || wait "$job"
	done
}

# The first one by itself, because it makes the image; then a few at a time, since most of each is the SAM CLI's own start.
# Those for deploy change what is live, so they come last, and one after the other.
begun=$SECONDS
invoke events/score/single.json
at_once=0
for event in events/api/*.json events/score/*.json; do
	invoke "$event" &
	at_once=$((at_once + 1))
	[ $((at_once % 4)) != 0 ] || wait_for_all
done
wait_for_all
for event in events/deploy/*.json; do
	invoke "$event"
done
rm -f "$answers"/*.log "$answers"/*.env
say "sam local invoke of $(find events -name '*.json' | wc -l) events in $((SECONDS - begun)) s"

for package in function gateway; do
	HANDOFF_ANSWERS=$(realpath "$answers") go test -count=1 -run EventsAnsweredElsewhere "./internal/aws/$package" >"$answers/log" 2>&1 || { cat "$answers/log"; exit 1; }
done

# functions/deploy answers as its handler's tests say with a pipeline of their own, but for what depends on the pipeline.
for event in events/deploy/*.json; do
	name=$(basename "$event")
	case $name in command-*) continue ;; esac # only that they were answered
	jq -S 'if .answer.errorMessage then {errorMessage: .answer.errorMessage} else .answer end' "internal/aws/uploads/testdata/$name" >"$answers/want"
	jq -S 'if .errorMessage then {errorMessage} else . end' "$answers/deploy-$name" >"$answers/got"
	diff "$answers/want" "$answers/got" || { echo "$event is answered otherwise"; exit 1; }
done
rm -rf "$answers"
say "all events are answered as the handlers' tests say"

# ---- functions/api over HTTP, with tokens.
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
address=http://127.0.0.1:$port
# The SAM CLI trips over properties of routes that are AWS::NoValue, as an authorizer is where tokens decide.
python - $build/template.yaml $build/start-api.yaml <<'NO_AUTHORIZERS'
import sys
from samcli.yamlhelper import yaml_dump, yaml_parse
with open(sys.argv[1]) as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::ApiGatewayV2::Route":
        for name in ("AuthorizerId", "AuthorizationScopes"):
            resource["Properties"].pop(name, None)
with open(sys.argv[2], "w") as file:
    file.write(yaml_dump(template))
NO_AUTHORIZERS
sam local start-api --template $build/start-api.yaml --parameter-overrides Architecture=$architecture Stage=test AdminAuthorization=TOKEN ScoringAuthorization=TOKEN --env-vars "$CACHE/e2e-sam.json" \
	"${options[@]}" --warm-containers LAZY --host 127.0.0.1 --port "$port" >"$CACHE/start-api.log" 2>&1 &
api=$!
wait_for "$address/healthz" 60 || { cat "$CACHE/start-api.log"; exit 1; }
say "sam local start-api at $address"

e2e http "$address" || { tail -40 "$CACHE/start-api.log"; tail -20 "$CACHE/e2e-poll.log"; exit 1; }
say "every route is answered to every role as it should"

# Tables of some sample models, with numbers, texts and missing values: what their frameworks predict.
mkdir "$answers"
for model in isolation-forest loan-pipeline xgboost; do
	curl -sf -o /dev/null -X PUT -H 'Authorization: Bearer admin-tok' -H 'Content-Type: application/xml' \
		--data-binary @"testdata/samples/$model/model.pmml" "$address/model/$model"
	# NA is missing in our samples; over HTTP a missing value is an empty cell.
	sed -E ':again; s/(^|,)NA(,|$)/\1\2/; t again' "testdata/samples/$model/input.csv" >"$CACHE/input.csv"
	curl -sf -H 'Authorization: Bearer user-tok' -H 'Content-Type: text/csv' --data-binary @"$CACHE/input.csv" \
		"$address/model/$model/csv?delimiterChar=," >"$answers/$model.csv"
	say "scored $model: $(($(wc -l <"$answers/$model.csv") - 1)) rows"
done
HANDOFF_ANSWERS=$(realpath "$answers") go test -count=1 -run TablesAnsweredElsewhere ./internal/aws/function
rm -rf "$answers"

recorded=$(realpath -m "${HANDOFF_SHARED:-../shared}/openscoring")
if [ ! -e "$recorded/replay.py" ]; then
	echo "skipped: there are no recorded exchanges at $recorded"
	exit 0
fi
replayed=$(mktemp -d)
for configuration in default token; do
	mkdir "$replayed/$configuration"
	for exchange in "$recorded"/goldens/must/*.json; do
		name=$(basename "$exchange" .json)
		[ "$(jq -r .server "$exchange")" = $configuration ] || continue
		awk -v n="$name" '!/^#/ && $1 == n { found = 1 } END { exit !found }' scripts/sam-exchanges.txt || cp "$exchange" "$replayed/$configuration"
	done
	python "$recorded/replay.py" "$address/openscoring" "$replayed/$configuration" --token admin-tok --server $configuration >"$replayed/out" ||
		{ grep -A3 '^FAIL' "$replayed/out" || cat "$replayed/out"; tail -20 "$CACHE/e2e-poll.log"; exit 1; }
	say "$configuration: $(tail -1 "$replayed/out")"
done
rm -rf "$replayed"
"$(client_bin)/python" "$recorded/client_check.py" "$address/openscoring" --token admin-tok >"$CACHE/client.log" 2>&1 ||
	{ grep -A2 FAIL "$CACHE/client.log" || cat "$CACHE/client.log"; exit 1; }
say "Openscoring's Python client: $(tail -1 "$CACHE/client.log")"
