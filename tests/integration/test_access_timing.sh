#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Timing: to somebody of another kecamatan a record that is there and one that is not are answered in
# times that a rank test over 10,000 samples each does not tell apart (p > 0.01) - with a session, whose
# repeated reads go into no log and so have the least noise, and with a token, each read of which does.
#
# One run in a hundred is below 0.01 by chance, so two in a row, of other seeds, count as a difference.
. "$(dirname "$0")/lib.sh"

: "${IDS:?IDS must name the program ids of tests/access}"
: "${TIMING:?TIMING must name the program timing of tests/access}"
samples=${SAMPLES:-10000}
password='kuda lumping merah'

# ids VILLAGE COUNT: so many ids of families there
ids() {
	control records --json family --village "$1" --order id | sed -n "s/.*\"id\":\"\([^\"]*\)\".*/\1/p" | head -n "$2"
}

# told_apart NAME HEADER_FILE IDS IDS SAMPLES SEED: as the program says
told_apart() {
	name=$1
	shift
	got=0
	line=$("$TIMING" "$port" "$@") || got=$?
	[ "$got" -lt 2 ] || fail "$name: the daemon answers"
	printf '%s, seed %s: %s\n' "$name" "$5" "$line"
	[ "$got" -eq 1 ]
}

same() {
	if told_apart "$1" "$2" "$folder/outside" "$folder/missing" "$samples" 1; then
		if told_apart "$1, again" "$2" "$folder/outside" "$folder/missing" "$samples" 2; then
			return 1
		fi
	fi
	return 0
}

server_make
server_start
{
	echo key,village,head
	for number in $(seq 40); do
		echo "L$number,6401012001,Luar"
		echo "D$number,6303072001,Dalam"
	done
} | control import family - >/dev/null
ids 6401012001 20 >"$folder/outside"
ids 6303072001 20 >"$folder/inside"
# Ids of the same import that it did not get as far as: neighbours in every index.
"$IDS" "$(sed -n 1p "$folder/outside")" 2000 20 >"$folder/missing"
holds 'there are ids of both kinds' equals "$(wc -l <"$folder/outside"),$(wc -l <"$folder/missing")" 20,20

control token add --role supervisor --scope 630307 --name Jauh >"$folder/token"
printf 'Authorization: Bearer %s\n' "$(cat "$folder/token")" >"$folder/by_token"
printf '%s\n' "$password" | control user add --role supervisor --scope 630307 --name 'Bu Ratna' >/dev/null
token=
api POST /v1/session -H 'Content-Type: application/json' -d "{\"name\":\"Bu Ratna\",\"password\":\"$password\"}"
holds 'a supervisor signs in' equals "$http" 200
cookie=$(tr -d '\r' <"$folder/headers" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p')
printf 'Cookie: %s\n' "$cookie" >"$folder/by_session"
port=${url##*:}

holds 'the clock is fine enough to tell a record that she sees from one that is not' \
	told_apart 'inside and missing, session' "$folder/by_session" "$folder/inside" "$folder/missing" 2000 1
holds 'with a session, outside and missing take as long' same 'outside and missing, session' "$folder/by_session"
holds 'with a token, outside and missing take as long' same 'outside and missing, token' "$folder/by_token"
holds 'the daemon ends cleanly' server_stop
