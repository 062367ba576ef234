#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the migrations of one engine into a C file.
#
# usage: sh embed.sh OUTPUT.c FOLDER/0001_name.sql FOLDER/0002_name.sql ...
# Fails when a number is missing, when FOLDER holds a file that is not named here, and on bytes
# that are not ASCII.
set -eu

refuse() {
	printf 'embed.sh: %s\n' "$*" >&2
	exit 1
}

[ $# -ge 2 ] || refuse 'usage: embed.sh OUTPUT.c MIGRATION.sql ...'
output=$1
shift
folder=$(dirname "$1")
held=$(find "$folder" -name '*.sql' | wc -l)
[ "$held" -eq $# ] || refuse "$folder holds $((held)) migrations, meson.build names $#"
trap 'rm -f "$output.new"' EXIT
{
	printf '/* Made by embed.sh. */\n#include "daemon/store/migrate.h"\n'
	number=0
	for path; do
		number=$((number + 1))
		name=$(basename "$path" .sql)
		case $name in
		"$(printf '%04d' "$number")"_*) ;;
		*) refuse "$path: number $(printf '%04d' "$number") expected here" ;;
		esac
		if LC_ALL=C grep -q '[^[:print:][:space:]]' "$path"; then
			refuse "$path: not ASCII"
		fi
		# As numbers, because a string literal may have no more than 4095 bytes.
		printf '\nstatic const char text_%d[] = {\n' "$number"
		od -An -v -tu1 "$path" | sed 's/  *\([0-9][0-9]*\)/\1,/g'
		printf '0};\n'
	done
	printf '\nconst struct migration migrations[] = {\n'
	number=0
	for path; do
		number=$((number + 1))
		printf '\t{"%s", text_%d},\n' "$(basename "$path" .sql)" "$number"
	done
	printf '};\nconst size_t migration_count = sizeof migrations / sizeof migrations[0];\n'
} >"$output.new"
mv "$output.new" "$output"
