#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The data on the phone: nothing of a person can be read in its files, with a PIN nothing opens
# without it, and a phone that was revoked delivers, destroys and says so.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
unset SAMBUNG_PIN_FILE
device() {
	device_folder=$folder/$1
	shift
	"$SAMBUNG" --dir "$device_folder" --lang en "$@" </dev/null
}
# given TEXT NAME ARGUMENT…: the same with a text on standard input.
given() {
	text=$1
	device_folder=$folder/$2
	shift 2
	printf '%b' "$text" | "$SAMBUNG" --dir "$device_folder" --lang en "$@"
}
enrols() {
	control enrol --cadre "Kader $1" --village 6303072001 >"$folder/code.$1"
	"$SAMBUNG" --dir "$folder/$1" --lang en enrol - <"$folder/code.$1" >/dev/null
}
status_of() {
	device "$1" status --json
}
# seen FILE…: how many of the secret texts stand in the files, in any case, in UTF-8 or UTF-16.
seen() {
	cat "$@" >"$folder/bytes" 2>/dev/null || true
	tr -d '\000' <"$folder/bytes" >"$folder/bytes.narrow"
	cat "$folder/bytes" "$folder/bytes.narrow" | grep -aoiFf "$folder/needles" |
		tr '[:upper:]' '[:lower:]' | sort -u | grep -c . || true
}
files_of() {
	echo "$folder/$1/device.db $folder/$1/device.db-wal $folder/$1/device.db-shm $folder/$1/device.key"
}
# unreadable SENTENCE NAME [FILE…]
unreadable() {
	sentence=$1
	name=$2
	shift 2
	# shellcheck disable=SC2046
	holds "$sentence" equals "$(seen $(files_of "$name") "$@")" 0
}

server_make
server_start
enrols siti
device siti sync >/dev/null

# ---- three hundred texts about people ----

count=50
i=0
while [ "$i" -lt "$count" ]; do
	i=$((i + 1))
	kk=$(printf '630307%010d' $((7000000 + i * 7919)))
	nik=$(printf '630307%010d' $((99000000 + i * 6007)))
	printf 'head=Keluarga Xq%dwira\naddress=Gang Zyk%dmelati\nno_kk=%s\n' "$i" "$i" "$kk" >"$folder/in"
	printf 'xq%dwira\nzyk%dmelati\n%s\nvbn%drahayu\n%s\nqqj%drujuk\n' "$i" "$i" "$kk" "$i" "$nik" "$i" >>"$folder/needles"
	family=$("$SAMBUNG" --dir "$folder/siti" record family --json - <"$folder/in" | field id)
	printf 'family=%s\nname=Vbn%drahayu\nnik=%s\n' "$family" "$i" "$nik" >"$folder/in"
	person=$("$SAMBUNG" --dir "$folder/siti" record person --json - <"$folder/in" | field id)
	printf 'person=%s\nnote=Catatan Qqj%drujuk\n' "$person" "$i" >"$folder/in"
	"$SAMBUNG" --dir "$folder/siti" record visit - <"$folder/in" >/dev/null
done
printf 'kader siti\n' >>"$folder/needles"
needles=$(grep -c . "$folder/needles")
rm -f "$folder/in"

device siti records family >"$folder/dump"
device siti records person >>"$folder/dump"
device siti records visit >>"$folder/dump"
status_of siti >>"$folder/dump"
holds 'the search finds every text where it is written' equals "$(seen "$folder/dump")" "$needles"
iconv -t UTF-16LE "$folder/dump" >"$folder/dump.wide"
holds '… in UTF-16 as well' equals "$(seen "$folder/dump.wide")" "$needles"
rm -f "$folder/dump" "$folder/dump.wide"

unreadable 'nothing of them can be read before a sync' siti
device siti carry out "$folder/a.carry" >/dev/null
unreadable '… nor in a file for a carrier' siti "$folder/a.carry"
"$SAMBUNG" --dir "$folder/siti" --lang en agent </dev/null >/dev/null 2>"$folder/agent.log" &
agent=$!
until [ "$(status_of siti | field queued)" = 0 ]; do
	kill -0 "$agent" || fail 'the agent syncs'
	sleep 0.05
done
given 'head=Xq1wira\nvillage=6303072001\n' siti record family - >/dev/null
kill -9 "$agent" 2>/dev/null || true
wait "$agent" 2>/dev/null || true
unreadable '… nor after a sync and a kill -9' siti
device siti sync >/dev/null
unreadable '… nor after the next' siti
until=$(date -u -d '+30 days' +%Y-%m-)
holds 'the server lets it show them for thirty days without contact' sh -c 'echo "$0" | grep -q "\"lease_until\":\"$1.*\"lease_over\":false"' "$(status_of siti)" "$until"
holds '… which its status tells' sh -c '"$0" --dir "$1" --lang id status | grep -q "Terbuka tanpa kontak sampai"' "$SAMBUNG" "$folder/siti"

