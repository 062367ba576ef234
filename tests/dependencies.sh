#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/dependencies.md has a row for every library that the programs link and every package that
# daemon/packages.sh installs, and no row that nothing needs.
#
# usage: sh tests/dependencies.sh PROGRAM…
set -eu
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
page=$here/../docs/dependencies.md
missing=0

# linked PROGRAM…: names of the libraries, without the linker, our own and those of sanitizers.
linked() {
	for program; do
		readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
	done | grep -v '^ld-linux\|^libsambung\.\|^lib[atu]*b*san\.' | sort -u
}

lacks() {
	echo "docs/dependencies.md: $*"
	missing=$((missing + 1))
}

# row NAME: the page has it.
row() {
	grep -q "^|.*\`$1\`" "$page"
}

[ $# -gt 0 ] || { echo 'usage: sh tests/dependencies.sh PROGRAM…'; exit 2; }
libraries=$(linked "$@")
packages=$(sh "$here/../daemon/packages.sh" --list ci)
case $libraries in
*libsodium.so*) ;;
*) echo 'no program links libsodium: nothing was compared'; exit 1 ;;
esac
if row libnobody.so.1; then
	echo 'the search finds what is not there'
	exit 1
fi
for library in $libraries; do
	row "$library" || lacks "no row for $library, which a program links"
done
for package in $packages; do
	row "$package" || lacks "no row for the package $package"
done
for name in $(grep '^|' "$page" | grep -o '`lib[a-z0-9]*\.so\.[0-9]*`' | tr -d '`' | sort -u); do
	echo "$libraries" | grep -qx "$name" || lacks "a row for $name, which no program links"
done
[ "$missing" -eq 0 ] || exit 1
echo "$(echo "$libraries" | wc -l) libraries and $(echo "$packages" | wc -l) packages have their rows"
