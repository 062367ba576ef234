#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Plants each bug of this folder in a copy of the tree and lets the simulator look for it; what survives
# its seeds the suites of tests look for.
#
#     sh tests/simulation/mutants/run.sh [--seeds N] [--alone] [--table] [NN ...]
#
#   --seeds N   so many seeds at most for each, from 1 (MUTANT_SEEDS; 150)
#   --alone     the simulator alone, not the suites
#   --table     writes the rows of docs/mutants.md anew for those that ran
#   NN          only these numbers; all without any
#
# JOBS processes build and run at once (1). A bug that makes the simulator run for ever counts as
# found: a portion of seeds has a limit, many times what the tree without a bug needs.
set -eu

seeds=${MUTANT_SEEDS:-150}
jobs=${JOBS:-1}
table=no
alone=no
wanted=

usage() {
	echo "usage: run.sh [--seeds N] [--alone] [--table] [NN ...]" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--seeds)
		[ $# -gt 1 ] || usage
		seeds=$2
		shift
		;;
	--alone) alone=yes ;;
	--table) table=yes ;;
	[0-9]*) wanted="$wanted $1" ;;
	*) usage ;;
	esac
	shift
done

tree=$(cd "$(dirname "$0")/../../.." && pwd)
patches=$tree/tests/simulation/mutants
page=$tree/docs/mutants.md
work=$(mktemp -d)
copy=$work/tree
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# ---- the copy and its build

mkdir "$copy"
(cd "$tree" && git ls-files -z | tar --null -T - -cf -) | tar -xf - -C "$copy"

build() {
	ninja -C "$copy/build" -j "$jobs" tests/simulation/run >"$work/build.log" 2>&1
}

if ! meson setup "$copy/build" "$copy" >"$work/build.log" 2>&1 || ! build; then
	cat "$work/build.log" >&2
	exit 2
fi

# ---- suites

# The first test of the suites that fails, as "suite name"; nothing if none does. What the simulator
# cannot reach, such as the bounds of a message or two parcels in one transaction, they do.
test_failed() {
	ninja -C "$copy/build" -j "$jobs" >"$work/build.log" 2>&1 || {
		echo "the build"
		return
	}
	rm -f build/meson-logs/testlog.json
	if SAMBUNG_SCHEMA=$copy/daemon/schema/bangga-kencana.json meson test -C build --no-rebuild \
		--num-processes "$jobs" --maxfail 1 --timeout-multiplier 10 --suite unit --suite twin \
		>"$work/suites.log" 2>&1; then
		return
	fi
	python3 -c '
import json, sys
for line in open(sys.argv[1]):
    test = json.loads(line)
    if test["result"] in ("FAIL", "TIMEOUT", "ERROR"):
        print(test["name"].split(" / ")[-1])
        break
' build/meson-logs/testlog.json
}

# ---- seeds

# Runs the seeds $1 … $2 in as many processes as there are jobs; false if one failed or took more
# than $3 seconds. What they print is in $work/part.*. The first two run twice, for the bugs that make
# a run another one the second time.
run_seeds() {
	count=$(($2 - $1 + 1))
	parts=$jobs
	again=
	[ "$2" -gt 2 ] || again="--twice 1"
	[ "$parts" -le "$count" ] || parts=$count
	rm -f "$work"/part.*
	ids=
	k=0
	first=$1
	while [ "$k" -lt "$parts" ]; do
		share=$(((count - k + parts - 1) / parts))
		# shellcheck disable=SC2086 # two words or none
		SAMBUNG_SCHEMA=daemon/schema/bangga-kencana.json timeout "$3" \
			build/tests/simulation/run --seeds "$share" --from "$first" $again \
			--shrink 0 >"$work/part.$k" 2>&1 &
		ids="$ids $!"
		first=$((first + share))
		k=$((k + 1))
	done
	good=yes
	for id in $ids; do
		wait "$id" || good=no
	done
	[ "$good" = yes ]
}

