#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9, at random moments, of the daemon and of the tools of many cadres who work at once, each on a link of her own:
# 40 kbit/s, 600 ms to the server and back, one request in twenty cut off. Nothing may be lost, doubled or shown
# otherwise by two.
#
#   BUILD=build sh tests/days/kill_link.sh [SEED [KILLS [DEVICES]]]
#
# So many kills of the daemon, and as many of devices at least. The last line is "N passed, N failed", the one before it
# says what happened. KEEP=1 keeps the folder. Needs sqlite3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
seed=${1:-1} kills=${2:-500} devices=${3:-24}
. "$here/district.sh"
. "$here/cadre.sh"
command -v sqlite3 >/dev/null || die "sqlite3 is not installed; see daemon/packages.sh"
LC_ALL=C
export LC_ALL
types='family person visit contraception group_session follow_up referral_result target'

link_pid=0
cadres=
district_end() {
	for pid in $cadres $daemon_pid $link_pid; do
		[ "$pid" -eq 0 ] || kill -9 "$pid" 2>/dev/null || true
	done
	[ -z "${KEEP:-}" ] || { echo "kept: $home" && return; }
	rm -rf "$home" 2>/dev/null || true
}

# ---- the link ----

link_start() {
	mkfifo "$home/link"
	# Open both ways it never comes to its end; "end" ends the link.
	"$BUILD/tests/link/link_proxy" 1 --apart 1 --rtt 600 --rate 40000 --cut-percent 5 --seed "$seed" \
		<>"$home/link" >"$home/link.out" &
	link_pid=$!
	until grep -q '^listening' "$home/link.out" 2>/dev/null; do
		kill -0 $link_pid || die "no link"
		sleep 0.05
	done
	door=http://127.0.0.1:$(sed -n 's/^listening //p' "$home/link.out")
}

link_tell() {
	kill -0 $link_pid || die "the link ended"
	echo "$*" >"$home/link"
}

# Each time on another port, behind the one that the devices know.
daemon_up() {
	port=0
	daemon_start
	link_tell --aim "$port"
}

daemon_down() {
	kill -9 "$daemon_pid"
	code=0
	wait "$daemon_pid" 2>/dev/null || code=$?
	[ $code -eq 137 ] || die "the daemon ended by itself ($code): $(tail -n 3 "$home/daemon.log")"
	link_tell --aim 1
}

# ---- the run ----

# together COMMAND: for each cadre, all at once.
together() {
	pids=
	number=0
	while [ $number -lt "$devices" ]; do
		"$1" $number &
		pids="$pids $!"
		number=$((number + 1))
	done
	cadres=$pids
}

together_wait() {
	together "$1"
	for pid in $pids; do
		wait "$pid" || { cat "$home"/wrong-* >&2; die "$1: a device got nowhere"; }
	done
	cadres=
}

enrol_all() {
	number=0
	while [ $number -lt "$devices" ]; do
		set --
		for village in $(villages_of $number); do
			set -- "$@" --village "$village"
		done
		ctl --json enrol --cadre "Kader $number" "$@" | sed -n 's/.*"code":"\([^"]*\)".*/\1/p' >"$home/code-$number"
		number=$((number + 1))
	done
	together_wait cadre_begins
}

device_kills() { cat "$home"/kills-* | wc -l; }

# Mostly lives of a second or two, which let an exchange through now and then, and some longer ones.
daemon_lives() {
	random 20
	if [ "$chance" -lt 3 ]; then
		random 5000
		pause $((3000 + chance))
	else
		random 1900
		pause $((100 + chance))
	fi
}

kill_all_day() {
	together cadre_lives
	daemon_kills=0
	while [ $daemon_kills -lt "$kills" ] || [ "$(device_kills)" -lt "$kills" ]; do
		daemon_lives
		daemon_down
		daemon_kills=$((daemon_kills + 1))
		random 300
		pause "$chance"
		daemon_up
	done
	: >"$home/stop"
	for pid in $cadres; do
		wait "$pid" || die "a cadre stopped"
	done
	cadres=
}

# ---- what must hold ----

passed=0
failed=0
# holds SENTENCE COMMAND
holds() {
	if "$2"; then
		passed=$((passed + 1))
		echo "so: $1"
	else
		failed=$((failed + 1))
		echo "not so: $1"
	fi
}

# empty FILE: and if it is not, its beginning is shown.
empty() {
	[ ! -s "$1" ] || { head -n 5 "$1" | cut -c1-600; false; }
}

