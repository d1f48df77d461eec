# Sourced by e2e.sh and sam-local.sh: the world in which our functions run on this machine: a Docker engine, moto, and in it
# all that a stack has, with functions/deploy and its event source mapping.
# shellcheck shell=bash
. scripts/tools.sh
. scripts/docker-engine.sh
. scripts/moto.sh

stand_ins_poller=
sam_image=handoff-sam:latest # provided.al2023 for the SAM CLI, where AWS is moto

# machine sets $architecture, as Lambda names it, $elf, the processor in an ELF header, and $base, what provided.al2023 is here.
machine() {
	case $(uname -m) in
	x86_64) architecture=x86_64 elf=3e ;;
	aarch64) architecture=arm64 elf=b7 ;;
	*) echo "Lambda has no $(uname -m)"; return 1 ;;
	esac
	base=public.ecr.aws/lambda/provided:al2023-$architecture
}

# stand_ins_start DEPLOY: an engine, the images, moto, and in it the world around functions/deploy, which was built in DEPLOY.
# It returns 1 with the reason in $engine_missing if there is no engine. Whoever calls it has a trap with stand_ins_stop.
stand_ins_start() {
	engine_start || return 1
	base_image "$architecture" "$("$(sam_bin)/python" -c 'import os, samcli; print(os.path.dirname(samcli.__file__))')/local/rapid/aws-lambda-rie-$architecture"
	moto_images "$base"
	image_of "$base" $sam_image --change "ENV AWS_ENDPOINT_URL=$MOTO_INSIDE"
	moto_start "$base"
	go build -o "$CACHE/e2e" ./scripts/e2e
	moto_role handoff-test-deploy handoff-test-model
	e2e world -deploy "$1" -architecture "$architecture" -sam-env "$CACHE/e2e-sam.json"
	e2e poll >"$CACHE/e2e-poll.log" 2>&1 &
	stand_ins_poller=$!
}

# e2e WHAT ARGUMENTS…: a part of scripts/e2e against moto.
e2e() { AWS_ENDPOINT_URL=$MOTO AWS_MAX_ATTEMPTS=3 "$CACHE/e2e" "$@"; }

stand_ins_stop() {
	if [ -n "$stand_ins_poller" ]; then
		kill "$stand_ins_poller" 2>/dev/null || true
		wait "$stand_ins_poller" 2>/dev/null || true
	fi
	moto_stop
	engine_stop
}
