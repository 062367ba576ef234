# SPDX-License-Identifier: Apache-2.0
# A server behind a link as it is in a village. Read with `. "$(dirname "$0")/link.sh"`, after
# faults.sh. Needs LINK_PROXY (tests/link) too.
: "${LINK_PROXY:?LINK_PROXY must name the program of tests/link}"

link_process=
link_finish() {
	status=$?
	[ -z "$link_process" ] || kill "$link_process" 2>/dev/null || true
	(exit "$status")
	finish
}
trap link_finish EXIT

# Reads options of link_proxy from descriptor 3; its address is in $door.
link_start() {
	mkfifo "$folder/link"
	"$LINK_PROXY" 0 <"$folder/link" >"$folder/link.out" &
	link_process=$!
	exec 3>"$folder/link"
	link_answers '^listening ' 1
	door=http://127.0.0.1:$(sed -n 's/^listening //p' "$folder/link.out")
}

link_answers() {
	tries=0
	until [ "$(grep -c "$1" "$folder/link.out")" -ge "$2" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || fail 'the link answers'
		sleep 0.02
	done
}

# link OPTION VALUE …: what the link is like from now on, beside what was said before.
link() {
	answers=$(grep -c '^so$' "$folder/link.out" || true)
	echo "$*" >&3
	link_answers '^so$' $((answers + 1))
}

# The server that $url names is the one behind the link.
link_aim() {
	link --aim "${url##*:}"
}

# Ends it; what it counted is in $folder/link.out. (The daemon has the descriptor too, so that closing
# it would not end anything.)
link_stop() {
	echo end >&3
	wait "$link_process"
	link_process=
}
