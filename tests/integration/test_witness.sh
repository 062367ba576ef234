#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A phone that catches its server: somebody alters the database of a real daemon, without its key and
# with it; the phone says so on every screen, works on, and its evidence is checked by another program.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
: "${FORGE:?FORGE must name the program that alters a database}"
phone=$folder/phone

cadre() {
	"$SAMBUNG" --dir "$phone" --lang en "$@" >"$folder/body" 2>"$folder/err"
}

warns() {
	grep -q 'the server contradicts what it signed before' "$folder/err"
}

verified() {
	control verify --json >"$folder/verified"
}

silent() {
	[ ! -s "$folder/err" ]
}

# ---- an honest server ----

server_make
server_start
control enrol --cadre 'Kader Satu' --village 6303072001 >"$folder/code"
"$SAMBUNG" --dir "$phone" enrol - <"$folder/code" >/dev/null || fail 'a phone enrols'
holds 'and syncs' cadre sync
printf 'village=6303072001\nhead=Ibu Uji\naddress=Jl. Contoh 1\n' >"$folder/family"
"$SAMBUNG" --dir "$phone" record family - <"$folder/family" >/dev/null || fail 'it records a family'
holds 'the family goes in' cadre sync
holds 'with no contradiction' silent
holds 'status tells the log' cadre --json status
size=$(sed -n 's/.*"log_size": *\([0-9]*\).*/\1/p' "$folder/body")
root=$(sed -n 's/.*"log_root": *"\([^"]*\)".*/\1/p' "$folder/body")
holds 'nothing is contradicted' sh -c '! grep -q contradiction "$1"' sh "$folder/body"
control checkpoint >"$folder/checkpoint"
holds 'as the server signed it' equals "$size $root" \
	"$(sed -n 2p "$folder/checkpoint") $(sed -n 3p "$folder/checkpoint" | cut -c 1-12)"
holds 'people read the same' cadre status
holds 'in one line' grep -q "[0-9] · $root\$" "$folder/body"
fails 'there is no evidence' 1 "$SAMBUNG" --dir "$phone" evidence --out "$folder/none"
holds '… and that is nothing to worry about' grep -q 'belum pernah membantah\|has never contradicted' "$folder/said"
holds 'and no file of it' test ! -e "$folder/none"

# ---- somebody who has the database, but not the key ----

server_stop
cp "$server/sambung.db" "$folder/true.db"
sqlite3 "$server/sambung.db" "UPDATE log SET received_ms = received_ms + 1000 WHERE seq = 3"
got=0
timeout 20 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0 >"$folder/said" 2>&1 || got=$?
holds 'a daemon does not serve a log that was altered' test "$got" -eq 1
holds 'and says what to do' grep -q 'not that of its newest checkpoint.*sambungctl verify' "$folder/said"
rm -f "$server"/sambung.db*
cp "$folder/true.db" "$server/sambung.db"

# ---- somebody who has both ----

"$FORGE" "$server/sambung.db" "$server/server.key" \
	"UPDATE log SET session = session + 7 WHERE seq = 3" || fail 'the log is made anew'
server_start
sed -i "s/Ibu Uji/Ibu Coba/" "$folder/family"
"$SAMBUNG" --dir "$phone" record family - <"$folder/family" >/dev/null || fail 'it records on'
# The phone knows its server by the address of the code: the daemon has another port now.
sqlite3 "$phone/device.db" "UPDATE device SET url = '$url'"
holds 'at its next contact the phone syncs as ever' cadre sync
holds 'and says what it found' warns
holds 'status says it too' cadre --json status
holds 'to programs' grep -q '"contradiction": *true' "$folder/body"
holds 'nothing waits' grep -q '"queued": *0' "$folder/body"
holds 'every screen says it' cadre list family
holds 'beside what it shows' warns
holds 'both families are there' equals "$(grep -c Ibu "$folder/body")" 2
holds 'status tells people what to do' cadre status
holds 'with the command' grep -q 'sambung evidence --out FILE' "$folder/body"
holds 'the evidence is written' cadre evidence --out "$folder/evidence"
fails 'not over another file' 1 "$SAMBUNG" --dir "$phone" evidence --out "$folder/evidence"
fails 'nor without a name' 2 "$SAMBUNG" --dir "$phone" evidence
# That database is all that its log says: only from outside it can be seen.
holds 'the database itself shows nothing' verified
key=$(field key <"$folder/verified")
holds 'another program reads it' sh -c 'node "$1/check_evidence.mjs" "$2" "$3" >"$4"' sh \
	"$NODE_TESTS" "$folder/evidence" "$key" "$folder/body"
holds 'both statements are signed by the server' body_has '"older":[0-9]*,"newer":[0-9]'
# As operating.md says, "A cadre brings evidence".
sed -n '/^older$/,/^newer$/p' "$folder/evidence" | sed '1d;$d' | sed '$d' >"$folder/older.checkpoint"
fails 'the admin holds the database against it' 1 control verify --checkpoint "$folder/older.checkpoint"
holds 'and sees that the log was made anew' grep -q 'the log is another one up to entry' "$folder/said"
# Another first character than what is there: one that is put in blindly may be the same.
sed -i '/^[0-9a-zA-Z+\/]\{43\}=$/{s/^A/B/;t
s/^./A/}' "$folder/evidence"
fails 'another root in it is noticed' 1 node "$NODE_TESTS/check_evidence.mjs" "$folder/evidence" "$key"
server_stop
server_start
sqlite3 "$phone/device.db" "UPDATE device SET url = '$url'"
holds 'it still says so after a restart' cadre sync
holds 'of either side' warns
holds 'until it was given away' cadre evidence --forget
holds 'from then on' silent
holds 'the log is what it is now' cadre sync
holds 'without a word' silent
holds 'and visits go in' cadre --json status
holds 'all of them' grep -q '"queued": *0' "$folder/body"
