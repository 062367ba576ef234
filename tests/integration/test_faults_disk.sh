#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A disk that is full, first the phone's, then the server's: told as such, nothing lost, and all goes
# on by itself once there is space. Needs root for two small tmpfs, and CHECK_STORE.
. "$(dirname "$0")/faults.sh"

small=$folder/small
mkdir "$small" "$small.phone"
if ! mount -t tmpfs -o size=16m,mode=700 none "$small" 2>"$folder/said"; then
	echo "skipped: no tmpfs can be mounted here ($(cat "$folder/said"))"
	exit 77
fi
mount -t tmpfs -o size=3m,mode=700 none "$small.phone"
disk_finish() {
	status=$?
	server_stop || true
	umount "$small" "$small.phone" || true
	(exit "$status")
	finish
}
trap disk_finish EXIT

# fill FOLDER KIB: until that much is left.
fill() {
	dd if=/dev/zero of="$1/fill" bs=1k 2>/dev/null || true
	dd if=/dev/zero of="$1/fill.more" bs=1 count=4096 2>/dev/null || true
	[ "$2" -eq 0 ] || dd if=/dev/null of="$1/fill" bs=1k seek=$(($(stat -c %s "$1/fill") / 1024 - $2)) 2>/dev/null
}
free() {
	rm -f "$1/fill" "$1/fill.more"
}
record() {
	phone small.phone/p record visit "person=$person" "weight=$1" "note=$secret $(head -c 400 /dev/zero | tr '\0' y)"
}
visits() {
	control --json count visit | field count
}

: >"$folder/everything-said"
server=$small/server
control init --name 'A test' >/dev/null
server_start
district_import
control --json enrol --cadre Ani --village 6303072001 | field code | phone small.phone/p enrol - >/dev/null
phone small.phone/p sync >/dev/null
join far
person=$(first small.phone/p person)

# ---- the phone's disk ----

recorded=0
for left in 0 4 12 24 40; do
	fill "$small.phone" $left
	tries=0
	while record 8.$left >"$folder/out" 2>"$folder/said"; do
		recorded=$((recorded + 1))
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail 'the disk is full some day'
	done
	refused_well 'what does not fit any more is told' 'penyimpanan penuh'
	refused_sync '… a sync that finds no space says so' 'penyimpanan penuh' small.phone/p
	free "$small.phone"
	holds "with $left KiB left a record fails once it does not fit, and what was there stays" \
		equals "$(queued small.phone/p)" "$recorded"
	record 9.$left >/dev/null
	recorded=$((recorded + 1))
	holds '… and with space again it is recorded' equals "$(queued small.phone/p)" "$recorded"
done
fill "$small.phone" 0
if phone small.phone/q enrol - <"$folder/code.far" >"$folder/out" 2>"$folder/said"; then
	fail 'a folder cannot be made on a full disk'
fi
refused_well 'a folder that cannot be made on a full disk is told' 'penuh'
free "$small.phone"
phone small.phone/p sync >/dev/null
holds 'all that was recorded reaches the server, once' equals "$(visits) $(queued small.phone/p)" "$recorded 0"

# ---- the server's disk ----

for left in 0 8 64 200; do
	fill "$small" $left
	tries=0
	while :; do
		i=0
		while [ $i -lt 20 ]; do
			record 9.$i >/dev/null
			recorded=$((recorded + 1))
			i=$((i + 1))
		done
		before=$(visits)
		phone small.phone/p sync >"$folder/out" 2>"$folder/said" || break
		tries=$((tries + 1))
		[ "$tries" -lt 60 ] || fail 'the disk of the server is full some day'
	done
	refused_well 'a server without space is told' 'penyimpanan server penuh.*beri tahu admin'
	holds "with $left KiB left the server refuses what does not fit, and keeps nothing of it" equals "$(visits)" "$before"
	holds '… the queue is whole' equals "$(($(visits) + $(queued small.phone/p)))" "$recorded"
	answers '… it still answers' 200 GET /v1/health
	# A list goes into the log first; it may still fit where more did not.
	if ! control --json records visit >"$folder/out" 2>"$folder/said"; then
		grep -q 'disk is full' "$folder/said" || { cat "$folder/said"; fail '… a list that cannot be logged says why'; }
		[ ! -s "$folder/out" ] || fail '… and nobody sees a line of it'
		unlogged=$((${unlogged:-0} + 1))
	fi
	phone small.phone/p carry out "$folder/full.$left.carry" >/dev/null
	if control carry in "$folder/full.$left.carry" >"$folder/out" 2>"$folder/said"; then
		fail '… a file is refused as well'
	fi
	holds '… the admin who brings a file is told the same' grep -q 'the disk is full: the server answered so.*Free some space' "$folder/said"
	free "$small"
	phone small.phone/p sync >/dev/null || fail 'with space again it takes everything'
	holds '… and with space again it takes everything, without a restart' equals "$(visits) $(queued small.phone/p)" "$recorded 0"
done
control --json syncs | grep '"status":"full"' >"$folder/full.syncs" || fail 'the list of syncs has them'
holds 'of what was not written the list of syncs counts nothing as new' sh -c '! grep -v "\"acked\":0,\"conflicts\":0,\"quarantined\":0" "$0"' "$folder/full.syncs"
phone far sync >/dev/null
holds 'another device receives all of it' equals "$(phone far records visit | cksum)" "$(control --json records visit --village 6303072001 --order id | cksum)"
[ "${unlogged:-0}" -gt 0 ] && echo "so: of a list that could not be logged nobody saw a line ($unlogged times)" ||
	echo 'note: every list could still be logged'
nobody_was_told
holds 'the log of the daemon says why' grep -q ' error .*full' "$folder/daemon.log"
holds 'the daemon ends cleanly' server_stop
store_is_whole
server_start
holds 'and it starts again' equals "$(visits)" "$recorded"
