#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One daemon under everything at once: many devices that sync on a bad network, people that sign in, read
# and export, an import, settlements, enrolments, phones that are revoked and destroy what they held,
# receipts, proofs, reports, erasures and the overwriting of what they left, new server keys, a backup.
# Then: no report by ThreadSanitizer (if the build has it), every device shows what the server shows, and
# the independent checker accepts the database.
#
#   BUILD=build sh tests/threads/daemon.sh [SEED [DEVICES [CHANGES]]]
set -eu
days=$(cd "$(dirname "$0")/../days" && pwd)
seed=${1:-1} devices=${2:-32} changes=${3:-20}
. "$days/district.sh"

# What a report says goes to files; the daemon goes on, and would end with 66.
reports=$(mktemp -d "${TMPDIR:-/tmp}/sambung-threads-XXXXXX")
TSAN_OPTIONS="exitcode=66 halt_on_error=0 log_path=$reports/report"
export TSAN_OPTIONS
pids=
threads_end() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	rm -rf "$reports"
	district_end
}

district_make
trap threads_end EXIT

# again COMMAND…: over and over until the devices are done. A full queue is an answer, too.
again() {
	while [ -f "$home/running" ]; do
		"$@" >"$home/out.$number" 2>"$home/err.$number" || grep -q 'busy' "$home/err.$number" || {
			head -n 3 "$home/err.$number" >>"$home/failed"
			return
		}
	done
}
beside() {
	number=$((number + 1))
	again "$@" &
	pids="$pids $!"
}
import_next() {
	serial=$((serial + 1))
	printf 'key,village,head,address\nT%s,6303072001,Uji,Jl. %s\nT0,6303072002,Uji,Jl. %s\n' $serial $serial $serial |
		ctl import family -
}
settle_one() {
	id=$(ctl --json conflicts | sed -n 's/^{"id":"\([^"]*\)".*"field":"address".*/\1/p' | head -n 1)
	# Somebody may have been faster, or written since.
	[ -z "$id" ] || ctl settle "$id" address 'Jl. Damai' || true
}
backup_one() {
	rm -f "$home/copy.db"
	ctl backup "$home/copy.db"
}
# Of the many families, from the last.
erase_one() {
	erased=$((erased + 1))
	id=$(tail -n "$erased" "$home/many" | head -n 1)
	ctl erase "$id" --reason mistake && ctl erased
	[ $((erased % 5)) -ne 0 ] || ctl erase --finish
}
report_one() {
	ctl access-report "$reported" && ctl prove "$reported" && ctl --json checkpoint || return 1
	rotated=$((rotated + 1))
	# There is room for a few former keys.
	[ "$rotated" -gt 3 ] || ctl key rotate || return 1
	kill -HUP "$daemon_pid"
}
# The right password and a wrong one, which is slower every time.
sign_in() {
	printf 'Sandi kedua 2\nSandi kedua 2\n' | ctl user password --mine 'Bu Ratna'
	printf 'bukan ini 3\nSandi ketiga 3\n' | ctl user password --mine 'Pak Joko' && return 1
	ctl user list
}
# A phone's whole life.
live_one() {
	lived=$((lived + 1))
	place=$home/lives/$lived
	ctl --json enrol --cadre "Hidup $lived" --village 6303072001 | sed -n 's/.*"code":"\([^"]*\)".*/\1/p' |
		phone "$place" enrol - &&
		phone "$place" record family village=6303072001 head=Uji address='Jl. Hidup' &&
		phone "$place" sync && phone "$place" receipt || return 1
	revoked=$(ctl --json devices | sed -n 's/^{"device":\([0-9]*\),"cadre":"Hidup '"$lived"'".*/\1/p')
	ctl breach-report "$revoked" && ctl device revoke "$revoked" || return 1
	phone "$place" sync && return 1
	ctl --json devices | grep -q "^{\"device\":$revoked,.*\"state\":\"destroyed\""
}

i=0
while [ "$i" -lt "$devices" ]; do
	district_code "$i"
	i=$((i + 1))
done >"$home/codes"
mkdir "$home/phones"
# In a village of nobody's, so many that a list of them steps aside for syncs more than once.
awk 'BEGIN {
	print "key,village,head,address"
	for (i = 0; i < 5000; i++)
		print "L" i ",6303079999,Uji,Jl. " i
}' >"$home/many.csv"
ctl import family "$home/many.csv" >/dev/null || die "the import of many families failed"
ctl --json records family --village 6303079999 | sed -n 's/^{"id":"\([^"]*\)".*/\1/p' >"$home/many"
reported=$(ctl --json records family --village 6303072001 | sed -n '1s/^{"id":"\([^"]*\)".*/\1/p')
for name in 'Bu Ratna' 'Pak Joko'; do
	echo 'Sandi kedua 2' | ctl user add --role supervisor --scope 630307 --name "$name" >/dev/null
done
mkdir "$home/lives"
: >"$home/running"
number=0 serial=0 erased=0 rotated=0 lived=0
beside ctl --json records visit
beside ctl --json log
beside ctl export family --csv
beside ctl --json syncs
beside ctl --json conflicts
beside import_next
beside settle_one
beside backup_one
beside erase_one
beside report_one
beside sign_in
beside live_one
beside ctl --json devices
beside ctl enrol --cadre Nobody --village 6303072001
"$BUILD/tests/days/days" "$home/phones" "$seed" "$devices" "$changes" <"$home/codes" || die "a device failed"
rm "$home/running"
for pid in $pids; do
	wait "$pid" || true
done
pids=
[ ! -s "$home/failed" ] || die "a reader failed: $(cat "$home/failed")"

# What was settled or imported last.
for place in "$home"/phones/*; do
	phone "$place" sync >/dev/null || die "$(basename "$place") does not sync in the end"
done
district_compare
# The end comes while lists are being read beside syncs.
for k in 1 2 3; do
	ctl export family --csv >"$home/last.$k" 2>&1 &
	pids="$pids $!"
done
for place in "$home"/phones/*; do
	[ -e "$home/ended" ] || phone "$place" sync >/dev/null 2>&1 || true
done &
pids="$pids $!"
until [ -s "$home/last.1" ] || [ -s "$home/last.2" ] || [ -s "$home/last.3" ]; do
	kill -0 "$daemon_pid" || die "the daemon is gone before its end"
	sleep 0.01
done
kill "$daemon_pid"
status=0
wait "$daemon_pid" || status=$?
# The phone that is at it gives up by itself; its folder is not removed under it.
: >"$home/ended"
for pid in $pids; do
	wait "$pid" || true
done
pids=
if [ -n "$(ls "$reports")" ]; then
	cat "$reports"/* | head -n 200
	die "ThreadSanitizer reports $(cat "$reports"/* | grep -c '^WARNING') times"
fi
[ $status -eq 0 ] || die "the daemon ended with $status: $(tail -n 3 "$home/daemon.log")"
grep ' error ' "$home/daemon.log" && die "something went wrong inside"
district_check
echo "seed $seed: $devices devices with $changes changes each, beside readers, imports, settlements and backups"
