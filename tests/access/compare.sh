#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does tests/access/routes.table have a row for every route of the daemon, and for no other?
#
# usage: sh compare.sh SAMBUNGD TABLE STAMP     run by the build; STAMP is written if so
set -eu
daemon=$1
table=$2
stamp=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$daemon" --routes | awk '{ print $1, $2 }' | sort >"$work/routes"
awk '!/^#/ && NF { print $1, $2 }' "$table" | sort >"$work/rows"
if ! diff "$work/routes" "$work/rows" >"$work/difference"; then
	echo "$table does not fit the routes of the daemon (< a route without a row, > a row without a route):"
	cat "$work/difference"
	exit 1
fi

# What it leaves in the log is said of each.
if awk '!/^#/ && NF && ($3 !~ /^(-|[(]?[a-z]+([+][a-z]+)*[)]?)$/ || NF != 8) { print; bad = 1 } END { exit !bad }' "$table"; then
	echo "these rows of $table lack a column"
	exit 1
fi
: >"$stamp"