# The first seed of $1 … $2 that failed in the last portion. One that never ended has said nothing:
# then the first that fails by itself, or nothing.
first_failed() {
	seed=$(cat "$work"/part.* | sed -n 's/^seed \([0-9]*\): FAILED.*/\1/p' | sort -n | head -n 1)
	if [ -n "$seed" ]; then
		echo "$seed"
		return
	fi
	seed=$1
	while [ "$seed" -le "$2" ]; do
		if ! run_seeds "$seed" "$seed" "$limit_one"; then
			echo "$seed"
			return
		fi
		seed=$((seed + 1))
	done
}

now() {
	date +%s
}

cd "$copy"
started=$(now)
if ! run_seeds 1 10 600; then
	cat "$work"/part.* >&2
	echo "the tree without a bug fails" >&2
	exit 2
fi
if [ "$alone" = no ]; then
	test=$(test_failed)
	if [ -n "$test" ]; then
		cat "$work/build.log" "$work/suites.log" >&2
		echo "the tree without a bug fails: $test" >&2
		exit 2
	fi
fi
# Rounded up, and many times over: others may use this machine as well.
limit_one=$((60 + 2 * ($(now) - started + 1)))

# ---- the bugs

# Looks for the planted bug in growing portions of seeds; sets `seed` to the first that found it, or
# to nothing.
look() {
	from=1
	portion=2
	seed=
	while [ "$from" -le "$seeds" ]; do
		to=$((from + portion - 1))
		[ "$to" -le "$seeds" ] || to=$seeds
		if ! run_seeds "$from" "$to" $((limit_one + (to - from) * limit_one / 10)); then
			seed=$(first_failed "$from" "$to")
			[ -n "$seed" ] || seed="$from-$to"
			return
		fi
		from=$((to + 1))
		portion=$((portion * 2))
	done
}

# The seed or the test that found the planted bug, in `result`.
look_everywhere() {
	look
	if [ -n "$seed" ]; then
		caught=yes
		result="seed $seed"
		return
	fi
	result="SURVIVED $seeds seeds"
	[ "$alone" = no ] || return 0
	test=$(test_failed)
	if [ -n "$test" ]; then
		caught=yes
		result="test \`$test\`"
	else
		result="$result and the suites"
	fi
}

restore() {
	git apply --numstat "$1" | while read -r _ _ file; do
		cp "$tree/$file" "$copy/$file"
	done
}

is_wanted() {
	[ -n "$wanted" ] || return 0
	for number in $wanted; do
		case $1 in
		"$number"-* | 0"$number"-* | 00"$number"-*) return 0 ;;
		esac
	done
	return 1
}

# A row of the page; rows of bugs that are no more go.
write_rows() {
	for patch in "$patches"/*.patch; do
		name=$(basename "$patch" .patch)
		row=$(grep -F "| \`$name\` |" "$work/rows" || grep -F "| \`$name\` |" "$page" || true)
		[ -z "$row" ] || echo "$row"
	done >"$work/table"
	awk -v rows="$work/table" '
		/^\| `[0-9]+-/ { next }
		{ print }
		/^\|---/ { while ((getline row < rows) > 0) print row }
	' "$page" >"$work/page"
	cp "$work/page" "$page"
}

: >"$work/rows"
passed=0
failed=0
for patch in "$patches"/*.patch; do
	name=$(basename "$patch" .patch)
	is_wanted "$name" || continue
	promise=$(sed -n '1s/^# //p' "$patch")
	caught=no
	seconds=-
	if ! GIT_CEILING_DIRECTORIES=$work git apply -C2 "$patch" 2>"$work/apply.log"; then
		result="DOES NOT APPLY"
	elif ! build; then
		result="DOES NOT COMPILE"
		restore "$patch"
	else
		started=$(now)
		look_everywhere
		seconds=$(($(now) - started))
		restore "$patch"
	fi
	if [ "$caught" = yes ]; then
		echo "$name  caught by $result after $seconds s"
		passed=$((passed + 1))
	else
		echo "$name  $result"
		failed=$((failed + 1))
	fi
	echo "| \`$name\` | $promise | $result | $seconds |" >>"$work/rows"
	[ "$table" = no ] || write_rows
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
