#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Import, lists, export, scope, settling and the log, through sambungctl and the HTTP API.
. "$(dirname "$0")/lib.sh"

server_make
server_start
json='Content-Type: application/json'

# ---- import ----

cat >"$folder/families.csv" <<'END'
key,village,head,address,rt,pus
F1,63.03.07.2001,Budi Santoso,"Jl. Melur, Gang ""B""",001,true
F2,6303072002,Siti Aminah,Jl. Anggrek 2,002,false
END
cat >"$folder/persons.csv" <<'END'
key,family,name,sex,birth_date,mother
P1,F1,Aisyah,female,1998-02-03,
P2,F1,Umar,male,2025-01-31,P1
P3,F2,Rahman,male,1990-12-01,
END
holds 'families come in' equals "$(control import --json family "$folder/families.csv")" \
	'{"imported":2,"updated":0,"refused":0}'
holds 'persons find their family and mother by key' equals "$(control --json import person "$folder/persons.csv")" \
	'{"imported":3,"updated":0,"refused":0}'
holds 'the same table again changes nothing' equals "$(control --json import family "$folder/families.csv")" \
	'{"imported":0,"updated":0,"refused":0}'
sed 's/Jl. Anggrek 2/Jl. Anggrek 22/' "$folder/families.csv" >"$folder/again.csv"
holds 'a changed cell is an update' equals "$(control --json import family - <"$folder/again.csv")" \
	'{"imported":0,"updated":1,"refused":0}'

printf '\357\273\277key;village;head\r\n\r\nF3;6303072002;"two\r\nlines"\r\nF4;6303072002\r\nF5;1;X\r\nF6;6303072002;\r\n;6303072002;Nobody\r\n' >"$folder/bad.csv"
printf 'F7;6303072002;\377\r\n' >>"$folder/bad.csv"
fails 'refused rows make the command fail' 1 control --json import family "$folder/bad.csv"
refused() {
	holds "$1" grep -q "^{\"line\":$2,\"field\":$3,\"reason\":\"$4" "$folder/said"
}
refused 'a row with too few cells is refused' 5 null 'the row has another number of cells'
refused 'a village that is none is refused by its name' 6 '"village"' ''
refused 'a required field is missed' 7 '[a-z"]*' ''
refused 'a row without a key is refused' 8 '"key"' ''
refused 'bytes that are no UTF-8 are refused' 9 null 'the text is not UTF-8'
holds 'the good row came in, semicolons, byte order mark and all' \
	grep -q '^{"imported":1,"updated":0,"refused":5}$' "$folder/said"

refuses_table() {
	printf "$2" >"$folder/table.csv"
	fails "$1" 1 control import family "$folder/table.csv"
	holds "… saying so" grep -q "$3" "$folder/said"
}
refuses_table 'an unknown column is refused before anything is written' 'key,village,hed\nF9,6303072001,X\n' 'no field "hed"'
refuses_table 'a column that stands twice is refused' 'key,village,head,head\nF9,6303072001,X,X\n' 'stands twice'
refuses_table 'families without a village column are refused' 'key,head\nF9,X\n' 'column "village" is missing'
refuses_table 'rows that nothing tells apart are refused' 'village,head\n6303072001,X\n' 'must tell the rows apart'
refuses_table 'a broken quotation is refused with its line' 'key,village,head\nF9,6303072001,"X\n' 'line'
refuses_table 'an empty table is refused' '' 'empty'
holds 'none of them wrote anything' equals "$(control count family)" 3
fails 'an unknown type is refused' 1 control import families "$folder/families.csv"
fails 'a file that is not there is named' 1 control import family "$folder/nothing.csv"

awk 'BEGIN { print "key,village,head"; for (i = 1; i <= 1500; i++) print "M" i ",6303072003,Keluarga " i }' >"$folder/many.csv"
holds 'a long table goes in as a whole' equals "$(control --json import family "$folder/many.csv")" \
	'{"imported":1500,"updated":0,"refused":0}'

# ---- lists ----

control records --json family >"$folder/all"
holds 'a list has every record' equals "$(grep -c '^{"id":' "$folder/all")" 1503
holds 'versions ascend' sh -c 'sed -n "s/.*\"version\":\([0-9]*\).*/\1/p" "$0" | sort -nc' "$folder/all"
cursor=$(tail -n 1 "$folder/all" | field cursor)
holds 'it ends with its cursor' test "$cursor" -gt 1503
control records --json family --since "$cursor" >"$folder/since"
holds 'since the cursor there is nothing but the next one' equals "$(grep -c . "$folder/since")" 1
control records --json family --order id >"$folder/by_id"
holds 'by id there is no cursor' equals "$(grep -c cursor "$folder/by_id" || true)" 0
holds 'both orders list the same records' equals "$(sort "$folder/by_id" | cksum)" "$(grep '^{"id"' "$folder/all" | sort | cksum)"
holds 'a village limits the list' equals "$(control --json records family --village 6303072001 | grep -c '^{"id"')" 1
holds 'a kecamatan has all its villages' equals "$(control count family --village 63.03.07)" 1503
holds 'another kecamatan has none' equals "$(control count family --village 640101)" 0
holds 'people read a table' sh -c '"$0" --dir "$1" --lang id records person | head -n 1 | grep -q DESA' "$SAMBUNGCTL" "$server"

