#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The systemd unit: how systemd judges it, and that the daemon can work a day under what it asks for.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/day.sh"

: "${UNIT:?UNIT must name the unit of sambungd}"
here=$(cd "$(dirname "$0")" && pwd)
# A leak is looked for with system calls that the unit refuses.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

# ---- as systemd sees it ----

if ! command -v systemd-analyze >/dev/null; then
	echo 'systemd-analyze is not installed; nothing was checked'
	exit 77
fi
exposure() {
	systemd-analyze security --offline=true --no-pager --threshold=20 "$1" >"$folder/exposure" 2>&1
}
mkdir "$folder/units"
grep -v '^ProtectSystem\|^SystemCallFilter\|^Capability\|^Restrict\|^PrivateDevices' "$UNIT" >"$folder/units/open.service"
holds 'a unit without its locks is above 2.0' sh -c '! systemd-analyze security --offline=true --no-pager --threshold=20 "$0" >/dev/null 2>&1' "$folder/units/open.service"
cp "$UNIT" "$folder/units/sambungd.service"
# systemd's number hardly moves when one of them goes.
while read -r rule; do
	grep -qx "$rule" "$UNIT" || fail "the unit asks for $rule"
done <<'END'
User=sambung
UMask=0077
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateIPC=yes
PrivateMounts=yes
ProtectProc=invisible
ProcSubset=pid
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
KeyringMode=private
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @obsolete
LimitCORE=0
MemorySwapMax=0
END
echo 'so: the unit asks for each lock that security.md counts on'
holds 'systemd judges the unit 2.0 or less' exposure "$folder/units/sambungd.service"
tail -n 1 "$folder/exposure"
holds 'every line of it is understood' sh -c '! systemd-analyze verify "$0" 2>&1 | grep -i "unknown\|failed to parse\|ignoring"' "$folder/units/sambungd.service"
holds 'the user of the unit is the one that is made' grep -q "^u $(sed -n 's/^User=//p' "$UNIT") " "$here/../../daemon/sysusers.conf"

# ---- what it asks for, kept by a program of this test ----

if ! python3 -c 'import ctypes; ctypes.CDLL("libseccomp.so.2")' 2>/dev/null; then
	echo 'note: skipped: a day under the filter of system calls, for libseccomp is not installed'
	exit 0
fi
sandbox() {
	python3 "$here/sandbox.py" "$UNIT" "$server" "$@"
}
chmod 711 "$folder"
server_make
for program in "$SAMBUNGD" /bin/sh; do
	cp "$program" "$folder/$(basename "$program")"
done
holds 'a folder of its own can be written' sandbox "$folder/sh" -c ": >$server/x && rm $server/x"
if [ "$(id -u)" -eq 0 ]; then
	: >"$folder/outside"
	chmod 666 "$folder/outside"
	fails '… and nothing else' 2 sandbox "$folder/sh" -c ": >$folder/outside"
	holds 'it sees itself' sandbox /bin/ls -d /proc/self
	fails '… and no other process' 2 sandbox /bin/ls -d /proc/1
	holds 'it is a user without rights' equals "$(sandbox /usr/bin/id -u)" 65534
	fails 'a system call outside the filter ends the program' 159 sh -c 'python3 "$@"; exit $?' x "$here/sandbox.py" "$UNIT" "$server" /bin/mount -t tmpfs none /mnt
else
	echo 'note: skipped: the file systems and the user, which take root'
fi
fails '… and so does memory that can be written and run' 159 sh -c 'python3 "$@"; exit $?' x "$here/sandbox.py" "$UNIT" "$server" \
	/usr/bin/python3 -c 'import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)'

# ---- the day ----

cat >"$folder/confined" <<END
#!/bin/sh
exec python3 '$here/sandbox.py' '$UNIT' '$server' '$folder/sambungd' "\$@"
END
chmod 755 "$folder/confined"
SAMBUNGD=$folder/confined
python3 - "$folder/notified" "$folder/socket" <<'END' &
import socket, sys
there = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
there.bind(sys.argv[2])
there.settimeout(60)
with open(sys.argv[1], 'w') as out:
    for _ in range(2):
        print(there.recv(100).decode(), file=out, flush=True)
END
listener=$!
tries=0
until [ -S "$folder/socket" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 400 ] || fail 'somebody listens like systemd'
	sleep 0.05
done
chmod 777 "$folder/socket"
NOTIFY_SOCKET=$folder/socket
export NOTIFY_SOCKET
server_start
unset NOTIFY_SOCKET
holds 'systemd is told when it answers' grep -qx 'READY=1' "$folder/notified"
if [ "$(id -u)" -eq 0 ]; then
	holds 'the daemon has no rights of root' grep -q '^CapEff:[[:space:]]*0*$' "/proc/$daemon/status"
	holds '… and its memory is closed to its own user' equals "$(stat -c %u "/proc/$daemon/mem")" 0
fi
holds '… and cannot get any' grep -q '^NoNewPrivs:[[:space:]]*1$' "/proc/$daemon/status"
holds '… and stands behind the filter' grep -q '^Seccomp:[[:space:]]*2$' "/proc/$daemon/status"
server_stop
wait "$listener"
holds '… and when it ends' grep -qx 'STOPPING=1' "$folder/notified"
server_start
mkdir -p "$server/inbox"
if [ "$(id -u)" -eq 0 ]; then
	day_owner=65534:65534
	chown "$day_owner" "$server/inbox"
fi
whole_day
holds 'after a whole day it answers still' equals "$(curl -s -o "$folder/body" -w '%{http_code}' "$url/v1/health")" 200
holds 'and ends cleanly' server_stop
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
