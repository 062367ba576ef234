# SPDX-License-Identifier: Apache-2.0
# Phones of cadres, for shell tests of the daemon. Read after lib.sh.

: "${SAMBUNG:?SAMBUNG must name the sambung program}"

# device NAME ARGUMENT…: the tool on that phone.
device() {
	device_folder=$folder/$1
	shift
	"$SAMBUNG" --dir "$device_folder" --lang en "$@"
}

# enrols NAME [VILLAGE…]: a new phone of a cadre of that name, synced.
enrols() {
	device_name=$1
	shift
	[ $# -gt 0 ] || set -- 6303072001
	for device_village in "$@"; do
		shift
		set -- "$@" --village "$device_village"
	done
	control enrol --cadre "$device_name" "$@" >"$folder/code.$device_name"
	device "$device_name" enrol - <"$folder/code.$device_name" >/dev/null
	device "$device_name" sync --json >/dev/null
}

number_of() {
	control devices --json | grep "\"cadre\":\"$1\"" | field device
}
