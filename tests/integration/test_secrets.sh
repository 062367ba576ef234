#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the daemon leaves where others may look: its log, its output, its command line and
# environment, and a core file.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/day.sh"

# As a service manager might start it, with nothing of ours in the environment.
server_make
server_start
mkdir -p "$server/inbox"
whole_day
if [ -r "/proc/$daemon/environ" ]; then
	tr '\0' '\n' <"/proc/$daemon/environ" >"$folder/environment"
	tr '\0' ' ' <"/proc/$daemon/cmdline" >"$folder/command"
	cp "/proc/$daemon/limits" "$folder/limits"
	holds 'the daemon leaves no core file' grep -q '^Max core file size *0 *0' "$folder/limits"
fi
server_stop

# tells FILE: something that must not be told stands in it.
tells() {
	grep -q -a -i -F -f "$folder/known" "$1"
}
holds 'the day had enough to tell' [ "$(sort -u "$folder/known" | wc -l)" -ge 30 ]
holds 'no line of it is empty, or all would match' sh -c '! grep -q "^.\{0,5\}$" "$0"' "$folder/known"
while read -r word; do
	printf '2026-01-01T00:00:00.000Z error %s\n' "$word" >"$folder/planted"
	tells "$folder/planted" || fail 'the search finds each of them'
done <"$folder/known"
echo 'so: the search finds each of them'
holds 'the log has the day in it' [ "$(grep -c . "$folder/daemon.log")" -ge 8 ]
holds '… with what was refused' grep -q 'a parcel was refused' "$folder/daemon.log"
holds '… and its restart' grep -q ' ending$' "$folder/daemon.log"
for place in daemon.log daemon.out environment command; do
	[ -f "$folder/$place" ] || continue
	if tells "$folder/$place"; then
		grep -a -i -F -f "$folder/known" "$folder/$place"
		fail "nobody, no id and no secret is in $place"
	fi
	echo "so: nobody, no id and no secret is in $place"
done
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
