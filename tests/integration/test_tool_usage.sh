#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line of sambung: help in both languages, what it does not understand, exit statuses.
# Without a network and without a server. Needs SAMBUNG, the program.
set -eu

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
unset LC_ALL LC_MESSAGES LANG SAMBUNG_DIR
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
device=$folder/device
failed=0

# check TEXT COMMAND…: the command must succeed.
check() {
	what=$1
	shift
	if ! "$@"; then
		printf 'not so: %s\n' "$what"
		sed 's/^/  stdout: /' "$folder/out"
		sed 's/^/  stderr: /' "$folder/err"
		failed=$((failed + 1))
	fi
}

# run ARGUMENT…: runs sambung; its output is in out and err, its exit status in $status. Standard
# input is the file in.
: >"$folder/in"
run() {
	status=0
	"$SAMBUNG" "$@" <"$folder/in" >"$folder/out" 2>"$folder/err" || status=$?
}

lines_are() {
	[ "$(wc -l <"$folder/$1")" -eq "$2" ]
}

first_line_has() {
	head -n 1 "$folder/$1" | grep -qF -- "$2"
}

has() {
	grep -qF -- "$2" "$folder/$1"
}

status_is() {
	[ "$status" -eq "$1" ]
}

# refused ARGUMENT…: exit 2; one line about it and the usage on stderr; nothing on stdout.
refused() {
	run "$@"
	check "exit 2: sambung $*" status_is 2
	check "nothing on stdout: sambung $*" lines_are out 0
	check "two lines on stderr: sambung $*" lines_are err 2
	check "the last one is the usage: sambung $*" has err 'Pemakaian: sambung --dir FOLDER'
}

# fails ARGUMENT…: exit 1, one line on stderr, nothing on stdout.
fails() {
	run "$@"
	check "exit 1: sambung $*" status_is 1
	check "nothing on stdout: sambung $*" lines_are out 0
	check "one line on stderr: sambung $*" lines_are err 1
}

help_names_every_command() {
	run --help --lang en
	check 'help succeeds without a folder' status_is 0
	check 'help says nothing on stderr' lines_are err 0
	# A name has one word or two; what it does follows behind two spaces at least.
	commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\( [a-z][a-z]*\)*\)  .*/\1/p' "$folder/out")
	for name in enrol form record edit archive list show status records sync agent receipt \
		'carry out' 'carry deliver' 'carry in' evidence; do
		check "help names $name" has out "  $name "
	done
	check 'there are nineteen commands' [ "$(printf '%s\n' "$commands" | wc -l)" -eq 19 ]
}

every_command_explains_itself_in_both_languages() {
	IFS='
'
	set -- $commands
	unset IFS
	for name; do
		run $name --help --lang en
		check "$name --help succeeds in English" status_is 0
		check "usage of $name comes first" first_line_has out "Usage: sambung --dir FOLDER $name"
		check "options of $name in English" has out 'Options:'
		cp "$folder/out" "$folder/english"
		run --help $name --lang=id
		check "$name --help succeeds in Indonesian" status_is 0
		check "pemakaian $name comes first" first_line_has out \
			"Pemakaian: sambung --dir FOLDER $name"
		check "$name says nothing on stderr" lines_are err 0
		for line in 3 5; do
			[ -n "$(sed -n ${line}p "$folder/out")" ] || check "$name has line $line" false
			[ "$(sed -n ${line}p "$folder/out")" != "$(sed -n ${line}p "$folder/english")" ] ||
				check "line $line of $name --help is translated" false
		done
	done
}


language_follows_the_environment() {
	env LANG=en_GB.UTF-8 "$SAMBUNG" --help >"$folder/out"
	check 'LANG=en_GB is English' first_line_has out Usage
	env LANG=en_GB.UTF-8 LC_MESSAGES=id_ID.UTF-8 "$SAMBUNG" --help >"$folder/out"
	check 'LC_MESSAGES is stronger than LANG' first_line_has out Pemakaian
	env LC_ALL=en_US LC_MESSAGES=id_ID.UTF-8 "$SAMBUNG" --help >"$folder/out"
	check 'LC_ALL is stronger than LC_MESSAGES' first_line_has out Usage
	env LC_ALL= LANG=en_US "$SAMBUNG" --help >"$folder/out"
	check 'an empty LC_ALL does not count' first_line_has out Usage
	env LC_ALL=C "$SAMBUNG" --help >"$folder/out"
	check 'C is Indonesian' first_line_has out Pemakaian
	run --help
	check 'nothing is Indonesian' first_line_has out Pemakaian
	env LC_ALL=en_US "$SAMBUNG" --help --lang id >"$folder/out"
	check '--lang is strongest' first_line_has out Pemakaian
}

