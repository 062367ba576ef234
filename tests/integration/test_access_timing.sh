#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Timing: to somebody of another kecamatan a record that is there, one that was erased and one that is
# not are answered in times that a rank test over 10,000 samples each does not tell apart (p > 0.01) -
# with a session, whose repeated reads go into no log and so have the least noise, and with a token, each
# read of which does; by every route that takes a record's id, and where it is the value of a field.
#
# One run in a hundred is below 0.01 by chance, so two in a row, of other seeds, count as a difference.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/phones.sh"

: "${IDS:?IDS must name the program ids of tests/access}"
: "${TIMING:?TIMING must name the program timing of tests/access}"
samples=${SAMPLES:-10000}
password='kuda lumping merah'

# ids VILLAGE COUNT: so many ids of families there
ids() {
	control records --json family --village "$1" --order id | sed -n "s/.*\"id\":\"\([^\"]*\)\".*/\1/p" | head -n "$2"
}

# told_apart NAME HEADER_FILE IDS IDS SAMPLES SEED PATH [JSON]: as the program says
told_apart() {
	name=$1
	shift
	got=0
	line=$("$TIMING" "$port" "$@") || got=$?
	[ "$got" -lt 2 ] || fail "$name: the daemon answers"
	printf '%s, seed %s: %s\n' "$name" "$5" "$line"
	[ "$got" -eq 1 ]
}

# same NAME HEADER_FILE IDS PATH [JSON]: as those that are missing
same() {
	same_name=$1
	same_header=$2
	same_ids=$3
	shift 3
	if told_apart "$same_name" "$same_header" "$same_ids" "$folder/missing" "$samples" 1 "$@"; then
		if told_apart "$same_name, again" "$same_header" "$same_ids" "$folder/missing" "$samples" 2 "$@"; then
			return 1
		fi
	fi
	case $line in
	'first HTTP 404, second HTTP 404;'*) ;;
	*) fail "$same_name: both are told to be missing" ;;
	esac
}

server_make
server_start
{
	echo key,village,head
	for number in $(seq 40); do
		echo "H$number,6402012001,Hapus"
		echo "D$number,6303072001,Dalam"
	done
} | control import family - >/dev/null
# Elsewhere every second number of a phone is a record, and those between are none: an edit has one, too.
# So both are as far apart in every index, and as many rows are looked at.
enrols luar 6401012001
for number in $(seq 20); do
	id=$(device luar record family village=6401012001 "head=Luar $number" --json | field id)
	device luar edit "$id" rt=001 >/dev/null
done
device luar sync >/dev/null
ids 6401012001 20 >"$folder/outside"
while read -r id; do
	"$IDS" "$id" 1 1
done <"$folder/outside" >"$folder/missing"
ids 6303072001 20 >"$folder/inside"
printf 'key,village,family,name\nP1,6303072001,D1,Dalam\n' | control import person - >/dev/null
person=$(control records --json person | field id)
ids 6402012001 20 >"$folder/erased"
while read -r id; do
	control erase "$id" --reason request >/dev/null
done <"$folder/erased"
control erase --finish >/dev/null
holds 'there are ids of both kinds' equals "$(wc -l <"$folder/outside"),$(wc -l <"$folder/missing")" 20,20

control token add --role supervisor --scope 630307 --name Jauh >"$folder/token"
printf 'Authorization: Bearer %s\n' "$(cat "$folder/token")" >"$folder/by_token"
control token add --role admin --scope 630307 --name Dekat >"$folder/token"
printf 'Authorization: Bearer %s\n' "$(cat "$folder/token")" >"$folder/by_admin"
printf '%s\n' "$password" | control user add --role supervisor --scope 630307 --name 'Bu Ratna' >/dev/null
token=
api POST /v1/session -H 'Content-Type: application/json' -d "{\"name\":\"Bu Ratna\",\"password\":\"$password\"}"
holds 'a supervisor signs in' equals "$http" 200
cookie=$(tr -d '\r' <"$folder/headers" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p')
printf 'Cookie: %s\n' "$cookie" >"$folder/by_session"
port=${url##*:}

record=/v1/record/@
holds 'the clock is fine enough to tell a record that she sees from one that is not' \
	told_apart 'inside and missing, session' "$folder/by_session" "$folder/inside" "$folder/missing" 2000 1 $record
holds 'with a session, outside and missing take as long' \
	same 'outside and missing, session' "$folder/by_session" "$folder/outside" $record
holds '… and erased and missing' \
	same 'erased and missing, session' "$folder/by_session" "$folder/erased" $record
holds 'with a token, outside and missing take as long' \
	same 'outside and missing, token' "$folder/by_token" "$folder/outside" $record
holds 'so do they when she asks for the history' \
	same 'outside and missing, history' "$folder/by_session" "$folder/outside" $record/history
holds '… or for a proof' \
	same 'outside and missing, proof' "$folder/by_session" "$folder/outside" /v1/proof/record/@
holds 'to an admin of that kecamatan likewise, who asks what is held about somebody' \
	same 'outside and missing, access' "$folder/by_admin" "$folder/outside" $record/access
holds '… or would erase it' \
	same 'outside and missing, erasing' "$folder/by_admin" "$folder/outside" $record/erase '{"reason":"request"}'
holds 'to settle what is outside takes as long as what is missing' \
	same 'outside and missing, settling' "$folder/by_token" "$folder/outside" $record/settle \
	'{"field":"address","value":"Lain"}'
token=$(sed 's/.* //' "$folder/by_token")
answers 'a person of hers may belong to a family of hers' 200 POST "/v1/record/$person/settle" \
	-H 'Content-Type: application/json' -d "{\"field\":\"family\",\"value\":\"$(tail -n 1 "$folder/inside")\"}"
holds 'that she belongs to one elsewhere takes as long as to one that is missing' \
	same 'outside and missing, as a value' "$folder/by_token" "$folder/outside" "/v1/record/$person/settle" \
	'{"field":"family","value":"@"}'
holds 'the daemon ends cleanly' server_stop
