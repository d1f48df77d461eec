#!/bin/sh
# Asks JPMML-Evaluator anew for the answers of testdata/edges: train-edges.sh [EDGES_DIR]
# Needs Python 3.9 or newer, Java 17, and Maven the first time. Takes some minutes: Java is started twice a document.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/scripts/peers/oracle" >/dev/null 2>&1 || true # builds it, so that two at once need not
exec python3 "$root/scripts/train/edges.py" "${1:-$root/testdata/edges}" "$root/scripts/peers/oracle"
