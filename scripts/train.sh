#!/bin/sh
# Trains the models of testdata/samples anew: train.sh [SAMPLES_DIR]
# Makes a Python environment under .cache; needs Python 3.11 or newer and Java (sklearn2pmml runs it).
# The R forest needs Rscript with randomForest (Debian: r-base-core r-cran-randomforest) and Maven; without them it is left as it is.
set -eu
here=$(cd "$(dirname "$0")" && pwd)/train
root=$(cd "$here/../.." && pwd)
samples=${1:-$root/testdata/samples}
venv=$root/.cache/train

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
	python3 -m venv "$venv"
	"$venv/bin/pip" install -q -r "$here/requirements.txt"
	cp "$here/requirements.txt" "$venv/requirements.txt"
fi
# One thread: sums in another order have other last digits.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONHASHSEED=0 LC_ALL=C.UTF-8
"$venv/bin/python" "$here/train.py" "$samples"

if ! command -v Rscript >/dev/null || ! Rscript -e 'library(randomForest)' >/dev/null 2>&1; then
	echo "forest: left as it is, no Rscript with randomForest here"
	exit 0
fi
jars=$root/.cache/train-r
if [ ! -f "$jars/.done" ]; then
	mvn -q -B -f "$here/r/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$jars"
	javac -d "$jars" -cp "$jars/*" "$here/r/RdsToPmml.java"
	touch "$jars/.done"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" "$here/train.py" "$work" --forest-data
mkdir -p "$samples/forest"
cp "$work/input.csv" "$samples/forest/input.csv"
Rscript "$here/r/forest.R" "$work/train.csv" "$work/input.csv" "$work/model.rds" "$samples/forest/expected.csv"
java -cp "$jars:$jars/*" RdsToPmml "$work/model.rds" "$samples/forest/model.pmml"
"$venv/bin/python" "$here/train.py" "$samples/forest" --forest-finish
