#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# For the one whom it is about: what is held and who read it. For the one who lost a phone: who was on
# it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/phones.sh"

id_of() {
	control records --json "$1" | grep "$2" | field id
}
report() {
	control access-report "$1" --json >"$folder/report"
}
# says PART TEXT: a line of that part has the text.
says() {
	grep "^{\"$1\":" "$folder/report" | grep -q -- "$2"
}
says_not() {
	! says "$@"
}

server_make
server_start
printf 'key,village,head\nF1,6303072001,Budi Uji\nF2,6303072001,Lain Uji\nF3,6303072002,Jauh Uji\n' |
	control import family - >/dev/null
printf 'key,family,name,nik\nP1,F1,Anak Uji,6303000000000001\nP2,F2,Tetangga,6303000000000002\nP3,F3,Orang Jauh,6303000000000003\n' |
	control import person - >/dev/null
enrols siti 6303072001
enrols wati 6303072002
person=$(id_of person 'Anak Uji')
family=$(id_of family 'Budi Uji')
device siti record visit person="$person" weight=8.4 note='Catatan Siti' >/dev/null
device siti edit "$person" name='Anak Uji Baru' >/dev/null
device siti sync >/dev/null
control record "$person" >/dev/null
control export person --csv --village 6303072001 >/dev/null
api GET '/v1/records/person?since=1&order=id'
control export person --csv --village 6303072002 >/dev/null
control history "$(id_of person Tetangga)" >/dev/null

holds 'a report about a person is made' report "$person"
holds 'it has what is stored' says record 'Anak Uji Baru'
holds '… with her visits' says record 'Catatan Siti'
holds '… what was there before' says change '"name":"Anak Uji"'
holds '… the key of the table' says import '"key":"P1"'
holds '… not that of others' says_not import '"key":"P2"'
holds '… the phone that holds it' says device '"cadre":"siti","holds":true'
holds '… not one that never had her village' says_not device wati
holds '… who looked at her' says read "/v1/record/{id}\",\"filter\":\"$person"
holds '… the export that had her' says read 'village=6303072001'
holds '… not that of another village' says_not read 'village=6303072002'
holds '… nor who looked at a neighbour' says_not read '/history'
holds '… and the lists of every village' says read '"/v1/records/{type}","filter":"person"'
holds '… and the report itself' says read '/v1/record/{id}/access'
holds 'nothing of the neighbour is in it' equals "$(grep -c Tetangga "$folder/report" || true)" 0
control access-report "$family" >"$folder/text"
holds 'as a text it is in Indonesian' grep -q 'DATA YANG DISIMPAN' "$folder/text"
holds '… with the labels of the programme' grep -q 'Kepala keluarga: Budi Uji' "$folder/text"
holds '… and what hangs below' grep -q 'Anak Uji Baru' "$folder/text"
holds '… and who holds it' grep -q 'siti: memegang' "$folder/text"
holds '… and what was asked for in words' grep -q ', admin: daftar Keluarga\|, admin: isi data ' "$folder/text"
holds '… not as a path' sh -c '! grep -q "/v1/\|{type}\|[a-z]=" "$0"' "$folder/text"
printf 'key,family,name,sex\nP1,F1,Anak Uji,male\n' | control import person - >/dev/null
control access-report "$person" >"$folder/text"
holds '… and a choice by its label' grep -q 'Jenis kelamin: Laki-laki' "$folder/text"

# Who could not see her did not, and whom the admin may not see she does not learn.
admin=$token
far_token=$(control token add --role supervisor --scope 6303072002 --name 'Desa Dua')
near_token=$(control token add --role supervisor --scope 6303072001 --name 'Dekat')
siti=$(number_of siti)
wati=$(number_of wati)
for token in "$far_token" "$near_token"; do
	api GET /v1/records/person
	api GET "/v1/records/person?village=630307"
	api GET "/v1/export/person.csv"
done
token=$near_token
api GET "/v1/record/rxxxxxxxxxxxxxx"
token=$admin
control breach-report "$wati" >/dev/null
holds 'a report is made where others read, too' report "$person"
holds '… it has who read with her village in the scope' says read '"user":"Dekat"'
holds '… all of it but an id that is none' equals "$(grep '^{"read"' "$folder/report" | grep -c Dekat)" 3
holds '… not who has another village' says_not read '"user":"Desa Dua"'
holds '… nor who looked at a phone that never had her' says_not read "breach\",\"filter\":\"$wati\""
control breach-report "$siti" >/dev/null
holds '… it is made again' report "$person"
holds '… with who looked at one that has' says read "breach\",\"filter\":\"$siti\""
token=$(control token add --role admin --scope 6303072001 --name 'Desa Satu Saja')
answers 'an admin of her village asks the same' 200 GET "/v1/record/$person/access"
holds '… and hears of those whom she sees' body_has '"user":"Dekat"'
holds '… of the others how often they read' body_has '{"read":{"user":null,"reads":'
holds '… not who they are' sh -c '! grep "^{\"read\"" "$0" | grep -q "\"user\":\"admin\""' "$folder/body"
token=$admin

fails 'of what is not there there is no report' 1 control access-report r6pjnynw000001k

