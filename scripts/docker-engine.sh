# Sourced by stand-ins.sh: a Docker engine and the base image of provided.al2023, without pulling anything.
# shellcheck shell=bash

# engine_start makes `docker` work: with the engine that is there, or on Debian as root with one of our own, which listens
# on a socket in .cache/ only and ends with the script. Returns 1 with the reason in $engine_missing if there is none.
engine_start() {
	if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
		return 0
	fi
	if [ "$(id -u)" != 0 ]; then
		engine_missing="no Docker engine answers, and only root can start one"
		return 1
	fi
	engine_install || return 1
	engine_run
}

engine_install() {
	local need=() p
	for p in dockerd:docker.io iptables:iptables busybox:busybox-static; do
		command -v "${p%%:*}" >/dev/null || [ -x "/bin/${p%%:*}" ] || need+=("${p##*:}")
	done
	[ ${#need[@]} = 0 ] && return 0
	if ! command -v apt-get >/dev/null; then
		engine_missing="no Docker engine answers, and there is no apt-get to install one"
		return 1
	fi
	echo "installing ${need[*]}"
	if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}"; } >"$CACHE/apt.log" 2>&1; then
		engine_missing="apt-get could not install ${need[*]}, see $CACHE/apt.log"
		return 1
	fi
}

# The socket's path must be short (108 bytes), wherever the project lies.
engine_run() {
	local run
	run=$(mktemp -d /tmp/handoff-docker.XXXXXX)
	export DOCKER_HOST=unix://$run/docker.sock
	nohup dockerd -H "$DOCKER_HOST" --data-root "$CACHE/docker" --exec-root "$run/exec" --pidfile "$run/pid" \
		--host-gateway-ip 127.0.0.1 >"$CACHE/dockerd.log" 2>&1 &
	engine_pid=$!
	for _ in $(seq 1 120); do
		docker info >/dev/null 2>&1 && return 0
		kill -0 "$engine_pid" 2>/dev/null || break
		sleep 0.25
	done
	engine_missing="dockerd does not start here, see $CACHE/dockerd.log"
	engine_stop
	return 1
}

engine_stop() {
	[ -n "${engine_pid:-}" ] || return 0
	kill "$engine_pid" 2>/dev/null || true
	wait "$engine_pid" 2>/dev/null || true
	rm -rf "${DOCKER_HOST#unix://}" "$(dirname "${DOCKER_HOST#unix://}")"
	engine_pid=
}

# base_image ARCHITECTURE RIE makes what SAM would pull: a static busybox, certificates and SAM's own runtime interface
# emulator. It is not Amazon Linux; our bootstraps are static and need nothing of it. An image that is there is kept.
base_image() {
	local tag=public.ecr.aws/lambda/provided:al2023-$1 root
	docker image inspect "$tag" >/dev/null 2>&1 && return 0
	root=$(mktemp -d)
	mkdir -p "$root"/{bin,etc/ssl/certs,etc/pki/tls/certs,opt,proc,dev,sys,root,var/task,var/runtime,var/rapid}
	mkdir -m 1777 "$root/tmp"
	cp /bin/busybox "$root/bin/busybox"
	for name in sh mv chmod cp rm mkdir cat ls env; do ln -s busybox "$root/bin/$name"; done
	if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
		cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
		ln -s /etc/ssl/certs/ca-certificates.crt "$root/etc/pki/tls/certs/ca-bundle.crt"
	fi
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\n' >"$root/etc/group"
	install -m 755 "$2" "$root/var/rapid/aws-lambda-rie"
	cat >"$root/lambda-entrypoint.sh" <<'ENTRYPOINT'
#!/bin/sh
bootstrap=/var/runtime/bootstrap
[ -x $bootstrap ] || bootstrap=/var/task/bootstrap
[ -n "$AWS_LAMBDA_RUNTIME_API" ] && exec $bootstrap "$@"
exec /var/rapid/aws-lambda-rie --log-level error $bootstrap "$@"
ENTRYPOINT
	chmod 755 "$root/lambda-entrypoint.sh"
	tar -C "$root" --numeric-owner --owner=0 --group=0 -c . | docker import \
		--change 'ENV PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin' \
		--change 'ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime' \
		--change 'WORKDIR /var/task' --change 'ENTRYPOINT ["/lambda-entrypoint.sh"]' - "$tag" >/dev/null
	rm -rf "$root"
}
