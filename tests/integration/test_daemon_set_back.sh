#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole machine is as it was yesterday, D/head and all, and the log goes on past where it was: a
# phone of the lost part shows what the server signed, and everything comes back.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
: "${CHECK_STORE:?CHECK_STORE must name the check_store program}"
device() {
	device_folder=$folder/$1
	shift
	"$SAMBUNG" --dir "$device_folder" --lang en "$@" 2>>"$folder/device.log"
}
enrols() {
	control enrol --cadre "$1" --village 6303072001 >"$folder/code.$1"
	device "$1" enrol - <"$folder/code.$1" >/dev/null
	device "$1" sync --json >/dev/null
}
# visits NAME COUNT
visits() {
	left=$2
	while [ "$left" -gt 0 ]; do
		device "$1" record visit person="$person" weight="8.$left" >/dev/null
		left=$((left - 1))
	done
}
server_kill() {
	stopping=$daemon
	daemon=
	kill -9 "$stopping"
	wait "$stopping" 2>/dev/null || true
}
server_back() {
	server_start --listen "${url#http://}"
}
same_visits() {
	device "$1" records visit >"$folder/there"
	control records --json visit --order id >"$folder/here"
	cmp "$folder/there" "$folder/here"
}
visit_count() {
	control records --json visit | grep -c '"type"' || true
}
log_size() {
	logged | grep -c '"seq"' || true
}
epochs() {
	control epochs --json | grep -c '"device":null' || true
}

server_make
server_start
printf 'key,village,head\nF1,6303072001,Budi\n' | control import family - >/dev/null
printf 'key,family,name\nP1,F1,Anak\n' | control import person - >/dev/null
enrols siti
enrols wati
person=$(device siti list --json person | field id)
visits siti 2
device siti sync >/dev/null
device wati sync >/dev/null
server_stop
cp -a "$server" "$folder/yesterday"

server_back
enrols rini
visits siti 3
visits rini 4
device siti sync >/dev/null
device rini sync >/dev/null
number=$(device rini status --json | field device)
lost=$(log_size)
server_kill
rm -rf "$server"
cp -a "$folder/yesterday" "$server"
server_back
holds 'nothing tells the server that it was set back' sh -c '! grep -q "an older copy" "$0"' "$folder/daemon.log"
holds '… what came since is missing' equals "$(visit_count)" 2

# Who knows nothing of the lost part carries on, and the log becomes longer than it was.
visits wati 9
device wati sync >/dev/null
while [ "$(log_size)" -le "$((lost + 3))" ]; do
	visits wati 1
	device wati sync >/dev/null
done
theirs=$(visit_count)
holds 'a phone that knows nothing of it notices nothing' equals "$(epochs)" 1

device rini sync >/dev/null
holds 'a phone that was enrolled in the lost part begins a new epoch' equals "$(epochs)" 2
holds '… and has its number again' equals "$(device rini status --json | field device)" "$number"
holds 'the admin is told by the daemon' grep -q 'which this server signed and its log does not contain' "$folder/daemon.log"
holds '… by the list of epochs' sh -c '"$0" --dir "$1" epochs --json | grep -q "\"shown_by\":$2,\"shown_entries\":[1-9]"' "$SAMBUNGCTL" "$server" "$number"
holds '… and by the log' sh -c '"$0" --dir "$1" log --json | grep -q "\"action\":\"restore\",\"stream\":$2"' "$SAMBUNGCTL" "$server" "$number"
device siti sync >/dev/null
device wati sync >/dev/null
holds 'everything that was acknowledged is there again' equals "$(visit_count)" "$((theirs + 7))"
device rini sync >/dev/null
device siti sync >/dev/null
holds 'a phone of the lost part prints what the server prints' same_visits siti
holds '… and so does one of the other' same_visits wati
holds '… and one that was enrolled in between' same_visits rini
holds 'one epoch began' equals "$(epochs)" 2
server_stop
holds 'the database is whole' "$CHECK_STORE" "$server"
holds 'the log says the same as the database' control verify
server_back
holds 'the next start begins nothing' equals "$(epochs)" 2
server_stop
holds 'nothing else went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
