#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A backup, more syncs, the server killed and restored: what the phones keep comes back.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/phones.sh"

: "${CHECK_STORE:?CHECK_STORE must name the check_store program}"
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
# The server comes back where it was, or phones would look for it in vain.
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

server_make
server_start
printf 'key,village,head\nF1,6303072001,Budi\n' | control import family - >/dev/null
printf 'key,family,name\nP1,F1,Anak\n' | control import person - >/dev/null
enrols siti
person=$(device siti list --json person | field id)
visits siti 2
device siti sync >/dev/null
control backup "$folder/backup.db" >/dev/null
fails 'a restore is refused while the daemon runs' 1 control restore "$folder/backup.db"
holds '… saying why, and what to do' grep -q 'another sambungd runs on .*Stop the daemon first' "$folder/said"

enrols wati
visits siti 3
visits wati 4
device siti sync >/dev/null
device wati sync >/dev/null
number=$(device wati status --json | field device)
server_kill
echo 'no database' >"$folder/text"
fails 'a file that is no database is refused' 1 control restore "$folder/text"
control restore --json "$folder/backup.db" >"$folder/restored"
holds 'a restore tells the new epoch' grep -q '"epoch":[1-9][0-9]*,"parent":[1-9]' "$folder/restored"
kept=$(field kept <"$folder/restored")
holds '… and keeps the former database' test -s "$server/$kept"
entries=$(field entries <"$folder/restored")
former=$(field former_entries <"$folder/restored")
holds '… which had more entries' test "$former" -gt "$entries"

server_back
holds 'before the phones have synced their visits are missing' equals "$(visit_count)" 2
device siti sync >/dev/null
device wati sync >/dev/null
holds 'then all are there' equals "$(visit_count)" 9
device siti sync >/dev/null
holds 'a phone prints what the server prints' same_visits siti
holds '… and so does one that the backup did not know' same_visits wati
holds '… which has its number again' equals "$(device wati status --json | field device)" "$number"
holds 'the list of epochs says how many came back' sh -c '"$0" --dir "$1" epochs --json | grep -q "\"cut\":$2,\"device\":null,\"cadre\":null,\"returned\":[1-9]"' "$SAMBUNGCTL" "$server" "$entries"
holds '… and from whom' sh -c '"$0" --dir "$1" epochs --json | grep -q "\"cadre\":\"wati\",\"returned\":4}"' "$SAMBUNGCTL" "$server"
holds 'the log says that she was taken in again' sh -c '"$0" --dir "$1" log --json | grep -q "\"action\":\"readmit\""' "$SAMBUNGCTL" "$server"
server_stop
holds 'the database is whole' "$CHECK_STORE" "$server"

# Somebody copies the old database back by hand.
cp "$folder/backup.db" "$server/sambung.db"
rm -f "$server/sambung.db-wal" "$server/sambung.db-shm"
server_back
holds 'a copy by hand is noticed' grep -q 'an older copy' "$folder/daemon.log"
device wati sync >/dev/null
device siti sync >/dev/null
holds 'and everything comes back again' equals "$(visit_count)" 9
server_stop
holds 'the database is whole again' "$CHECK_STORE" "$server"
copies=$(grep -c 'an older copy' "$folder/daemon.log")
server_back
server_stop
holds 'the next start begins nothing' equals "$(grep -c 'an older copy' "$folder/daemon.log")" "$copies"
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
