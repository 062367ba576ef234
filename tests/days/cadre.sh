# SPDX-License-Identifier: Apache-2.0
# Sourced by kill_link.sh, behind district.sh: what one cadre does all day, killed at any moment of it.
# Needs seed. A cadre is a number; her files in $home end in it:
#   phones/N    her device             told-N      "n id" of what the tool said it saved
#   synced-N    what it said of syncs  kills-N     the command that a kill hit
#   wrong-N     what must not be seen  families-N, shared-N, persons-N  what she picks from

# The villages of cadre $1: the one, the other, or both.
villages_of() {
	case $(($1 % 3)) in
	0) echo 6303072001 ;;
	1) echo 6303072002 ;;
	*) echo 6303072001 6303072002 ;;
	esac
}

# $1 milliseconds.
pause() { sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"; }

# tool PERCENT MOST ARGUMENT…: her tool, killed in PERCENT of 100 cases within MOST milliseconds. What it says is in
# $home/said-N and $home/complaint-N, its exit status in $code: 137 if the kill came before the end.
tool() {
	percent=$1 most=$2
	shift 2
	# Not left to what is started: a kill before that would leave what the last one said.
	: >"$home/said-$me"
	: >"$home/complaint-$me"
	phone_alone "$home/phones/$me" --json "$@" >"$home/said-$me" 2>"$home/complaint-$me" &
	tool_pid=$!
	random 100
	if [ "$chance" -lt "$percent" ]; then
		random "$most"
		pause "$chance"
		kill -9 $tool_pid 2>/dev/null || true
	fi
	code=0
	wait $tool_pid 2>/dev/null || code=$?
	[ $code -ne 137 ] || echo "$1" >>"$home/kills-$me"
}

wrong() { echo "device $me: $*: $(head -n 1 "$home/complaint-$me")" >>"$home/wrong-$me"; }

# save ARGUMENT…: what was printed is durable, also by a tool that was killed after that.
save() {
	tool 25 80 "$@"
	sed -n 's/^{"id":"\([^"]*\)","n":\([0-9]*\)}$/\2 \1/p' "$home/said-$me" >>"$home/told-$me"
	case $code in
	0 | 137) ;;
	*) grep -q 'nothing was changed' "$home/complaint-$me" || wrong "$1" ;;
	esac
}

# One line of a file, by chance, in $picked.
pick() {
	random "$(wc -l <"$1")"
	picked=$(sed -n "$((1 + chance))p" "$1")
}

# Every third time it is one of the families that all cadres of a village know and change.
cadre_records() {
	made=$((made + 1))
	random 3
	case $chance in
	0) pick "$home/shared-$me" ;;
	*) pick "$home/families-$me" ;;
	esac
	family=$picked
	random 100
	if [ "$chance" -lt 45 ]; then
		pick "$home/persons-$me"
		random 40
		save record visit person="$picked" weight=$((3 + chance)) note="Catatan $me-$made"
	elif [ "$chance" -lt 65 ]; then
		save edit "$family" address="Jl. Uji $me-$made"
	elif [ "$chance" -lt 72 ]; then
		random 10
		save edit "$family" decile=$((1 + chance))
	elif [ "$chance" -lt 80 ]; then
		pick "$home/persons-$me"
		save edit "$picked" name="Anak $me-$made"
	elif [ "$chance" -lt 86 ]; then
		save record family head="Uji $me-$made" village="${villages%% *}"
	elif [ "$chance" -lt 92 ]; then
		save record follow_up family="$family" action="Kunjungi $me-$made"
	elif [ "$chance" -lt 96 ]; then
		save archive "$family" --reason "Pindah $me-$made"
	else
		save edit "$family" archived=
	fi
}

# The number $1 in what the tool said.
said_number() { sed -n 's/.*"'"$1"'":\([0-9]*\).*/\1/p' "$home/said-$me"; }

cadre_syncs() {
	tool 60 4000 sync
	cat "$home/said-$me" >>"$home/synced-$me"
	case $code in
	0 | 137) ;;
	*) grep -Eq 'could not be reached|took too long|busy' "$home/complaint-$me" || wrong sync ;;
	esac
	tool 0 1 status
	now=$(said_number acked_n)
	[ $code -eq 0 ] && [ "$now" -ge "$acked" ] || wrong "acknowledged up to $acked, then to '$now'"
	acked=${now:-$acked}
}

ids_of() { phone "$home/phones/$me" records "$1" | sed -n 's/^{"id":"\([^"]*\)".*/\1/p'; }

# What she picks from: what her device holds now.
cadre_looks() {
	ids_of family >"$home/families-$me"
	ids_of person >"$home/persons-$me"
}

# until_done COMMAND…: again and again, as who presses the button again.
until_done() {
	tries=0
	until "$@" >/dev/null 2>"$home/complaint-$me"; do
		tries=$((tries + 1))
		[ $tries -lt 60 ] || { wrong "$* after $tries tries"; return 1; }
	done
}

enrols() { phone "$home/phones/$me" enrol - <"$home/code-$me"; }

# Cadre $1 enrols over her link and syncs for the first time.
cadre_begins() {
	me=$1
	: >"$home/told-$me"
	: >"$home/kills-$me"
	: >"$home/wrong-$me"
	until_done enrols || return 1
	until_done phone "$home/phones/$me" sync || return 1
	cadre_looks
	# The first of the one village, and of two that of the other.
	sed -n '1p;11p' "$home/families-$me" >"$home/shared-$me"
}

# Until the file $home/stop is there.
cadre_lives() {
	me=$1 villages=$(villages_of "$1") state=$((seed * 1000 + $1)) made=0 acked=0
	until [ -e "$home/stop" ]; do
		random 3
		left=$chance
		until [ "$left" -lt 0 ]; do
			cadre_records
			left=$((left - 1))
		done
		cadre_syncs
		[ $((made % 10)) -ne 0 ] || cadre_looks
		random 3000
		pause "$chance"
	done
}

cadre_ends() {
	me=$1
	until_done phone "$home/phones/$me" sync
}
