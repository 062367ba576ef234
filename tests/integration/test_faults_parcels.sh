#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Parcels that are wrong in every way a parcel can be (tests/faults/parcels.c), then: the log has
# what was acknowledged, once each, and nothing else. Needs PARCELS and CHECK_STORE too.
. "$(dirname "$0")/faults.sh"

: "${PARCELS:?PARCELS must name the program of tests/faults}"

server_make
server_start
district_import
for number in 1 2; do
	control --json enrol --cadre "Kader $number" --village 6303072001 | field code >"$folder/code.$number"
done

# What is too long is refused before it is sent: nothing follows these headers.
early() {
	curl -s -m 5 -o "$folder/body" -w '%{http_code}' -X POST -H 'Content-Type: application/vnd.sambung.parcel' \
		-H 'Content-Length: 99999999' -H 'Expect:' --data-binary '' "$url/v1/sync" >"$folder/code" || true
	cat "$folder/code"
}
holds 'a parcel that is too long is refused by its headers alone' equals "$(early)" 413

"$PARCELS" "$(cat "$folder/code.1")" "$(cat "$folder/code.2")" 6303072001 6303072002 >"$folder/parcels.out" ||
	{ cat "$folder/parcels.out"; fail 'the server stands every parcel'; }
cat "$folder/parcels.out"
acked=$(sed -n 's/^acked \([0-9]*\) .*/\1/p' "$folder/parcels.out")
aside=$(sed -n 's/.* quarantined \([0-9]*\)$/\1/p' "$folder/parcels.out")
holds 'the log has each acknowledged change once' equals "$(control --json log | grep -c '"kind":"change","device":[1-9]')" "$acked"
holds 'quarantine has each that was set aside, and no other' equals "$(control --json quarantine | grep -c .)" "$aside"
holds '… each with its reason and what to do' sh -c '! "$0" --dir "$1" --json quarantine | grep -v "\"code\":\"[a-z_]*\",\"reason\":\"[A-Z][^\"]*\",\"next\":\"[A-Z]" | grep -q .' "$SAMBUNGCTL" "$server"
holds 'the failed exchanges are listed with what to do' sh -c '"$0" --dir "$1" --json syncs | grep "\"status\":\"malformed\"" | grep -q "\"next\":\"[A-Z]"' "$SAMBUNGCTL" "$server"
join p
holds 'an honest device gets everything' equals "$(phone p records family | cksum)" "$(control --json records family --village 6303072001 --order id | cksum)"
holds 'nothing went wrong inside' sh -c '! grep " error " "$0"' "$folder/daemon.log"
start=$(date +%s)
holds 'the daemon ends cleanly' server_stop
holds '… and waits for nobody who is gone' test $(($(date +%s) - start)) -lt 4
store_is_whole
