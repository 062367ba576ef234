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
# Her session is there when the day's backup is made.
echo 'rahasia-pagi-selesai' | control user add --role cadre --scope 630307 --name 'Bu Pagi' >/dev/null
api POST /v1/session -H 'Content-Type: application/json' -d '{"name":"Bu Pagi","password":"rahasia-pagi-selesai"}'
tr -d '\r' <"$folder/headers" | sed -n 's/^[Ss]et-[Cc]ookie: [^=]*=\([^;]*\).*/\1/p' >"$folder/cookie.morning"
whole_day
if [ -r "/proc/$daemon/environ" ]; then
	tr '\0' '\n' <"/proc/$daemon/environ" >"$folder/environment"
	tr '\0' ' ' <"/proc/$daemon/cmdline" >"$folder/command"
	cp "/proc/$daemon/limits" "$folder/limits"
	holds 'the daemon leaves no core file' grep -q '^Max core file size *0 *0' "$folder/limits"
else
	echo 'note: skipped: environment, command line and limits, which take root'
fi

# ---- a code that somebody typed ----

# Whoever lists processes sees arguments. The server does not answer meanwhile.
control enrol --cadre 'Kader Ketik' --village 6303072001 >"$folder/code.typed"
kill -STOP "$daemon"
"$SAMBUNG" --dir "$folder/typed" enrol "$(cat "$folder/code.typed")" >/dev/null &
typing=$!
tries=0
until grep -q -a sambung "/proc/$typing/comm"; do
	sleep 0.01
done
while tr '\0' '\n' <"/proc/$typing/cmdline" | grep -q -F -f "$folder/code.typed"; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || { kill -CONT "$daemon"; fail 'a code does not stay in the arguments'; }
	sleep 0.05
done
holds 'a code does not stay in the arguments' kill -0 "$typing"
kill -CONT "$daemon"
holds '… and serves' wait "$typing"

# ---- its memory ----

# in_memory NAME: how often it is there.
in_memory() {
	sed -n "s/^$1 //p" "$folder/remembered"
}
if [ "$(id -u)" -eq 0 ]; then
	printf 'body=rahasia-%s-selesai\n' 1 2 3 4 >"$folder/bodies"
	while read -r line; do
		api POST /v1/codes -H 'Content-Type: application/json' -d "{\"password\":\"${line#body=}\"}"
	done <"$folder/bodies"
	echo 'rahasia-pintu-selesai' | control user add --role cadre --scope 630307 --name 'Bu Masuk' >/dev/null
	api POST /v1/session -H 'Content-Type: application/json' \
		-d '{"name":"Bu Masuk","password":"rahasia-pintu-selesai"}'
	holds 'somebody signs in' equals "$http" 200
	tr -d '\r' <"$folder/headers" | sed -n 's/^[Ss]et-[Cc]ookie: [^=]*=\([^;]*\).*/\1/p' >"$folder/cookie"
	field csrf <"$folder/body" >"$folder/csrf"
	holds '… and comes again' sh -c '[ "$(curl -s -o "$0" -w "%{http_code}" -H "Cookie: sambung_session=$(cat "$1")" "$2/v1/session")" = 200 ]' \
		"$folder/again" "$folder/cookie" "$url"
	number=$(control devices --json | grep '"state":"active"' | sed -n 1p | field device)
	control device replace "$number" --json | field code >"$folder/code.replaced"
	holds 'a phone is replaced' test -s "$folder/code.replaced"
	{
		python3 "$(dirname "$0")/secrets.py" --hex "$server/server.key"
		for file in "$folder"/code.* "$folder"/token.* "$folder/cookie" "$folder/csrf" "$server/admin.token"; do
			echo "$(basename "$file") $(cat "$file")"
		done
		echo 'password rahasia-pintu-selesai'
		sed 's/^body=\(rahasia-.\)/\1 \1/' "$folder/bodies"
	} >"$folder/words"
	holds 'the memory of the daemon can be searched' python3 "$(dirname "$0")/memory.py" "$daemon" <"$folder/words" >"$folder/remembered"
	sed -i '/^so: /d' "$folder/remembered"
	holds '… the key that it signs with is found' [ "$(in_memory server.key:log)" -ge 1 ]
	holds '… and the one that opens parcels' [ "$(in_memory server.key:box)" -ge 1 ]
	for name in $(sed 's/ .*//; /^server[.]key:/d' "$folder/words"); do
		[ "$(in_memory "$name")" = 0 ] || fail "nothing is left of $name when the request is over"
	done
	echo 'so: nothing is left of codes, tokens and bodies when the request is over'
else
	echo 'note: skipped: the search of the memory, which takes root'
fi
server_stop

# ---- what it wrote ----

# secrets_in FILE: the names of keys, tokens, codes and sessions of which the bytes, or the text, stand in it.
secrets_in() {
	python3 "$(dirname "$0")/secrets.py" "$1" "$server/server.key" "$folder"/one/device.key "$server/admin.token" \
		"$folder"/token.* "$folder"/code.* "$folder"/cookie.*
}
{
	cat "$folder/backup.db"
	python3 "$(dirname "$0")/secrets.py" --raw "$server/server.key" "$folder"/cookie.* "$folder"/token.* "$folder"/code.*
} >"$folder/planted"
holds 'secrets in a backup would be found' [ "$(secrets_in "$folder/planted" | wc -l)" -ge 10 ]
holds '… each key of the server by itself' equals "$(secrets_in "$folder/planted" | grep -c '^server.key:')" 2
holds 'people are in a backup' grep -q -a Syahbandarullah "$folder/backup.db"
holds '… and a session' [ "$(sqlite3 "$folder/backup.db" 'SELECT count(*) FROM login')" -ge 1 ]
holds 'no key, no token, no code and no session is in a backup' equals "$(secrets_in "$folder/backup.db")" ''

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
