#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What people and programs give to record and edit that cannot be kept: told by the field's name,
# and nothing of it recorded.
. "$(dirname "$0")/faults.sh"

server_make
server_start
district_import
join p
person=$(first p person)
family=$(first p family)
before=$(phone p records family | cksum; phone p records visit | cksum)
: >"$folder/everything-said"

record() { phone p record visit "person=$person" "note=$secret" "$@"; }
lines() { printf "$1" | phone p record visit -; }
json() { printf "{\"person\":\"$person\",\"note\":\"$secret\",$1}" | phone p record visit -; }
mistyped() { # another check symbol
	case $1 in
	*0) echo "${1%?}1" ;;
	*) echo "${1%?}0" ;;
	esac
}

refused 'a text for a number is refused' 'weight' record weight=$secret
refused 'a number outside its range is refused' 'weight' record weight=900
refused 'too many decimals are refused' 'weight' record weight=8.4567
refused 'a date that is none is refused' 'date' record date=2026-02-30
refused 'an unknown field is refused' 'wieght' record wieght=8
refused 'an unknown type is refused' 'visti' phone p record visti "note=$secret"
refused 'an unknown choice is refused' 'group' record group=$secret
refused 'an unknown choice of several is refused' 'topics' record topics=gizi,$secret
refused 'an id with a wrong check symbol is refused' 'person' phone p record visit "person=$(mistyped "$person")" weight=8
refused 'an id that is none is refused' 'person' phone p record visit "person=$secret" weight=8
refused 'an id of another type is refused' 'person' phone p record visit "person=$family" weight=8
refused 'an id that is not here is refused' 'person' phone p record visit person=r1g4000015 weight=8
refused 'a required field that is missing is named' 'person' phone p record visit "note=$secret"
refused 'a text that is too long is refused' 'note' record "weight=8" "note2=x"
refused 'a text of 501 bytes is refused' 'note' phone p record visit "person=$person" "note=$secret$(head -c 490 /dev/zero | tr '\0' x)"
refused 'a text that is no UTF-8 is refused' 'note' phone p record visit "person=$person" "note=$secret$(printf '\377')"
refused 'a surrogate in UTF-8 is refused' 'note' phone p record visit "person=$person" "note=$(printf '\355\240\200')"
refused 'lines: no UTF-8 is refused' 'note' lines "person=$person\nnote=$secret\\377\n"
refused 'lines: a NUL is refused' 'nol' lines "person=$person\nnote=$secret\\000\n"
refused 'lines: a text for a number is refused' 'weight' lines "person=$person\nweight=$secret\n"
refused 'lines: an unknown field is refused' 'wieght' lines "person=$person\nwieght=8\n"
refused 'JSON: a text for a number is refused' 'weight' json "\"weight\":\"$secret\""
refused 'JSON: true for a number is refused' 'weight' json '"weight":true'
refused 'JSON: a list for a number is refused' 'weight' json '"weight":[1,2]'
refused 'JSON: an object for a number is refused' 'weight' json '"weight":{"kg":8}'
refused 'JSON: too many decimals are refused' 'weight' json '"weight":8.45678'
refused 'JSON: a number outside its range is refused' 'weight' json '"weight":-1'
refused 'JSON: a number beyond all numbers is refused by its line' 'baris 1' json '"weight":1e999'
refused 'JSON: an integer beyond all numbers is refused by its line' 'baris 1' json '"weight":99999999999999999999'
refused 'JSON: a field twice is refused by its line' 'baris 1' json '"weight":8,"weight":9'
refused 'JSON: a NUL is refused by its line' 'baris 1' json '"place":"\\u0000"'
refused 'JSON: no UTF-8 is refused by its line' 'baris 1' json '"place":"\377"'
refused 'JSON: cut off is refused' 'baris' sh -c 'printf "{\"note\":\"x" | "$0" --dir "$1" record visit -' "$SAMBUNG" "$folder/p"
refused 'edit: an unknown field is refused' 'alamat' phone p edit "$family" alamat=$secret
refused 'edit: a text that is too long is refused' 'address' phone p edit "$family" "address=$secret$(head -c 200 /dev/zero | tr '\0' x)"
refused 'edit: a village that is none is refused' 'village' phone p edit "$family" village=12
refused 'edit: a record that is not here is refused' 'r1g4000015' phone p edit r1g4000015 address=$secret
refused 'edit: a mistyped id is refused' 'nomor' phone p edit "$(mistyped "$family")" address=$secret
refused 'edit: a reference to another type is refused' 'family' phone p edit "$person" "family=$person"
refused 'edit: what nobody can have seen is refused' 'base' phone p edit "$family" address=$secret --base 999999 --own 0
refused 'archive: a record that is not here is refused' 'r1g4000015' phone p archive r1g4000015 --reason moved
refused 'show: a record that is not here is told' 'r1g4000015' phone p show r1g4000015
refused 'list: an unknown type is told' 'nothing' phone p list nothing
refused 'form: an unknown type is told' 'nothing' phone p form nothing

holds 'nothing of all that was recorded' equals "$(queued p)" 0
holds '… and the records are what they were' equals "$(phone p records family | cksum; phone p records visit | cksum)" "$before"
holds 'what is right is recorded after all that' record weight=8.4
phone p sync >/dev/null
holds '… and reaches the server' equals "$(control --json count visit | field count)" 1
nobody_was_told
holds 'the daemon ends cleanly' server_stop
