#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every public function of protocol/ is named in a test (tests/unit, twin or vectors).
#
# usage: sh tests/named.sh
# Prints those that are not; the last line is "N passed, N failed", a function counting as one.
set -eu
cd "$(dirname "$0")/.."

# The functions that a header declares: what stands before the first parenthesis of a declaration,
# once comments, preprocessor lines and what is in braces are gone.
declared() {
	awk '
	{
		while (match($0, /\/\*/)) {
			start = RSTART
			while (!(end = index(substr($0, start + 2), "*/"))) {
				if ((getline more) <= 0) {
					break
				}
				$0 = $0 " " more
			}
			$0 = substr($0, 1, start - 1) " " substr($0, start + end + 3)
		}
		if (directive || /^#/) {
			directive = /\\$/
			next
		}
		text = text " " $0
	}
	END {
		while (match(text, /\{[^{}]*\}/)) {
			text = substr(text, 1, RSTART - 1) " " substr(text, RSTART + RLENGTH)
		}
		count = split(text, statements, ";")
		for (i = 1; i <= count; i++) {
			if (statements[i] !~ /typedef/ &&
			    match(statements[i], /[a-z][a-z0-9_]*\(/)) {
				print substr(statements[i], RSTART, RLENGTH - 1)
			}
		}
	}' "$1"
}

passed=0
failed=0
for header in protocol/*.h; do
	# What the files of one module share is not public.
	case $header in
	*_parts.h | *_keys.h) continue ;;
	esac
	for name in $(declared "$header"); do
		if grep -rqw -- "$name" tests/unit tests/twin tests/vectors; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			printf '%s: no test names %s\n' "$header" "$name"
		fi
	done
done
if [ "$passed" -eq 0 ]; then
	echo "No function was found in protocol/: this script does not read the headers any more."
	failed=$((failed + 1))
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
