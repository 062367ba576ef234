#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clients in a second language (tests/node) against the real daemon, and then the whole log read by
# that language. Needs SAMBUNGD and SAMBUNGCTL, the programs; node and sqlite3.
set -eu

: "${SAMBUNGD:?SAMBUNGD must name the sambungd program}"
: "${SAMBUNGCTL:?SAMBUNGCTL must name the sambungctl program}"
node=$(command -v node || command -v nodejs || true)
[ -n "$node" ] || { echo "node (18 or later) is not installed; see daemon/packages.sh"; exit 1; }
command -v sqlite3 >/dev/null || { echo "sqlite3 is not installed; see daemon/packages.sh"; exit 1; }

clients=$(cd "$(dirname "$0")/../node" && pwd)
folder=$(mktemp -d)
server=$folder/server
daemon=
village=6303072001

stop_daemon() {
	if [ -n "$daemon" ]; then
		kill "$daemon" 2>/dev/null || true
		wait "$daemon" || true
		daemon=
	fi
}

finish() {
	status=$?
	stop_daemon
	if [ "$status" -ne 0 ]; then
		sed 's/^/  daemon: /' "$folder/daemon.log" 2>/dev/null || true
	fi
	rm -rf "$folder"
	exit "$status"
}
trap finish EXIT

fail() {
	echo "not so: $*"
	exit 1
}

# Starts the daemon on a free port; its address is in $url.
start_daemon() {
	: >"$folder/daemon.out"
	"$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0 >"$folder/daemon.out" 2>"$folder/daemon.log" &
	daemon=$!
	tries=0
	until grep -q '^listening ' "$folder/daemon.out"; do
		kill -0 "$daemon" 2>/dev/null || fail 'the daemon starts'
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || fail 'the daemon listens within 20 seconds'
		sleep 0.1
	done
	url=$(sed -n 's/^listening //p' "$folder/daemon.out")
}

control() {
	"$SAMBUNGCTL" --dir "$server" "$@"
}

# value NAME FILE: a text or number of one JSON object.
value() {
	"$node" -e 'const [name, file] = process.argv.slice(1);
		const found = JSON.parse(require("fs").readFileSync(file, "utf8"))[name];
		console.log(Array.isArray(found) ? found.join("\n") : found)' "$1" "$2"
}

equals() {
	[ "$2" = "$3" ] || fail "$1: $2 instead of $3"
}

# client NAME ARGUMENT…: enrols a new device and runs it; what it prints is in NAME.json.
client() {
	name=$1
	shift
	control enrol --cadre "$name" --village "$village" --json >"$folder/code.json"
	"$node" "$clients/interop.mjs" "$url" "$(value code "$folder/code.json")" "$@" \
		>"$folder/$name.json" || fail "the client $name"
}

check_log() {
	sh "$clients/dump_log.sh" "$server/sambung.db" >"$folder/dump" || fail 'the dump'
	"$node" "$clients/check_log.mjs" "$folder/dump" "$@" >"$folder/checked.json" ||
		fail 'the log as it stands in the database'
}

# damaged SED: the same log with one thing in it changed must be refused.
damaged() {
	sed "$1" "$folder/dump" >"$folder/damaged"
	cmp -s "$folder/dump" "$folder/damaged" && fail "nothing was damaged by $1"
	if "$node" "$clients/check_log.mjs" "$folder/damaged" "$folder/a.json" >/dev/null 2>&1; then
		fail "a log damaged by $1 is refused"
	fi
}

control init --name 'Interop' >/dev/null
start_daemon

# A: a family, a person and 20 visits in one request.
client a
equals 'requests that A pushed in' "$(value requests_to_push "$folder/a.json")" 1
equals 'changes of A' "$(value acked_n "$folder/a.json")" 22
equals 'conflicts of A' "$(value conflicts "$folder/a.json")" 0
equals 'quarantined of A' "$(value quarantined "$folder/a.json")" 0
person=$(value persons "$folder/a.json")

# B: pulls them, visits the same person, and gives her another name without having seen one.
client b --person "$person" --rename
equals 'requests that B pushed in' "$(value requests_to_push "$folder/b.json")" 1
equals 'changes of B' "$(value acked_n "$folder/b.json")" 21
equals 'records of B, its own visits aside' "$(value records "$folder/b.json")" 22
equals 'conflicts of B' "$(value conflicts "$folder/b.json")" 1

# C: after the conflict was settled.
control settle "$person" name 'Siti Aminah' >/dev/null
client c --person "$person"
equals 'conflicts of C' "$(value conflicts "$folder/c.json")" 0
equals 'quarantined of C' "$(value quarantined "$folder/c.json")" 0

stop_daemon
check_log "$folder/a.json" "$folder/b.json" "$folder/c.json"
equals 'records in the log' "$(value records "$folder/checked.json")" 62

damaged 's/\("kind":1,.*"verdict":\)0/\11/'
damaged 's/\("kind":1,.*"time":\)1/\12/'
damaged 's/\("table":"log","seq":1,.*"payload":"\)../\1A0/'
damaged 's/\("table":"checkpoint".*"root":"\)../\1FF/'
damaged '/"table":"log","seq":9,/d'
damaged 's/\("table":"record".*"state":"..*\)../\1FF/'

echo "$(value entries "$folder/checked.json") entries, $(value records "$folder/checked.json") records"
