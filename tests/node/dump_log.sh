#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints what check_log.mjs reads of a server's database: one JSON object a line, 64-bit numbers as
# texts and bytes in hex.
#
# usage: dump_log.sh DATABASE
set -eu

# table NAME EXPRESSIONS ORDER [JOIN]: the rows of a table as JSON objects.
table() {
	printf "SELECT json_object('table', '%s', %s) FROM %s %s ORDER BY %s;\n" "$1" "$2" "$1" "${4:-}" "$3"
}

{
	table log "'seq', seq, 'kind', kind, 'received_ms', received_ms, 'session', session,
		'stream', stream, 'n', n, 'time', time, 'user', user, 'record', CAST(record AS TEXT),
		'verdict', verdict, 'reason', reason, 'schema_version', schema_version,
		'commitment', hex(commitment), 'salt', hex(salt), 'payload', hex(payload)" seq
	table checkpoint "'origin', hex(origin), 'epoch', epoch, 'size', size, 'root', hex(root),
		'signature', hex(signature)" place
	table stream "'number', number, 'kind', kind, 'key', hex(key), 'acked_n', acked_n,
		'chain', hex(chain)" number 'JOIN progress USING (number)'
	table schema "'version', version, 'cbor', hex(cbor)" version
	table record "'id', CAST(id AS TEXT), 'version', version, 'state', hex(state)" id
	table epoch "'epoch', epoch, 'parent', parent, 'cut', cut" place
} | sqlite3 -readonly "$1"
