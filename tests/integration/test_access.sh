#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Role by route by scope: tests/access/routes.table against the real daemon, with tokens and with
# sessions. Two places with the same things in them, a caller sees one of them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/phones.sh"

: "${ACCESS:?ACCESS must name the folder tests/access}"
node=$(command -v node || command -v nodejs) ||
	{ echo "node (18 or later) is not installed; see daemon/packages.sh"; exit 1; }
command -v sqlite3 >/dev/null || { echo "sqlite3 is not installed; see daemon/packages.sh"; exit 1; }
password='kuda lumping merah'

person_of() {
	control "$1" list --json | grep "\"name\":\"$2\"" | field number
}

# place NAME VILLAGE REGION: a family, one with a conflict, a phone, one whose three changes are set
# aside because it was revoked, a user and a token. What they are called is in $folder/NAME.json.
place() {
	printf 'key,village,head,address\n%s1,%s,%s,Jl. Satu\n%s2,%s,%s,Jl. Dua\n' \
		"$1" "$2" "$1" "$1" "$2" "$1" | control import family - >/dev/null
	for phone in "$1.siti" "$1.wati"; do
		enrols "$phone" "$2"
	done
	record=$(control records --json family --village "$2" --order id | sed -n 1p | field id)
	conflict=$(control records --json family --village "$2" --order id | sed -n 2p | field id)
	device "$1.siti" edit "$conflict" address='Jl. Melur' >/dev/null
	control settle "$conflict" address 'Gang Seroja' >/dev/null
	device "$1.siti" sync >/dev/null
	device "$1.wati" sync >/dev/null
	control device revoke "$(number_of "$1.wati")" >/dev/null
	device "$1.wati" edit "$record" address='Jl. Tiga' >/dev/null
	device "$1.wati" edit "$record" address='Jl. Empat' >/dev/null
	device "$1.wati" edit "$record" address='Jl. Lima' >/dev/null
	device "$1.wati" sync >/dev/null 2>&1 || true
	# Who read it is in the log, which does not tell those who may not read it.
	control record "$record" >/dev/null
	printf '%s\n' "$password" | control user add --role cadre --scope "$3" --name "$1 user" >/dev/null
	control token add --role cadre --scope "$3" --name "$1 token" >/dev/null
	printf '{"region":"%s","record":"%s","conflict":"%s","device":"%s","revoked":"%s","user":"%s","token":"%s"}' \
		"$2" "$record" "$conflict" "$(number_of "$1.siti")" "$(number_of "$1.wati")" \
		"$(person_of user "$1 user")" "$(person_of token "$1 token")" >"$folder/$1.json"
}

# callers: a user and a token for each role
caller() {
	printf '%s\n' "$password" | control user add --role "$2" --scope "$3" --name "caller $1" >/dev/null
	control token add --role "$2" --scope "$3" --name "program $1" >"$folder/token.$1"
}

fixtures() {
	caller cadre cadre 630307
	caller supervisor supervisor 630307
	caller admin admin 630307
	caller all admin all
	control token add --role admin --scope all --name Lewat --expires 1 >"$folder/token.expired"
	control token add --role admin --scope all --name Cabut >"$folder/token.revoked"
	control token revoke Cabut >/dev/null
	caller former admin all
	control token add --role admin --scope all --name watcher >"$folder/token.watcher"
	place inside 6303072001 630307
	place outside 6309012001 630901
	# A record that nobody has: a phone made it and never told.
	enrols quiet 6303072001
	missing=$(device quiet record family village=6303072001 head=Diam --json 2>/dev/null | field id)
	[ -n "$missing" ] || fail 'a phone makes a record'
	{
		printf '{"password":"%s","inside":%s,"outside":%s,' "$password" \
			"$(cat "$folder/inside.json")" "$(cat "$folder/outside.json")"
		printf '"missing":{"region":"5171012001","record":"%s","conflict":"","device":"1999999999",' "$missing"
		printf '"revoked":"1999999998","user":"1999999997","token":"1999999996"},"tokens":{'
		for who in cadre supervisor admin all; do
			printf '"%s":"%s",' "$who" "$(cat "$folder/token.$who")"
		done
		printf '"end":""},"users":{"cadre":"caller cadre","supervisor":"caller supervisor",'
		printf '"admin":"caller admin","all":"caller all"},"disabled":{"name":"caller former","number":"%s"},"watcher":"%s","former":{"expired":"%s","revoked":"%s"}}\n' \
			"$(person_of user 'caller former')" "$(cat "$folder/token.watcher")" "$(cat "$folder/token.expired")" "$(cat "$folder/token.revoked")"
	} >"$folder/fixtures.json"
}

for mode in token session; do
	rm -rf "$server" "$folder"/inside.* "$folder"/outside.* "$folder/quiet"
	server_make
	server_start
	fixtures
	holds 'the daemon ends cleanly' server_stop
	sqlite3 "$server/sambung.db" "UPDATE token SET expires_ms = 1 WHERE name = 'Lewat'"
	server_start
	holds "role by route by scope, with a $mode" \
		"$node" "$ACCESS/access.mjs" "$url" "$ACCESS/routes.table" "$folder/fixtures.json" "$mode"
	holds 'the daemon ends cleanly' server_stop
done
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
