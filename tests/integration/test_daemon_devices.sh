#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Devices over HTTP: enrolment, syncs, a conflict and its settling, quarantine, revocation.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/phones.sh"

entries() {
	logged | grep -c .
}
shows() {
	device "$1" show --json "$2" | grep -q "\"$3\":\"$4\""
}

server_make
server_start
printf 'key,village,head,address\nF1,6303072001,Budi,Jl. Satu\n' | control import family - >/dev/null
enrols siti
enrols wati
family=$(device siti list --json family | field id)

holds 'a sync leaves a line' sh -c '"$0" --dir "$1" syncs --json | grep -q "\"cadre\":\"siti\",\"requests\":1,.*\"status\":\"ok\""' "$SAMBUNGCTL" "$server"
before=$(entries)
holds 'a sync with nothing to say is one request' equals "$(device siti sync --json | field requests)" 1
holds '… and no entry of the log' equals "$(entries)" "$before"

device siti edit "$family" address='Jl. Melur 4' >/dev/null
device wati edit "$family" address='Gang Seroja 9' >/dev/null
device siti sync >/dev/null
device wati sync >/dev/null
control conflicts --json >"$folder/conflicts"
holds 'two values are one conflict' equals "$(grep -c . "$folder/conflicts")" 1
holds '… with both, and who' grep -q "\"id\":\"$family\",\"type\":\"family\",\"field\":\"address\",\"shown\":\"[JG][^\"]*\",\"members\":\[{\"value\":\"[^\"]*\",\"device\":[0-9]*,\"cadre\":\"[sw]" "$folder/conflicts"
holds 'people read it in Indonesian' sh -c '"$0" --dir "$1" --lang id conflicts | grep -q "tampil: [JG]"' "$SAMBUNGCTL" "$server"
control settle "$family" address 'Jl. Melur No. 4' >/dev/null
holds 'a settlement ends the conflict' equals "$(control conflicts --json)" ''
device siti sync >/dev/null
device wati sync >/dev/null
holds 'one device shows the settled value' shows siti "$family" address 'Jl. Melur No. 4'
holds '… and so does the other' shows wati "$family" address 'Jl. Melur No. 4'

device wati edit "$family" village=6303079001 >/dev/null
device wati sync >/dev/null
holds 'a family in a village of nobody is on no phone' equals "$(device wati list --json family)" ''
control settle "$family" village 6303072001 >/dev/null
device wati sync >/dev/null
holds '… and comes back when its village is settled' shows wati "$family" address 'Jl. Melur No. 4'
device siti sync >/dev/null

device siti records family >"$folder/there"
control records --json family --order id >"$folder/here"
holds 'device and server print the same records' cmp "$folder/there" "$folder/here"

number=$(control devices --json | grep '"cadre":"siti"' | field device)
holds 'a device has its villages and last contact' sh -c '"$0" --dir "$1" devices --json | grep -q "\"cadre\":\"siti\",\"villages\":\[\"6303072001\"\],\"last_contact\":\"20.*\"state\":\"active\""' "$SAMBUNGCTL" "$server"
token=$(control token add --role supervisor --scope 6401 --name Far)
api GET /v1/devices
holds 'a supervisor elsewhere sees no device' equals "$(cat "$folder/body")" ''
api GET /v1/syncs
holds '… nor its syncs' equals "$(cat "$folder/body")" ''
token=$(cat "$server/admin.token")

fails 'a used code is refused' 1 device tuti enrol - <"$folder/code.siti"
holds '… saying why' grep -q 'was used by another phone' "$folder/said"

device siti edit "$family" address='Too late' >/dev/null
device siti edit "$family" address='Much too late' >/dev/null
fails 'a device that is none cannot be revoked' 1 control device revoke 12345
fails 'a device that nobody holds cannot be allowed' 1 control device allow "$number"
control device revoke "$number" >"$folder/revoked"
holds 'revoking says which numbers went' grep -q "^$number .*revoked" "$folder/revoked"
device siti sync --json >"$folder/last" 2>&1 || true
control quarantine --json >"$folder/quarantine"
holds 'what a revoked device sends is set aside' grep -q "\"device\":$number,\"n\":2,.*\"code\":\"revoked\",\"reason\":\"The device was revoked.\",\"next\":\"[A-Z]" "$folder/quarantine"
control quarantine >"$folder/quarantine"
holds 'the list tells people whose it is and of which record' grep -q "^$number  *2  *[^ ].*  $family  *The device was revoked" "$folder/quarantine"
control log >"$folder/log"
holds '… and the log has the line with its phone and number' grep -q "  $number  *2  .*  $family  .*Too late" "$folder/log"
holds '… and merged nowhere' sh -c '! "$0" --dir "$1" record --json "$2" | grep -q "Too late"' "$SAMBUNGCTL" "$server" "$family"

fails 'what is not in quarantine cannot be released' 1 control quarantine release "$number" 99
holds '… saying so' grep -q 'not found: change 99 of device' "$folder/said"
fails 'nothing is closed without a reason' 2 control quarantine close "$number" 2
holds 'an admin releases it' equals "$(control quarantine release "$number" 2 --json)" "{\"device\":$number,\"n\":2,\"released\":1}"
holds '… it is merged' sh -c '"$0" --dir "$1" record --json "$2" | grep -q "Too late"' "$SAMBUNGCTL" "$server" "$family"
holds '… and no longer in the list' equals "$(control quarantine --json | grep -c '"n":2,')" 0
holds 'the history says by whom, and what it changed' sh -c '"$0" --dir "$1" history --json "$2" | tail -n 1 | grep -q "\"kind\":\"release\".*\"user\":\"admin\".*\"fields\":{\"address\":\"Too late\"},\"was\":{\"address\":.*\"action\":\"release\"" ' "$SAMBUNGCTL" "$server" "$family"
fails 'it is not released twice' 1 control quarantine release "$number" 2
printf 'reason=dicatat ulang\n' | control quarantine close "$number" 3 - >"$folder/said"
holds 'an admin closes a change, the reason from standard input' equals "$(cat "$folder/said")" closed
holds '… which leaves the list too' equals "$(control quarantine --json)" ''
holds '… and stays in the log with its reason' sh -c '"$0" --dir "$1" log --json | grep -q "\"action\":\"close\".*\"reason\":\"dicatat ulang\""' "$SAMBUNGCTL" "$server"
holds 'the failed sync says what to do' sh -c '"$0" --dir "$1" syncs --json | tail -n 1 | grep -q "\"status\":\"revoked\",\"result\":\"This device was revoked.\",\"next\":\"[A-Z]"' "$SAMBUNGCTL" "$server"
holds '… in Indonesian too' sh -c '"$0" --dir "$1" --lang id syncs | tail -n 1 | grep -q "HP ini sudah dicabut haknya"' "$SAMBUNGCTL" "$server"
holds 'the device is listed as revoked, and as done with' sh -c '"$0" --dir "$1" devices --json | grep "\"device\":$2," | grep -q "\"state\":\"destroyed\",\"destroyed\":\"20"' "$SAMBUNGCTL" "$server" "$number"

holds 'the daemon ends cleanly' server_stop
fails 'without the server a sync fails' 1 device wati sync
server_start
holds 'and after a restart the syncs are still listed' sh -c '"$0" --dir "$1" syncs --json | grep -q "\"cadre\":\"wati\""' "$SAMBUNGCTL" "$server"
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
