#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# More than 1,000 unique strings of people who are erased, in every place where a server keeps
# something: none is left in any of its files, and all those of the others are. Killed in the middle;
# restored from a backup that has them all.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/phones.sh"

: "${CHECK_STORE:?CHECK_STORE must name the check_store program}"
node=$(command -v node || command -v nodejs) ||
	{ echo "node (18 or later) is not installed; see daemon/packages.sh"; exit 1; }
command -v sqlite3 >/dev/null || { echo "sqlite3 is not installed; see daemon/packages.sh"; exit 1; }
traces=$(cd "$(dirname "$0")/../node" && pwd)/find_traces.mjs
village=6303072001
other_village=6303072002
erased_families=16
all_families=24

server_kill() {
	stopping=$daemon
	daemon=
	kill -9 "$stopping"
	wait "$stopping" 2>/dev/null || true
}
server_back() {
	server_start --listen "${url#http://}"
}

# word FAMILY PLACE NUMBER: a string that stands nowhere else, noted as erased or as staying.
word() {
	word=$(printf 'Zq%02d%s%04dUnikQz' "$1" "$2" "$3" | cut -c1-14)
	note "$1" "$word"
}
# digits FAMILY PLACE NUMBER: the same as a number of 16 digits.
digits() {
	word=$(printf '6303%02d%05d%05d' "$1" "$2" "$3")
	note "$1" "$word"
}
note() {
	if [ "$1" -le "$erased_families" ]; then
		echo "$2" >>"$folder/goes"
	else
		echo "$2" >>"$folder/stays"
	fi
}

# found FILE PLACE…: how many of its strings are there.
found() {
	"$node" "$traces" "$@" >"$folder/traces"
	field found <"$folder/traces"
}
all_of() {
	equals "$(found "$1" "$server" "$folder/daemon.log")" "$(sort -u "$1" | wc -l)" || {
		cat "$folder/traces"
		return 1
	}
}
none_of() {
	equals "$(found "$1" "$server" "$folder/daemon.log")" 0 || {
		cat "$folder/traces"
		return 1
	}
}
checks() {
	"$CHECK_STORE" "$server" >/dev/null
}

# What somebody types about a person instead of an id, a type, a village or a number. Who reads leaves
# an entry of the log, and an erasure finds in it only what names a record.
strays_are_asked_for() {
	: >"$folder/strays"
	stray=0
	for path in record/@ record/@/history record/@/access proof/record/@ records/@ export/@.csv \
		device/@/breach device/#/breach 'records/family?village=@' 'records/family?village=#' \
		'records/family?order=@' 'records/family?since=@' 'records/family?since=#' \
		'export/family.csv?village=@' 'conflicts?village=@' 'log?since=@' 'log?since=#'; do
		stray=$((stray + 1))
		word=$(printf 'Zq99sy%04dUnik' "$stray")
		digits=$(printf '630399%010d' "$stray")
		printf '%s\n%s\n' "$word" "$digits" >>"$folder/strays"
		api GET "/v1/$(echo "$path" | sed "s/@/$word/;s/#/$digits/")" >/dev/null 2>&1 || true
	done
}

# ---- the tables that are imported ----

make_tables() {
	: >"$folder/goes"
	: >"$folder/stays"
	echo 'key,village,head,address,dusun' >"$folder/family.csv"
	echo 'key,family,name,nik' >"$folder/person.csv"
	echo 'key,person,date,weight,note' >"$folder/visit.csv"
	f=0
	while [ "$f" -lt "$all_families" ]; do
		f=$((f + 1))
		digits "$f" 1 0; key=$word
		word "$f" hd 0; head=$word
		word "$f" ad 0; address=$word
		word "$f" ds 0
		echo "$key,$village,$head,$address,$word" >>"$folder/family.csv"
		p=0
		while [ "$p" -lt 5 ]; do
			p=$((p + 1))
			digits "$f" 2 "$p"; person=$word
			word "$f" nm "$p"; name=$word
			digits "$f" 3 "$p"
			echo "$person,$key,$name,$word" >>"$folder/person.csv"
			v=0
			while [ "$v" -lt 4 ]; do
				v=$((v + 1))
				word "$f" vk "$p$v"; visit=$word
				word "$f" vn "$p$v"
				echo "$visit,$person,2026-11-0$v,8.$v,$word" >>"$folder/visit.csv"
			done
		done
	done
}

