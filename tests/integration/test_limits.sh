#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What one may ask for, and how long one may take for it: the real daemon, and others who are slow,
# many or hasty while a phone syncs.
. "$(dirname "$0")/faults.sh"

command -v node >/dev/null || { echo "nodejs is not installed; see daemon/packages.sh"; exit 1; }
ulimit -n 4096 || { echo "this test needs 4096 open files at a time"; exit 1; }
json='Content-Type: application/json'
parcel='Content-Type: application/vnd.sambung.parcel'
other=127.0.0.2

# slow NAME KIND FROM COUNT: in the background; waits until all are connected.
slow() {
	: >"$folder/slow.$1"
	node "$(dirname "$0")/slow.mjs" "$2" "${url##*:}" "$3" "$4" "$token" >"$folder/slow.$1" 2>"$folder/slow.$1.err" &
	eval "slow_$1=$!"
	tries=0
	until grep -q '^open' "$folder/slow.$1"; do
		tries=$((tries + 1))
		[ "$tries" -lt 600 ] || { cat "$folder/slow.$1.err"; fail "slow connections $1 are made"; }
		sleep 0.05
	done
}

# Waits until the server has ended all connections of slow NAME.
all_ended() {
	tries=0
	until grep -q '^closed' "$folder/slow.$1"; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || { cat "$folder/slow.$1.err"; return 1; }
		sleep 0.05
	done
}

# settings LINE…: the server starts again, at its old address, with these.
settings() {
	server_stop || fail 'the server ends cleanly'
	printf '%s\n' "$@" >"$server/sambungd.conf"
	server_start --listen "127.0.0.1:$port"
}

served() {
	phone ani record visit "person=$person" weight=8.1 >/dev/null
	holds "a phone syncs $1" phone ani sync
	holds '… and has sent all' equals "$(queued ani)" 0
}

server_make
server_start
port=${url##*:}
district_import
join ani
person=$(first ani person)
seq 20000 | sed 's/.*/G&,6303072009,Kepala &,Jalan yang panjang sekali supaya daftarnya besar nomor &/' |
	sed '1i key,village,head,address' >"$folder/many.csv"
control import family "$folder/many.csv" >/dev/null

# ---- the head ----

settings 'head_s = 2' 'idle_s = 5' 'receive_s = 10'
slow head head $other 100
served 'while a hundred do not come to the end of their request'
holds 'they are not waited for' all_ended head
holds '… not one of them' equals "$(tail -n 1 "$folder/slow.head")" 'closed 100'
long=$(head -c 40000 /dev/zero | tr '\0' x)
printf 'X-Long: %s\n' "$long" >"$folder/long-header"
answers 'a header of 40 kB is refused' 431 GET /v1/health -H "@$folder/long-header"
seq 2000 | sed 's/.*/X-Many-&: &/' >"$folder/many-headers"
answers 'two thousand headers are refused' 431 GET /v1/health -H "@$folder/many-headers"
http=$(printf 'url = "%s/v1/%s"\noutput = "%s"\nwrite-out = "%%{http_code}"\n' "$url" "$long" "$folder/body" | curl -s -K -)
holds 'a path of 40 kB is refused' equals "$http" 414

# ---- the body ----

slow body body $other 300
served 'while three hundred announce a quarter of a megabyte each and send a few bytes'
answers '… and people ask' 200 GET /v1/count/family
holds 'they are not waited for' all_ended body

# ---- the answer ----

slow read read $other 12
served 'while twelve ask for a long list and take nothing of it'
answers '… and people ask' 200 GET /v1/count/family
answers '… for lists too' 200 GET /v1/devices
holds 'they are not waited for' all_ended read
answers 'the list is there for others' 200 GET /v1/records/family
holds '… whole' equals "$(grep -c '"id":' "$folder/body")" 20002

# ---- many ----

settings 'connections = 1000' 'address_connections = 500' 'head_s = 30'
slow many silent $other 2000
served 'beside two thousand silent connections of another address'
# One more may be there for the moment in which it is refused.
kept() {
	grep -c "0100007F:$(printf %04X "$port") 0200007F:[0-9A-F]* 01" /proc/net/tcp
}
tries=0
until [ "$(kept)" -eq 500 ] || [ "$tries" -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
holds '… of which five hundred are kept' equals "$(kept)" 500
kill "$slow_many" 2>/dev/null || true
wait "$slow_many" 2>/dev/null || true
slow own silent 127.0.0.1 2000
served 'behind two thousand silent connections of its own address'
# It ends by itself once the daemon has closed all of them.
kill "$slow_own" 2>/dev/null || true
wait "$slow_own" 2>/dev/null || true

# ---- how often ----

settings 'address_attempts = 5' 'device_requests = 10'
admin=$token
token=sbt_nobody
for attempt in 1 2 3 4 5 6 7 8 9 10; do
	answers "guess $attempt of a token is told that it is none" 401 GET /v1/count/family --interface $other
done
answers 'the next one is too fast' 429 GET /v1/count/family --interface $other
holds '… and told when to come again' header_has '^retry-after: 1[0-3]'
holds '… with a name' body_has '"error":"too_fast"'
answers 'that is not held against another address' 401 GET /v1/count/family --interface 127.0.0.3
answers 'nor against this machine' 401 GET /v1/count/family
token=$admin
answers 'a good token is good from there, too' 200 GET /v1/count/family --interface $other
token=
answers 'an enrolment from there is too fast' 429 POST /v1/enrol -H "$parcel" --data-binary hello --interface $other
holds '… in one plain line' body_has '^too_fast: '
answers 'from another address it is looked at' 400 POST /v1/enrol -H "$parcel" --data-binary hello --interface 127.0.0.3
answers 'a bad seal from there is too fast' 429 POST /v1/sync -H "$parcel" --data-binary hello --interface $other
junk_told() {
	grep -c 'a parcel was refused' "$folder/daemon.log" || true
}
before=$(junk_told)
seq 300 | sed "s|.*|url = \"$url/v1/sync\"\noutput = \"/dev/null\"|" >"$folder/many-parcels"
http=$(curl -s -K "$folder/many-parcels" -H "$parcel" --data-binary hello --interface 127.0.0.4 -w '%{http_code}\n' | sort | uniq -c | tr -s ' ' | tr '\n' ' ')
echo "three hundred parcels that nobody sealed, told: $http"
holds 'so many parcels that nobody sealed are too fast' sh -c 'echo "$0" | grep -q " 429"' "$http"
holds '… and the log has a line for those alone that were not' test "$(($(junk_told) - before))" -le 20
for attempt in 1 2 3 4 5 6 7 8 9 10; do
	answers "enrolment $attempt of what is no code is told so" 400 POST /v1/enrol -H "$parcel" --data-binary hello --interface 127.0.0.5
done
answers 'the next one is too fast, whatever it has' 429 POST /v1/enrol -H "$parcel" --data-binary hello --interface 127.0.0.5
holds 'a phone makes a file' phone ani carry out "$folder/ani.carry"
token=$admin
delivered=0
# By somebody without a phone of her own, which would sync as well.
while "$SAMBUNG" carry deliver "$folder/ani.carry" --to "$url" >"$folder/said" 2>&1; do
	rm -f "$folder/ani.carry.reply"
	delivered=$((delivered + 1))
	[ "$delivered" -lt 15 ] || fail 'a phone has only so many requests'
done
holds 'a phone has ten requests at once' test "$delivered" -ge 10
holds '… and is told to come again' grep -q 'sibuk' "$folder/said"
join budi
holds 'that is not held against another phone' phone budi sync
served 'after it has waited as long as it was told'
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