what_is_not_understood_exits_2() {
	refused
	refused --dir "$device"
	refused --dir "$device" fly
	refused status
	refused --dir '' status
	refused --dir "$device" status --fly
	refused --dir "$device" status --due
	refused --dir "$device" status --json=yes
	refused --dir "$device" status --lang fr
	refused --dir "$device" status more
	refused --dir "$device" status -
	refused --dir "$device" --dir "$device" status
	refused status --dir
	refused --dir "$device" enrol
	refused --dir "$device" enrol one two
	refused --dir "$device" enrol one -
	refused --dir "$device" carry
	refused --dir "$device" carry home
	refused --dir "$device" carry out
	refused --dir "$device" carry out one two
	refused --dir "$device" carry out one --to http://127.0.0.1
	refused carry out one
	refused carry deliver one
	refused carry deliver --to http://127.0.0.1
	refused carry in one
	refused --dir "$device" form
	refused --dir "$device" record visit
	refused --dir "$device" record -
	refused --dir "$device" record visit weight
	refused --dir "$device" record visit =8
	refused --dir "$device" record visit weight=8 weight=9
	refused --dir "$device" edit r1g4000015
	refused --dir "$device" edit r1g4000015 weight=8 --base many
	refused --dir "$device" edit r1g4000015 weight=8 --base -1
	refused --dir "$device" edit r1g4000015 weight=8 --own 4294967296
	refused --dir "$device" archive r1g4000015
	refused --dir "$device" archive r1g4000015 --reason ''
	refused --dir "$device" archive -
	refused --dir "$device" show
	refused --dir "$device" records
	refused --dir "$device" -- status --json
	check 'a refused command makes no folder' [ ! -e "$device" ]
	run --dir "$device" --lang en fly
	check 'the usage line is English with --lang en' has err 'Usage: sambung'
}

bad_standard_input_exits_1() {
	printf '' >"$folder/in"
	fails --dir "$device" enrol -
	printf 'weight=8\nheight\n' >"$folder/in"
	fails --dir "$device" record visit -
	check 'the line is named' has err 'baris 2'
	printf 'weight=8\nweight=9\n' >"$folder/in"
	fails --dir "$device" record visit -
	printf '{"note": "secret name", "weight": }' >"$folder/in"
	fails --dir "$device" record visit -
	check 'the input is not repeated' eval '! has err secret'
	printf '{"weight": {"kg": 8}}' >"$folder/in"
	fails --dir "$device" record visit -
	printf 'note=a\000b\n' >"$folder/in"
	fails --dir "$device" record visit -
	printf 'why=moved\n' >"$folder/in"
	fails --dir "$device" archive r1g4000015 -
	printf 'reason=\n' >"$folder/in"
	run --dir "$device" archive r1g4000015 -
	check 'an empty reason is none' status_is 2
	: >"$folder/in"
	check 'a command with bad input makes no folder' [ ! -e "$device" ]
}

a_device_that_is_not_enrolled_says_so() {
	run --dir "$device" status --json
	check 'status works before enrolment' status_is 0
	check 'status is one line of JSON' lines_are out 1
	check 'status has its keys' grep -q '^{"device":0,"cadre":"","queued":0,"last_n":0,"acked_n":0,"epoch":0,"cursor":0,"last_sync":null,"quarantined":0}$' "$folder/out"
	fails --dir "$device" form visit
	fails --dir "$device" record visit weight=8
	fails --dir "$device" list visit
	fails --dir "$device" enrol 'not a code'
	run --dir "$device" sync --json
	check 'sync fails before enrolment' status_is 1
	check 'sync prints its result either way' grep -q '^{"requests":0,.*"synced":false}$' "$folder/out"
	check 'sync says why in one line' lines_are err 1
	run --dir "$device" sync
	check 'and promises nothing for the next one' sh -c '! grep -q "sinkron berikutnya" "$0"' "$folder/out"
}

output_that_is_lost_exits_1() {
	[ -c /dev/full ] || return 0
	status=0
	"$SAMBUNG" --version >/dev/full 2>"$folder/err" || status=$?
	check 'a full disk is told' status_is 1
}

help_names_every_command
every_command_explains_itself_in_both_languages
language_follows_the_environment
what_is_not_understood_exits_2
bad_standard_input_exits_1
a_device_that_is_not_enrolled_says_so
output_that_is_lost_exits_1

run --version
check '--version names the program' first_line_has out 'sambung '
check '--version succeeds' status_is 0

if [ "$failed" -ne 0 ]; then
	printf '%s checks failed\n' "$failed"
	exit 1
fi
