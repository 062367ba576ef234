# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: a district of two villages at a real daemon, and what must hold in the end.
# Needs BUILD (a build folder). Sets home (a temporary folder, removed at the end), server, daemon_pid.

ctl() { "$BUILD/daemon/sambungctl" --dir "$server" --lang en "$@"; }
phone() { place=$1; shift; "$BUILD/client/tool/sambung" --dir "$place" --lang en "$@"; }
# In the background, so that $! is the tool itself and not a shell around it, which a kill would hit instead.
phone_alone() { place=$1; shift; exec "$BUILD/client/tool/sambung" --dir "$place" --lang en "$@"; }
die() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

# Sets $chance to a number below $1, which is at most 32768, from $state.
random() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	chance=$((state / 65536 % $1))
}

daemon_start() {
	: >"$home/daemon.out"
	"$BUILD/daemon/sambungd" --dir "$server" --listen "127.0.0.1:${port:-0}" >"$home/daemon.out" 2>>"$home/daemon.log" &
	daemon_pid=$!
	tries=0
	until grep -q '^listening' "$home/daemon.out"; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || die "the daemon did not start: $(tail -n 3 "$home/daemon.log")"
		kill -0 "$daemon_pid" 2>/dev/null || die "the daemon ended: $(tail -n 3 "$home/daemon.log")"
		sleep 0.05
	done
	port=$(sed -n 's/^listening .*:\([0-9]*\)$/\1/p' "$home/daemon.out")
}

daemon_stop() {
	kill "$daemon_pid" 2>/dev/null || true
	wait "$daemon_pid" 2>/dev/null || true
}

district_end() {
	[ "$daemon_pid" -eq 0 ] || kill -9 "$daemon_pid" 2>/dev/null || true
	rm -rf "$home"
}

# The folder of everything.
district_home() {
	home=$(mktemp -d "${TMPDIR:-/tmp}/sambung-days-XXXXXX")
	server=$home/server
	daemon_pid=0
	port=0
	trap district_end EXIT
	trap 'exit 130' INT TERM
}

district_make() {
	district_home
	"$BUILD/daemon/sambungctl" --dir "$server" init --name Uji >/dev/null
	daemon_start
	# Codes carry the server's address, so the port stays from now on.
	daemon_stop
	rm -rf "$server"
	district_open "http://127.0.0.1:$port"
}

# A server to which codes lead by the address $1, with two villages of ten families and twenty persons each.
district_open() {
	"$BUILD/daemon/sambungctl" --dir "$server" init --name Uji --url "$1" >/dev/null
	daemon_start
	awk 'BEGIN { print "key,village,head,address"
		for (v = 1; v <= 2; v++) for (f = 1; f <= 10; f++) print "K" v "-" f ",630307200" v ",Uji " f ",Jl. Lama " f }' \
		>"$home/family.csv"
	awk 'BEGIN { print "key,village,family,name"
		for (v = 1; v <= 2; v++) for (f = 1; f <= 10; f++) for (p = 1; p <= 2; p++)
			print "P" v "-" f "-" p ",630307200" v ",K" v "-" f ",Anak " p }' >"$home/person.csv"
	ctl import family "$home/family.csv" >/dev/null
	ctl import person "$home/person.csv" >/dev/null
}

# The village of device number $1.
village_of() { echo "630307200$((1 + $1 % 2))"; }

district_code() {
	ctl --json enrol --cadre "Kader $1" --village "$(village_of "$1")" | sed -n 's/.*"code":"\([^"]*\)".*/\1/p'
}

# Every device (folder $home/phones/N) shows what the server shows of its village, byte for byte.
district_compare() {
	for type in family person visit; do
		for v in 1 2; do
			ctl --json records $type --village 630307200$v --order id >"$home/server-$type-$v"
		done
	done
	for place in "$home"/phones/*; do
		number=$(basename "$place")
		v=$((1 + number % 2))
		for type in family person visit; do
			phone "$place" records $type >"$home/device-records"
			cmp -s "$home/device-records" "$home/server-$type-$v" || {
				diff "$home/device-records" "$home/server-$type-$v" | head -n 4 | cut -c1-600 >&2
				die "device $number does not show what the server shows ($type)"
			}
		done
	done
}

# The independent checker, on the database of a daemon that has ended.
district_check() {
	daemon_stop
	"$BUILD/tests/check/check_store" "$server" || die "the database is wrong"
}
