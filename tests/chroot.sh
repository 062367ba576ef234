#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves that the README's two commands work on a Debian 12 with nothing on it but git.
#
# usage: sh tests/chroot.sh [DIRECTORY]      as root; needs debootstrap, git and a Debian mirror
# Makes the system in DIRECTORY (which must be empty or absent, and stays), else in a temporary one
# that is removed. Mirror and proxy are those of this machine's apt. Only committed work is tested.
# The last line is "N passed, N failed".
set -eu

say() {
	printf '%s\n' "$*" >&2
}

stop() {
	say "$*"
	exit 1
}

[ "$#" -le 1 ] || { say "usage: sh tests/chroot.sh [DIRECTORY]"; exit 2; }
[ "$(id -u)" -eq 0 ] || stop "Making a system in a directory needs root; run: sudo sh tests/chroot.sh"
for program in debootstrap git; do
	command -v "$program" >/dev/null || stop "$program is missing; run: apt-get install $program"
done

top=$(cd "$(dirname "$0")/.." && pwd)
temporary=
mounted=
finish() {
	for place in $mounted; do
		umount "$place" || umount -l "$place" || say "Could not unmount $place; do it by hand."
	done
	# One file system only: should a mount be left, what is behind it stays.
	[ -z "$temporary" ] || rm -rf --one-file-system "$temporary"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ "$#" -eq 1 ]; then
	mkdir -p "$1"
	root=$(cd "$1" && pwd)
	[ -z "$(ls -A "$root")" ] || stop "$root is not empty; give an empty directory or none."
else
	temporary=$(mktemp -d)
	root=$temporary
fi

# Lines "URI suite component" of this machine's Debian 12 sources.
sources=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
	grep -E '^[^ ]+ bookworm(-updates|-security)? ' | sort -u)
mirror=$(printf '%s\n' "$sources" | awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
[ -n "$mirror" ] || stop "No source of Debian 12 (bookworm) in this machine's apt; see /etc/apt/sources.list."
include=git
case $mirror in
https:*) include=git,ca-certificates ;;
esac

say "Making a bare Debian 12 in $root from $mirror"
log=$root.log
debootstrap --variant=minbase --include="$include" bookworm "$root" "$mirror" >"$log" 2>&1 ||
	{ tail -n 15 "$log" >&2; stop "debootstrap failed (see above and $log)."; }
rm -f "$log"

printf '%s\n' "$sources" | sed 's/^/deb /' >"$root/etc/apt/sources.list"
apt-config dump | grep -iE '^Acquire::(http|https|ftp|socks)(::|")' >"$root/etc/apt/apt.conf.d/99mirror" || true
cp /etc/hosts "$root/etc/hosts"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
for place in proc dev dev/pts dev/shm; do
	mkdir -p "$root/$place"
	case $place in
	proc) mount -t proc proc "$root/proc" ;;
	*) mount --bind "/$place" "$root/$place" ;;
	esac
	mounted="$root/$place $mounted"
done

[ -z "$(git -C "$top" status --porcelain)" ] || say "Note: what is not committed in $top is not tested."
git clone --quiet --no-hardlinks "$top" "$root/srv/sambung"
say "Testing $(git -C "$root/srv/sambung" log -1 --format='%h %s')"

passed=0
failed=0
for command in 'daemon/quickstart.sh --once' 'tests/run.sh'; do
	say "== sh $command"
	started=$(date +%s)
	# Nothing of this machine's environment but the way to the network.
	if chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
		sh -c "cd /srv/sambung && sh $command" </dev/null; then
		passed=$((passed + 1))
		result=works
	else
		failed=$((failed + 1))
		result=FAILED
	fi
	say "== sh $command: $result, $(($(date +%s) - started)) s"
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
