#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The agent as a process: it sends what is recorded beside it, says a line for each sync, and ends
# when it is told to. When it syncs is tests/unit/test_agent.c. Needs CHECK_STORE.
. "$(dirname "$0")/faults.sh"

agent=
agent_finish() {
	status=$?
	[ -z "$agent" ] || kill "$agent" 2>/dev/null || true
	(exit "$status")
	finish
}
trap agent_finish EXIT

# within SECONDS SENTENCE COMMAND…: it comes true before that.
within() {
	left=$(($1 * 10))
	sentence=$2
	shift 2
	until "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || fail "$sentence"
		sleep 0.1
	done
	echo "so: $sentence"
}

lines() {
	[ "$(wc -l <"$folder/agent.err")" -ge "$1" ]
}

sent_all() {
	[ "$(queued p)" = 0 ]
}

agent_start() {
	"$SAMBUNG" --dir "$folder/p" --lang en "$@" agent >"$folder/agent.out" 2>"$folder/agent.err" &
	agent=$!
}

agent_stop() {
	stopping=$agent
	agent=
	kill -TERM "$stopping"
	wait "$stopping"
}

: >"$folder/everything-said"
server_make
server_start
district_import
refused 'an agent for a phone that is not enrolled says so' 'belum didaftarkan' phone p agent
join p
person=$(first p person)
phone p record visit "person=$person" weight=8.1 "note=$secret" >/dev/null

agent_start --json
within 20 'what was recorded before goes out when the agent starts' sent_all
within 20 '… and a line tells of it' lines 1
holds '… with the next sync in a day' grep -q 'Sent 1 change, received .*Next sync in 2[1-6] h at the latest\.$' "$folder/agent.err"
phone p record visit "person=$person" weight=8.2 "note=$secret" >/dev/null
within 30 'what is recorded beside it goes out by itself' sent_all
within 20 '… and a second line tells of it' lines 2
holds '… and with --json an object' sh -c '[ "$(grep -c "\"acked\":1,.*\"synced\":true" "$0")" -eq 2 ]' "$folder/agent.out"
holds 'SIGTERM ends it cleanly' agent_stop
holds 'there was a line for each sync and no more' equals "$(wc -l <"$folder/agent.err")" 2

holds 'the daemon ends cleanly' server_stop
phone p record visit "person=$person" weight=8.3 "note=$secret" >/dev/null
agent_start
within 20 'without a server it says so and comes back in less than a minute' \
	grep -q 'could not be reached.*Next sync in [1-5][0-9] s at the latest\.$' "$folder/agent.err"
holds '… and ends as cleanly' agent_stop
holds 'no line of it tells what was recorded' sh -c '! grep -q "$0" "$1" "$2"' $secret "$folder/agent.err" "$folder/agent.out"
store_is_whole