# The changes of devices as "device n record seq", from the log and, without the record, from the devices.
facts_gather() {
	ctl --json log | sed -n \
		's/^{"seq":\([0-9]*\),"kind":"change","device":\([1-9][0-9]*\),"n":\([0-9]*\),.*"record":"\([^"]*\)","type".*/\2 \3 \4 \1/p' \
		>"$home/log"
	: >"$home/told"
	: >"$home/held"
	for place in "$home"/phones/*; do
		device=$(phone "$place" --json status | sed -n 's/^{"device":\([0-9]*\),.*/\1/p')
		sed "s/^/$device /" "$home/told-$(basename "$place")" >>"$home/told"
		sqlite3 -readonly -separator ' ' "$place/device.db" "SELECT $device, n, seq FROM change" >>"$home/held"
	done
	sort -o "$home/held" "$home/held"
	sort -o "$home/told" "$home/told"
}

told_are_logged_once() {
	cut -d' ' -f1-2 "$home/log" | sort | uniq -d >"$home/twice"
	cut -d' ' -f1-3 "$home/log" | sort >"$home/logged"
	comm -23 "$home/told" "$home/logged" >"$home/lost"
	[ -s "$home/told" ] && empty "$home/twice" && empty "$home/lost"
}

held_are_logged() {
	cut -d' ' -f1,2,4 "$home/log" | sort | comm -3 - "$home/held" >"$home/differ"
	[ -s "$home/held" ] && empty "$home/differ"
}

# Lines of records in the order of their ids, which are shorter the lower they are.
by_id() { awk -F'"' '{ printf "%02d %s\t%s\n", length($4), $4, $0 }' | sort | cut -f2-; }

# The server's export of the villages of device $1, all types.
export_of() {
	for type in $types; do
		for village in $(villages_of "$1"); do
			ctl --json records "$type" --village "$village" --order id
		done | by_id
	done
}

shows_the_export() {
	for place in "$home"/phones/*; do
		number=$(basename "$place")
		for type in $types; do
			phone "$place" records "$type"
		done >"$home/shown"
		export_of "$number" >"$home/exported"
		[ -s "$home/shown" ] && cmp -s "$home/shown" "$home/exported" || {
			echo "device $number:"
			diff "$home/shown" "$home/exported" | head -n 4 | cut -c1-600
			return 1
		}
		[ "$(sqlite3 -readonly "$place/device.db" 'SELECT count(*) FROM record')" -eq "$(wc -l <"$home/shown")" ] || return 1
	done
}

nothing_wrong_was_seen() {
	cat "$home"/wrong-* >"$home/wrong"
	empty "$home/wrong"
}

nothing_is_set_aside() {
	ctl --json quarantine >"$home/quarantine"
	empty "$home/quarantine"
}

one_history() {
	[ "$(ctl --json epochs | wc -l)" -eq 1 ]
}

checked() {
	daemon_stop
	"$BUILD/tests/check/check_store" "$server"
}

started=$(date +%s)
state=$seed
district_home
mkdir "$home/phones"
link_start
district_open "$door"
link_tell --aim "$port"
enrol_all
kill_all_day
# Whoever syncs first does not know yet what the last one brings.
together_wait cadre_ends
together_wait cadre_ends
facts_gather
holds 'every change whose number a device told is in the log, once, with its record' told_are_logged_once
holds 'every change that a device keeps is acknowledged with its place in the log, and the log has no other' held_are_logged
holds 'every device shows what the server exports of its villages, byte for byte, and holds nothing else' shows_the_export
holds 'no save failed, no sync ended but for want of the server, and no acknowledgement was taken back' nothing_wrong_was_seen
holds 'nothing is in quarantine' nothing_is_set_aside
holds 'the server took no kill for a restore' one_history
holds 'the independent checker accepts the database' checked
link_tell end
wait $link_pid || die "the link"
link_pid=0
link=$(sed -n 's/^connections [0-9]*: requests \([0-9]*\), up \([0-9]*\), down \([0-9]*\), cuts \([0-9]*\)$/\1 requests, \2 bytes up, \3 down, \4 cut by the link/p' "$home/link.out")
echo "seed $seed: $daemon_kills kills of the daemon, $(device_kills) of $devices devices ($(cat "$home"/kills-* | grep -c sync || true) in a sync)," \
	"$(wc -l <"$home/log") changes, $(wc -l <"$home/told") of them told, $link, $(($(date +%s) - started)) s"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