# ---- the PIN ----

fails 'a PIN of five is too short' 1 given '12345\n' siti pin set --pin -
fails 'where there is no PIN none can be changed' 1 given '123456\n654321\n' siti pin change --pin -
holds 'a PIN is set' given '123456\n' siti pin set --pin -
holds '… and device.key has no bare key any more' equals "$(wc -c <"$folder/siti/device.key" | tr -d ' ')" 85
fails 'without it nothing is shown' 1 device siti records family
holds '… saying what is needed' grep -q 'a PIN is needed' "$folder/said"
fails '… in Indonesian' 1 "$SAMBUNG" --dir "$folder/siti" --lang id records family
holds '… too' grep -q 'perlu PIN' "$folder/said"
fails 'a wrong PIN is told' 1 given '123457\n' siti records family --pin -
holds '… as that' grep -q 'the PIN is wrong' "$folder/said"
fails 'a file of it that is not there is told' 1 "$SAMBUNG" --dir "$folder/siti" --lang id list family --pin "$folder/no-pin"
holds '… in one line that says why' equals "$(cat "$folder/said")" \
	"sambung: $folder/no-pin tidak dapat dibaca: No such file or directory. Periksa nama berkasnya"
printf '123457\n' >"$folder/pin.wrong"
fails '… in Indonesian' 1 "$SAMBUNG" --dir "$folder/siti" --lang id list family --pin "$folder/pin.wrong"
holds '… too' grep -q 'PIN salah' "$folder/said"
holds 'numbers are shown without it' sh -c 'echo "$0" | grep -q "\"cadre\":\"\",\"queued\":0.*\"locked\":true"' "$(status_of siti)"
printf '123456\n' >"$folder/pin"
holds 'with the PIN everything is there' equals "$(device siti records family --pin "$folder/pin" | grep -c .)" $((count + 1))
holds '… also with its file in the environment' equals "$(SAMBUNG_PIN_FILE="$folder/pin" device siti records visit | grep -c .)" "$count"
holds '… and for a sync' device siti sync --pin "$folder/pin"
given '123456\nhead=Xq2wira\nvillage=6303072001\n' siti record family - --pin - >/dev/null
holds 'PIN and fields can both come from standard input' equals "$(status_of siti | field queued)" 1
fails 'a second PIN is not set over the first' 1 given '111111\n' siti pin set --pin -

sqlite3 "$folder/siti/device.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
sqlite3 "$folder/siti/device.db" .dump >"$folder/before"
holds 'the PIN is changed' given '123456\n11 kata rahasia\n' siti pin change --pin -
sqlite3 "$folder/siti/device.db" .dump >"$folder/after"
holds '… and no row with it' cmp "$folder/before" "$folder/after"
fails '… the old one opens nothing' 1 device siti records family --pin "$folder/pin"
fails '… and changes nothing' 1 given '123456\n222222\n' siti pin change --pin -
printf '11 kata rahasia\n' >"$folder/pin"
holds '… the new one does' equals "$(device siti records family --pin "$folder/pin" | grep -c .)" $((count + 2))
unreadable 'still nothing can be read' siti
fails 'an agent without the PIN does not start' 1 device siti agent
"$SAMBUNG" --dir "$folder/siti" --lang en agent --pin "$folder/pin" </dev/null >/dev/null 2>"$folder/agent.log" &
agent=$!
until [ "$(status_of siti | field queued)" = 0 ]; do
	kill -0 "$agent" || fail 'the agent syncs with the PIN'
	sleep 0.05
done
holds 'a running agent has not the file of the PIN' sh -c '! ls -l "/proc/$1/fd" | grep -q -- "$2"' sh "$agent" "$folder/pin"
given '11 kata rahasia\nhead=Xq2wira\nvillage=6303072001\n' siti record family - --pin - >/dev/null
until [ "$(status_of siti | field queued)" = 0 ]; do
	kill -0 "$agent" || fail 'the agent goes on without it'
	sleep 0.05
done
kill "$agent"
wait "$agent" || true
count=$((count + 1))
holds 'the PIN is taken away' equals "$(device siti pin remove --json --pin "$folder/pin")" '{"locked":false}'
holds '… and everything opens without' equals "$(device siti records family | grep -c .)" $((count + 2))
given '123456\n' siti pin set --pin - >/dev/null
printf '123456\n' >"$folder/pin"

