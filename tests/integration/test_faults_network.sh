#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A network that breaks at any byte, and servers that are not there or not the right one. Needs PROXY
# (tests/faults/proxy.c) and CHECK_STORE too.
. "$(dirname "$0")/faults.sh"

: "${PROXY:?PROXY must name the program of tests/faults}"
command -v node >/dev/null || { echo "nodejs is not installed; see daemon/packages.sh"; exit 1; }

proxy=
dripping=
right_daemon=
network_finish() {
	status=$?
	for pid in $proxy $dripping $right_daemon; do
		kill "$pid" 2>/dev/null || true
	done
	(exit "$status")
	finish
}
trap network_finish EXIT

# network MODE BYTES: what becomes of connections from now on.
network() {
	echo "${url##*:} $1 $2" >"$folder/network.new"
	mv "$folder/network.new" "$folder/network"
}
record() {
	phone p record visit "person=$person" "weight=$1" "note=$secret" >/dev/null
}
visits() {
	control --json count visit | field count
}
logged() {
	control --json log | grep -c '"kind":"change","device":[1-9]' || true
}

: >"$folder/everything-said"
: >"$folder/network"
: >"$folder/proxy.out"
"$PROXY" "$folder/network" >"$folder/proxy.out" &
proxy=$!
tries=0
until grep -q '^listening' "$folder/proxy.out"; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || fail 'the proxy listens'
	sleep 0.05
done
door=$(sed -n 's/^listening //p' "$folder/proxy.out")
control init --name 'A test' --url "http://127.0.0.1:$door" >/dev/null
server_start
network pass 0
district_import

# ---- enrolment ----

control --json enrol --cadre Ani --village 6303072001 | field code >"$folder/code.p"
network drop 0
refused 'an enrolment whose answer is lost is told' 'dihubungi' phone p enrol - <"$folder/code.p"
holds 'the server has a device from it' equals "$(control --json devices | grep -c .)" 1
number=$(control --json devices | field device)
network pass 0
phone p enrol - <"$folder/code.p" >/dev/null
holds 'the same code again gives the same device' equals "$(phone p --json status | field device)" "$number"
holds '… and the server still has one' equals "$(control --json devices | grep -c .)" 1
refused 'an enrolled device does not enrol again' "$number" phone p enrol - <"$folder/code.p"
refused 'another phone cannot use the code' 'dipakai HP lain' phone q enrol - <"$folder/code.p"
phone p sync >/dev/null
person=$(first p person)

# ---- no server ----

record 8.1
holds 'the daemon ends cleanly' server_stop
refused_sync 'without a server a sync says so, and that nothing is lost' 'dihubungi.*Data aman di HP' p
holds '… and the queue is whole' equals "$(queued p)" 1
server_start
network pass 0
phone p sync >/dev/null
holds 'with the server back it goes through' equals "$(visits)" 1

# ---- lost answers ----

record 8.2
network drop 0
refused_sync 'an answer that is lost after the commit is told' 'dihubungi' p
holds '… the change is there' equals "$(visits)" 2
holds '… but not acknowledged' equals "$(queued p)" 1
record 8.3
network pass 0
phone p sync >/dev/null
holds 'the next sync acknowledges it, and brings the next change' equals "$(queued p) $(visits)" '0 3'
holds '… each once' equals "$(logged)" 3

# The answer is some 200 bytes of headers and 150 of parcel, the request the other way round. The
# cuts move through both; every sync is followed by one that nothing disturbs.
cuts=0
count=3
for mode in up down; do
	for bytes in 0 1 17 60 140 178 196 230 290 350 420 500; do
		record "9.$bytes"
		count=$((count + 1))
		network "$mode" "$bytes"
		phone p sync >"$folder/out" 2>"$folder/said" && cuts=$((cuts + 1))
		[ ! -s "$folder/said" ] || refused_well "a connection cut after $bytes bytes ($mode) is told" 'dihubungi'
		network pass 0
		phone p sync >/dev/null || fail "after a connection that was cut after $bytes bytes ($mode) the next sync is done"
		[ "$(queued p) $(visits)" = "0 $count" ] ||
			fail "a connection that is cut after $bytes bytes ($mode) loses and doubles nothing"
	done
done
echo 'so: a connection that is cut anywhere loses and doubles nothing'
holds '… and some of them were cut' test "$cuts" -lt 20
holds 'the log has each change once' equals "$(logged)" "$count"
holds 'device and server have the same visits' equals "$(phone p records visit | cksum)" "$(control --json records visit --village 6303072001 --order id | cksum)"

# ---- not the right one ----

record 8.8
right=$url
right_daemon=$daemon
right_server=$server
server=$folder/other
server_make
server_start
network pass 0
refused_sync 'another server at the address is told as such' 'tidak terdaftar di server ini.*Periksa alamat server' p
refused 'a code of one server is not known at another' 'kode pendaftaran tidak dikenal' phone r enrol - <"$folder/code.p"
holds 'the other daemon ends cleanly' server_stop
daemon=$right_daemon
server=$right_server
url=$right
network pass 0
phone p sync >/dev/null
holds 'at the right address all is well again' equals "$(queued p)" 0

# ---- one whose answer never ends, or never begins ----

# ends_never KIND: such a server; it is what the phone's address leads to.
ends_never() {
	: >"$folder/drip.out"
	node "$(dirname "$0")/drip.mjs" "$1" >"$folder/drip.out" &
	dripping="$dripping $!"
	tries=0
	until grep -q . "$folder/drip.out"; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail 'the server that never ends listens'
		sleep 0.05
	done
	url=http://127.0.0.1:$(cat "$folder/drip.out")
	network pass 0
}

clocks_of_others
if [ -n "$clocks" ]; then
	record 8.9
	right=$url
	# The clocks of those who ask go faster: what drips is for them ten bytes a second and more, which
	# is neither silence nor soon too much.
	in_no_hurry=$SAMBUNG
	SAMBUNG=$folder/hurried
	printf '#!/bin/sh\nexec timeout -k 5 20 faketime -f "+0 x$hurry" "%s" "$@"\n' "$in_no_hurry" >"$SAMBUNG"
	chmod +x "$SAMBUNG"
	ends_never drip
	export hurry=500
	refused_sync 'a server whose answer never ends does not hold a phone for ever' 'curl 28' p
	fails '… nor an admin' 1 env "SAMBUNG_URL=$url" "SAMBUNG_TOKEN_FILE=$server/admin.token" \
		timeout -k 5 20 faketime -f '+0 x1000' "$SAMBUNGCTL" --lang en count visit
	holds '… who is told why' grep -q 'timed out' "$folder/said"
	ends_never silent
	# By its clock these are 400 seconds; it waits for 60.
	export hurry=20
	refused_sync '… nor one that says nothing, for some minutes' 'curl 28' p
	SAMBUNG=$in_no_hurry
	holds '… and nothing is lost' equals "$(queued p)" 1
	url=$right
	network pass 0
	phone p sync >/dev/null
fi

nobody_was_told
holds 'nothing went wrong inside' sh -c '! grep " error " "$0"' "$folder/daemon.log"
holds 'the daemon ends cleanly' server_stop
store_is_whole
