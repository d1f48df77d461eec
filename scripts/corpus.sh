#!/usr/bin/env bash
# corpus.sh HANDOFF: scores the corpus of real models in $SHARED/corpus (default ../shared), from documents and from
# compiled forms, whose results must be identical bytes, and compares with other people's answers. Cases whose models are
# not supported yet are told by the code of their fault, and counted.
set -euo pipefail
cd "$(dirname "$0")/.."

handoff=$(realpath "$1")
corpus=$(realpath -m "${SHARED:-../shared}/corpus")
if [ ! -e "$corpus/check.py" ]; then
	echo "skipped: there is no corpus at $corpus"
	exit 0
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
status=0
for part in cases oracle; do
	python3 "$corpus/check.py" --cases "$corpus/$part" --json "$results/$part.json" -- \
		scripts/corpus-case.sh "$handoff" "{model}" "{input}" "{output}" "{errors}" >"$results/$part.log" || true
	python3 - "$part" "$results/$part.json" <<'PYTHON' || status=1
import json, sys
part, results = sys.argv[1], json.load(open(sys.argv[2]))
unsupported = [n for n, why in results.items() if "[unsupported-element]" in why]
failed = {n: why for n, why in results.items() if why and n not in unsupported}
for name, why in failed.items():
    print(f"FAIL {part}/{name}: {why}")
passed = len(results) - len(failed) - len(unsupported)
print(f"corpus {part}: {passed} passed, {len(failed)} failed, {len(unsupported)} not supported yet")
sys.exit(1 if failed or not passed else 0)
PYTHON
done
exit $status
