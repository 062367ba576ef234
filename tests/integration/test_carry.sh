#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A phone without signal: its file goes through another's hands, to the server's command, and into
# the daemon's inbox; the answers come back.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
: "${CHECK_STORE:?CHECK_STORE must name the check_store program}"
device() {
	device_folder=$folder/$1
	shift
	"$SAMBUNG" --dir "$device_folder" --lang en "$@"
}
# enrols NAME: and that is the last that it sees of the network.
enrols() {
	control enrol --cadre "$1" --village 6303072001 >"$folder/code.$1"
	device "$1" enrol - <"$folder/code.$1" >/dev/null
}
# courier ARGUMENT…: somebody who has no folder at all.
courier() {
	env -u SAMBUNG_DIR "$SAMBUNG" --lang en carry "$@"
}
queued() {
	device "$1" status --json | field queued
}
# records NAME COUNT: so many visits to the person in $person.
records() {
	i=0
	while [ "$i" -lt "$2" ]; do
		printf 'person=%s\nweight=8.4\nnote=Catatan rahasia\n' "$person" | device "$1" record visit - >/dev/null
		i=$((i + 1))
	done
}
# until_true SENTENCE COMMAND…: within 20 seconds.
until_true() {
	sentence=$1
	shift
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail "$sentence"
		sleep 0.05
	done
	echo "so: $sentence"
}

