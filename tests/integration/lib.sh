# SPDX-License-Identifier: Apache-2.0
# What the shell tests of the daemon share. Read with `. "$(dirname "$0")/lib.sh"`.
#
# A server in a folder of its own, on a free port, stopped by its number at the end; requests with
# curl; one line a sentence that holds, and exit 1 at the first that does not.
set -eu

: "${SAMBUNGD:?SAMBUNGD must name the sambungd program}"
: "${SAMBUNGCTL:?SAMBUNGCTL must name the sambungctl program}"
command -v curl >/dev/null || { echo "curl is not installed; see daemon/packages.sh"; exit 1; }
LC_ALL=C
export LC_ALL
unset SAMBUNG_URL SAMBUNG_TOKEN_FILE

folder=$(mktemp -d)
server=$folder/server
daemon=
url=
token=

finish() {
	status=$?
	server_stop || true
	if [ "$status" -ne 0 ] && [ -f "$folder/daemon.log" ]; then
		sed 's/^/  daemon: /' "$folder/daemon.log"
	fi
	rm -rf "$folder"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
	echo "not so: $*"
	[ ! -f "$folder/body" ] || { echo "the last answer, HTTP ${http:-none}:"; head -c 600 "$folder/body"; }
	exit 1
}

# holds SENTENCE COMMAND…: the command succeeds.
holds() {
	sentence=$1
	shift
	"$@" || fail "$sentence"
	echo "so: $sentence"
}

# fails SENTENCE STATUS COMMAND…: the command ends with that exit status and says something.
fails() {
	sentence=$1
	wanted=$2
	shift 2
	got=0
	"$@" >"$folder/said" 2>&1 || got=$?
	[ "$got" -eq "$wanted" ] || { cat "$folder/said"; fail "$sentence (exit status $got instead of $wanted)"; }
	[ -s "$folder/said" ] || fail "$sentence (not a word about it)"
	echo "so: $sentence"
}

control() {
	"$SAMBUNGCTL" --dir "$server" --lang en "$@"
}

# logged [ARGUMENT…]: the log's entries, without those of who looked at it.
logged() {
	control log --json "$@" | grep -v '"route":"/v1/log"' || true
}

server_make() {
	control init --name 'A test' >"$folder/init.out"
	token=$(cat "$server/admin.token")
}

# server_start [ARGUMENT…]: on a free port; its address is in $url.
server_start() {
	: >"$folder/daemon.out"
	"$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0 "$@" >"$folder/daemon.out" 2>>"$folder/daemon.log" &
	daemon=$!
	tries=0
	until grep -q '^listening ' "$folder/daemon.out"; do
		kill -0 "$daemon" 2>/dev/null || fail 'the daemon starts'
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail 'the daemon listens within 20 seconds'
		sleep 0.05
	done
	url=$(sed -n 's/^listening //p' "$folder/daemon.out")
}

# Ends it as a service manager would; its exit status is the function's.
server_stop() {
	[ -n "$daemon" ] || return 0
	stopping=$daemon
	daemon=
	kill "$stopping" 2>/dev/null || true
	wait "$stopping"
}

# api METHOD PATH [CURL ARGUMENT…]: status in $http, body in $folder/body, headers in
# $folder/headers. As the admin unless $token says otherwise; an empty $token sends none.
api() {
	method=$1
	path=$2
	shift 2
	if [ -n "$token" ]; then
		set -- -H "Authorization: Bearer $token" "$@"
	fi
	http=$(curl -s -o "$folder/body" -D "$folder/headers" -w '%{http_code}' -X "$method" "$@" "$url$path") ||
		fail "$method $path is answered (curl ended with $?)"
}

# answers SENTENCE STATUS METHOD PATH [CURL ARGUMENT…]
answers() {
	sentence=$1
	wanted=$2
	shift 2
	api "$@"
	[ "$http" = "$wanted" ] || fail "$sentence (HTTP $http instead of $wanted)"
	echo "so: $sentence"
}

body_has() {
	grep -q -- "$1" "$folder/body"
}

header_has() {
	grep -qi -- "$1" "$folder/headers"
}

# field NAME: the first value of that name in JSON on standard input.
field() {
	sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1
}

equals() {
	[ "$1" = "$2" ] || { echo "  $1"; echo "  is not"; echo "  $2"; return 1; }
}

# Sets $clocks if programs can be run by another clock than the machine's; else says what is left out.
clocks_of_others() {
	clocks=
	command -v faketime >/dev/null || fail 'faketime is installed (see daemon/packages.sh)'
	if timeout -k 5 10 faketime '+400 days' "$SAMBUNGCTL" --version >/dev/null 2>&1; then
		clocks=yes
	else
		echo 'note: skipped: other clocks, for faketime does not go with a sanitizer in the program'
	fi
}
