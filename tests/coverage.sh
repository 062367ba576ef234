#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Line coverage of protocol/ and daemon/ingest/ by the fast suites, file by file, with the lines that
# no test runs.
#
# usage: sh tests/coverage.sh [PERCENT]
#   PERCENT  what each of the two folders must reach; 90 unless told
# Builds in build-coverage/. Exit status 1 when a test fails or a folder stays below.
set -eu
cd "$(dirname "$0")/.."

least=${1:-90}
folders='protocol daemon/ingest'
build='build-coverage'

if ! command -v gcovr >/dev/null; then
	echo "There is no gcovr here. Install it: sh daemon/packages.sh ci"
	exit 1
fi
mkdir -p "$build"
if [ ! -f "$build/build.ninja" ]; then
	# Atomic: counters that the daemon's threads share must not go wrong.
	meson setup "$build" -Db_coverage=true -Dbuildtype=debug -Dc_args=-fprofile-update=atomic \
		>"$build/setup.log" 2>&1 || {
		cat "$build/setup.log"
		echo "Configuring $build failed: the error stands above."
		exit 1
	}
fi
meson compile -C "$build" >"$build/compile.log" 2>&1 || {
	tail -n 30 "$build/compile.log"
	echo "The build failed: the error stands above and in $build/compile.log."
	exit 1
}
# What was counted before, perhaps of other code.
find "$build" -name '*.gcda' -exec rm -f {} +
status=0
# Not optimised and counting: slower than the limits are made for.
meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 4 \
	--suite unit --suite twin --suite integration >"$build/tests.log" 2>&1 || {
	tail -n 40 "$build/tests.log"
	echo "Tests failed: see above and $build/tests.log."
	status=1
}

for folder in $folders; do
	gcovr --root . --object-directory "$build" "$build" --filter "$folder/" \
		--csv "$build/coverage.csv" --txt "$build/coverage.txt" >"$build/gcovr.log" 2>&1 || {
		cat "$build/gcovr.log"
		echo "gcovr failed: see above."
		exit 1
	}
	awk -F, -v folder="$folder" -v least="$least" '
	# The lines that no test runs, from the other report: a file, four numbers, then ranges, which
	# go on in lines that begin with blanks.
	FNR == NR {
		if ($0 ~ /^[a-z].*%/) {
			split($0, part, / +/)
			file = part[1]
		} else if ($0 !~ /^ +[0-9]/) {
			file = ""
			next
		}
		ranges = $0
		sub(/^.*%/, "", ranges)
		gsub(/ /, "", ranges)
		if (file != "") {
			missing[file] = missing[file] ranges
		}
		next
	}
	FNR == 1 {
		next
	}
	{
		total += $2
		covered += $3
		printf "%-32s %5d of %5d lines %6.1f %%  %s\n", $1, $3, $2, 100 * $3 / $2,
			missing[$1]
	}
	END {
		percent = total > 0 ? 100 * covered / total : 0
		printf "%-32s %5d of %5d lines %6.1f %%\n", folder, covered, total, percent
		if (percent < least) {
			printf "%s stays below %s %%: write tests for the lines above.\n", folder, least
			exit 1
		}
	}' "$build/coverage.txt" "$build/coverage.csv" || status=1
done
exit "$status"
