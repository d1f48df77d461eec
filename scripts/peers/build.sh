#!/bin/sh
# Builds the Java side of the benchmark and the oracle into .cache/peers, unless it is there and newer than its sources.
# Needs a JDK 17 or newer, and Maven once, for the peers' own jars from Maven Central.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../.." && pwd)/.cache/peers
mkdir -p "$out/lib" "$out/classes"
if [ ! -f "$out/lib/.done" ] || [ "$here/pom.xml" -nt "$out/lib/.done" ]; then
	rm -rf "$out/lib" && mkdir -p "$out/lib"
	mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$out/lib" >&2
	touch "$out/lib/.done"
fi
if [ ! -f "$out/classes/.done" ] || [ -n "$(find "$here/src" "$out/lib/.done" -newer "$out/classes/.done" -type f)" ]; then
	rm -rf "$out/classes" && mkdir -p "$out/classes"
	find "$here/src" -name '*.java' -exec javac -Xlint:all,-path,-processing,-classfile -Werror --release 17 -encoding UTF-8 -d "$out/classes" -cp "$out/lib/*" {} +
	touch "$out/classes/.done"
fi
echo "$out/classes:$out/lib/*"
