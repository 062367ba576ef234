#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A device gets other villages, and hands them over to another, over HTTP.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/phones.sh"

families() {
	device "$1" list --json family | grep -c . || true
}
# same NAME VILLAGE: the phone shows what the server has of that village
same() {
	device "$1" records family >"$folder/there"
	control records --json family --order id --village "$2" >"$folder/here"
	cmp "$folder/there" "$folder/here"
}

server_make
server_start
printf 'key,village,head\nF1,6303072001,Budi\nF2,6303072002,Umi\n' | control import family - >/dev/null
enrols siti 6303072001
enrols wati 6303072002
siti=$(number_of siti)
wati=$(number_of wati)

control device scope "$siti" --village 6303072001 --village 6303072002 --json >"$folder/line"
holds 'a device gets a village more' grep -q "\"device\":$siti,\"cadre\":\"siti\",\"villages\":\[\"6303072001\",\"6303072002\"\]" "$folder/line"
holds '… and people see its villages' sh -c '"$0" --dir "$1" devices | grep "$2" | grep -q 6303072002' "$SAMBUNGCTL" "$server" "$siti"
holds '… and the log has it' sh -c '"$0" --dir "$1" log --json | grep -v /v1/log | tail -n 1 | grep -q "\"kind\":\"scope\".*\"action\":\"scope\",\"stream\":$2"' "$SAMBUNGCTL" "$server" "$siti"
device siti sync >/dev/null
holds 'the phone receives it' equals "$(families siti)" 2
control device scope "$siti" --village 6303072001 >/dev/null
device siti sync >/dev/null
holds 'and lets go of it when it is taken away' equals "$(families siti)" 1

family=$(device siti list --json family | field id)
device siti edit "$family" address='Jl. Terakhir' >/dev/null
control device handover "$siti" "$wati" --json >"$folder/lines"
holds 'one device hands over to another' equals "$(grep -c . "$folder/lines")" 2
holds '… and has nothing left' grep -q "\"device\":$siti,.*\"villages\":\[\]" "$folder/lines"
holds '… while the other has both' grep -q "\"device\":$wati,.*\"villages\":\[\"6303072001\",\"6303072002\"\]" "$folder/lines"
device wati sync >/dev/null
holds 'who takes over receives the families' equals "$(families wati)" 2
device siti sync >/dev/null
holds 'the old phone has no family any more' equals "$(families siti)" 0
device wati sync >/dev/null
holds 'its last work has reached the other' sh -c '"$0" --dir "$1" --lang en show --json "$2" | grep -q "Jl. Terakhir"' "$SAMBUNG" "$folder/wati" "$family"
holds '… who shows what the server has' same wati 630307
holds 'nothing was set aside' equals "$(control quarantine --json)" ''

fails 'a device without villages hands nothing over' 1 control device handover "$siti" "$wati"
fails 'a device that is none gets no villages' 1 control device scope 12345 --village 6303072001
fails 'what is no region is no village' 1 control device scope "$siti" --village 63030
fails 'without a village the command is not understood' 2 control device scope "$siti"
fails 'a name is no device' 2 control device handover "$siti" wati

enrols tuti 6303072001
tuti=$(number_of tuti)
supervisor=$(control token add --role supervisor --scope 630307 --name Ratna)
near=$(control token add --role admin --scope 630307 --name Near)
village=$(control token add --role admin --scope 6303072001 --name Village)
token=$supervisor
answers 'a supervisor gives no villages' 403 POST "/v1/device/$siti/scope" -H 'Content-Type: application/json' -d '{"villages":["6303072001"]}'
token=$village
answers 'an admin of one village has no say over a phone of two' 403 POST "/v1/device/$wati/scope" -H 'Content-Type: application/json' -d '{"villages":["6303072001"]}'
answers '… nor gives away what is not hers' 403 POST "/v1/device/$siti/scope" -H 'Content-Type: application/json' -d '{"villages":["6303072002"]}'
answers '… nor hands over to a phone that is not hers' 403 POST "/v1/device/$tuti/handover" -H 'Content-Type: application/json' -d "{\"to\":$wati}"
token=$near
answers 'an admin of the kecamatan still sees the phone without villages' 200 POST "/v1/device/$siti/scope" -H 'Content-Type: application/json' -d '{"villages":["6303072002"]}'
answers 'an empty list is refused' 400 POST "/v1/device/$siti/scope" -H 'Content-Type: application/json' -d '{"villages":[]}'
answers 'to hand over is to somebody' 400 POST "/v1/device/$siti/handover" -H 'Content-Type: application/json' -d '{"to":"wati"}'
answers '… who is known' 404 POST "/v1/device/$siti/handover" -H 'Content-Type: application/json' -d '{"to":12345}'
token=$(cat "$server/admin.token")
device siti sync >/dev/null
holds 'a phone without villages may get some again' equals "$(families siti)" 1
holds 'the daemon ends cleanly' server_stop
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
