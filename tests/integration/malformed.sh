#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Malformed parcels, carry files and API requests (tests/malformed) at the real daemon; then: it is
# the same process, the log has what has to be in it and nothing else, and the database stands every
# check.
#
# usage: malformed.sh SEED PARCELS REQUESTS     needs MALFORMED, SCHEMA and CHECK_STORE too
. "$(dirname "$0")/faults.sh"

: "${MALFORMED:?MALFORMED must name the program of tests/malformed}"
: "${SCHEMA:?SCHEMA must name the shipped schema file}"
seed=$1
parcels=$2
requests=$3
village=6303072001
password='kuda lumping merah'
# What was freed is kept for a while by the address sanitizer, 256 MB of it unless told otherwise.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=8
export ASAN_OPTIONS

log_count() { # log_count PATTERN
	control --json log | grep -c "$1" || true
}
# count NAME FILE: the number behind that word
count() {
	sed -n "s/.*\\b$1 \\([0-9]*\\).*/\\1/p" "$2" | tail -n 1
}
code() {
	control --json enrol --cadre "Kader $1" --village $village | field code
}
runs() { # runs SENTENCE ARGUMENT…
	sentence=$1
	shift
	"$MALFORMED" "$@" >"$folder/malformed.out" 2>&1 || { cat "$folder/malformed.out"; fail "$sentence"; }
	tail -n 1 "$folder/malformed.out"
	echo "so: $sentence"
}

server_make
# No limit of attempts shall stand in for a check of what was attempted.
printf 'device_requests = 1000000\naddress_attempts = 100000\n' >"$server/sambungd.conf"
server_start
district_import
printf '%s\n' "$password" | control user add --role admin --scope all --name 'Bu Ratna' >/dev/null
control token add --role cadre --scope 6303 --name Ani >"$folder/cadre.token"
join honest

# ---- files ----

runs 'carry files that are wrong are made' files "$(code a)" "$(code b)" $village "$server/inbox" "$seed" 40
in_files=$(count aside "$folder/malformed.out")
files=$(count files "$folder/malformed.out")
port=${url##*:}
holds 'the daemon ends cleanly' server_stop
touch -d '1 hour ago' "$server"/inbox/*.carry
# It looks into the inbox as it starts.
server_start --listen "127.0.0.1:$port"
tries=0
while [ -n "$(find "$server/inbox" -name '*.carry')" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 600 ] || fail 'every file is taken or put aside'
	sleep 0.1
done
holds 'every file is answered or put aside' equals "$(($(find "$server/inbox" -name '*.bad' | wc -l) + $(find "$server/outbox" -name '*.reply' | wc -l)))" "$files"
pid=$daemon

# ---- parcels and requests ----

api POST /v1/session -H 'Content-Type: application/json' -d "{\"name\":\"Bu Ratna\",\"password\":\"$password\"}"
cat >"$folder/fixtures" <<END
port $port
token $token
cadre $(cat "$folder/cadre.token")
cookie $(sed -n 's/.*sambung_session=\([^;]*\);.*/\1/p' "$folder/headers")
record $(first honest family)
device $(control --json devices | grep '"cadre":"Kader honest"' | field device)
user $(control --json user list | field number)
number $(control --json token list | field number)
schema $SCHEMA
END
"$SAMBUNGD" --routes >"$folder/routes"
runs 'malformed parcels are refused, or set aside and acknowledged' \
	parcels "$(code c)" "$(code d)" $village "$folder/fixtures" "$folder/routes" "$pid" "$seed" "$parcels"
aside=$(count aside "$folder/malformed.out")
honest=$(count honest "$folder/malformed.out")
runs 'malformed requests are refused as http-api.md says' \
	requests "$folder/fixtures" "$folder/routes" "$pid" "$seed" "$requests"

# ---- what is left of it ----

holds 'it is the same process' kill -0 "$pid"
holds 'quarantine has each change that was set aside, and no other' \
	equals "$(control --json quarantine | grep -c .)" $((aside + in_files))
holds 'the log has these and the honest ones' \
	equals "$(log_count '"kind":"change","device":[1-9]')" $((aside + in_files + honest))
phone honest sync >/dev/null
phone honest record family village=$village head=Jujur >/dev/null
holds 'an honest device syncs' phone honest sync
holds '… and gets everything' equals "$(phone honest records family | cksum)" \
	"$(control --json records family --village $village --order id | cksum)"
control verify >"$folder/said" || { cat "$folder/said"; fail 'the database follows from its log'; }
echo 'so: the database follows from its log'
holds 'nothing went wrong inside' sh -c '! grep " error " "$0"' "$folder/daemon.log"
holds 'the daemon ends cleanly' server_stop
holds '… and no sanitizer has a word to say' sh -c '! grep -E "Sanitizer|runtime error" "$0"' "$folder/daemon.log"
store_is_whole
