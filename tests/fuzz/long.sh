#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes for long, keeps what it learnt, and says how much of protocol/ that reaches.
#
# usage: sh tests/fuzz/long.sh [LONG [OTHERS [TARGET ...]]]
#   LONG    seconds of the processor for the targets change and parcel; 3600 unless told
#   OTHERS  the same for each of the others; 900 unless told
#   TARGET  only these
# JOBS=4 runs so many targets at a time; one for each processor unless told.
#
# Corpora are in build-fuzz/corpus, which .ci/run goes on from; they are merged to the inputs that
# each add something. Coverage is told of those files of protocol/ (but protocol/sql) that a target
# links, so the rows have different wholes. What was found is in build-fuzz/found, the logs and the table in
# build-fuzz/long. Exit status 1 when a target found something.
set -eu
cd "$(dirname "$0")/../.."

build=build-fuzz
long=$build/long
# Some targets write a file for each input: in memory, or they wait for the disk.
scratch=$PWD/$build
[ ! -w /dev/shm ] || scratch=/dev/shm

# ---- one target: sh tests/fuzz/long.sh --run NAME SECONDS ----

# Sets $spent: seconds of the processor that the children have used so far. (In a subshell `times`
# would tell of other children.)
used() {
	times >"$long/$name.times"
	spent=$(tail -n 1 "$long/$name.times" | tr 'ms' '  ' |
		awk '{ printf "%d\n", $1 * 60 + $2 + $3 * 60 + $4 }')
	rm -f "$long/$name.times"
}

# The fuzzer counts seconds of the clock; on a machine that has other work these are fewer of the
# processor, so it runs again until these are spent.
run() {
	name=$1
	wanted=$2
	status=0
	rounds=0
	: >"$long/$name.log"
	set -- "$build/corpus/$name"
	mkdir -p "$1"
	[ ! -d "tests/fuzz/seeds/$name" ] || set -- "$@" "tests/fuzz/seeds/$name"
	used
	while [ "$spent" -lt "$wanted" ] && [ "$status" -eq 0 ] && [ "$rounds" -lt 50 ]; do
		TMPDIR=$scratch "$build/tests/fuzz/fuzz_$name" -max_total_time=$((wanted - spent)) -timeout=10 \
			-rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$build/found/$name-" \
			"$@" >>"$long/$name.log" 2>&1 || status=$?
		rounds=$((rounds + 1))
		used
	done
	rm -rf "$long/merged/$name"
	mkdir -p "$long/merged/$name"
	if TMPDIR=$scratch "$build/tests/fuzz/fuzz_$name" -merge=1 -rss_limit_mb=2048 \
		"$long/merged/$name" "$@" >>"$long/$name.merge.log" 2>&1; then
		rm -rf "$build/corpus/$name"
		mv "$long/merged/$name" "$build/corpus/$name"
	fi
	runs=$(awk '/^stat::number_of_executed_units:/ { n += $2 } END { printf "%d\n", n }' "$long/$name.log")
	printf '%s %s %s %s %s\n' "$name" "$runs" "$spent" \
		"$(find "$build/corpus/$name" -type f | wc -l)" "$status" >"$long/$name.line"
}

if [ "${1:-}" = --run ]; then
	run "$2" "$3"
	exit 0
fi

# ---- all of them ----

long_seconds=${1:-3600}
other_seconds=${2:-900}
[ $# -lt 2 ] || shift
[ $# -lt 1 ] || shift
jobs=${JOBS:-$(nproc)}
case $long_seconds$other_seconds in
*[!0-9]*)
	echo "long.sh: LONG and OTHERS are whole seconds, not '$long_seconds' and '$other_seconds'" >&2
	exit 2
	;;
esac

configure() { # configure FOLDER OPTION…
	folder=$1
	shift
	[ -f "$folder/build.ninja" ] || CC=clang meson setup "$folder" -Dfuzz=true -Dtests=false \
		-Db_lundef=false "$@" >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
	rm -f "$folder.log"
	meson compile -C "$folder" >"$folder/compile.log" 2>&1 || { tail -n 30 "$folder/compile.log"; exit 1; }
}

configure $build -Db_sanitize=address,undefined
mkdir -p $long $build/found
rm -f $long/*.line
if [ $# -eq 0 ]; then
	for target in "$build"/tests/fuzz/fuzz_*; do
		[ ! -f "$target" ] || [ ! -x "$target" ] || set -- "$@" "${target##*/fuzz_}"
	done
