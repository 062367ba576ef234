#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian 12 packages that Sambung needs, and the one place that installs them.
#
# usage: sh daemon/packages.sh [--list] build|test|ci
#   build  to build and run daemon and client      test  and to run tests/run.sh
#   ci     and to run .ci/run                      --list  print the names, install nothing
set -eu

# ca-certificates: without it a phone or sambungctl takes every server's certificate for a stranger's.
# meson brings ninja and Python 3 (which also runs the lint).
build='ca-certificates gcc libc6-dev meson ninja-build pkg-config python3
	libcsv-dev libcurl4-openssl-dev libgnutls28-dev libinih-dev libjansson-dev libmicrohttpd-dev libsodium-dev
	libsqlite3-dev nettle-dev zlib1g-dev'
# nodejs: the client in a second language. faketime: clocks that are years off. openssl: certificates.
test='curl faketime git libcbor-dev libcmocka-dev nodejs openssl sqlite3'
# systemd: how it judges the unit, and the groups of its system call filter.
ci='clang clang-format clang-tidy cppcheck gcc-aarch64-linux-gnu gcovr libc6-dev-arm64-cross
	libclang-rt-14-dev lld-14 llvm-14 systemd valgrind'

say() {
	printf '%s\n' "$*" >&2
}

list=no
if [ "${1:-}" = --list ]; then
	list=yes
	shift
fi
case "${1:-}" in
build) wanted=$build ;;
test) wanted="$build $test" ;;
ci) wanted="$build $test $ci" ;;
*)
	say "usage: sh daemon/packages.sh [--list] build|test|ci"
	exit 2
	;;
esac
if [ "$list" = yes ]; then
	printf '%s\n' $wanted
	exit 0
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	say "This system has no apt-get, so nothing was installed. Install by hand:" $wanted
	exit 1
fi

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		say "Missing packages:$missing. You are not root and there is no sudo; as root run: apt-get install$missing"
		exit 1
	fi
	as_root='sudo'
fi

say "Installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq "$@" >"$log" 2>&1
}
# The package lists may be old or absent, so they are fetched first; if the mirror cannot be
# reached the install is still tried with what is there.
apt update || say "The package lists could not be fetched; trying with those that are here."
if ! apt install --yes --no-install-recommends $missing; then
	tail -n 15 "$log" >&2
	say "Installing$missing failed (see above). Check the network and /etc/apt/sources.list, then run this again."
	exit 1
fi
