#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clients in a second language (tests/node) and C clients against the real daemon; then the whole log
# is read, and every record rebuilt, in the second language.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
node=$(command -v node || command -v nodejs) ||
	{ echo "node (18 or later) is not installed; see daemon/packages.sh"; exit 1; }
command -v sqlite3 >/dev/null || { echo "sqlite3 is not installed; see daemon/packages.sh"; exit 1; }
clients=$(cd "$(dirname "$0")/../node" && pwd)
village=6303072001
neighbour=6303072002

# value NAME FILE: a text or number of one JSON object; of a list the first item.
value() {
	"$node" -e 'const [name, file] = process.argv.slice(1);
		const found = JSON.parse(require("fs").readFileSync(file, "utf8"))[name];
		console.log([found].flat()[0])' "$1" "$2"
}

code() {
	control enrol --cadre "$1" --village "$village" --village "$neighbour" --json | field code
}

# client NAME ARGUMENT…: enrols a new device and runs it; what it prints is in NAME.json.
client() {
	name=$1
	shift
	"$node" "$clients/interop.mjs" "$url" "$(code "$name")" "$@" >"$folder/$name.json"
}

# c_client NAME ARGUMENT…: a device of the C library.
c_client() {
	name=$1
	shift
	"$SAMBUNG" --dir "$folder/$name" --lang en "$@" --json >"$folder/said"
}

has() {
	equals "$(value "$2" "$folder/$1.json")" "$3"
}

log_is_right() {
	sh "$clients/dump_log.sh" "$server/sambung.db" >"$folder/dump" &&
		"$node" "$clients/check_log.mjs" "$folder/dump" "$@" >"$folder/checked.json"
}

# refuses_damage SENTENCE SED: the same log with one thing in it changed must be refused.
refuses_damage() {
	sed "$2" "$folder/dump" >"$folder/damaged"
	! cmp -s "$folder/dump" "$folder/damaged" || fail "nothing was damaged by $2"
	fails "$1 is noticed" 1 "$node" "$clients/check_log.mjs" "$folder/damaged" "$folder/a.json"
}

server_make
server_start

holds 'a client in a second language enrols, pushes and pulls' client a
holds 'its family, person and 20 visits went in one request' has a requests_to_push 1
holds 'all 22 changes are acknowledged' has a acked_n 22
holds 'none is in conflict' has a conflicts 0
holds 'none is quarantined' has a quarantined 0
person=$(value persons "$folder/a.json")

holds 'another one pulls them and renames a person whom it had not seen' \
	client b --person "$person" --rename
holds 'it pushed in one request as well' has b requests_to_push 1
holds 'it holds what the first one recorded' has b records 22
holds 'its author is told of the conflict' has b conflicts 1
holds 'a supervisor settles it' control settle "$person" name 'Siti Aminah'

# Every policy with rivals, an archive against an edit, an import twice, a move.
for name in c d; do
	c_client "$name" enrol "$(code "$name")"
done
c_client c record family "village=$village" 'head=Rahmat' aid=mbg,bansos registered_date=2026-01-02 \
	verified_date=2026-03-01 members_count=4
family=$(field id <"$folder/said")
c_client c record person "family=$family" 'name=Aisyah'
visit_person=$(field id <"$folder/said")
c_client c record visit "person=$visit_person" date=2026-10-01 next_date=2026-11-01
visit=$(field id <"$folder/said")
c_client c sync
c_client d sync
c_client d edit "$family" 'head=Rahmad' aid=+latrine,-mbg registered_date=2026-01-05 \
	verified_date=2026-04-01 members_count=5
c_client c edit "$family" 'head=Rakhmat' aid=-bansos,+water registered_date=2026-01-03 \
	verified_date=2026-02-01 members_count=
c_client c edit "$family" registered_date=2026-01-04
c_client c edit "$visit" next_date=2026-11-20
# Two forms open at once: the second had not shown what the first one saved.
c_client c edit "$visit" note=satu
c_client c edit "$visit" note=dua --own 3
c_client d edit "$visit" next_date=2026-11-10
c_client d archive "$family" --reason pindah
c_client d sync
c_client c sync
control settle "$family" head 'Rahmad' >/dev/null
control settle "$family" archived '' >/dev/null
c_client d sync
c_client d edit "$family" "village=$neighbour"
c_client d sync
c_client c sync
# A family that was set aside, with a person and an edit, and released.
elsewhere=6401012001
c_client c record family "village=$elsewhere" 'head=Gusti'
aside=$(field id <"$folder/said")
c_client c record person "family=$aside" 'name=Noor'
c_client c edit "$aside" address='Jl. Jauh'
number=$(c_client c status && field device <"$folder/said")
first=$(field last_n <"$folder/said")
c_client c sync
holds 'a change in quarantine is released with what followed' grep -q '"released":3' <<EOF
$(control quarantine release "$number" "$((first - 2))" --json)
EOF
# A person of a family that nobody wants is given to that one.
c_client c record family "village=$elsewhere" 'head=Gasti'
twice=$(field id <"$folder/said")
c_client c record person "family=$twice" 'name=Nur'
c_client c sync
holds 'a change in quarantine is given to another record' grep -q '"reassigned":1' <<EOF
$(control quarantine reassign "$number" "$((first + 2))" --to "$aside" --json)
EOF
printf 'village,key,head,members_count\n%s,1,Jumberi,3\n%s,2,Masrani,4\n' "$village" "$village" \
	>"$folder/families.csv"
control import family "$folder/families.csv" >/dev/null
sed 's/,3$/,6/' "$folder/families.csv" >"$folder/again.csv"
control import family "$folder/again.csv" >/dev/null

holds 'a third one takes all of it' client e --person "$person"
holds 'none of its changes is in conflict' has e conflicts 0
holds 'it holds every record but its own visits' has e records 47
server_stop

holds 'headers, commitments, chains, roots, checkpoints and records follow from the log' \
	log_is_right "$folder/a.json" "$folder/b.json" "$folder/e.json"
holds 'that were all records' \
	equals "$(value records "$folder/checked.json")" 70
holds 'some of them have fields with rivals' \
	equals "$(value fields_with_rivals "$folder/checked.json")" 6

refuses_damage 'another verdict' 's/\("kind":1,.*"verdict":\)0/\11/'
refuses_damage 'another time' 's/\("kind":1,.*"time":\)1/\12/'
refuses_damage 'another payload' 's/\("table":"log","seq":1,.*"payload":"\)../\1A0/'
refuses_damage 'another root' 's/\("table":"checkpoint".*"root":"\)../\1FF/'
refuses_damage 'a missing entry' '/"table":"log","seq":9,/d'
refuses_damage 'a record that the log does not say' 's/\("table":"record".*"state":"..*\)../\1FF/'

# What was erased is gone from the log, and the rest of it is as provable as before.
server_start
control erase "$family" --reason request >/dev/null
control erase "$aside" --reason mistake >/dev/null
server_stop
holds 'after an erasure the log still follows, by what the phones had seen' \
	log_is_right "$folder/a.json" "$folder/b.json" "$folder/e.json"
holds 'the erased records are not in it' equals "$(value records "$folder/checked.json")" 64
refuses_damage 'a payload that goes without an erasure' \
	'0,/"kind":1,/s/\("kind":1,.*"commitment":"\)[^"]*","salt":"[^"]*","payload":"[^"]*/\1","salt":"","payload":"/'
refuses_damage 'another record that an erasure does not name' 's/\("kind":7,.*"payload":".*\)[0-9]"/\10"/'