fi
# The long ones first, so that they do not run alone at the end.
for name in "$@"; do
	case $name in
	change | parcel) printf '0 %s %s\n' "$name" "$long_seconds" ;;
	*) printf '1 %s %s\n' "$name" "$other_seconds" ;;
	esac
done | sort | cut -d ' ' -f 2- | xargs -P "$jobs" -n 2 sh "$0" --run

# ---- what the corpora reach ----

cover=build-fuzz-coverage
# Programs that the build itself runs count nothing.
LLVM_PROFILE_FILE=/dev/null
export LLVM_PROFILE_FILE
configure $cover -Dc_args='-fprofile-instr-generate -fcoverage-mapping' \
	-Dc_link_args=-fprofile-instr-generate

# lines_and_branches PROFILE PROGRAM…: "81.3 70.1", of the files of protocol/
lines_and_branches() {
	profile=$1
	first=$2
	shift 2
	for other in "$@"; do
		set -- "$@" -object "$other"
		shift
	done
	llvm-cov-14 report "$first" "$@" -instr-profile="$profile" \
		-ignore-filename-regex="$cover/([.][.]/)?(client|daemon|tests)/|/protocol/sql/" 2>/dev/null |
		awk '/^TOTAL/ { gsub("%", ""); printf "%.1f %.1f\n", $10, $13 }'
}

rm -rf $long/profiles
mkdir -p $long/profiles
for name in "$@"; do
	seeds=
	[ ! -d "tests/fuzz/seeds/$name" ] || seeds=tests/fuzz/seeds/$name
	# shellcheck disable=SC2086 # none, or one word
	TMPDIR=$scratch LLVM_PROFILE_FILE=$long/profiles/$name.raw "$cover/tests/fuzz/fuzz_$name" -runs=0 \
		"$build/corpus/$name" $seeds >"$long/$name.cover.log" 2>&1 || echo "$name: its corpus does not run"
	llvm-profdata-14 merge -o "$long/profiles/$name.data" "$long/profiles/$name.raw"
done

# ---- the table ----

status=0
{
	printf '%-12s %13s %8s %7s %7s %9s %9s  %s\n' target executions 'cpu s' exec/s corpus lines branches found
	for name in "$@"; do
		read -r _ runs spent corpus failed <"$long/$name.line"
		reached=$(lines_and_branches "$long/profiles/$name.data" "$cover/tests/fuzz/fuzz_$name")
		[ "$failed" -eq 0 ] || status=1
		printf '%-12s %13s %8s %7s %7s %7s %% %7s %%  %s\n' "$name" "$runs" "$spent" \
			$((runs / (spent > 0 ? spent : 1))) "$corpus" "${reached% *}" "${reached#* }" \
			"$([ "$failed" -eq 0 ] && echo nothing || echo "see $long/$name.log")"
	done
	llvm-profdata-14 merge -o $long/profiles/all.data $long/profiles/*.raw
	programs=
	for name in "$@"; do
		programs="$programs $cover/tests/fuzz/fuzz_$name"
	done
	# shellcheck disable=SC2086 # words
	all=$(lines_and_branches $long/profiles/all.data $programs)
	printf 'All of them together reach %s %% of the lines and %s %% of the branches of protocol/.\n' \
		"${all% *}" "${all#* }"
	[ "$status" -eq 0 ] || echo "Something was found: build-fuzz/found has the inputs."
} >$long/table.txt
cat $long/table.txt
grep -q '^Something was found' $long/table.txt && exit 1
exit 0
