#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A cadre's proof that her visits are in the log, checked by a verifier in another language; what a
# carrier was shown; the foot of what is printed.
. "$(dirname "$0")/lib.sh"

: "${SAMBUNG:?SAMBUNG must name the sambung program}"
node=$(command -v node || command -v nodejs) ||
	{ echo "node (18 or later) is not installed; see daemon/packages.sh"; exit 1; }
verifier=$(cd "$(dirname "$0")/../node" && pwd)/verify_proof.mjs

device() {
	device_folder=$folder/$1
	shift
	"$SAMBUNG" --dir "$device_folder" --lang en "$@"
}
enrols() {
	control enrol --cadre "$1" --village 6303072001 >"$folder/code.$1"
	device "$1" enrol - <"$folder/code.$1" >/dev/null
}
# records NAME HEAD: a family.
records() {
	printf 'head=%s\nvillage=6303072001\n' "$2" | device "$1" record family --json - | field id
}
proves() {
	"$node" "$verifier" receipt "$@" >"$folder/proved"
}
proved() {
	equals "$(field "$1" <"$folder/proved")" "$2"
}

server_make
server_start
address=${url#http://}
enrols siti
enrols wati
key=$(control verify --json | field key)

# ---- a receipt ----

fails 'who has recorded nothing gets none' 1 device siti receipt
family=$(records siti Jumberi)
records siti Masrani >/dev/null
printf 'address=Jalan Uji\n' | device siti edit "$family" - >/dev/null
device siti receipt --json --out "$folder/receipt" >"$folder/said"
holds 'a receipt is of everything that was recorded' equals "$(field changes <"$folder/said")" 3
holds '… and has just come' equals "$(field fresh <"$folder/said")" true
holds '… nothing waits any more' equals "$(field queued <"$folder/said")" 0
holds 'a verifier that has the log key alone says the same' proves "$folder/receipt" "$key"
holds '… of the phone' proved device "$(field device <"$folder/said")"
holds '… of its three changes' proved changes 3
holds '… in a log of that size' proved size "$(field log <"$folder/said")"
holds '… with that mark' proved root "$(field root <"$folder/said")"
holds 'another byte anywhere and it fails' proves "$folder/receipt" "$key" --alter
holds 'it is short' sh -c '[ "$(wc -c <"$0")" -lt 2048 ]' "$folder/receipt"
holds 'nobody is named in it' sh -c '! base64 -di "$0" 2>/dev/null | grep -aq "Jumberi\|Masrani\|siti"' "$folder/receipt"
control checkpoint >"$folder/checkpoint"
tail -n 5 "$folder/receipt" >"$folder/note"
holds 'it ends with the checkpoint that the admin sees' cmp "$folder/note" "$folder/checkpoint"
fails 'a file that is there is not overwritten' 1 device siti receipt --out "$folder/receipt"

device siti receipt >"$folder/said"
holds 'for people it is a sentence' grep -q '^Proven: 3 changes recorded on this phone' "$folder/said"
holds '… and the receipt behind it' grep -q '^c2sp.org/tlog-proof@v1$' "$folder/said"
"$SAMBUNG" --dir "$folder/siti" --lang id receipt >"$folder/said"
holds 'in Indonesian as well' grep -q '^Terbukti: 3 perubahan' "$folder/said"

records siti Baru >/dev/null
server_stop
device siti receipt >"$folder/said" 2>"$folder/errors"
holds 'without the server the last one is shown' grep -q '^Nothing new from the server now: this is the last receipt' "$folder/said"
holds '… and what is not in it' grep -q '^Not among them: 1 change not sent yet' "$folder/said"
holds '… and why' grep -q 'could not be reached' "$folder/errors"
fails 'who never had one is told why' 1 device wati receipt
server_start --listen "$address"

# ---- what a carrier was shown ----

device siti carry out "$folder/a.carry" >/dev/null
holds 'a carrier who is enrolled delivers' device wati carry deliver "$folder/a.carry" --to "$url"
env -u SAMBUNG_DIR "$SAMBUNG" --lang en carry deliver "$folder/a.carry" --to "$url" >/dev/null
holds 'what she was shown stays in the answers' device siti carry in "$folder/a.carry.reply"
device siti receipt --json >"$folder/said"
holds 'the answers brought a receipt' equals "$(field changes <"$folder/said")" 4
records siti Lagi >/dev/null
device siti carry out "$folder/b.carry" >/dev/null
holds 'the command of the server tells what the admin is shown' control carry in "$folder/b.carry"
holds '… which is the same log' device siti carry in "$folder/b.carry.reply"
records wati Tetangga >/dev/null
device wati sync >/dev/null

# ---- what is printed ----

control access-report "$family" >"$folder/text"
control checkpoint >"$folder/checkpoint"
mark=$(sed -n 3p "$folder/checkpoint" | cut -c 1-12)
holds 'a printed page tells the log and its mark' grep -q "^Catatan server $(sed -n 2p "$folder/checkpoint") · $mark\$" "$folder/text"
number=$(field device <"$folder/proved")
control breach-report "$number" >"$folder/text"
holds '… every page' grep -q '^log [0-9]* · [A-Za-z0-9+/]\{12\}$' "$folder/text"
control access-report "$family" --json >"$folder/text"
holds '… and what programs read has none' sh -c '! grep -q "Catatan server" "$0"' "$folder/text"

# ---- the newest of a record that was erased ----

gone=$(device siti record family village=6303072001 head=Hapus --json | field id)
device siti sync >/dev/null
device siti edit "$gone" address='Jl. Hapus' >/dev/null
control erase "$gone" --reason request >/dev/null
device siti receipt >"$folder/said"
holds 'of an erased record nothing is said to wait' sh -c '! grep -q "set aside" "$0"' "$folder/said"
holds '… and no time of which nothing is known' sh -c '! grep -q 1970 "$0"' "$folder/said"
holds '… the receipt is one all the same' grep -q '^Proven: ' "$folder/said"
holds 'the daemon ends cleanly' server_stop
