#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# People over HTTP: users and their passwords, sessions, failed tries, tokens that end, and what of it
# the log has.
. "$(dirname "$0")/lib.sh"

json='Content-Type: application/json'
password='kuda lumping merah'

# signs_in NAME PASSWORD [CURL ARGUMENT…]: the status in $http, the cookie and the page's proof in
# $cookie and $csrf
signs_in() {
	name=$1
	word=$2
	shift 2
	token=
	api POST /v1/session -H "$json" -d "{\"name\":\"$name\",\"password\":\"$word\"}" "$@"
	cookie=$(tr -d '\r' <"$folder/headers" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p')
	csrf=$(field csrf <"$folder/body")
}
as_admin() {
	token=$(cat "$server/admin.token")
}
entries() {
	logged | grep -c "$1" || true
}

server_make
server_start
printf 'key,village,head\nF1,6303072001,Budi\nF2,6401012001,Umi\n' | control import family - >/dev/null
record=$(control records --json family --village 6303072001 | field id)

# ---- users ----

printf '%s\n' "$password" | control user add --role supervisor --scope 630307 --name 'Bu Ratna' --json >"$folder/line"
holds 'a user is made with the password from standard input' grep -q '"name":"Bu Ratna","role":"supervisor","scope":"630307","last_sign_in":null,"state":"active"' "$folder/line"
printf 'role=admin\nscope=6303\nname=Pak Budi\npassword=%s\n' "$password" | control user add - >/dev/null
holds 'or all of it' sh -c '"$0" --dir "$1" user list | grep "Pak Budi" | grep -q admin' "$SAMBUNGCTL" "$server"
too_short() { printf 'pendek\n' | control user add --role cadre --scope 63 --name Ani; }
fails 'a password that is too short is refused' 1 too_short
holds '… saying why' grep -q 'at least 10 characters' "$folder/said"
guessed() { printf 'Indonesia123\n' | control user add --role cadre --scope 63 --name Ani; }
fails 'so is one that everybody guesses' 1 guessed
twice() { printf '%s\n' "$password" | control user add --role cadre --scope 63 --name 'Bu Ratna'; }
fails 'a name is given once' 1 twice
fails 'a password is no option of the command line' 2 control user add --role cadre --scope 63 --name Ani --password "$password"
holds 'a user is an entry of the log, without her password' equals "$(entries '"action":"user"'),$(entries "$password")" 2,0
holds 'nor is it in the database' sh -c '! cat "$1"/sambung.db* | grep -q "$2"' sh "$server" "$password"

# ---- a session ----

signs_in 'Bu Ratna' "$password"
holds 'she signs in' equals "$http" 200
holds 'the cookie is for this server alone, and no script reads it' sh -c 'tr -d "\r" <"$0" | grep -iq "^set-cookie: sambung_session=[A-Za-z0-9_-]\{43\}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$"' "$folder/headers"
holds 'she learns her role and scope' body_has '^{"user":"Bu Ratna","role":"supervisor","scope":"630307","csrf":"[A-Za-z0-9_-]\{43\}"}'
answers 'the cookie lets her in' 200 GET "/v1/record/$record" -H "Cookie: $cookie"
holds '… to what no browser stores' header_has '^cache-control: no-store'
before=$(entries '"kind":"read"')
answers 'the same record again' 200 GET "/v1/record/$record" -H "Cookie: $cookie"
holds '… is one entry of the log in ten minutes' equals "$(entries '"kind":"read"')" "$before"
answers 'its history' 200 GET "/v1/record/$record/history" -H "Cookie: $cookie"
holds '… is another' equals "$(entries '"kind":"read"')" "$((before + 1))"
holds '… with her name' sh -c '"$0" --dir "$1" log --json | grep -v /v1/log | tail -n 1 | grep -q "\"user\":\"Bu Ratna\".*\"filter\":\"$2\""' "$SAMBUNGCTL" "$server" "$record"
answers 'a list of one village' 200 GET '/v1/records/family?village=6303072001' -H "Cookie: $cookie"
answers '… and one of another' 200 GET '/v1/records/family?village=6303072002' -H "Cookie: $cookie"
holds '… are two more' equals "$(entries '"kind":"read"')" "$((before + 3))"
answers 'a change by the cookie alone is refused' 403 POST "/v1/record/$record/settle" -H "Cookie: $cookie" -H "$json" -d '{"field":"address","value":"Jl. Satu"}'
answers 'with the proof of the page it is done' 200 POST "/v1/record/$record/settle" -H "Cookie: $cookie" -H "X-Sambung-CSRF: $csrf" -H "$json" -H "Origin: $url" -H 'Sec-Fetch-Site: same-origin' -d '{"field":"address","value":"Jl. Satu"}'
answers '… but not from another site' 403 POST "/v1/record/$record/settle" -H "Cookie: $cookie" -H "X-Sambung-CSRF: $csrf" -H "$json" -H 'Origin: http://elsewhere.example' -d '{"field":"address","value":"Jl. Dua"}'
answers '… nor from one whose name begins like the server'"'"'s' 403 POST "/v1/record/$record/settle" -H "Cookie: $cookie" -H "X-Sambung-CSRF: $csrf" -H "$json" -H "Origin: ${url}0" -d '{"field":"address","value":"Jl. Dua"}'
answers 'another site cannot even sign her in' 403 POST /v1/session -H "$json" -H 'Sec-Fetch-Site: cross-site' -d "{\"name\":\"Bu Ratna\",\"password\":\"$password\"}"
holds 'the list says when she signed in' sh -c '"$0" --dir "$1" user list --json | grep "Bu Ratna" | grep -q "\"last_sign_in\":\"20"' "$SAMBUNGCTL" "$server"
first=$cookie
holds 'the daemon ends cleanly' server_stop
server_start
answers 'a session outlives a restart of the server' 200 GET /v1/session -H "Cookie: $first"
holds '… and the page gets its proof again' equals "$(field csrf <"$folder/body")" "$csrf"
answers 'she signs out' 200 DELETE /v1/session -H "Cookie: $first" -H "X-Sambung-CSRF: $csrf"
holds '… and the browser forgets the cookie' header_has '^set-cookie: sambung_session=; Path=/; Max-Age=0'
answers '… which is nobodys' 401 GET /v1/session -H "Cookie: $first"

signs_in 'Bu Ratna' "$password"
printf 'sapi perah putih\n' | control user password 'Bu Ratna' >/dev/null
answers 'another password ends her sessions' 401 GET /v1/session -H "Cookie: $cookie"
signs_in 'Bu Ratna' "$password"
holds 'the old one is none any more' equals "$http" 401
holds '… and is not told from a name that nobody has' cp "$folder/body" "$folder/wrong"
signs_in 'Tak Ada' "$password"
holds '… by status' equals "$http" 401
holds '… nor by a byte' cmp "$folder/body" "$folder/wrong"
signs_in 'Bu Ratna' 'sapi perah putih'
holds 'the new one is' equals "$http" 200
mine() { printf '%s\nkerbau di sawah\n' "$1" | SAMBUNG_TOKEN_FILE=$folder/no.token control user password 'Bu Ratna' --mine; }
fails 'her own password is not changed without the present one' 1 mine 'bukan ini tadi'
holds 'she changes it herself, without a token' equals "$(mine 'sapi perah putih')" changed
answers '… which ends her sessions' 401 GET /v1/session -H "Cookie: $cookie"
signs_in 'Bu Ratna' 'sapi perah putih'
holds '… and the former one is none any more' equals "$http" 401
answers 'a page may change it and stays signed in' 200 POST /v1/session/password -H "$json" -d '{"name":"Bu Ratna","password":"kerbau di sawah","new":"ayam di halaman"}'
cookie=$(tr -d '\r' <"$folder/headers" | sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\).*/\1/p')
answers '… with the session that it got' 200 GET /v1/session -H "Cookie: $cookie"
answers 'a bad new password is refused' 422 POST /v1/session/password -H "$json" -d '{"name":"Bu Ratna","password":"ayam di halaman","new":"1234"}'
answers 'another site cannot change it' 403 POST /v1/session/password -H "$json" -H 'Sec-Fetch-Site: cross-site' -d '{"name":"Bu Ratna","password":"ayam di halaman","new":"kerbau di sawah"}'
control user disable 'Bu Ratna' >/dev/null
answers 'who is disabled is out at once' 401 GET /v1/session -H "Cookie: $cookie"
signs_in 'Bu Ratna' 'ayam di halaman'
holds '… and comes in no more' equals "$http" 401
fails 'she is not disabled twice' 1 control user disable 'Bu Ratna'
holds 'all of it is in the log' equals "$(entries '"action":"password"'),$(entries '"action":"disable"')" 3,1

# ---- an admin of the kabupaten ----

signs_in 'Pak Budi' "$password"
local_admin=$cookie
proof=$csrf
answers 'an admin sees the users below her' 200 GET /v1/users -H "Cookie: $local_admin"
holds '… among them herself' body_has 'Pak Budi'
answers '… and gives no more than she has' 403 POST /v1/users -H "Cookie: $local_admin" -H "X-Sambung-CSRF: $proof" -H "$json" -d '{"name":"X","role":"admin","scope":"all","password":"kuda lumping biru"}'
answers '… nor elsewhere' 403 POST /v1/users -H "Cookie: $local_admin" -H "X-Sambung-CSRF: $proof" -H "$json" -d '{"name":"X","role":"cadre","scope":"6401","password":"kuda lumping biru"}'

kabupaten=$(control user list --json | grep 'Pak Budi' | field number)
token=$(control token add --role admin --scope 630307 --name Dekat)
answers 'an admin of a kecamatan sees the users of that' 200 GET /v1/users
holds '… but none of the kabupaten' sh -c '! grep -q "Pak Budi" "$0"' "$folder/body"
answers '… nor gives her another password' 404 POST "/v1/user/$kabupaten/password" -H "$json" -d '{"password":"kuda lumping biru"}'
answers '… nor disables her' 404 POST "/v1/user/$kabupaten/disable"

# ---- failed tries ----

for try in 1 2 3 4; do
	signs_in 'Ani Coba' "salah sekali $try"
	holds "try $try fails" equals "$http" 401
done
server_stop
# As if there had been more of them: the delay is to be longer than this test takes.
sqlite3 "$server/sambung.db" 'UPDATE login_failure SET count = 14'
server_start
signs_in 'Ani Coba' 'salah sekali 5'
holds 'after some failures the next try waits, also over a restart' equals "$http" 429
holds '… which the answer says by name' body_has '^{"error":"locked_out"'
holds '… and it is a quarter of an hour at most' sh -c 'after=$(tr -d "\r" <"$0" | sed -n "s/^[Rr]etry-[Aa]fter: //p"); [ "$after" -gt 600 ] && [ "$after" -le 900 ]' "$folder/headers"
signs_in 'Pak Budi' "$password"
holds 'others do not' equals "$http" 200

# ---- many at once ----

for number in $(seq 40); do
	curl -s -o /dev/null -D "$folder/burst.$number" -H "$json" \
		-d "{\"name\":\"Orang $number\",\"password\":\"salah sekali\"}" "$url/v1/session" &
done
wait_for=$(seq 40)
for number in $wait_for; do
	tries=0
	until [ -s "$folder/burst.$number" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail "try $number of the burst is answered"
		sleep 0.05
	done
	case $(head -n 1 "$folder/burst.$number" | tr -d '\r') in
	'HTTP/1.1 401 '* | 'HTTP/1.1 429 '*) ;;
	'HTTP/1.1 503 '*) grep -qi '^retry-after: ' "$folder/burst.$number" || fail 'a busy answer says when to come again' ;;
	*) fail "a burst is answered 401, 429 or 503: $(head -n 1 "$folder/burst.$number")" ;;
	esac
