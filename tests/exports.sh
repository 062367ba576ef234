#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared library exports the functions of sambung.h and nothing else: not zlib's where that is
# linked in, and none of ours that an app could come to depend on.
#
# usage: sh tests/exports.sh LIBRARY [NM]
# Prints what differs; the last line is "N passed, N failed", a function counting as one.
set -eu

header=$(dirname "$0")/../client/include/sambung.h
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

tr '\n' ' ' <"$header" | grep -o 'SAMBUNG_API [^;(]*(' |
	sed -n 's/.*[ *]\(sambung_[a-z_]*\)($/\1/p' | sort >"$folder/declared"
"${2:-nm}" -D --defined-only "$1" | sed 's/.* //; s/@.*//' | sort >"$folder/exported"

passed=$(comm -12 "$folder/declared" "$folder/exported" | wc -l)
failed=$(comm -3 "$folder/declared" "$folder/exported" | wc -l)
comm -23 "$folder/declared" "$folder/exported" | sed 's/$/: in sambung.h, but not exported/'
comm -13 "$folder/declared" "$folder/exported" | sed 's/$/: exported, but not in sambung.h/'
if [ "$passed" -eq 0 ]; then
	echo "No function of sambung.h was found: is $1 the library?"
	failed=$((failed + 1))
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
