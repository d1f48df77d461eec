# Sourced by e2e.sh and sam-local.sh: the world in which our functions run on this machine: a Docker engine, moto, and in it
# all that a stack has, with functions/deploy and its event source mapping.
# shellcheck shell=bash
. scripts/tools.sh
. scripts/docker-engine.sh
. scripts/moto.sh

stand_ins_pids=()

# machine sets $architecture, as Lambda names it, $elf, the processor in an ELF header, and $base, what provided.al2023 is here.
machine() {
	case $(uname -m) in
	x86_64) architecture=x86_64 elf=3e ;;
	aarch64) architecture=arm64 elf=b7 ;;
	*) echo "Lambda has no $(uname -m)"; return 1 ;;
	esac
	base=public.ecr.aws/lambda/provided:al2023-$architecture
}

# stand_ins_start BUILD: an engine, the images, moto, and in it the world around the functions that sam build left in BUILD.
# It returns 1 with the reason in $engine_missing if there is no engine. Whoever calls it has a trap with stand_ins_stop.
# Where another script has started all that, this one uses it.
stand_ins_start() {
	if [ -n "${MOTO:-}" ]; then
		return 0
	fi
	engine_start || return 1
	base_image "$architecture" "$("$(sam_bin)/python" -c 'import os, samcli; print(os.path.dirname(samcli.__file__))')/local/rapid/aws-lambda-rie-$architecture"
	moto_images "$base"
	moto_start "$base"
	export MOTO
	moto_role handoff-test-deploy handoff-test-model
	go build -o "$CACHE/e2e" ./scripts/e2e
	e2e world -deploy "$1/DeployFunction" -architecture "$architecture" -sam-env "$CACHE/e2e-sam.json"
	e2e poll >"$CACHE/e2e-poll.log" 2>&1 &
	stand_ins_pids+=($!)
}

# e2e WHAT ARGUMENTS…: a part of scripts/e2e against moto.
e2e() { AWS_ENDPOINT_URL=$MOTO AWS_MAX_ATTEMPTS=3 "$CACHE/e2e" "$@"; }

stand_ins_stop() {
	local pid
	for pid in ${stand_ins_pids[@]+"${stand_ins_pids[@]}"}; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	moto_stop
	engine_stop
}
