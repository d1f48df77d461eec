#!/usr/bin/env bash
# Runs what we have made on real parts, on this machine alone: AWS's DynamoDB Local for the store; moto for S3, SQS, Lambda
# (our own zips in containers), DynamoDB and Secrets Manager; the SAM CLI for the functions as the template describes them.
# Nothing is pulled; everything comes from package registries, and listens on 127.0.0.1 or in a private Docker network.
#
#	e2e.sh [--optional]
#
# With --optional it prints what it skipped and succeeds where no Docker engine can be had. scripts/sam-exchanges.txt names
# the recorded exchanges that are left out here, with reasons.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/stand-ins.sh

mkdir -p "$CACHE"
optional=
[ "${1:-}" = --optional ] && optional=--optional
say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }
machine
sam_environment

scripts/dynamodb-local.sh $optional
say "AWS's DynamoDB Local"

deploy=$CACHE/e2e-deploy
make --no-print-directory build-DeployFunction ARCHITECTURE=$architecture ARTIFACTS_DIR="$deploy"
trap stand_ins_stop EXIT
if ! stand_ins_start "$deploy"; then
	echo "skipped: moto, sam local invoke and sam local start-api: $engine_missing"
	[ -n "$optional" ]
	exit
fi
say "Docker engine $(docker info -f '{{.ServerVersion}}'), moto at $MOTO, functions/deploy in it"

HANDOFF_S3=$MOTO HANDOFF_LAMBDA=$MOTO go test -count=1 ./internal/aws/s3 ./internal/aws/lambda
say "the adapters of S3 and Lambda keep their contracts in moto"

e2e story -image "$base" -network $MOTO_NETWORK || { tail -20 "$CACHE/e2e-poll.log"; exit 1; }
say "the life of a model in moto"
stand_ins_stop
trap - EXIT

scripts/sam-local.sh $optional
say "the functions under the SAM CLI"
