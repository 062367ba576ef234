#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# TLS from end to end: the built daemon with certificates that openssl makes here, and the built
# programs that trust an authority, a pinned key, or neither.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
command -v openssl >/dev/null || { echo "openssl is not installed; see daemon/packages.sh"; exit 1; }
unset SAMBUNG_CA

# key NAME: a private key.
key() {
	openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$folder/$1.key" 2>>"$folder/openssl.log" ||
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$folder/$1.key" 2>>"$folder/openssl.log"
	chmod 600 "$folder/$1.key"
}

# own NAME [OPTION…]: a certificate of one's own for that key.
own() {
	openssl req -x509 -key "$folder/$1.key" -subj /CN=sambung -days "${2:-30}" -out "$folder/$1.pem" \
		-addext 'subjectAltName=IP:127.0.0.1' 2>>"$folder/openssl.log"
}

# signed NAME ADDRESS START END: a certificate of the authority for that key, for a numeric address.
signed() {
	openssl req -new -key "$folder/$1.key" -subj /CN=sambung -out "$folder/$1.csr" 2>>"$folder/openssl.log"
	printf 'subjectAltName=IP:%s\n' "$2" >"$folder/$1.ext"
	openssl ca -batch -config "$folder/ca.conf" -startdate "$3" -enddate "$4" -extfile "$folder/$1.ext" \
		-in "$folder/$1.csr" -out "$folder/$1.pem" -notext 2>>"$folder/openssl.log"
}

pin_of() {
	openssl pkey -in "$folder/$1.key" -pubout -outform DER | openssl dgst -sha256 -binary | base64
}

# serve NAME: the settings name that pair.
serve() {
	printf 'tls_certificate = %s\ntls_key = %s\n' "$folder/served.pem" "$folder/served.key" >"$server/sambungd.conf"
	install_pair "$1"
}

# Into the place that the settings name, as a renewal does.
install_pair() {
	cp "$folder/$1.pem" "$folder/served.pem"
	cp -p "$folder/$1.key" "$folder/served.key"
}

