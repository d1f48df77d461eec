# Sourced by stand-ins.sh: moto's server as the stand-in for AWS, in a private Docker network, and the image in which it runs our
# functions. It needs docker-engine.sh and tools.sh, an engine that was started and the base image.
# shellcheck shell=bash

MOTO_NETWORK=handoff-e2e
MOTO_INSIDE=http://aws:5000 # moto's address in the network

moto_bin() { venv moto 'moto[server]==5.2.5'; }

# moto_images BASE makes the two images that moto would pull. The one that runs functions speaks the protocol of
# docker-lambda: arguments are handler and event, the last line on stdout is the answer, and the exit code says whether it
# is an error. moto unpacks zips in a container of the other, which is not needed for more, so one that is there is kept.
moto_images() {
	image_with "$1" handoff-moto-lambda:latest '["/invoke.sh"]' /invoke.sh <<'INVOKE'
#!/bin/sh
export AWS_ENDPOINT_URL=http://aws:5000
/var/rapid/aws-lambda-rie --log-level error /var/task/bootstrap "$1" >&2 &
printf '%s' "$2" >/tmp/event.json
# Only a refused connection is tried again: an event arrives once.
for _ in 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9; do
	busybox wget -q -O /tmp/answer --header 'Content-Type: application/json' --post-file /tmp/event.json \
		http://127.0.0.1:8080/2015-03-31/functions/function/invocations 2>/tmp/wget.log
	busybox grep -q refused /tmp/wget.log || break
	busybox sleep 0.02
done
# The emulator tells some ends in plain words, or by nothing but a status.
case $(busybox head -c 1 /tmp/answer 2>/dev/null) in
'{' | '[' | '"' | n | t | f | [0-9-]) cat /tmp/answer ;;
*) printf '{"errorType":"Runtime.Unknown","errorMessage":"%s"}' "$(cat /tmp/answer /tmp/wget.log 2>/dev/null | busybox tr -d '"\\\n')" ;;
esac >/tmp/out
busybox tr -d '\n' </tmp/out
echo
! busybox grep -qE '^\{"error(Type|Message)"' /tmp/out
INVOKE
	docker image inspect busybox:latest >/dev/null 2>&1 || image_with "$1" busybox:latest '["/bin/busybox"]' /README <<<"made for moto"
}

# image_with BASE TAG ENTRYPOINT FILE: an image of BASE with an executable FILE that is read from stdin.
image_with() {
	local file
	file=$(mktemp)
	cat >"$file"
	chmod 755 "$file"
	image_of "$1" "$2" --file "$file" "$4" --change "ENTRYPOINT $3" --change 'CMD []'
	rm -f "$file"
}

# image_of BASE TAG [--file FILE PATH] OPTIONS…: an image of BASE with a file and what docker commit is told in OPTIONS.
image_of() {
	local container tag=$2
	container=$(docker create "$1")
	shift 2
	if [ "${1:-}" = --file ]; then
		docker cp "$2" "$container:$3" >/dev/null
		shift 3
	fi
	docker commit "$@" "$container" "$tag" >/dev/null
	docker rm "$container" >/dev/null
}

# moto_start BASE: moto in a container of BASE, which has the host's Python before it, read-only. The host reaches it at
# $MOTO on 127.0.0.1 only, functions at $MOTO_INSIDE. Its socket to the engine is how it starts functions.
moto_start() {
	local bin prefix socket=${DOCKER_HOST:-unix:///var/run/docker.sock} mounts=() folder
	bin=$(moto_bin)
	prefix=$("$bin/python" -c 'import sys; print(sys.base_prefix)')
	for folder in /usr /usr/lib:/lib /usr/lib64:/lib64; do
		[ ! -d "${folder%%:*}" ] || mounts+=(-v "${folder%%:*}:${folder##*:}:ro")
	done
	[ "$prefix" = /usr ] || mounts+=(-v "$prefix:$prefix:ro")
	moto_clean
	docker network inspect $MOTO_NETWORK >/dev/null 2>&1 || docker network create $MOTO_NETWORK >/dev/null
	moto_container=$(docker run -d --network $MOTO_NETWORK --network-alias aws -p 127.0.0.1::5000 "${mounts[@]}" \
		-v "$CACHE/moto:$CACHE/moto:ro" -v "$PWD/scripts/moto-server.py:/moto-server.py:ro" -v "${socket#unix://}:/run/docker.sock" \
		-e DOCKER_HOST=unix:///run/docker.sock -e MOTO_PORT=5000 -e PYTHONDONTWRITEBYTECODE=1 \
		-e MOTO_DOCKER_LAMBDA_IMAGE=handoff-moto-lambda:latest -e MOTO_DOCKER_NETWORK_NAME=$MOTO_NETWORK \
		--entrypoint "$bin/python" "$1" /moto-server.py -H 0.0.0.0 -p 5000)
	MOTO=http://$(docker port "$moto_container" 5000/tcp | head -1)
	wait_for "$MOTO/moto-api/" 30 || { docker logs "$moto_container" | tail -20; return 1; }
}

# moto_clean removes what a run that was killed left in an engine of our own: moto takes the volume of a zip that it finds
# for a full one. In somebody else's engine it touches nothing.
moto_clean() {
	[ -n "${engine_pid:-}" ] || return 0
	docker ps -aq | xargs -r docker rm -f >/dev/null
	docker volume prune -f >/dev/null
}

moto_stop() {
	[ -n "${moto_container:-}" ] || return 0
	docker logs "$moto_container" >"$CACHE/moto.log" 2>&1 || true
	docker rm -f "$moto_container" >/dev/null
	docker network rm $MOTO_NETWORK >/dev/null 2>&1 || true # the SAM CLI may still be taking its container away
	moto_container=
}

# moto_role NAME…: moto makes a function only with a role that is there.
moto_role() {
	AWS_ENDPOINT_URL=$MOTO "$(moto_bin)/python" - "$@" <<'ROLE'
import sys, boto3
for name in sys.argv[1:]:
    boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
ROLE
}
