#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the daemon and of syncing devices at random moments over real HTTP; nothing may be lost or doubled.
#
#   BUILD=build sh tests/days/kill.sh [SEED [KILLS]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
seed=${1:-1} kills=${2:-40}
. "$here/district.sh"
devices=4

state=$seed

record() {
	random 20
	person=$(sed -n "$((1 + chance))p" "$home/persons-$1")
	random 40
	phone "$home/phones/$1" record visit person="$person" weight="$((3 + chance))" >>"$home/recorded-$1" ||
		die "device $1 could not record"
}

district_make
mkdir "$home/phones"
i=0
while [ $i -lt $devices ]; do
	district_code $i | phone "$home/phones/$i" enrol - >/dev/null
	phone "$home/phones/$i" sync >/dev/null
	phone "$home/phones/$i" records person | sed -n 's/^{"id":"\([^"]*\)".*/\1/p' >"$home/persons-$i"
	: >"$home/recorded-$i"
	i=$((i + 1))
done

round=0
device_kills=0
daemon_kills=0
while [ $((device_kills + daemon_kills)) -lt "$kills" ]; do
	random $devices
	i=$chance
	record "$i"
	record "$i"
	phone_alone "$home/phones/$i" sync >/dev/null 2>&1 &
	sync_pid=$!
	# 0 to 29 ms: from before the request to after the reply.
	random 30
	sleep "0.0$(printf %02d "$chance")"
	random 2
	if [ "$chance" -eq 0 ]; then
		kill -9 $sync_pid 2>/dev/null || true
		# 137: the kill came before the end.
		wait $sync_pid 2>/dev/null || [ $? -ne 137 ] || device_kills=$((device_kills + 1))
	else
		kill -9 "$daemon_pid" && daemon_kills=$((daemon_kills + 1))
		wait "$daemon_pid" 2>/dev/null || true
		wait $sync_pid 2>/dev/null || true
		daemon_start
	fi
	round=$((round + 1))
done

recorded=0
for turn in 1 2; do
	i=0
	while [ $i -lt $devices ]; do
		phone "$home/phones/$i" sync >/dev/null || die "device $i does not sync in the end"
		[ $turn -eq 2 ] || recorded=$((recorded + $(wc -l <"$home/recorded-$i")))
		i=$((i + 1))
	done
done
district_compare
visits=$(ctl --json count visit | sed -n 's/.*"count":\([0-9]*\).*/\1/p')
district_check
[ "$visits" -eq "$recorded" ] || die "recorded $recorded visits, the server has $visits"
echo "seed $seed: $daemon_kills kills of the daemon, $device_kills of devices; $recorded visits recorded, $visits at the server, none lost, none twice"