# hang_up, and wait until the log says for the COUNTth time what is expected.
reloaded() {
	kill -HUP "$daemon"
	tries=0
	until [ "$(grep -c "$1" "$folder/daemon.log")" -ge "$2" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail "the log says: $1"
		sleep 0.05
	done
}

# phone NAME COMMAND…
phone() {
	name=$1
	shift
	"$SAMBUNG" --dir "$folder/$name" --lang en "$@"
}

code() {
	control enrol --cadre "$1" --village 6303072001
}

served_pin() {
	openssl s_client -connect "${url#https://}" </dev/null 2>/dev/null | openssl x509 -pubkey -noout |
		openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64
}

clocks_of_others
key authority
key first
key second
key expired
mkdir "$folder/newcerts"
: >"$folder/index.txt"
echo 01 >"$folder/serial"
cat >"$folder/ca.conf" <<END
[ca]
default_ca = here
[here]
database = $folder/index.txt
serial = $folder/serial
new_certs_dir = $folder/newcerts
certificate = $folder/authority.pem
private_key = $folder/authority.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
END
openssl req -x509 -key "$folder/authority.key" -subj '/CN=An authority of the test' -days 3650 \
	-out "$folder/authority.pem" 2>>"$folder/openssl.log"
yesterday=$(date -u -d '2 days ago' +%Y%m%d%H%M%SZ)
tomorrow=$(date -u -d '2 days' +%Y%m%d%H%M%SZ)
later=$(date -u -d '30 days' +%Y%m%d%H%M%SZ)
long_ago=$(date -u -d '30 days ago' +%Y%m%d%H%M%SZ)
signed first 127.0.0.1 "$yesterday" "$later"
signed expired 127.0.0.1 "$long_ago" "$yesterday"
own second
server_make

# ---- pairs that are none ----

serve first
rm "$folder/served.pem"
fails 'a certificate that is missing keeps the daemon from starting' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
holds '… and it is named' grep -q 'served.pem: No such file' "$folder/said"
serve first
echo 'hello' >"$folder/served.pem"
fails 'a file that is no certificate does, too' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
holds '… and is named' grep -q 'served.pem is no certificate in PEM' "$folder/said"
serve first
cp "$folder/second.key" "$folder/served.key"
fails 'so does the key of another certificate' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
holds '… and both are named' grep -q 'served.key is not the key of .*served.pem' "$folder/said"
serve first
chmod 644 "$folder/served.key"
fails 'so does a key that others may read' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
holds '… with what to do' grep -q 'chmod o=' "$folder/said"
serve expired
fails 'so does a certificate that has expired' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
holds '… with what to do' grep -q 'served.pem has expired; renew it' "$folder/said"
serve first
signed first 127.0.0.1 "$tomorrow" "$later"
install_pair first
fails 'so does one that is not valid yet' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
holds '… with a word of the clock' grep -q 'not valid yet; is this machine.s clock right' "$folder/said"
printf 'tls_certificate = %s\n' "$folder/first.pem" >"$server/sambungd.conf"
fails 'a certificate without a key is not understood' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
serve second
echo 'tls_pin = perhaps' >>"$server/sambungd.conf"
fails 'a tls_pin that is none is refused' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
serve second
echo 'tls_pin_next = sha256//short' >>"$server/sambungd.conf"
fails 'a tls_pin_next that is none is refused' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0

# ---- an authority ----

signed first 127.0.0.9 "$yesterday" "$later"
serve first
echo 'tls_pin = no' >>"$server/sambungd.conf"
server_start
ani=$(code Ani)
SAMBUNG_CA=$folder/authority.pem
export SAMBUNG_CA
fails 'a phone that knows the authority does not trust the certificate of another address' 1 phone ani enrol "$ani"
holds '… and says so' grep -q 'certificate is not valid here' "$folder/said"
unset SAMBUNG_CA
server_stop
rm -rf "$folder/ani"
signed first 127.0.0.1 "$yesterday" "$later"
serve first
echo 'tls_pin = no' >>"$server/sambungd.conf"
server_start
port=${url##*:}
holds 'the address is https' equals "$url" "https://127.0.0.1:$port"
holds '… also in daemon.url' equals "$(cat "$server/daemon.url")" "$url"
holds 'sambungctl knows the server of its folder' control count family
fails 'from elsewhere it does not trust an unknown authority' 1 env SAMBUNG_URL="$url" SAMBUNG_TOKEN_FILE="$server/admin.token" "$SAMBUNGCTL" --lang en count family
holds '… and says so' grep -q 'certificate is not valid here' "$folder/said"
holds '… but one that it was given' env SAMBUNG_CA="$folder/authority.pem" SAMBUNG_URL="$url" SAMBUNG_TOKEN_FILE="$server/admin.token" "$SAMBUNGCTL" count family
set -- --cacert "$folder/authority.pem"
api GET /v1/health "$@"
holds 'an answer says that it stays so' header_has '^strict-transport-security: max-age='
fails 'TLS 1.1 is not spoken' 35 curl -sS --cacert "$folder/authority.pem" --tls-max 1.1 "$url/v1/health"
holds 'TLS 1.2 is' curl -s -o "$folder/body" --cacert "$folder/authority.pem" --tls-max 1.2 "$url/v1/health"
holds 'TLS 1.3 is' curl -s -o "$folder/body" --cacert "$folder/authority.pem" --tlsv1.3 "$url/v1/health"
holds 'plain HTTP is not' sh -c '! curl -s "http://127.0.0.1:$0/v1/health"' "$port"
ani=$(code Ani)
fails 'a phone does not trust an unknown authority' 1 phone ani enrol "$ani"
holds '… and says so, with a next step' grep -q 'certificate is not valid here.*X.509.*Check date and time' "$folder/said"
SAMBUNG_CA=$folder/authority.pem
export SAMBUNG_CA
holds 'one that knows it enrols' phone ani enrol "$ani"
holds '… and syncs' phone ani sync
if [ -n "$clocks" ]; then
	fails 'a phone whose clock is a year ahead takes the certificate for expired' 1 faketime '+400 days' "$SAMBUNG" --dir "$folder/ani" --lang en sync
	holds '… and is told to look at its clock' grep -q 'X.509 10.*Check date and time' "$folder/said"
fi
unset SAMBUNG_CA

# ---- much at once ----

seq 3000 | sed 's/.*/G&,6303072001,Kepala &,Jalan yang panjang sekali supaya daftarnya besar nomor &/' |
	sed '1i key,village,head,address' >"$folder/many.csv"
holds 'a large table comes in' equals "$(control --json import family "$folder/many.csv")" \
	'{"imported":3000,"updated":0,"refused":0}'
holds 'a long list goes out whole' equals "$(control --json records family | grep -c '"id":')" 3000
holds 'a phone receives all of it' env SAMBUNG_CA="$folder/authority.pem" "$SAMBUNG" --dir "$folder/ani" --lang en sync
holds '… and has it' equals "$(phone ani --json list family | grep -c '"id":')" 3000
head -c 400000 /dev/zero >"$folder/large"
set -- --cacert "$folder/authority.pem"
answers 'a body that is too large is refused' 413 POST /v1/sync -H 'Content-Type: application/vnd.sambung.parcel' --data-binary "@$folder/large" "$@"

# ---- a reload, with load ----

signed second 127.0.0.1 "$yesterday" "$later"
before=$(served_pin)
holds 'the first key is served' equals "$before" "$(pin_of first)"
for runner in 1 2 3; do
	(
		done=0
		while [ ! -e "$folder/stop" ]; do
			curl -s --cacert "$folder/authority.pem" -o /dev/null -o /dev/null -w '%{http_code} %{exitcode}\n' \
				"$url/v1/health" "$url/v1/health" >>"$folder/load.$runner" || true
			done=$((done + 1))
		done
	) &
	eval "runner_$runner=$!"
done
for time in 1 2 3 4 5 6; do
	case $time in
	*[135]) install_pair second ;;
	*) install_pair first ;;
	esac
	reloaded 'the certificate was read again' "$time"
	holds "a sync during reload $time is done" env SAMBUNG_CA="$folder/authority.pem" "$SAMBUNG" --dir "$folder/ani" --lang en sync
	holds '… and sambungctl goes on' control count family
