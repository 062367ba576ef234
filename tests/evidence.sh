#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every test that docs/security.md names exists: a sentence of a C test, a script, or a fuzz target. And
# docs/mutants.md has the row of each planted bug.
#
# usage: sh tests/evidence.sh
set -eu
cd "$(dirname "$0")"
page=../docs/security.md

# is_test NAME
is_test() {
	case $1 in
	test_*) [ -n "$(find . -name "$1.sh" -o -name "$1.c" | head -n 1)" ] ;;
	fuzz_*) [ -f "fuzz/$1.c" ] ;;
	*) grep -rqs --include='*.c' "TEST($1)" unit twin simulation ;;
	esac
}

if is_test nobody_has_written_this_test || is_test test_nobody; then
	echo 'the search finds what is not there'
	exit 1
fi
count=0
missing=0
# Words of tests are long and have underscores; those of the code do not stand in the tables.
for name in $(grep '^|\|(`' "$page" | grep -o '`[a-z0-9_]*_[a-z0-9_]*`' | tr -d '`' | sort -u); do
	[ "$name" != crypto_wipe ] || continue
	count=$((count + 1))
	if ! is_test "$name"; then
		echo "docs/security.md names $name, which is no test"
		missing=$((missing + 1))
	fi
done
[ "$count" -ge 40 ] || { echo "only $count tests are named: the page or this search is broken"; exit 1; }
sh planted/run.sh --table | while read -r row; do
	grep -qxF -- "$row" ../docs/mutants.md || { echo "docs/mutants.md lacks: $row"; exit 1; }
done || missing=$((missing + 1))
[ "$missing" -eq 0 ] || exit 1
echo "$count tests are named and exist"