done
echo 'so: passwords are checked one after another, and who cannot wait is told so'
answers 'meanwhile nothing else stood still' 200 GET /v1/health

# ---- behind a proxy ----

holds 'the daemon ends cleanly' server_stop
sqlite3 "$server/sambung.db" 'DELETE FROM login_failure'
echo 'proxy = 1' >"$server/sambungd.conf"
server_start
signs_in 'Pak Budi' "$password" -H 'X-Forwarded-For: 10.0.0.1, 192.0.2.7'
holds 'behind a proxy the cookie is for TLS alone' header_has '; SameSite=Strict; Secure'
holds '… and tries count by the address that the proxy names' equals "$(sqlite3 "$server/sambung.db" 'SELECT count(*) FROM login_failure')" 0
signs_in 'Siapa Saja' "$password" -H 'X-Forwarded-For: 10.0.0.1, 192.0.2.7'
signs_in 'Siapa Lagi' "$password" -H 'X-Forwarded-For: 10.0.0.2, 192.0.2.7'
signs_in 'Siapa Lain' "$password" -H 'X-Forwarded-For: 192.0.2.8'
signs_in 'Siapa Itu' "$password"
holds '… the last one' equals "$(sqlite3 "$server/sambung.db" 'SELECT count(*), max(count) FROM login_failure')" '7|2'
signs_in 'Siapa Ini' "$password" -H 'X-Forwarded-For: 2001:db8:1:2::5'
signs_in 'Siapa Situ' "$password" -H 'X-Forwarded-For: [2001:db8:1:2:ffff::9]:4711'
holds '… and of IPv6 by its network' equals "$(sqlite3 "$server/sambung.db" 'SELECT count(*), max(count) FROM login_failure')" '10|2'

