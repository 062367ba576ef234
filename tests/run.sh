#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds into build/ and runs the fast tests.
#
# usage: sh tests/run.sh [--long]
#   --long  also the long suites (many seeds, many kills), ten thousand malformed inputs under
#           AddressSanitizer, and a minute for each fuzz target
# JOBS is how many processes may run at a time.
# The last line is "N passed, N failed"; the exit status is 0 only if something ran and nothing failed.
set -eu

say() {
	printf '%s\n' "$*" >&2
}

suites='--suite unit --suite lint --suite twin --suite integration'
steps=
case "$#:${1:-}" in
0:) ;;
1:--long)
	suites="$suites --suite long --suite simulation"
	steps='malformed fuzz'
	;;
*)
	say "usage: sh tests/run.sh [--long]"
	exit 2
	;;
esac

cd "$(dirname "$0")/.."
sh daemon/packages.sh test

if [ ! -f build/build.ninja ]; then
	mkdir -p build
	if ! meson setup build >build/setup.log 2>&1; then
		tail -n 20 build/setup.log >&2
		say "Configuring build/ failed: the error stands above and in build/setup.log. Mend it, remove build/ and run this again."
		exit 1
	fi
else
	# daemon/quickstart.sh builds in the same folder, without tests.
	meson configure build -Ddaemon=true -Dtests=true >build/setup.log
fi
if ! meson compile -C build ${JOBS:+-j "$JOBS"}; then
	say "The build failed: the first error above says where. If you changed options by hand, remove build/ and run this again."
	exit 1
fi

results=build/meson-logs/testlog.json
rm -f "$results"
status=0
meson test -C build --no-rebuild ${JOBS:+--num-processes "$JOBS"} --print-errorlogs $suites ||
	status=$?

# One test a line; inside a string every quote is escaped, so these match the field only.
passed=0
failed=0
if [ -f "$results" ]; then
	passed=$(grep -cE '"result": "(OK|EXPECTEDFAIL)"' "$results" || true)
	failed=$(grep -cE '"result": "(FAIL|TIMEOUT|ERROR|INTERRUPT|UNEXPECTEDPASS)"' "$results" || true)
	# They count as neither; why, stands in testlog.txt.
	sed -n '/"result": "SKIP"/s/.*"name": "\([^"]*\)".*/Skipped: \1/p' "$results" >&2
	# What a test that passed had to leave out.
	sed -n 's/^note: skipped: /Skipped: /p' "${results%.json}.txt" | sort -u >&2
fi
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
	say "No test ran. Remove build/ and run this again; look at build/meson-logs if it stays so."
	status=1
elif [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
	failed=1
fi
if [ -n "$steps" ]; then
	# shellcheck disable=SC2086 # words
	FUZZ_SECONDS=60 bash .ci/run $steps >build/steps.log 2>&1 || status=1
	cat build/steps.log
	more=$(tail -n 1 build/steps.log)
	case $more in
	*' passed, '*' failed')
		passed=$((passed + ${more%% *}))
		more=${more#*, }
		failed=$((failed + ${more%% *}))
		;;
	*) failed=$((failed + 1)) ;;
	esac
fi
if [ "$failed" -ne 0 ]; then
	say "What the failed tests printed stands above and in build/meson-logs/testlog.txt."
	status=1
fi
printf '%s passed, %s failed\n' "$passed" "$failed"
exit "$status"
