#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What was set aside is given to the record that it belongs to, with the built programs: who may, what
# the log says of it, and that the cadre's phone ends as the server. Needs CHECK_STORE.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
: "${CHECK_STORE:?CHECK_STORE must name the check_store program}"
device() {
	device_folder=$folder/$1
	shift
	"$SAMBUNG" --dir "$device_folder" --lang en "$@"
}
enrols() {
	control enrol --cadre "$1" --village "$2" >"$folder/code.$1"
	device "$1" enrol - <"$folder/code.$1" >/dev/null
	device "$1" sync --json >/dev/null
}
aside() {
	control quarantine --json | grep -c . || true
}
# As both say it: TYPE
same_on() {
	device "$1" sync >/dev/null
	device "$1" records "$2" >"$folder/there"
	control records --json "$2" --village 6303072001 --order id >"$folder/here"
	cmp "$folder/there" "$folder/here"
}
has_line() {
	grep -q -- "$1" "$folder/said"
}

server_make
server_start
printf 'key,village,head,address\nF1,6303072001,Budi,Jl. Satu\nF2,6401012001,Tono,Jl. Jauh\n' | control import family - >/dev/null
enrols siti 6303072001
family=$(device siti list --json family | field id)
other=$(control records --json family --village 6401012001 | field id)
number=$(control devices --json | grep '"cadre":"siti"' | field device)

# Change 1: a family in a village that is not hers; 2 and 3: a person and her visit; 4: an edit of her.
twice=$(device siti record family village=6401012001 head=Bodi --json | field id)
person=$(device siti record person "family=$twice" name=Noor --json | field id)
device siti record visit "person=$person" weight=8.4 >/dev/null
device siti edit "$person" name='Noor Aini' >/dev/null
device siti sync >/dev/null
holds 'what is recorded elsewhere is set aside, with all below it' equals "$(aside)" 4

fails 'nothing is given without a record' 2 control quarantine reassign "$number" 2
fails 'what is no id is refused' 1 control quarantine reassign "$number" 2 --to 'rumah'
fails 'a person is not given to a record that is not there' 1 control quarantine reassign "$number" 2 --to "$twice"
fails 'a visit does not hang on a family' 1 control quarantine reassign "$number" 3 --to "$family"
holds '… and is told what it could be given to' has_line 'neither of the type'
holds 'nothing of it came about' equals "$(aside)" 4

control token add --role admin --scope 6303072001 --name Desa >"$folder/local"
local_token=$(cat "$folder/local")
token=$local_token
answers 'an admin of her villages does not see what was recorded elsewhere' 404 POST "/v1/quarantine/$number/reassign" \
	-H 'Content-Type: application/json' -d "{\"n\":2,\"to\":\"$family\"}"
token=$(cat "$server/admin.token")

printf 'reason=salah keluarga\n' | control quarantine reassign "$number" 2 --to "$family" --json - >"$folder/said"
holds 'a person is given to the right family, with what waited for her; the reason from standard input' \
	equals "$(cat "$folder/said")" "{\"device\":$number,\"n\":2,\"reassigned\":3}"
holds 'the family that nobody wants is left' equals "$(aside)" 1
fails 'nothing is given twice' 1 control quarantine reassign "$number" 2 --to "$family"
holds '… saying so' has_line 'was given to another record'
fails 'nor released then' 1 control quarantine release "$number" 2
fails 'nor closed' 1 control quarantine close "$number" 2 --reason lagi
control log --json >"$folder/said"
holds 'the log has who, from where, where to, and why' has_line \
	"\"user\":\"admin\",\"record\":\"$person\".*\"about\":{\"action\":\"reassign\",\"stream\":$number,\"n\":2,\"entry\":[0-9]*,\"reason\":\"salah keluarga\",\"from\":\"$twice\",\"to\":\"$family\"}"
control history --json "$person" >"$folder/said"
holds 'the history says whose words they are' has_line \
	"\"kind\":\"change\".*\"user\":\"admin\".*\"fields\":{\"family\":\"$family\",\"name\":\"Noor\"}.*\"given\":{\"device\":$number,\"n\":2,\"cadre\":\"siti\"}"

holds 'a family recorded twice is one' equals "$(control quarantine reassign "$number" 1 --to "$family")" given
holds 'nothing waits any more' equals "$(aside)" 0
holds 'both names of its head are kept' equals "$(control conflicts --json | grep -c '"field":"head"')" 1
control settle "$family" head Budi >/dev/null
for type in family person visit; do
	holds "her phone has every $type as the server" same_on siti "$type"
done
holds 'nothing is held at the server' equals "$(device siti status --json | field quarantined)" 0
holds 'the person is in the right family' sh -c '"$0" --dir "$1" show --json "$2" | grep -q "\"family\":\"$3\""' \
	"$SAMBUNG" "$folder/siti" "$person" "$family"

# An edit of a family elsewhere, by a phone that has heard of it.
enrols wati 6401012001
device wati edit "$other" address='Jl. Wati' >/dev/null
control device revoke "$(control devices --json | grep '"cadre":"wati"' | field device)" >/dev/null
device wati sync >/dev/null 2>&1 || true
number=$(control quarantine --json | field device)
token=$local_token
answers 'an admin of other villages gives nothing away' 404 POST "/v1/quarantine/$number/reassign" \
	-H 'Content-Type: application/json' -d "{\"n\":1,\"to\":\"$family\"}"
token=$(cat "$server/admin.token")
answers 'an admin of everything does' 200 POST "/v1/quarantine/$number/reassign" \
	-H 'Content-Type: application/json' -d "{\"n\":1,\"to\":\"$family\"}"
holds '… beside what stands there' equals "$(control conflicts --json | grep -c '"field":"address"')" 1

holds 'verify finds the log to account for it' control verify
holds 'the daemon ends cleanly' server_stop
holds 'an independent look agrees' "$CHECK_STORE" "$server"
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