# ---- tokens ----

as_admin
control token add --role cadre --scope 630307 --name Siga --expires 30 --json >"$folder/line"
holds 'a token may have an end' grep -q '"token":"sbt_[^"]*","expires":"20' "$folder/line"
token=$(field token <"$folder/line")
answers 'it serves' 200 GET /v1/count/family
# That it served is noted behind the answer.
tries=0
until control token list --json | grep '"name":"Siga"' >"$folder/tokens" &&
	! grep -q '"last_used":null' "$folder/tokens"; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || fail 'that a token served is noted'
	sleep 0.05
done
holds 'the list has it, and when it served' grep -q '"expires":"20[^"]*","last_used":"20[^"]*","state":"active"' "$folder/tokens"
holds '… but not the token' sh -c '! grep -q sbt_ "$0"' "$folder/tokens"
fails 'no token has an end before its beginning' 1 control token add --role cadre --scope 63 --name X --expires 0
control token revoke Siga >/dev/null
answers 'a token that was taken back serves no more' 401 GET /v1/count/family
fails 'it is not taken back twice' 1 control token revoke Siga
as_admin
answers 'a number that is no token is not there' 404 POST /v1/token/12345/revoke
holds 'taking back is an entry of the log' equals "$(entries '"action":"withdraw"')" 1
holds 'the daemon ends cleanly' server_stop
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
holds 'and its log names nobody' sh -c '! grep -q "Ratna\|Budi\|Siga\|lumping" "$0"' "$folder/daemon.log"
