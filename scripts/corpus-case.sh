#!/usr/bin/env bash
# corpus-case.sh HANDOFF MODEL INPUT OUTPUT ERRORS: one case of the corpus, from the document and from its compiled form.
set -euo pipefail
handoff=$1 model=$2 input=$3 output=$4 errors=$5

"$handoff" score --quiet --model "$model" --input "$input" --output "$output" --errors "$errors" --missing NA,N/A
"$handoff" compile --quiet --model "$model" --output "$output.bin"
"$handoff" score --quiet --model "$output.bin" --input "$input" --output "$output.again" --errors "$errors.again" --missing NA,N/A
cmp "$output" "$output.again"
if [ -e "$errors" ] || [ -e "$errors.again" ]; then
	cmp "$errors" "$errors.again"
fi
