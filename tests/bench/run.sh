#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds for speed and runs one benchmark, or all: what docs/performance.md tells comes from here.
#
#   sh tests/bench/run.sh [W1|W2|W3|W4|device|growth|export|deadline] [--json] [OPTION ...]
#
# Other options go to the benchmark. BUILD names the build folder (else build-bench beside the
# sources), SAMBUNG_WORKLOAD the folder of the workload's generator. A benchmark without its workload
# is skipped.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$root/build-bench}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export BUILD

names="W1 W2 W3 W4 device growth export deadline"
case ${1:-} in
'' | --*) ;;
*)
	case " $names " in
	*" $1 "*) ;;
	*)
		echo "run.sh: there is no benchmark $1; there are: $names" >&2
		exit 2
		;;
	esac
	names=$1
	shift
	;;
esac

[ -f "$BUILD/build.ninja" ] || meson setup "$BUILD" "$root" -Dbench=true --buildtype=release >&2
meson compile -C "$BUILD" >&2

SAMBUNG_COMMIT=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain 2>/dev/null)" ] || SAMBUNG_COMMIT=$SAMBUNG_COMMIT+
export SAMBUNG_COMMIT

failed=0
for name in $names; do
	program=$BUILD/tests/bench/bench_$(echo "$name" | tr '[:upper:]' '[:lower:]')
	status=0
	"$program" "$@" || status=$?
	# 77: skipped, and it said why.
	[ $status -eq 0 ] || [ $status -eq 77 ] || failed=1
done
exit $failed
