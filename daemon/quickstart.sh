#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to a running district: installs what is missing, builds, starts a daemon on
# loopback, imports a made-up district, lets three cadres record without a network, makes one true
# conflict, syncs, and shows what became of it.
#
#   sh daemon/quickstart.sh           leaves the daemon running and says what to try next
#   sh daemon/quickstart.sh --once    stops it at the end
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
once=no
case ${1:-} in
'') ;;
--once) once=yes ;;
*)
	echo "usage: sh daemon/quickstart.sh [--once]" >&2
	exit 2
	;;
esac

say() { printf '\n== %s\n' "$*"; }

# The value of a text or number in one line of JSON: field NAME < line
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1; }

# ---- build -----------------------------------------------------------------------------------

sh daemon/packages.sh build
if [ ! -f build/build.ninja ]; then
	meson setup build -Dtests=false >build-setup.log 2>&1 || {
		cat build-setup.log >&2
		echo "quickstart: meson could not configure; the reason is above" >&2
		exit 1
	}
	rm -f build-setup.log
fi
ninja -C build >build/quickstart.log 2>&1 || {
	tail -n 40 build/quickstart.log >&2
	echo "quickstart: the build failed; the whole log is build/quickstart.log" >&2
	exit 1
}

# ---- a server --------------------------------------------------------------------------------

demo=$(mktemp -d "${TMPDIR:-/tmp}/sambung-demo-XXXXXX")
server=$demo/server
daemon_pid=
stop() {
	if [ -n "$daemon_pid" ]; then
		kill "$daemon_pid" 2>/dev/null || true
		wait "$daemon_pid" 2>/dev/null || true
	fi
}
fail() {
	status=$?
	if [ "$status" -ne 0 ]; then
		echo "quickstart: stopped with an error; see $demo/daemon.log" >&2
		[ ! -f "$demo/daemon.log" ] || tail -n 5 "$demo/daemon.log" >&2
		stop
	fi
}
trap fail EXIT
trap 'exit 130' INT TERM

ctl() { build/daemon/sambungctl --dir "$server" --lang en "$@"; }
hp() { cadre=$1; shift; build/client/tool/sambung --dir "$demo/$cadre" --lang id "$@"; }

say "A server for a made-up kecamatan, in $server"
build/daemon/sambungctl --dir "$server" init --name 'Kecamatan Contoh'
build/daemon/sambungd --dir "$server" --listen 127.0.0.1:0 >"$demo/daemon.out" 2>"$demo/daemon.log" &
daemon_pid=$!
tries=0
until grep -q '^listening' "$demo/daemon.out" 2>/dev/null; do
	tries=$((tries + 1))
	if [ "$tries" -gt 100 ] || ! kill -0 "$daemon_pid" 2>/dev/null; then
		echo "quickstart: the daemon did not start" >&2
		exit 1
	fi
	sleep 0.1
done
cat "$demo/daemon.out"

say "Families and persons from a table (made-up people)"
ctl import family daemon/demo/families.csv
ctl import person daemon/demo/persons.csv

say "Three cadres enrol with one-time codes and take their villages"
for cadre in siti wati rahma; do
	case $cadre in
	siti) name='Siti (kader Sungai Andai)' village=6303072001 ;;
	wati) name='Wati (bidan Sungai Andai)' village=6303072001 ;;
	rahma) name='Rahma (kader Kuin)' village=6303072002 ;;
	esac
	ctl --json enrol --cadre "$name" --village $village | field code | hp $cadre enrol -
	hp $cadre sync
done

# ---- a day without signal --------------------------------------------------------------------

say "Without any signal: visits, and two cadres change the same address"
visit() {
	cadre=$1 number=$2
	person=$(hp "$cadre" --json list person | sed -n "${number}p" | field id)
	hp "$cadre" record visit person="$person" group=baduta weight="$3" height="$4" topics=gizi,asi note="$5"
}
visit siti 3 8.4 71.5 'Anak sehat, nafsu makan baik'
visit siti 7 7.95 70.2 'Perlu ditimbang ulang bulan depan'
visit wati 12 9.1 74.0 'Imunisasi lengkap'
visit rahma 5 6.8 66.3 'Dirujuk ke puskesmas'
family=$(hp siti --json list family | head -n 1 | field id)
hp siti edit "$family" address='Jl. Melur No. 4'
hp wati edit "$family" address='Gang Seroja No. 9'

say "The signal is back: everyone syncs, one request each"
hp siti sync
hp wati sync
hp rahma sync
hp siti sync

# ---- what became of it -----------------------------------------------------------------------

say "Supervisor: the visits, merged"
ctl records visit
say "Supervisor: the conflict, both values and who wrote them"
ctl conflicts
say "The same family on Siti's phone"
hp siti show "$family"
say "Supervisor settles it; both phones show the settled address"
ctl settle "$family" address 'Gang Seroja No. 9'
hp siti sync
hp wati sync
hp siti --json show "$family" | field address
hp wati --json show "$family" | field address
say "Admin: who synced what"
ctl syncs
say "Admin: the end of the change log"
ctl log | tail -n 12

trap - EXIT
if [ "$once" = yes ]; then
	stop
	rm -rf "$demo"
	say "Done. The daemon was stopped and the demonstration removed."
	exit 0
fi
url=$(cat "$server/daemon.url")
cat <<END

== The daemon goes on at $url (process $daemon_pid). Try next:

  build/client/tool/sambung --dir $demo/siti list family
  build/client/tool/sambung --dir $demo/siti record visit person=ID weight=8.4
  build/client/tool/sambung --dir $demo/siti sync
  build/daemon/sambungctl --dir $server records family --village 6303072001
  build/daemon/sambungctl --dir $server history $family
  build/daemon/sambungctl --dir $server syncs

  Stop it:    kill $daemon_pid
  Remove it:  rm -r $demo
END