budi=$(grep 'Budi Santoso' "$folder/all" | field id)
umar=$(control --json records person | grep Umar | field id)
control record --json "$budi" >"$folder/budi"
holds 'one record is the line of the list' equals "$(cat "$folder/budi")" "$(grep "$budi" "$folder/all")"
holds 'a reference is an id' sh -c '"$0" --dir "$1" record --json "$2" | grep -q "\"family\":\"$3\""' "$SAMBUNGCTL" "$server" "$umar" "$budi"
fails 'an unknown record is not found' 1 control record r6pjnynw00002t8
control export family --csv >"$folder/export.csv"
holds 'an export has a row for every record' equals "$(grep -c . "$folder/export.csv")" 1505
holds '… and quotes what has to be' grep -q '"Jl. Melur, Gang ""B""",' "$folder/export.csv"
fails 'export without a form is not understood' 2 control export family

# ---- history, settling ----

fails 'a value that does not fit is refused' 1 control settle "$budi" pus perhaps
fails 'an unknown field is refused' 1 control settle "$budi" colour red
control settle --json "$budi" address 'Jl. Baru 1' >"$folder/settled"
seq=$(field seq <"$folder/settled")
holds 'a settlement tells its entry' test "$seq" -gt 0
holds 'the record shows the value' sh -c '"$0" --dir "$1" record --json "$2" | grep -q "\"address\":\"Jl. Baru 1\""' "$SAMBUNGCTL" "$server" "$budi"
fails 'who settles on an old version is told' 1 control settle "$budi" address 'Jl. Lama' --base "$((seq - 1))"
holds '… why' grep -q 'changed it after you looked' "$folder/said"
echo 'Jl. Rahasia 3' | control settle "$budi" address - --base "$seq" >/dev/null
control history --json "$budi" >"$folder/history"
holds 'a history has every change' equals "$(grep -c . "$folder/history")" 3
holds '… with what was shown before' sh -c 'tail -n 1 "$0" | grep -q "\"fields\":{\"address\":\"Jl. Rahasia 3\"},\"was\":{\"address\":\"Jl. Baru 1\"}"' "$folder/history"
holds 'a settlement has its user' sh -c 'tail -n 1 "$0" | grep -q "\"device\":null,.*\"user\":\"admin\""' "$folder/history"

# ---- scope ----

admin=$token
token=$(control token add --role supervisor --scope 6303072002 --name Bu)
answers 'outside the scope a record is not there' 404 GET "/v1/record/$budi"
cp "$folder/body" "$folder/outside"
answers '… like one that is nowhere' 404 GET /v1/record/r6pjnynw00002t8
holds '… to the letter' cmp "$folder/body" "$folder/outside"
answers '… nor is its history' 404 GET "/v1/record/$budi/history"
answers '… nor can it be settled' 404 POST "/v1/record/$budi/settle" -H "$json" -d '{"field":"address","value":"X"}'
api GET /v1/records/family
holds 'a list has the scope alone' equals "$(grep -c '^{"id"' "$folder/body")" 2
api GET '/v1/records/family?village=6303'
holds '… also when more is asked for' equals "$(grep -c '^{"id"' "$folder/body")" 2
api GET '/v1/records/family?village=6303072001'
holds '… and nothing of a neighbour' equals "$(grep -c '^{"id"' "$folder/body" || true)" 0
api GET /v1/export/family.csv
holds 'so has an export' equals "$(tr -d '\r' <"$folder/body" | grep -c ',6303072002,')" 2
api GET /v1/log
holds 'the log shows no change of other villages' equals "$(grep -c 'Budi Santoso' "$folder/body" || true)" 0
holds '… but those of its own' body_has 'Jl. Anggrek 22'
answers 'an import is for those who may see all' 403 POST /v1/import/family -H 'Content-Type: text/csv' -d 'key'
token=$admin

# ---- the log ----

control log --json >"$folder/log"
holds 'seqs have no gap' sh -c 'sed -n "s/^{\"seq\":\([0-9]*\),.*/\1/p" "$0" | awk "\$1 != NR { exit 1 }"' "$folder/log"
holds 'the log has every entry' equals "$(grep -c . "$folder/log")" "$(tail -n 1 "$folder/log" | field seq)"
holds 'who read stands in it' grep -q '"kind":"read".*"user":"Bu".*"route":"/v1/export/{type}.csv"' "$folder/log"
holds 'so does who read the log' grep -q '"kind":"read".*"user":"Bu".*"route":"/v1/log"' "$folder/log"
last=$(tail -n 1 "$folder/log" | field seq)
holds 'since leaves out what is known' equals "$(control log --json --since "$((last - 2))" | grep -c .)" 3

# ---- schema ----

control schema show >"$folder/schema.json"
sed 's/"version": 1,/"version": 2,/' "$folder/schema.json" >"$folder/next.json"
holds 'the next version would be taken' equals "$(control --json schema check "$folder/next.json")" '{"version":2}'
fails 'a version that is not the next would not' 1 control schema check "$folder/schema.json"
echo '{' >"$folder/broken.json"
fails 'nor what is no JSON' 1 control schema check "$folder/broken.json"
holds 'loading takes it' equals "$(control --json schema load - <"$folder/next.json")" '{"version":2}'
holds 'it is shown as it was loaded' equals "$(control schema show | cksum)" "$(cksum <"$folder/next.json")"

# ---- backup ----

control backup "$folder/copy.db" >/dev/null
fails 'a backup replaces no file' 1 control backup "$folder/copy.db"
holds 'nothing of it stays behind' equals "$(ls "$server/backups")" ''
expected=$(control records --json family --order id | cksum)
holds 'the daemon ends cleanly' server_stop
mkdir -m 700 "$folder/restored"
cp "$folder/copy.db" "$folder/restored/sambung.db"
cp -p "$server/server.key" "$server/admin.token" "$folder/restored/"
server=$folder/restored
server_start
holds 'a server made of the backup has the same records' equals "$(control records --json family --order id | cksum)" "$expected"
holds 'nothing went wrong inside' sh -c '! grep " error [GP]" "$0"' "$folder/daemon.log"
