# SPDX-License-Identifier: Apache-2.0
# What the test_faults_*.sh share, on top of lib.sh. Read with `. "$(dirname "$0")/faults.sh"`.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"

# Stands in everything that is recorded here. No error and no line of the daemon's log may have it.
secret=RahasiaKeluarga

# phone FOLDER ARGUMENT…: sambung as a cadre uses it, in Indonesian.
phone() {
	place=$folder/$1
	shift
	"$SAMBUNG" --dir "$place" "$@"
}

# join FOLDER [VILLAGE]: a new device, enrolled and synced.
join() {
	control --json enrol --cadre "Kader $1" --village "${2:-6303072001}" | field code >"$folder/code.$1"
	phone "$1" enrol - <"$folder/code.$1" >/dev/null
	phone "$1" sync >/dev/null
}

# A server with a family and a person in each of two villages.
district_import() {
	printf 'key,village,head,address\nF1,6303072001,%s,Jl. 1\nF2,6303072002,%s,Jl. 2\n' $secret $secret |
		control import family - >/dev/null
	printf 'key,village,family,name\nP1,6303072001,F1,%s\nP2,6303072002,F2,%s\n' $secret $secret |
		control import person - >/dev/null
}

first() { # first FOLDER TYPE: id of the first record there
	phone "$1" --json list "$2" | field id
}

queued() {
	phone "$1" --json status | field queued
}

# refused SENTENCE WORD COMMAND…: exit 1, nothing on stdout, and one line on stderr that has the
# word, tells the next step (a sentence of its own) and nobody's data.
refused() {
	sentence=$1
	word=$2
	shift 2
	got=0
	"$@" >"$folder/out" 2>"$folder/said" || got=$?
	[ "$got" -eq 1 ] || { cat "$folder/out" "$folder/said"; fail "$sentence (exit status $got instead of 1)"; }
	refused_well "$sentence" "$word"
	[ ! -s "$folder/out" ] || { cat "$folder/out"; fail "$sentence (nothing on stdout)"; }
	echo "so: $sentence"
}

# refused_sync SENTENCE WORD FOLDER: as refused, but a sync tells on stdout how far it came.
refused_sync() {
	got=0
	phone "$3" sync >"$folder/out" 2>"$folder/said" || got=$?
	[ "$got" -eq 1 ] || { cat "$folder/out" "$folder/said"; fail "$1 (exit status $got instead of 1)"; }
	refused_well "$1" "$2"
	echo "so: $1"
}

# What stands in $folder/said is one good line.
refused_well() {
	[ "$(wc -l <"$folder/said")" -eq 1 ] || { cat "$folder/said"; fail "$1 (in one line)"; }
	grep -q -- "$2" "$folder/said" || { cat "$folder/said"; fail "$1 (naming $2)"; }
	grep -q '^sambung[a-z]*[^.]*: .*[.] [A-Z]' "$folder/said" ||
		{ cat "$folder/said"; fail "$1 (what, which, why, next step)"; }
	cat "$folder/said" >>"$folder/everything-said"
}

# At the end of a test: no error has told what only the family should know.
nobody_was_told() {
	holds 'no error tells what was recorded' sh -c '! grep -q "$0" "$1"' $secret "$folder/everything-said"
	holds '… nor does the log of the daemon' sh -c '! grep -q "$0" "$1"' $secret "$folder/daemon.log"
}

# The database, read by a program that shares no code with the daemon.
store_is_whole() {
	holds "${1:-the database is whole}" "$CHECK_STORE" "$server"
}
