#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A first sync and a long queue over a link that is slow and breaks off. 40 kbit/s with 600 ms are
# emulated a hundred times as fast; where a connection breaks off does not depend on it. Needs
# LINK_PROXY and CHECK_STORE.
. "$(dirname "$0")/faults.sh"
. "$(dirname "$0")/link.sh"

families=300
visits=200

# Families with an address of 60 letters that do not compress.
table() {
	awk -v count=$families 'BEGIN {
		srand(7)
		print "key,village,head,address"
		for (i = 1; i <= count; i++) {
			text = ""
			for (j = 0; j < 60; j++) {
				text = text sprintf("%c", 97 + int(26 * rand()))
			}
			print "F" i ",6303072001,Uji," text
		}
	}'
}

# sync_until_done FOLDER MOST: syncs again and again; in $syncs how often. No pause: what a person
# does who presses the button again.
sync_until_done() {
	syncs=1
	until phone "$1" --json sync >>"$folder/syncs" 2>>"$folder/said"; do
		syncs=$((syncs + 1))
		[ "$syncs" -le "$2" ] || { tail -n 3 "$folder/syncs" "$folder/said"; fail "$1 is in sync after $2 syncs"; }
	done
}

record_visits() {
	person=$(first "$1" person)
	i=0
	while [ $i -lt $visits ]; do
		i=$((i + 1))
		phone "$1" record visit "person=$person" "weight=$((5 + i % 9)).$((i % 10))" \
			"note=$(printf '%s-%s' "$i" "$1" | cksum | tr -d ' ')" >/dev/null
	done
}

logged() {
	control --json log | grep -c '"kind":"change","device":[1-9]' || true
}

# same_as_server FOLDER TYPE
same_as_server() {
	phone "$1" records "$2" >"$folder/ours"
	control --json records "$2" --village 6303072001 --order id | grep -v '^{"cursor"' >"$folder/theirs"
	[ -s "$folder/ours" ] && cmp "$folder/ours" "$folder/theirs"
}

enrol() {
	link --cut-percent 0 --cut-after 0
	control --json enrol --cadre "Kader $1" --village 6303072001 | field code >"$folder/code.$1"
	phone "$1" enrol - <"$folder/code.$1" >/dev/null
}

link_start
control init --name 'A test' --url "$door" >/dev/null
server_start
link_aim
table | control import family - >/dev/null
printf 'key,village,family,name\nP1,6303072001,F1,Uji\n' | control import person - >/dev/null

# ---- slow, and 5 of 100 exchanges are cut off ----

enrol p
link --rtt 6 --rate 4000000 --cut-percent 5 --seed 1
sync_until_done p 20
holds 'a first sync over a link that breaks off ends with the whole village' same_as_server p family
record_visits p
sync_until_done p 20
holds "a queue of $visits visits over it is sent" equals "$(queued p)" 0
holds '… each visit once' equals "$(logged)" $visits
holds '… and the phone shows what the server shows' same_as_server p visit

# ---- half of all exchanges are cut off ----

enrol q
link --cut-percent 50 --seed 2
sync_until_done q 60
holds 'a first sync of which every second exchange is cut off ends as well' same_as_server q family

# ---- no connection lets more than 24 KiB through ----

enrol r
link --cut-percent 0 --cut-after 24576
sync_until_done r 20
holds 'a first sync ends over a link that lets 24 KiB through at a time' same_as_server r family
record_visits r
link --cut-after 6144
sync_until_done r 20
holds "… and $visits visits over one of 6 KiB" equals "$(queued r) $(logged)" "0 $((2 * visits))"

# ---- signal that comes and goes ----

enrol s
link --cut-after 0 --rate 400000 --up 200 --down 100
sync_until_done s 200
holds 'a first sync ends although the signal comes and goes' same_as_server s family

link_stop
# How often depends on the machine: windows are of its time, and a quick one needs fewer.
holds 'the link broke off more than twice' sh -c \
	'[ "$(sed -n "s/^connections .*cuts //p" "$0")" -gt 2 ]' "$folder/link.out"
holds 'nothing went wrong inside' sh -c '! grep " error " "$0"' "$folder/daemon.log"
holds 'the daemon ends cleanly' server_stop
store_is_whole