server_make
server_start
address=${url#http://}
enrols siti
enrols wati
family=$(printf 'head=Sumiati\nvillage=6303072001\n' | device siti record family --json - | field id)
person=$(printf 'family=%s\nname=Bagaskara\n' "$family" | device siti record person --json - | field id)
records siti 100

# ---- by another phone's owner ----

device siti carry out "$folder/a.carry" >"$folder/said"
holds 'a file takes what waits' grep -q '^102 changes written to ' "$folder/said"
holds '… and everything still waits' equals "$(queued siti)" 102
fails 'a file that is there is not overwritten' 1 device siti carry out "$folder/a.carry"
holds 'a carrier finds no name in it' sh -c '! grep -aq "Sumiati\|Bagaskara\|rahasia\|siti" "$0"' "$folder/a.carry"
holds 'only its owner may read it' sh -c '[ "$(stat -c %a "$0")" = 600 ]' "$folder/a.carry"

server_stop
fails 'without the server nothing is delivered' 1 courier deliver "$folder/a.carry" --to "$url"
holds '… and there is no answer' sh -c '! [ -e "$0" ]' "$folder/a.carry.reply"
server_start --listen "$address"
fails 'it has to be said where to' 2 courier deliver "$folder/a.carry"
holds 'whoever has signal delivers it' courier deliver "$folder/a.carry" --to "$url"
before=$(logged | grep -c .)
holds 'the server has a hundred visits' equals "$(control count visit)" 100
cp "$folder/a.carry" "$folder/again.carry"
holds 'a second delivery is answered as well' courier deliver "$folder/again.carry" --to "$url"
holds '… and adds nothing to the log' equals "$(logged | grep -c .)" "$before"

fails 'the answer is not delivered' 1 courier deliver "$folder/a.carry.reply" --to "$url"
holds '… and named as what it is' grep -q 'a.carry.reply is the answer' "$folder/said"
fails '… nor by the command of the server' 1 control carry in "$folder/a.carry.reply"
holds '… which names it, too' grep -q 'a.carry.reply: it is the answer .*Bring it back to the phone' "$folder/said"
fails 'the file is no answer' 1 device siti carry in "$folder/a.carry"
holds '… and the cadre is told which one is' grep -q 'a.carry.reply' "$folder/said"
fails 'another phone has no use for the answer' 1 device wati carry in "$folder/a.carry.reply"
device siti carry in --json "$folder/a.carry.reply" >"$folder/said"
holds 'the answer empties the queue' equals "$(queued siti)" 0
holds '… and says that all is in sync' grep -q '"acked":102,.*"synced":true' "$folder/said"
holds 'the answer twice is no harm' device siti carry in "$folder/again.carry.reply"
device siti records visit >"$folder/there"
control records --json visit --order id >"$folder/here"
holds 'phone and server print the same visits' cmp "$folder/there" "$folder/here"

head -c 200 "$folder/a.carry" >"$folder/cut.carry"
fails 'a file that was cut off is refused' 1 courier deliver "$folder/cut.carry" --to "$url"
# Eight bytes: one might be what was there.
printf 'xxxxxxxx' | dd of="$folder/again.carry.reply" bs=1 seek=60 conv=notrunc 2>/dev/null
fails 'so is a damaged answer' 1 device siti carry in "$folder/again.carry.reply"

# ---- by the server's command ----

records siti 3
device siti carry out "$folder/b.carry" >/dev/null
holds 'the server takes a file by its command' equals "$(control carry in --json "$folder/b.carry")" '{"parcels":1,"answered":1}'
device siti sync >/dev/null
holds 'the phone synced itself before the answer came' equals "$(queued siti)" 0
holds '… which is no harm' device siti carry in "$folder/b.carry.reply"
fails 'what is no file of a phone is refused' 1 control carry in "$folder/there"

# ---- by the inbox ----

records siti 2
device siti carry out "$folder/c.carry" >/dev/null
holds 'the daemon has an inbox' test -d "$server/inbox"
server_stop
cp "$folder/c.carry" "$server/inbox/"
cp "$folder/there" "$server/inbox/no.carry"
touch -d '1 hour ago' "$server/inbox/no.carry"
cp "$folder/there" "$server/inbox/other.txt"
head -c 100 "$folder/c.carry" >"$server/inbox/half.carry"
server_start --listen "$address"
until_true 'a file in the inbox is answered in the outbox' test -f "$server/outbox/c.carry.reply"
until_true '… and leaves the inbox' sh -c '! [ -e "$0" ]' "$server/inbox/c.carry"
until_true 'what is none is put aside' test -f "$server/inbox/no.carry.bad"
holds '… and the log says so, without its name' sh -c 'grep "inbox: a file was refused" "$0" | grep -vq "no.carry"' "$folder/daemon.log"
until_true 'what is still being copied waits' grep -q 'inbox: a file waits for the next look' "$folder/daemon.log"
holds '… where it is' test -f "$server/inbox/half.carry"
holds 'other files are left alone' test -f "$server/inbox/other.txt"
holds 'the phone takes that answer' device siti carry in "$server/outbox/c.carry.reply"
holds '… and nothing waits any more' equals "$(queued siti)" 0
holds 'the server has all visits once' equals "$(control count visit)" 105
holds 'the deliveries are in the list of syncs' sh -c '[ "$("$0" --dir "$1" syncs --json | grep -c "\"cadre\":\"siti\"")" -ge 4 ]' "$SAMBUNGCTL" "$server"

# ---- a file of a phone that was restored since ----

cp -a "$folder/siti" "$folder/siti.before"
records siti 2
device siti carry out "$folder/lost.carry" >/dev/null
rm -rf "$folder/siti"
mv "$folder/siti.before" "$folder/siti"
records siti 3
holds 'a phone that was restored from a backup syncs' device siti sync
cp "$folder/lost.carry" "$server/inbox/"
server_stop
server_start --listen "$address"
until_true 'a file that it wrote before is put aside, not away' test -f "$server/inbox/lost.carry.fork"
holds '… whole' cmp "$folder/lost.carry" "$server/inbox/lost.carry.fork"
holds '… and the log says so' grep -q 'inbox: a file of a copy of a phone is not in the log' "$folder/daemon.log"
holds 'what was recorded since is there' equals "$(control count visit)" 108

# ---- … and an admin adopts it ----

lost=$server/inbox/lost.carry.fork
number=$(device siti status --json | field device)
seq=$(control log --json | tail -n 1 | field seq)
head=$(logged | grep -c .)
fails 'nobody adopts without a reason' 2 control carry adopt "$lost"
fails 'a file that was cut off is not adopted' 1 control carry adopt "$folder/cut.carry" --reason rusak
fails 'nor is the answer to one' 1 control carry adopt "$folder/a.carry.reply" --reason keliru
holds '… which is named' grep -q 'a.carry.reply: it is the answer' "$folder/said"
fails 'nor what can be delivered' 1 control carry adopt "$folder/b.carry" --reason keliru
holds '… which is said' grep -q 'nothing to adopt: all that is in the file is in the log' "$folder/said"
holds '… and none of that is in the log' equals "$(logged | grep -c .)" "$head"
token=$(cat "$server/admin.token")
carry='Content-Type: application/vnd.sambung.carry'
adopts() {
	answers "$1" "$2" POST /v1/carry/adopt --data-binary "@$lost" -H "$carry" -H "X-Sambung-Reason: $3"
}
answers 'a program says why, too' 400 POST /v1/carry/adopt --data-binary "@$lost" -H "$carry"
adopts '… in ASCII' 400 'habis%2'
adopts '… without what no text has' 400 'a%00b'
adopts '… in UTF-8' 400 'a%ffb'
adopts '… and not at length' 422 "$(printf '%0501d' 0)"
holds '… and nothing of that is in the log' equals "$(logged | grep -c .)" "$head"
printf 'reason=HP Siti dipulihkan; berkas dari kotak masuk, 100%% utuh\n' |
	control carry adopt --json "$lost" - >"$folder/said"
holds 'a file that the inbox kept is adopted' grep -q "^{\"device\":$number,\"number\":[0-9]*,\"adopted\":2,\"quarantined\":0,\"before\":0,\"missing\":0}" "$folder/said"
adopted=$(field number <"$folder/said")
holds '… and what is in it is there' equals "$(control count visit)" 110
control log --json --since "$seq" >"$folder/said"
holds 'the log says who adopted how many of which device, and why' grep -q "\"user\":\"admin\".*\"action\":\"adopt\",\"stream\":$adopted.*\"parent\":$number,.*\"reason\":\"HP Siti dipulihkan; berkas dari kotak masuk, 100% utuh\",\"changes\":2" "$folder/said"
holds 'adopting it twice says so' sh -c '"$0" --dir "$1" --lang en carry adopt "$2" --reason lagi | grep -q "^0 changes adopted"' "$SAMBUNGCTL" "$server" "$lost"
holds '… also in Indonesian' sh -c '"$0" --dir "$1" --lang id carry adopt "$2" --reason lagi | grep -q "^2 sudah ada di log"' "$SAMBUNGCTL" "$server" "$lost"
holds '… and adds nothing' equals "$(control count visit)" 110
holds 'its number is of no phone' sh -c '"$0" --dir "$1" --lang en devices | grep "^$2 " | grep -q "former.*adopted from a file"' "$SAMBUNGCTL" "$server" "$adopted"
device siti sync >/dev/null
device siti records visit >"$folder/there"
control records --json visit --order id >"$folder/here"
holds 'the restored phone receives what was adopted' cmp "$folder/there" "$folder/here"
holds 'the daemon ends cleanly' # ---- to a phone that was revoked ----

enrols rini
control device revoke "$(control devices --json | grep '"cadre":"rini"' | field device)" >/dev/null
device rini record family village=6303072001 head='Lestari' >/dev/null
device rini carry out "$folder/rini.carry" >/dev/null
courier deliver "$folder/rini.carry" --to "$url" >/dev/null
fails 'the answer tells it' 1 device rini carry in "$folder/rini.carry.reply"
holds '… that it was revoked' grep -q 'revoked' "$folder/said"
holds '… and does not promise that anything follows' sh -c '! grep -q "with the next" "$0"' "$folder/said"
server_stop
holds 'and the database is whole' "$CHECK_STORE" "$server"
holds '… and what its log says' "$SAMBUNGCTL" --dir "$server" verify