# The id of family number N, as phone ani knows it.
family_id() {
	sed -n "$1p" "$folder/family.ids"
}

# ---- what phones add: edits, rivals, visits, and what is set aside ----

# Each family is changed on one phone and, without a sync between, on the other; the rivals of half of
# them are settled; a third phone writes what is set aside.
people_write() {
	f=0
	while [ "$f" -lt "$all_families" ]; do
		f=$((f + 1))
		id=$(family_id "$f")
		word "$f" e1 0
		device ani edit "$id" "address=$word" >/dev/null
		word "$f" e2 0
		device budi edit "$id" "address=$word" >/dev/null
		word "$f" pn 0
		device ani record person "family=$id" "name=$word" --json >"$folder/made"
		word "$f" pv 0
		device ani record visit "person=$(field id <"$folder/made")" weight=8.4 "note=$word" >/dev/null
	done
	device ani sync >/dev/null
	device budi sync >/dev/null
}
people_settle() {
	f=0
	while [ "$f" -lt "$all_families" ]; do
		f=$((f + 2))
		word "$f" st 0
		control settle "$(family_id "$f")" address "$word" >/dev/null
	done
}
# A phone that was revoked while it had much to say.
people_are_set_aside() {
	f=0
	while [ "$f" -lt "$all_families" ]; do
		f=$((f + 1))
		word "$f" qe 0
		device cici edit "$(family_id "$f")" "dusun=$word" >/dev/null
		word "$f" qp 0
		device cici record person "family=$(family_id "$f")" "name=$word" >/dev/null
	done
	number=$(control devices --json | grep '"Cici"' | field device)
	control device revoke "$number" >/dev/null
	device cici sync >/dev/null 2>&1 || true
}

# ---- the test ----

server_make
server_start
make_tables
for type in family person visit; do
	control import "$type" "$folder/$type.csv" >/dev/null
done
enrols ani "$village" "$other_village"
enrols budi "$village" "$other_village"
control enrol --cadre Cici --village "$village" >"$folder/code.cici"
device cici enrol - <"$folder/code.cici" >/dev/null
device cici sync >/dev/null
# In the order of their numbers, which heads show.
device ani list --json family | sed 's/.*"id":"\([^"]*\)".*"head":"Zq\(..\).*/\2 \1/' |
	sort | cut -d' ' -f2 >"$folder/family.ids"
holds 'the phones have all families' equals "$(wc -l <"$folder/family.ids")" "$all_families"
people_write
people_settle
people_are_set_aside
holds 'changes of the revoked phone are set aside' \
	equals "$(control quarantine --json | wc -l)" $((2 * all_families))
control export family --csv >/dev/null
control conflicts >/dev/null
control backup "$folder/backup.db" >/dev/null

count=$(sort -u "$folder/goes" | wc -l)
holds "there are $count strings to be erased, 1,000 at least" test "$count" -ge 1000
entries=$(logged | grep -c '"kind":"read"')
strays_are_asked_for
holds 'who asked for what is no id and no village has left entries' \
	test "$(logged | grep -c '"kind":"read"')" -gt "$entries"
holds '… without the words' none_of "$folder/strays"
holds 'before, all of them are found' all_of "$folder/goes"
holds '… and all that stay' all_of "$folder/stays"

fails 'a reason of somebody'"'"'s own is refused, for it could name her' 1 \
	control erase "$(family_id 1)" --reason 'asked by Siti'
fails 'an erasure without a reason is refused' 2 control erase "$(family_id 1)"
f=0
while [ "$f" -lt "$erased_families" ]; do
	f=$((f + 1))
	if [ $((f % 5)) -eq 0 ]; then
		# Its answer may be lost with the server; then it is asked for again.
		control erase "$(family_id "$f")" --reason request >/dev/null 2>&1 &
		asking=$!
		server_kill
		wait "$asking" || true
		server_back
		control record "$(family_id "$f")" >/dev/null 2>&1 || continue
	fi
	printf 'reason=request\n' | control erase "$(family_id "$f")" - >/dev/null
done
holds 'none of these families is shown any more' equals "$(control count family --json | field count)" \
	$((all_families - erased_families))
holds '… nor their changes in quarantine' \
	equals "$(control quarantine --json | wc -l)" $((2 * (all_families - erased_families)))
answers 'an erased record is like one that never was' 404 GET "/v1/record/$(family_id 2)"
holds 'the status says that it is not finished' \
	equals "$(control erased "$(family_id 2)" --json | head -n 1 | field status)" erasing
