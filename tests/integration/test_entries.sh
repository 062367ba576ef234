#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every command of sambungctl, and what it leaves in the log (tests/access/commands.table). What routes
# leave, test_access looks at.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/phones.sh"

: "${ACCESS:?ACCESS must name the folder tests/access}"
command -v sqlite3 >/dev/null || { echo "sqlite3 is not installed; see daemon/packages.sh"; exit 1; }
table=$ACCESS/commands.table
village=6303072001

rows() {
	grep -v '^#' "$table" | grep '|'
}
commands_told() {
	"$SAMBUNGCTL" --help --lang en | grep '^  [a-z]' | cut -c3-21 | sed 's/ *$//' | sort
}

# ---- something to ask about ----

server_make
server_start
printf 'key,village,head,address\nF1,%s,Uji,Jl. Satu\nF2,%s,Uji,Jl. Dua\n' "$village" "$village" |
	control import family - >/dev/null
for phone in siti budi wati; do
	enrols "$phone"
done
record=$(control records --json family --order id | sed -n 1p | field id)
conflict=$(control records --json family --order id | sed -n 2p | field id)
device siti edit "$conflict" address='Jl. Melur' >/dev/null
device budi edit "$conflict" address='Jl. Mawar' >/dev/null
device siti sync >/dev/null
device budi sync >/dev/null
# A phone that was revoked with three changes in its queue.
wati=$(number_of wati)
control device revoke "$wati" >/dev/null
for street in Tiga Empat Lima; do
	device wati edit "$record" "address=Jl. $street" >/dev/null
done
device wati sync >/dev/null 2>&1 || true
# Files: one of a phone without a network, one of a phone that was restored since.
enrols tuti
device tuti record family "village=$village" head=Berkas >/dev/null
device tuti carry out "$folder/file.carry" >/dev/null
enrols lina
cp -a "$folder/lina" "$folder/lina.before"
device lina record family "village=$village" head=Hilang >/dev/null
device lina carry out "$folder/lost.carry" >/dev/null
rm -rf "$folder/lina"
mv "$folder/lina.before" "$folder/lina"
device lina record family "village=$village" head=Ada >/dev/null
device lina sync >/dev/null
# Two living copies of one phone: the second one is held.
enrols mira
cp -a "$folder/mira" "$folder/mira.copy"
device mira record family "village=$village" head=Satu >/dev/null
device mira sync >/dev/null
device mira.copy record family "village=$village" head=Dua >/dev/null
device mira.copy sync >/dev/null 2>&1 || true
device mira record family "village=$village" head=Tiga >/dev/null
device mira sync >/dev/null 2>&1 || true
device mira.copy record family "village=$village" head=Empat >/dev/null
device mira.copy sync >/dev/null 2>&1 || true
printf 'key,village,head\nF3,%s,Uji\n' "$village" >"$folder/table.csv"
sed 's/"version": *1\b/"version": 2/' "$SCHEMA" >"$folder/schema.json"

# ---- the commands ----

held=$(control devices --json | grep '"held"' | field device)
siti=$(number_of siti)
lina=$(number_of lina)
budi=$(number_of budi)
holds 'there is a phone that is held' test -n "$held"

# What stands for a word of the table.
word_of() {
	case $1 in
	@RECORD) echo "$record" ;;
	@CONFLICT) echo "$conflict" ;;
	@SITI) echo "$siti" ;;
	@LINA) echo "$lina" ;;
	@BUDI) echo "$budi" ;;
	@WATI) echo "$wati" ;;
	@HELD) echo "$held" ;;
	@TABLE) echo "$folder/table.csv" ;;
	@SCHEMA) echo "$folder/schema.json" ;;
	@BACKUP) echo "$folder/backup.db" ;;
	@FILE) echo "$folder/file.carry" ;;
	@LOST) echo "$folder/lost.carry" ;;
	@KEY) control key list --json | grep '"newest":false' | field key ;;
	*) echo "$1" ;;
	esac
}
kinds_above() {
	sqlite3 -readonly "$server/sambung.db" "SELECT DISTINCT kind FROM log WHERE seq > $1" | sed '
		s/^1$/change/; s/^2$/release/; s/^3$/schema/; s/^4$/scope/; s/^5$/admin/; s/^6$/epoch/
		s/^7$/erasure/; s/^8$/read/' | sort | paste -sd + -
}
head_of() {
	sqlite3 -readonly "$1" 'SELECT coalesce(max(seq), 0) FROM log'
}

# leaves COMMAND KINDS ARGUMENTS
leaves() {
	command=$1
	wanted=$2
	words=
	for word in $3; do
		words="$words $(word_of "$word")"
	done
	case $command in
	init) server=$folder/other before=0 ;;
	restore) before=$(head_of "$folder/backup.db") ;;
	*) before=$(head_of "$server/sambung.db") ;;
	esac
	[ "$command" != 'key rotate' ] || server_stop # from here on only commands that want it so
	# shellcheck disable=SC2086 # words
	printf 'kuda besi hijau\n' | control $command $words >"$folder/said" 2>&1 ||
		{ cat "$folder/said"; fail "$command succeeds"; }
	found=$(kinds_above "$before")
	server=$folder/server
	[ "$found" = "${wanted#-}" ] || fail "$command leaves $wanted in the log, but ${found:-nothing}"
	echo "so: $command leaves $wanted"
}

rows | sed 's/ *|.*//' | sort >"$folder/rows"
commands_told >"$folder/told"
holds 'every command has a row, and no other' diff "$folder/told" "$folder/rows"
rows >"$folder/walk"
while IFS='|' read -r command kinds arguments <&3; do
	leaves "${command%"${command##*[! ]}"}" "$(echo "$kinds" | tr -d ' ')" "$arguments"
done 3<"$folder/walk"
