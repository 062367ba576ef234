#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the shipped schema into a C file, so that init finds it wherever it is installed.
#
# usage: sh embed.sh OUTPUT.c SCHEMA.json
set -eu

output=$1
schema=$2
trap 'rm -f "$output.new"' EXIT
{
	printf '/* Made by embed.sh. */\n#include "daemon/ctl/shipped.h"\n\n'
	printf 'const unsigned char shipped_schema[] = {\n'
	# As numbers, because a string literal may have no more than 4095 bytes.
	od -An -v -tu1 "$schema" | sed 's/  *\([0-9][0-9]*\)/\1,/g'
	printf '};\nconst size_t shipped_schema_length = sizeof shipped_schema;\n'
} >"$output.new"
mv "$output.new" "$output"