done
touch "$folder/stop"
wait "$runner_1" "$runner_2" "$runner_3"
holds 'requests went on all the while' test "$(cat "$folder"/load.? | wc -l)" -gt 20
holds 'none was lost' sh -c '! cat "$0"/load.? | grep -v "^200 0$"' "$folder"
install_pair second
reloaded 'the certificate was read again' 7
holds 'after a reload another key is served' equals "$(served_pin)" "$(pin_of second)"
install_pair expired
reloaded 'the certificate was not taken' 1
holds '… one that has expired is not' equals "$(served_pin)" "$(pin_of second)"
holds '… and the log says why' grep -q 'was not taken: .*served.pem has expired' "$folder/daemon.log"
echo broken >"$folder/served.key"
chmod 600 "$folder/served.key"
cp "$folder/second.pem" "$folder/served.pem"
reloaded 'the certificate was not taken' 2
holds '… nor is a key that is none' equals "$(served_pin)" "$(pin_of second)"
holds 'the daemon goes on as it was' control count family
server_stop
holds 'at the end the pin is taken away' test ! -e "$server/daemon.pin"

# ---- a pinned key ----

own second
serve second
echo 'url = nowhere' >>"$server/sambungd.conf"
fails 'a url that is none is refused' 1 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0
serve second
echo 'head_s = 2' >>"$server/sambungd.conf"
server_start --listen "127.0.0.1:$port"
node "$(dirname "$0")/slow.mjs" silent "$port" 127.0.0.2 60 >"$folder/slow" &
slow=$!
budi=$(code Budi)
holds 'with a certificate of its own the code carries the pin' phone budi enrol "$budi"
holds '… and the phone syncs' phone budi sync
mkdir "$folder/office"
echo "$url" >"$folder/office/daemon.url"
cp "$server/daemon.pin" "$folder/office/daemon.pin"
cp "$server/admin.token" "$folder/office/admin.token"
holds 'sambungctl elsewhere knows it by its url and pin in a folder' "$SAMBUNGCTL" --dir "$folder/office" count family
holds '… or by the certificate, which names the address' env SAMBUNG_CA="$folder/second.pem" SAMBUNG_URL="$url" SAMBUNG_TOKEN_FILE="$server/admin.token" "$SAMBUNGCTL" count family
wait "$slow"
holds 'meanwhile who does not begin to speak TLS was not waited for' equals "$(tail -n 1 "$folder/slow")" 'closed 60'
phone budi carry out "$folder/budi.carry" >/dev/null
holds 'who carries a file is told the pin' phone citra carry deliver "$folder/budi.carry" --to "$url#$(cat "$server/daemon.pin")"
rm "$folder/budi.carry.reply"
fails '… and without it trusts nobody' 1 phone citra carry deliver "$folder/budi.carry" --to "$url"
[ -z "$clocks" ] || holds 'a wrong clock does not keep a pinned phone out' faketime '+9000 days' "$SAMBUNG" --dir "$folder/budi" sync
own second 3650
install_pair second
reloaded 'the certificate was read again' 8
holds 'a renewed certificate of the same key is not noticed' phone budi sync
key third
own third
install_pair third
reloaded 'the certificate was read again' 9
fails 'another key is refused' 1 phone budi sync
holds '… and the phone says so' grep -q 'certificate is not valid here.*curl 90' "$folder/said"
citra=$(code Citra)
holds 'a new code knows the new key' phone citra enrol "$citra"
install_pair second
reloaded 'the certificate was read again' 10
holds 'with the old key the old phone syncs again' phone budi sync
fails '… and the new one does not' 1 phone citra sync
server_stop

