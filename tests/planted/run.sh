#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plants one small bug at a time into a copy of the tree and shows which tests catch it.
#
# usage: sh tests/planted/run.sh [--table] [NAME ...]
#   NAME     only the bugs whose patch begins so ("07", "07-merge", "trust-erase"); otherwise all
#   --table  only prints the rows of docs/mutants.md for those that name their tests
# A bug is a patch beside this file; its first line says what it breaks. The tests are the suites unit
# and twin, or those that its second line names ("tests: keys, twin keys"), of whatever suite. The last
# line is "N passed, N failed": a bug that is caught counts as passed, one that survives, does not
# compile or no longer applies as failed.
# PLANTED_KEEP=1 keeps the copy and what the tests printed, and says where.
set -eu

table=no
if [ "${1:-}" = --table ]; then
	table=yes
	shift
fi

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

wanted() {
	name=$(basename "$1")
	shift
	[ $# -gt 0 ] || return 0
	for prefix in "$@"; do
		case $name in
		"$prefix"*) return 0 ;;
		esac
	done
	return 1
}

# The tests that a patch names, with commas between them; nothing if it names none.
tests_of() {
	sed -n '2s/^tests: //p' "$1" | sed 's/, */,/g'
}

if [ "$table" = yes ]; then
	for patch in "$here"/*.patch; do
		tests=$(tests_of "$patch")
		if [ -n "$tests" ] && wanted "$patch" "$@"; then
			# shellcheck disable=SC2016 # backquotes of the page
			printf '| `%s` | %s | %s |\n' "$(basename "$patch" .patch)" "$(sed 1q "$patch")" \
				"$(printf '%s' "$tests" | sed 's/,/, /g')"
		fi
	done
	exit
fi

copy=$(mktemp -d "${TMPDIR:-/tmp}/sambung-planted-XXXXXX")
clean() {
	if [ -n "${PLANTED_KEEP:-}" ]; then
		printf 'The copy is in %s.\n' "$copy"
	else
		rm -rf "$copy"
	fi
}
trap clean EXIT
trap 'exit 1' HUP INT TERM
# git apply must not look for a repository around the copy: it would pass over every file.
GIT_CEILING_DIRECTORIES=$(dirname "$copy")
export GIT_CEILING_DIRECTORIES
tree=$copy/tree
build=$copy/build
logs=$copy/logs
mkdir "$tree" "$logs"

# The tree as it stands, with what is not committed yet.
git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
	if [ -f "$file" ]; then
		printf '%s\n' "$file"
	fi
done | tar -cf - -T - | tar -xf - -C "$tree"

compile() {
	meson compile -C "$build" >"$logs/$1.build" 2>&1
}

# run_tests NAME [TESTS]: true if all passed. The suites' time limits are halved: a bug may make a loop
# endless. Of named tests only what they need is built; exit status 125 if that fails.
run_tests() {
	log=$logs/$1.tests
	rm -f "$build/meson-logs/testlog.json"
	if [ -z "${2:-}" ]; then
		meson test -C "$build" --no-rebuild --timeout-multiplier 0.5 --suite unit --suite twin \
			>"$log" 2>&1
		return
	fi
	former=$IFS
	IFS=,
	# shellcheck disable=SC2086 # one word for each test
	set -- $2
	IFS=$former
	meson test -C "$build" "$@" >"$log" 2>&1
}

# The tests that failed, as meson names them.
failed_tests() {
	grep -E '"result": "(FAIL|TIMEOUT|ERROR|INTERRUPT)"' "$build/meson-logs/testlog.json" |
		sed 's/.*"name": "\([^"]*\)".*/\1/; s,^.* / ,,' | sort | paste -s -d , - | sed 's/,/, /g'
}

# The sentences that failed in them, if they have any.
failed_sentences() {
	sed -n -e 's/^\[  FAILED  \] \([a-z0-9_]*\)$/\1/p' -e 's/^not so: //p' "$build/meson-logs/testlog.txt" |
		sort -u
}

say_row() {
	printf '%-38s %3d s  %s\n' "$1" "$2" "$3"
}

if ! meson setup "$build" "$tree" -Doptimization=1 -Dwerror=false >"$logs/setup" 2>&1; then
	cat "$logs/setup"
	echo "The copy of the tree could not be configured: the error stands above."
	exit 1
fi
# What is to be run must pass without a bug.
suites=no
named=
for patch in "$here"/*.patch; do
	if wanted "$patch" "$@"; then
		tests=$(tests_of "$patch")
		[ -n "$tests" ] || suites=yes
		named=$named,$tests
	fi
done
named=$(printf '%s' "$named" | tr , '\n' | sed '/^$/d' | sort -u | paste -s -d , -)
if { [ "$suites" = yes ] && ! { compile clean && run_tests clean; }; } ||
	{ [ -n "$named" ] && ! run_tests clean "$named"; }; then
	tail -n 30 "$logs"/clean.*
	echo "Without any bug planted the tree does not build or pass: mend that first (see above)."
	exit 1
fi

passed=0
failed=0

survived() {
	failed=$((failed + 1))
	say_row "$1" "$2" "NOT CAUGHT: $3"
}

plant() {
	name=$(basename "$1" .patch)
	start=$(date +%s)
	if ! (cd "$tree" && git apply -C2 "$1") >"$logs/$name.apply" 2>&1; then
		survived "$name" 0 "the patch does not apply any more: plant the bug again by hand, save the
    difference as tests/planted/$name.patch, with the sentence in its first line"
		sed 's/^/    /' "$logs/$name.apply"
		return
	fi
	tests=$(tests_of "$1")
	result=125
	if [ -n "$tests" ] || compile "$name"; then
		result=0
		run_tests "$name" "$tests" || result=$?
	fi
	if [ "$result" -eq 125 ]; then
		survived "$name" $(($(date +%s) - start)) "it does not compile: refresh the patch"
		tail -n 10 "$logs/$name".[bt]* | sed 's/^/    /'
	elif [ "$result" -eq 0 ]; then
		survived "$name" $(($(date +%s) - start)) "no test fails: write one that does"
	else
		passed=$((passed + 1))
		say_row "$name" $(($(date +%s) - start)) "$(failed_tests)"
		failed_sentences | head -n 3 | sed 's/^/    /'
	fi
	sed -n '1s/^/    /p' "$1"
	(cd "$tree" && git apply -R -C2 "$1")
}

printf '%-38s %5s  %s\n' "bug" "" "caught by; sentences that fail; what it breaks"
for patch in "$here"/*.patch; do
	if wanted "$patch" "$@"; then
		plant "$patch"
	fi
done
if [ $((passed + failed)) -eq 0 ]; then
	echo "There is no such bug in tests/planted."
	failed=1
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