holds 'the log still proves itself' checks

# Killed while the file is written anew, more than once.
for questions in 0 1 3; do
	control erase --finish >/dev/null 2>&1 &
	asking=$!
	while [ "$questions" -gt 0 ]; do
		control count family >/dev/null || true
		questions=$((questions - 1))
	done
	server_kill
	wait "$asking" || true
	server_back
done
holds 'after that it is finished' control erase --finish
holds '… and the status says so' \
	equals "$(control erased "$(family_id 2)" --json | head -n 1 | field status)" erased
holds 'no file of the server has one of the strings' none_of "$folder/goes"
holds '… and those of the others are all there' all_of "$folder/stays"
control backup "$folder/after.db" >/dev/null
holds '… nor has a backup that is made now' equals "$(found "$folder/goes" "$folder/after.db")" 0
rm "$folder/after.db"
holds 'the log proves itself without them' checks
control log >/dev/null
control history "$(family_id "$all_families")" >/dev/null

device ani sync >/dev/null
device budi sync >/dev/null
holds 'phones that synced once have acknowledged' \
	equals "$(control erased "$(family_id 2)" --json | grep -c '"acknowledged":"')" 2
holds 'none of these families is on a phone' equals "$(device ani list --json family | wc -l)" \
	$((all_families - erased_families))
word 2 lt 0
fails 'a phone cannot write of them any more' 1 device budi edit "$(family_id 2)" "address=$word"

# An old backup has everything.
server_stop
holds 'the backup has them' equals "$(found "$folder/goes" "$folder/backup.db")" "$count"
holds 'it is restored' control restore "$folder/backup.db"
holds 'before the server answers anything they are gone again' none_of "$folder/goes"
holds '… and the others are there' all_of "$folder/stays"
server_back
holds 'the former database, from which they are gone, does not count as holding them' \
	equals "$(control erased --json | field status)" erased
cp "$folder/backup.db" "$server/sambung.db.before-restore-20260101T000000Z"
holds 'one that has them does' equals "$(control erased --json | field status)" erasing
fails 'to finish is not done while it is there' 1 control erase --finish
holds '… and it says which file is in the way' grep -q before-restore "$folder/said"
rm "$server/sambung.db.before-restore-20260101T000000Z"*
cp "$folder/backup.db" "$server/sambung.db.salinan"
holds '… and so does a copy that somebody made' equals "$(control erased --json | field status)" erasing
rm "$server/sambung.db.salinan"*
echo 'no database' >"$server/sambung.db.before-restore-20260101T000000Z"
holds '… and one that cannot be read' equals "$(control erased --json | field status)" erasing
rm "$server/sambung.db.before-restore-20260101T000000Z"*
holds '… until it is removed' equals "$(control erased --json | field status)" erased
holds 'to finish is told in JSON as well' equals "$(control erase --finish --json)" '{"finished":true,"kept_in_copies":0}'
control erased --json | tail -n 1 >"$folder/again"
holds 'what was erased again is in the list as such' grep -q '"record":"r[0-9a-z]*","again":true' "$folder/again"
holds '… by an id that leads to its phones' control erased "$(field record <"$folder/again")"
holds 'the log proves itself' checks
holds 'none of the families is back' equals "$(control count family --json | field count)" \
	$((all_families - erased_families))
device budi edit "$(family_id "$all_families")" 'address=Lain' >/dev/null
device ani sync >/dev/null
device budi sync >/dev/null
device ani sync >/dev/null
holds 'phones go on' equals "$(device ani list --json family | wc -l)" \
	$((all_families - erased_families))
holds 'what they sent again brought nothing back' none_of "$folder/goes"
holds 'the log proves itself at the end' checks

# A restore was killed while it copied.
server_stop
cp "$folder/backup.db" "$server/sambung.db.restoring"
cp "$folder/backup.db" "$server/sambung.db.restoring-wal"
server_back
holds 'what a restore left that was killed has gone when the daemon answers' none_of "$folder/goes"

# Somebody copies it back by hand.
server_stop
rm -f "$server/sambung.db" "$server/sambung.db-wal" "$server/sambung.db-shm"
cp "$folder/backup.db" "$server/sambung.db"
server_back
holds 'a database that was copied back has lost them when it answers' none_of "$folder/goes"
server_stop