# ---- damage ----

cp -r "$folder/siti" "$folder/bad"
dd if=/dev/zero of="$folder/bad/device.key" bs=1 seek=30 count=4 conv=notrunc 2>/dev/null
fails 'an altered key is a wrong PIN' 1 device bad records family --pin "$folder/pin"
cp "$folder/siti/device.key" "$folder/bad/device.key"
sqlite3 "$folder/bad/device.db" 'UPDATE record SET body = substr(body, 1, length(body) - 1)'
fails 'bodies that are cut off are an error' 1 device bad records family --pin "$folder/pin"
holds '… of the database' grep -q 'database could not be read' "$folder/said"

# ---- revoked ----

number=$(control devices --json | grep '"cadre":"Kader siti"' | field device)
given '123456\nhead=Xq3wira\nvillage=6303072001\n' siti record family - --pin - >/dev/null
code=$(control device replace "$number")
holds 'a phone is replaced by one command, which gives a code' sh -c 'echo "$0" | grep -q "^sb1\."' "$code"
state_line() {
	control devices --json | grep "\"device\":$number,"
}
holds 'it is revoked' sh -c 'echo "$0" | grep -q "\"state\":\"revoked\",\"destroyed\":null"' "$(state_line)"
cp -r "$folder/siti" "$folder/once"
fails 'its last sync fails' 1 device siti sync --json --pin "$folder/pin"
holds '… says what has happened' grep -q 'revoked, and what it held is destroyed' "$folder/said"
holds '… and how much was delivered before' grep -q '"acked":1,.*"quarantined":1' "$folder/said"
holds 'its last change is in quarantine' sh -c '"$0" --dir "$1" quarantine --json | grep -q "\"device\":$2,"' "$SAMBUNGCTL" "$server" "$number"
holds 'the admin sees that it is done, and when' sh -c 'echo "$0" | grep -q "\"state\":\"destroyed\",\"destroyed\":\"20..-"' "$(state_line)"
holds '… and the log says so' sh -c '"$0" --dir "$1" log --json | grep -q "\"action\":\"destroyed\""' "$SAMBUNGCTL" "$server"
holds 'its key is gone' sh -c '! [ -e "$0" ]' "$folder/siti/device.key"
holds 'its records are gone' equals "$(sqlite3 "$folder/siti/device.db" 'SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM change) + (SELECT count(*) FROM device WHERE data_key IS NOT NULL)')" 0
unreadable 'nothing can be read' siti
holds 'its status says what happened' sh -c '"$0" --dir "$1" --lang id status | tr "\n" " " | grep -q "dicabut haknya.*154 perubahan.*dihapus (20"' "$SAMBUNG" "$folder/siti"
fails 'nothing can be recorded on it' 1 given 'head=Ani\n' siti record family -
holds '… saying why' grep -q 'revoked' "$folder/said"
fails 'nor shown' 1 "$SAMBUNG" --dir "$folder/siti" --lang id list family
holds '… and no number without a meaning' sh -c '! grep -q ": 0" "$0"' "$folder/said"

# killed at any moment of it, a phone goes on: each of these begins as the phone was before.
delay=1
while [ "$delay" -le 24 ]; do
	rm -rf "$folder/killed"
	cp -r "$folder/once" "$folder/killed"
	timeout -s KILL "0.$(printf '%03d' $((100 + delay * 12)))" "$SAMBUNG" --dir "$folder/killed" sync --pin "$folder/pin" >/dev/null 2>&1 || true
	"$SAMBUNG" --dir "$folder/killed" sync --pin "$folder/pin" >/dev/null 2>&1 || true
	# shellcheck disable=SC2046
	[ "$(status_of killed | field device)" = 0 ] && ! [ -e "$folder/killed/device.key" ] &&
		[ "$(seen $(files_of killed))" = 0 ] || fail "killed after $delay it goes on"
	delay=$((delay + 1))
done
echo 'so: killed at any moment of it, it goes on at the next start'

holds 'it enrols anew with the code of the replacement' given "$code\n" siti enrol -
holds '… for the same cadre' equals "$(status_of siti | field cadre)" 'Kader siti'
device siti sync >/dev/null
holds '… and receives what it had synced' equals "$(device siti records family | grep -c .)" $((count + 2))
holds 'a phone that is none is not replaced' equals "$(control device replace 12345 2>&1 | grep -c sb1)" 0
holds 'the daemon ends cleanly' server_stop
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
