#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Codes that are old or unknown, and folders - of device and server - that are locked, damaged, of
# another server or of a newer program. Needs sqlite3 and CHECK_STORE too.
. "$(dirname "$0")/faults.sh"

command -v sqlite3 >/dev/null || { echo "sqlite3 is not installed; see daemon/packages.sh"; exit 1; }

database() {
	sqlite3 "$server/sambung.db" "$1" >/dev/null
}
# The last line on stderr says which, why and what to do.
daemon_refuses() {
	sentence=$1
	word=$2
	got=0
	timeout 20 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0 >"$folder/out" 2>"$folder/said" || got=$?
	[ "$got" -eq 1 ] || { cat "$folder/said"; fail "$sentence (exit status $got instead of 1)"; }
	grep -q -- "$word.*[.] [A-Z]" "$folder/said" || { cat "$folder/said"; fail "$sentence (naming $word)"; }
	[ ! -s "$folder/out" ] || fail "$sentence (it never listened)"
	echo "so: $sentence"
}

: >"$folder/everything-said"
server_make
server_start
port=${url##*:}
district_import
join p
join q
person=$(first p person)

# ---- two processes on one device (they wait ten seconds, so this begins first) ----

# hold FOLDER SECONDS: another process keeps the write lock so long.
hold() {
	sqlite3 "$folder/$1/device.db" 'BEGIN IMMEDIATE' '.shell touch '"$folder/held.$1" ".shell sleep $2" COMMIT &
	until [ -f "$folder/held.$1" ]; do
		sleep 0.05
	done
}
hold q 13
holder=$!
(
	begun=$(date +%s)
	got=0
	phone q record visit "person=$person" weight=8 "note=$secret" >"$folder/busy.out" 2>"$folder/busy.said" || got=$?
	echo "$got $(($(date +%s) - begun))" >"$folder/busy"
) &
waiter=$!
hold p 2
holds 'who finds the device in use waits for it' phone p record visit "person=$person" weight=8 "note=$secret"

# ---- codes ----

control --json enrol --cadre Old --village 6303072001 | field code >"$folder/code.old"
control --json enrol --cadre Gone --village 6303072001 | field code >"$folder/code.gone"
gone=$(sqlite3 "$server/sambung.db" 'SELECT count(*) FROM code')
server_stop
database "DELETE FROM code WHERE cadre = 'Gone'"
holds 'a code is gone from the server' equals "$(sqlite3 "$server/sambung.db" 'SELECT count(*) FROM code')" $((gone - 1))
clocks_of_others
if [ -n "$clocks" ]; then
	# The program by itself: `faketime` would stand between it and who ends it.
	preload=$(faketime '+73 hours' printenv LD_PRELOAD)
	printf '#!/bin/sh\nLD_PRELOAD='\''%s'\'' FAKETIME=+73h exec "%s" "$@"\n' "$preload" "$SAMBUNGD" >"$folder/later"
	chmod +x "$folder/later"
	now=$SAMBUNGD
	SAMBUNGD=$folder/later
	server_start --listen "127.0.0.1:$port"
	SAMBUNGD=$now
	refused 'an expired code is told' 'kedaluwarsa' phone r enrol - <"$folder/code.old"
	server_stop
fi
server_start --listen "127.0.0.1:$port"
refused 'an unknown code is told' 'tidak dikenal' phone r enrol - <"$folder/code.gone"
damage() { # another letter in the middle of a code
	awk '{ c = substr($0, 40, 1); print substr($0, 1, 39) (c == "A" ? "B" : "A") substr($0, 41) }' "$1"
}
damage "$folder/code.p" >"$folder/code.bad"
refused 'a mistyped code is told' 'kode' phone r enrol - <"$folder/code.bad"
cut -c1-50 "$folder/code.p" >"$folder/code.bad"
refused 'half a code is told' 'kode' phone r enrol - <"$folder/code.bad"
printf 'sb1.\377\n' >"$folder/code.bad"
refused 'a code that is no text is told' 'kode' phone r enrol - <"$folder/code.bad"
holds 'no device came of any of them' equals "$(control --json devices | grep -c .)" 2

# ---- a device's folder ----

cp -r "$folder/p" "$folder/s"
sqlite3 "$folder/s/device.db" 'PRAGMA user_version = 99'
refused 'a folder of a newer program is told' 'lebih baru' phone s status
sqlite3 "$folder/s/device.db" 'PRAGMA user_version = 1'
rm "$folder/s/device.key"
refused_sync 'a folder without its key is told' 'device.key' s
printf 'short' >"$folder/s/device.key"
refused_sync 'a key that is damaged is told' 'device.key' s
cp "$folder/q/device.key" "$folder/s/device.key"
refused_sync 'a key of another device is told' 'tanda tangan' s
cp "$folder/p/device.key" "$folder/s/device.key"
head -c 20000 /dev/urandom >"$folder/s/device.db"
rm -f "$folder/s/device.db-wal" "$folder/s/device.db-shm"
refused 'a database that is none is told' 'basis data' phone s status
printf 'a file' >"$folder/file"
refused 'a folder that is a file is told' 'file' phone file status
refused 'a folder in no folder is told' 'nowhere' phone nowhere/else status
phone p sync >/dev/null
holds 'the device itself is as it was' equals "$(queued p)" 0

# ---- a server's folder ----

holds 'the daemon ends cleanly' server_stop
cp -p "$server/server.key" "$folder/right.key"
printf 'sambung server key 1\nshort' >"$server/server.key"
daemon_refuses 'a key that is cut off is refused' 'server.key'
rm "$server/server.key"
daemon_refuses 'a missing key is refused' 'server.key'
"$SAMBUNGCTL" --dir "$folder/other" init --name Other >/dev/null
cp -p "$folder/other/server.key" "$server/server.key"
daemon_refuses "another server's key is refused" 'server.key'
cp -p "$folder/right.key" "$server/server.key"
version=$(sqlite3 "$server/sambung.db" 'PRAGMA user_version')
database 'PRAGMA user_version = 99'
daemon_refuses 'tables of a newer program are refused' '99'
database "PRAGMA user_version = $version"
database 'PRAGMA application_id = 7'
daemon_refuses 'a database of another program is refused' 'no database of sambungd'
database 'PRAGMA application_id = 1398893922'
cp "$server/sambung.db" "$folder/right.db"
head -c 20000 /dev/urandom >"$server/sambung.db"
daemon_refuses 'a database that is none is refused' 'database'
cp "$folder/right.db" "$server/sambung.db"
server_start --listen "127.0.0.1:$port"
phone p sync >/dev/null
holds 'with all in its place it serves again' equals "$(control --json count visit | field count)" 1

wait "$waiter"
read -r got took <"$folder/busy"
holds 'who waits in vain for a device in use gives up' equals "$got" 1
holds '… after some ten seconds' test "$took" -ge 9 -a "$took" -le 13
cp "$folder/busy.said" "$folder/said"
refused_well '… saying so' 'sibuk'
wait "$holder" || true
holds '… and has recorded nothing' equals "$(queued q)" 0
nobody_was_told
holds 'the daemon ends cleanly' server_stop
store_is_whole
