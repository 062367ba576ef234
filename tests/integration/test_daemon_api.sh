#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Start and end of the daemon, and what its HTTP side enforces before any handler runs.
. "$(dirname "$0")/lib.sh"

json='Content-Type: application/json'
csv='Content-Type: text/csv'
parcel='Content-Type: application/vnd.sambung.parcel'

# ---- the folder and the process ----

fails 'init without a name is not understood' 2 control init
fails 'the daemon needs a server made by init' 1 "$SAMBUNGD" --dir "$server"
server_make
holds 'the folder is nobody elses' equals "$(stat -c %a "$server")" 700
for secret in admin.token server.key sambung.db; do
	holds "$secret is nobody elses" equals "$(stat -c %a "$server/$secret")" 600
done
before=$(cksum "$server"/*)
fails 'init over an existing server fails' 1 control init --name Again
holds '… and changes nothing' equals "$(cksum "$server"/*)" "$before"
mkdir "$folder/empty"
fails 'init over an empty folder fails' 1 "$SAMBUNGCTL" --dir "$folder/empty" init --name X
fails 'without a daemon the command says so' 1 control count family
server_start
holds 'the address stands in daemon.url' equals "$(cat "$server/daemon.url")" "$url"
fails 'a second daemon on one folder is refused' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
holds '… saying why' grep -q 'another sambungd' "$folder/said"
answers '… and the first one goes on' 200 GET /v1/health
"$SAMBUNGCTL" --dir "$folder/other" init --name Other >/dev/null
fails 'an address in use is refused' 1 "$SAMBUNGD" --dir "$folder/other" --listen "${url#http://}"
fails 'an address that is none is refused' 1 "$SAMBUNGD" --dir "$folder/other" --listen nowhere
echo 'connections = 3' >"$folder/other/sambungd.conf"
fails 'a setting outside its range is refused' 1 "$SAMBUNGD" --dir "$folder/other" --listen 127.0.0.1:0
holds '… with the line' grep -q 'line 1: connections takes a number from' "$folder/said"
echo 'colour = red' >"$folder/other/sambungd.conf"
fails 'an unknown setting is refused' 1 "$SAMBUNGD" --dir "$folder/other" --listen 127.0.0.1:0
chmod 644 "$folder/other/server.key"
rm "$folder/other/sambungd.conf"
fails 'a key that others may read is refused' 1 "$SAMBUNGD" --dir "$folder/other" --listen 127.0.0.1:0
fails 'an unknown option is not understood' 2 "$SAMBUNGD" --frobnicate
holds '--help names every setting' sh -c '"$0" --help | grep -q "memory_mb = "' "$SAMBUNGD"
holds '--version tells it' sh -c '"$0" --version | grep -q "^sambungd [0-9]"' "$SAMBUNGD"

# ---- who may ----

admin=$token
supervisor=$(control token add --role supervisor --scope 6303072001 --name Bu)
cadre=$(control token add --role cadre --scope 63 --name Ani)
answers 'health needs no token' 200 GET /v1/health
token=
answers 'without a token nothing is told' 401 GET /v1/count/family
holds '… and the way is named' header_has '^www-authenticate: Bearer'
token=sbt_nobody
answers 'an unknown token is nobody' 401 GET /v1/count/family
token=$(printf 'x%.0s' $(seq 300))
answers 'a token that is too long is nobody' 401 GET /v1/count/family
token=$cadre
answers 'a cadre may count' 200 GET /v1/count/family
answers 'a cadre may not read the log' 403 GET /v1/log
token=$supervisor
answers 'a supervisor may read the log' 200 GET /v1/log
answers 'a supervisor may not make codes' 403 POST /v1/codes -H "$json" -d '{"cadre":"X","villages":["6303072001"]}'
token=$admin
answers 'an admin may make codes' 200 POST /v1/codes -H "$json" -d '{"cadre":"X","villages":["6303072001"]}'
answers 'a local admin is made' 200 POST /v1/tokens -H "$json" -d '{"role":"admin","scope":"6303","name":"Kab"}'
token=$(field token <"$folder/body")
answers '… who gives away her own villages' 200 POST /v1/codes -H "$json" -d '{"cadre":"X","villages":["6303072001"]}'
answers '… but no others' 403 POST /v1/codes -H "$json" -d '{"cadre":"X","villages":["6303072001","6401012001"]}'
answers '… nor everything' 403 POST /v1/tokens -H "$json" -d '{"role":"admin","scope":"all","name":"Me"}'
answers '… nor the backup of all' 403 GET /v1/backup
token=$admin

# ---- bounds ----

answers 'an unknown path is not there' 404 GET /v1/nothing
holds '… in JSON' body_has '^{"error":"not_found","message":"'
answers 'a wrong method is told the right one' 405 DELETE /v1/schema
holds '… in Allow' header_has '^allow: GET, POST'
answers 'a wrong content type is refused' 415 POST /v1/codes -H "$csv" -d '{}'
answers 'a missing content type is refused' 415 POST /v1/codes -H 'Content-Type:' -d '{}'
answers 'a misspelt parameter is refused' 400 GET '/v1/count/family?vilage=63'
answers 'a parameter that is too long is refused' 400 GET "/v1/count/family?village=$(printf '6%.0s' $(seq 200))"
answers 'a village that is none is refused' 422 GET '/v1/count/family?village=12345'
answers 'a number that is none is refused' 400 GET '/v1/log?since=-1'
answers 'an unknown order is refused' 400 GET '/v1/records/family?order=age'
answers 'an unknown type is not there' 404 GET /v1/count/nothing
answers 'a mistyped id is refused' 422 GET /v1/record/r6pjnynw000001z
answers 'a body that is no JSON is refused' 400 POST /v1/codes -H "$json" -d 'hello'
answers 'a key of a body that is unknown is refused' 400 POST /v1/codes -H "$json" -d '{"cadre":"X","villages":["63"],"age":3}'
answers 'villages that are no texts are refused' 400 POST /v1/codes -H "$json" -d '{"cadre":"X","villages":[63]}'
answers 'no villages are refused' 400 POST /v1/codes -H "$json" -d '{"cadre":"X","villages":[]}'
body_is_utf8() {
	iconv -f UTF-8 -t UTF-8 "$folder/body" >/dev/null 2>&1
}
answers 'a method of strange bytes is refused' 405 "$(printf 'G\324')" /v1/schema
holds '… in UTF-8' body_is_utf8
answers 'a parameter of strange bytes is refused' 400 GET '/v1/count/family?%d4x=63'
holds '… in UTF-8' body_is_utf8
answers 'a path of strange bytes is refused' 400 GET '/v1/record/%ff'
answers '… and a value' 400 GET '/v1/records/family?village=%c3%28'
answers 'what stands behind a NUL is not overlooked in a path' 404 GET '/v1/checkpoint%00x'
answers '… nor in a value' 400 GET '/v1/log?since=1%00x'
answers '… nor in a name' 400 GET '/v1/log?since%00x=1'
control verify >"$folder/said" || { cat "$folder/said"; fail 'nothing of that is in the log, which verifies'; }
echo 'so: nothing of that is in the log, which verifies'
answers 'a long key is refused' 400 POST /v1/codes -H "$json" -d "{\"x$(printf 'é%.0s' $(seq 40))\":1}"
holds '… not cut within a character' body_is_utf8
head -c 70000 /dev/zero >"$folder/large"
answers 'a body that is too large is refused' 413 POST /v1/codes -H "$json" --data-binary "@$folder/large"
head -c 12000000 /dev/zero >"$folder/large"
answers '… however large' 413 POST /v1/import/family -H "$csv" -H 'Expect:' --data-binary "@$folder/large"
answers 'a body without a length is refused' 411 POST /v1/import/family -H "$csv" -H 'Transfer-Encoding: chunked' --data-binary "@$folder/large"
answers 'bytes that are no parcel are refused' 400 POST /v1/sync -H "$parcel" --data-binary 'hello'
holds '… in plain text' header_has '^content-type: text/plain'
answers 'a parameter is refused there too' 400 POST '/v1/sync?x%0ay=1' -H "$parcel" --data-binary 'hello'
holds '… in one line' equals "$(wc -l <"$folder/body")" 1
answers 'a parcel that is too large is refused' 413 POST /v1/sync -H "$parcel" --data-binary "@$folder/large"
answers 'bytes that are no enrolment are refused' 400 POST /v1/enrol -H "$parcel" --data-binary 'hello'

# ---- connections ----

curl -s -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects}\n' "$url/v1/health" "$url/v1/nothing" "$url/v1/health" >"$folder/connects"
holds 'a connection is used again, after refusals too' equals "$(tr '\n' ' ' <"$folder/connects")" '1 0 0 '
api GET /v1/health
holds 'an answer has no more headers than it needs' equals "$(grep -c ':' "$folder/headers")" 2

# ---- the end ----

holds 'SIGTERM ends it cleanly' server_stop
holds '… and takes the address away' test ! -e "$server/daemon.url"
holds '… with a word in the log' grep -q ' ended$' "$folder/daemon.log"

# ---- more than it can take ----

echo 'queue = 1' >"$server/sambungd.conf"
server_start
for number in $(seq 60); do
	curl -s -o /dev/null -D "$folder/burst.$number" -H "Authorization: Bearer $admin" -H "$json" \
		-d "{\"role\":\"cadre\",\"scope\":\"63\",\"name\":\"N$number\"}" "$url/v1/tokens" &
	[ -n "${first:-}" ] || first=$!
done
for number in $(seq 60); do
	tries=0
	until [ -s "$folder/burst.$number" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail "request $number of the burst is answered"
		sleep 0.05
	done
	case $(head -n 1 "$folder/burst.$number" | tr -d '\r') in
	'HTTP/1.1 200 OK') ;;
	'HTTP/1.1 503 '*)
		after=$(tr -d '\r' <"$folder/burst.$number" | sed -n 's/^[Rr]etry-[Aa]fter: //p')
		[ "$after" -ge 2 ] && [ "$after" -le 20 ] || fail 'Retry-After is 2 to 20 seconds'
		;;
	*) fail "a burst is answered 200 or 503: $(head -n 1 "$folder/burst.$number")" ;;
	esac
done
echo 'so: a burst is answered, or told when to come again'
answers 'after a burst all is as before' 200 GET /v1/health
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