# ---- another TLS key, told beforehand with another server key ----

serve second
printf 'tls_pin_next = sha256//%s\n' "$(pin_of third)" >>"$server/sambungd.conf"
server_start --listen "127.0.0.1:$port"
dewi=$(code Dewi)
eka=$(code Eka)
holds 'a phone enrols that will be silent' phone eka enrol "$eka"
eka=$(code Eka)
fails 'the keys of a server that runs are not changed' 1 control key rotate
holds '… because of the daemon' grep -q 'another sambungd runs' "$folder/said"
server_stop
holds 'a server key is rotated' control key rotate --days 30
holds '… and listed with the former one' sh -c '"$0" --dir "$1" --json key list >"$2/keys"; grep -q "{\"key\":2,\"newest\":true,\"ends\":null}" "$2/keys" && grep -q "{\"key\":1,\"newest\":false,\"ends\":\"20" "$2/keys"' "$SAMBUNGCTL" "$server" "$folder"
server_start --listen "127.0.0.1:$port"
holds 'a phone that knows the former key syncs' phone budi sync
holds 'a code of before enrols' phone dewi enrol "$dewi"
holds '… and its phone syncs' phone dewi sync
install_pair third
reloaded 'the certificate was read again' 11
holds 'who has synced knows the next TLS key' phone budi sync
holds '… and who was enrolled with a new code' phone dewi sync
server_stop
fails 'the newest key is not retired' 1 control key retire 2
fails 'nor one that is none' 2 control key retire two
holds 'the former one is' control key retire 1
server_start --listen "127.0.0.1:$port"
holds 'who has learned the new key goes on' phone budi sync
fails 'a phone that was silent all the while is not understood' 1 phone eka sync
holds '… and told to keep the phone and tell the admin' grep -q 'not known to this server.*keep the phone and tell the admin' "$folder/said"
fails '… nor does a code of before' 1 phone fajar enrol "$eka"
holds '… and is told to ask for another' grep -q 'enrolment code is not known here' "$folder/said"
holds 'a new one does' phone fajar enrol "$(code Fajar)"
holds '… and its phone syncs' phone fajar sync
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