# A phone is lost; since then a family has come, one has gone, and one has moved in from elsewhere.
siti=$(number_of siti)
control breach-report "$siti" --json >"$folder/report"
holds 'the people of the village were on the phone' grep -q 'Anak Uji Baru' "$folder/report"
holds '… and its families' grep -q 'Lain Uji' "$folder/report"
holds '… with the village as a text' grep -q '"village":"6303072001"' "$folder/report"
holds '… not those of another' sh -c "! grep -q 'Orang Jauh' '$folder/report'"
holds '… as of its last sync' grep -q '"as_of":"20' "$folder/report"
printf 'key,village,head\nF4,6303072001,Baru Uji\nF2,6303072002,Lain Uji\n' | control import family - >/dev/null
control breach-report "$siti" --json >"$folder/report"
holds 'who came later was not on it' sh -c "! grep -q 'Baru Uji' '$folder/report'"
holds 'who has left since was' grep -q 'Lain Uji' "$folder/report"
moved=$(id_of family 'Lain Uji')
holds 'a report about a family that moved is made' report "$moved"
holds '… and has the phone of the village that it left, which was not here since' says device '"cadre":"siti","holds":true'
holds '… not that of the one where it is, which was not here either' says_not device wati
device wati sync >/dev/null
holds '… when that was here the report is made again' report "$moved"
holds '… and has it' says device '"cadre":"wati","holds":true'
admin=$token
token=$(control token add --role admin --scope 6303072001 --name 'Desa Satu')
answers 'an admin of the village asks who was on the phone' 200 GET "/v1/device/$siti/breach"
holds '… and sees the people of the village' body_has 'Anak Uji Baru'
holds '… but nobody who is elsewhere by now' sh -c '! grep -q "Lain Uji" "$0"' "$folder/body"
token=$admin
token=$(control token add --role admin --scope 6303072002 --name 'Desa Dua Admin')
answers 'an admin of the village where it is now asks about the family' 200 GET "/v1/record/$moved/access"
holds '… and has her own phone by its name' body_has '"cadre":"wati"'
holds '… the other one without' body_has '{"device":{"device":null,"cadre":null,"holds":true'
holds '… and nowhere else' sh -c '! grep "^{\"device\"" "$0" | grep -q siti' "$folder/body"
token=$admin
control device scope "$siti" --village 6303072002 >/dev/null
control breach-report "$siti" --json >"$folder/report"
holds 'villages that it has not heard of do not count' sh -c "! grep -q 'Orang Jauh' '$folder/report'"
holds '… those that it had do' grep -q 'Anak Uji Baru' "$folder/report"
wati=$(number_of wati)
far=$(id_of person 'Orang Jauh')
control device revoke "$wati" >/dev/null
device wati edit "$far" name='Orang Disisihkan' >/dev/null
device wati sync >/dev/null 2>&1 || true
control quarantine close "$wati" 1 --reason 'dicatat ulang' >/dev/null
holds 'a report is made about one of whom a change was set aside and closed' report "$far"
holds '… which is still kept' says quarantine 'Orang Disisihkan'
holds '… and the phone that had her holds her no more' says device '"cadre":"wati","holds":false'
holds 'one whose village was taken away and that has not heard of it has her' report "$person"
holds '… as the report says' says device '"cadre":"siti","holds":true'
device siti sync >/dev/null
holds 'when it has, the report' report "$person"
holds '… says that it had' says device '"cadre":"siti","holds":false'

# What was set aside is held, too.
enrols gita 6303072001
gita=$(number_of gita)
outside=$(device gita record family village=6303072002 head='Keluarga Luar' --json | field id)
device gita record person family="$outside" name='Anak Luar' >/dev/null
device gita sync >/dev/null 2>&1 || true
holds 'a report is made about a family that only stands in quarantine' report "$outside"
holds '… with what waits of it' says quarantine 'Keluarga Luar'
holds '… and who would be below it' says quarantine 'Anak Luar'
holds '… and the phone that has it' says device '"cadre":"gita","holds":true'
control breach-report "$gita" --json >"$folder/report"
holds 'whom a phone made and nobody released was on it' grep -q 'Anak Luar.*"quarantined":true' "$folder/report"
control device revoke "$gita" >/dev/null
device gita record visit person="$person" weight=9 note='Catatan Ditahan' >/dev/null
holds 'a phone that was revoked and was not here since has what it had' report "$person"
holds '… as the report says' says device '"cadre":"gita","holds":true'
device gita sync >/dev/null 2>&1 || true
holds 'when it has destroyed everything, the report' report "$person"
holds '… says that it had' says device '"cadre":"gita","holds":false'
holds '… and has its last visit, which was set aside' says quarantine 'Catatan Ditahan'
control access-report "$person" >"$folder/text"
holds '… also in the text' grep -q 'Catatan Ditahan' "$folder/text"
control erase "$family" --reason request >/dev/null
control breach-report "$siti" --json >"$folder/report"
holds 'who was erased since is an id' grep -q "\"record\":\"$family\",\"erased\":true" "$folder/report"
control breach-report "$siti" >"$folder/text"
holds 'as a text it counts them' grep -q 'people and families' "$folder/text"
holds 'each report is in the log' equals "$(control log --json | grep -c '/breach')" 9
api GET /v1/syncs
server_stop
