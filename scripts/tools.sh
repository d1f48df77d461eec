# Sourced by the other scripts: Python tools in virtual environments of their own under .cache/, at pinned versions.
# shellcheck shell=bash

CACHE=${CACHE:-$PWD/.cache}

# venv NAME PACKAGE==VERSION…: creates .cache/NAME once and prints its bin folder.
venv() {
	local folder=$CACHE/$1 wanted
	shift
	wanted=$(printf '%s\n' "$@")
	if [ "$(cat "$folder/packages" 2>/dev/null)" != "$wanted" ]; then
		echo "installing $* into ${folder#"$PWD/"}" >&2
		rm -rf "$folder"
		python3 -m venv "$folder"
		"$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
		printf '%s\n' "$wanted" >"$folder/packages"
	fi
	echo "$folder/bin"
}

# They print the folders of the SAM CLI with cfn-lint, of checkov, and of Openscoring's own Python client.
sam_bin() { venv sam aws-sam-cli==1.170.0 cfn-lint==1.58.0; }
checkov_bin() { venv checkov checkov==3.3.30; }
client_bin() { venv openscoring openscoring==0.8.0.post1 pandas==2.3.3; }

# sam_environment keeps the SAM CLI from calling home and from looking for an AWS account.
sam_environment() {
	export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
	export AWS_EC2_METADATA_DISABLED=true
	export AWS_MAX_ATTEMPTS=1 # each start of sam asks STS who it is; without this it waits 8 s for retries
}

# wait_for URL SECONDS: until something answers there.
wait_for() {
	local end=$((SECONDS + $2))
	until curl -s -o /dev/null --max-time 2 "$1"; do
		if [ $SECONDS -ge $end ]; then
			echo "nothing answers at $1 after $2 s" >&2
			return 1
		fi
		sleep 0.1
	done
}
