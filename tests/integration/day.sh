# SPDX-License-Identifier: Apache-2.0
# A day of a small server, with an error of each kind, for tests of what the daemon is and leaves
# behind. Read after lib.sh; needs SAMBUNG. Everything that must not be told ends up in
# $folder/known, one a line: names, addresses, notes, ids, codes, tokens, keys. $day_owner, if it is
# set, is whom the server's folder belongs to.

: "${SAMBUNG:?SAMBUNG must name the sambung program}"

cadre_one='Rahmawatiningsih Kusumadewi'
cadre_two='Norhasanahwati Barliansyah'
supervisor_name='Ratnaningrumsari Pembina'
head_one='Syahbandarullah Mahmudin'
head_two='Gusnadirfansyah Bachtiari'
address='Gang Kembangsepatu Nomor 4711'
address_other='Jalan Titianpinangmerah 39'
note='Demamtinggisejakselasa, dirujuk'
reason='Dicatatulangolehbidan'
phone_file='kartumemoriwatiningsih'

device() {
	device_folder=$folder/$1
	shift
	"$SAMBUNG" --dir "$device_folder" --lang en "$@"
}

# knows WORD…: they must not be told.
knows() {
	printf '%s\n' "$@" >>"$folder/known"
}

# knows_key FILE: the bytes of a key file's last 32, 64 bytes as hex and base64url would show them.
knows_key() {
	knows "$(tail -c 32 "$1" | od -An -v -tx1 | tr -d ' \n' | cut -c 1-40)"
	knows "$(tail -c 64 "$1" | od -An -v -tx1 | tr -d ' \n' | cut -c 1-40)"
	knows "$(tail -c 32 "$1" | base64 -w 0 | tr '+/' '-_' | cut -c 1-32)"
}

# day_enrols NAME CADRE
day_enrols() {
	printf 'cadre=%s\nvillage=6303072001\n' "$2" | control enrol - >"$folder/code.$1"
	knows "$(cat "$folder/code.$1")"
	device "$1" enrol - <"$folder/code.$1" >/dev/null
	knows_key "$folder/$1/device.key"
	device "$1" sync >/dev/null
}

# Families and people from a table, of which two rows are wrong.
day_imports() {
	printf 'key,village,head,address\nF1,6303072001,%s,%s\nF2,6303072001,%s,%s\nF3,99,%s,X\n' \
		"$head_one" "$address" "$head_two" "$address_other" "$head_two" |
		control import family - >/dev/null 2>&1 || true
	printf 'key,village,head,address\nF1,6303072001,%s,%s\nF2,6303072001,%s,%s\n' \
		"$head_one" "$address" "$head_two" "$address_other" |
		control import family - >/dev/null 2>&1 || true
	printf '"%s' "$head_one" | control import person - >/dev/null 2>&1 || true
	printf '%s;%s\n' "$head_one" "$note" | control import person - >/dev/null 2>&1 || true
}

# Two cadres write the same field; the supervisor settles it.
day_works() {
	family=$(device one list --json family | field id)
	knows "$family"
	device one edit "$family" address="$address Blok B" >/dev/null
	device two edit "$family" address="$address_other Blok C" >/dev/null
	device one sync >/dev/null
	device two sync >/dev/null
	control conflicts >/dev/null
	control settle "$family" address "$address" >/dev/null
	device one sync >/dev/null
	control records family >/dev/null
	control record "$family" >/dev/null
	control history "$family" >/dev/null
	control export family >/dev/null 2>&1 || true
	control log >/dev/null
	control syncs >/dev/null
	control devices >/dev/null
}

# Requests that are wrong, each with something in it that must not be told.
day_errs() {
	json='Content-Type: application/json'
	admin=$token
	for token in "sbt_$(printf '%s' "$head_one" | tr -d ' ')" "$(cat "$folder/code.one")"; do
		api GET /v1/count/family
	done
	token=$admin
	query=$(printf '%s' "$head_two" | tr ' ' '+')
	api GET "/v1/records/family?village=$query"
	api GET "/v1/records/family?$query=1"
	api GET "/v1/$query"
	api GET "/v1/record/$query"
	api GET "/v1/record/$family?x=$query"
	api POST /v1/codes -H "$json" -d "{\"cadre\":\"$cadre_one\",\"villages\":[\"$head_one\"]}"
	api POST /v1/codes -H "$json" -d "{\"$cadre_one\":1}"
	api POST /v1/codes -H "$json" -d "{\"cadre\":\"$cadre_one\""
	api POST /v1/tokens -H "$json" -d "{\"role\":\"$head_one\",\"scope\":\"63\",\"name\":\"$note\"}"
	api POST /v1/schema -H "$json" -d "{\"types\":\"$note\"}"
	api POST "/v1/settle/$family" -H "$json" -d "{\"field\":\"$note\",\"value\":\"$note\"}"
	api POST /v1/import/family -H 'Content-Type: text/csv' --data-binary "key,$note"
	api POST /v1/sync -H 'Content-Type: application/vnd.sambung.parcel' --data-binary "$note"
	api POST /v1/enrol -H 'Content-Type: application/vnd.sambung.parcel' --data-binary "$note"
	device three enrol - <"$folder/code.one" >/dev/null 2>&1 || true
	printf '%s' "$note" >"$server/inbox/$phone_file.carry"
}

# A phone that is revoked with two changes unsent, and destroys what it holds; one is released, one closed.
day_revokes() {
	number=$(control devices --json | grep "$cadre_two" | field device)
	device two edit "$family" address="$address_other Blok D" >/dev/null
	device two edit "$family" address="$address_other Blok E" >/dev/null
	device two carry out "$folder/$phone_file.carry" >/dev/null
	control device revoke "$number" >/dev/null
	device two sync >/dev/null 2>&1 || true
	control carry in "$folder/$phone_file.carry" >/dev/null 2>&1 || true
	n=$(control quarantine --json | head -n 1 | field n)
	control quarantine release "$number" "$n" >/dev/null
	n=$(control quarantine --json | head -n 1 | field n)
	printf 'reason=%s\n' "$reason" | control quarantine close "$number" "$n" - >/dev/null
}

# Backup, stop, restore, start: the phone sends again what the backup lacks.
day_restores() {
	control backup "$folder/backup.db" >/dev/null
	device one edit "$family" address="$address Blok F" >/dev/null
	device one sync >/dev/null
	server_stop
	control restore "$folder/backup.db" >/dev/null
	[ -z "${day_owner:-}" ] || chown -R "$day_owner" "$server"
	server_start --listen "${url#http://}"
	device one sync >/dev/null
	control epochs >/dev/null
}

# The server is made and started before, and runs after.
whole_day() {
	: >"$folder/known"
	knows "$cadre_one" "$cadre_two" "$supervisor_name" "$head_one" "$head_two" "$address" \
		"$address_other" "$note" "$reason" "$phone_file" "$token"
	for word in Rahmawatiningsih Norhasanahwati Ratnaningrumsari Syahbandarullah \
		Gusnadirfansyah Kembangsepatu Titianpinangmerah Demamtinggi Dicatatulang; do
		knows "$word"
	done
	knows_key "$server/server.key"
	printf 'role=supervisor\nscope=630307\nname=%s\n' "$supervisor_name" |
		control token add - >"$folder/token.supervisor"
	knows "$(cat "$folder/token.supervisor")"
	day_imports
	day_enrols one "$cadre_one"
	day_enrols two "$cadre_two"
	day_works
	day_errs
	day_revokes
	day_restores
}
