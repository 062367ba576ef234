#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checkpoints, proofs and verify, with the real daemon, and a verifier in another language.
. "$(dirname "$0")/lib.sh"

node=$(command -v node || command -v nodejs) ||
	{ echo "node (18 or later) is not installed; see daemon/packages.sh"; exit 1; }
command -v sqlite3 >/dev/null || { echo "sqlite3 is not installed; see daemon/packages.sh"; exit 1; }
verifier=$(cd "$(dirname "$0")/../node" && pwd)/verify_proof.mjs
village=6303072001

proves() {
	"$node" "$verifier" "$@" >"$folder/proved"
}

proved() {
	equals "$(field "$1" <"$folder/proved")" "$2"
}

verify() {
	control verify "$@" >"$folder/said"
}

server_make
server_start
printf 'village,key,head\n%s,1,Jumberi\n%s,2,Masrani\n' "$village" 6401012001 >"$folder/families.csv"
control import family "$folder/families.csv" >/dev/null
id=$(control records family --village "$village" --json | field id)
holds 'a checkpoint is a signed note' control checkpoint --out "$folder/old"
holds 'it has the lines of one' equals "$(wc -l <"$folder/old")" 5
holds 'in JSON it has its size' equals "$(control checkpoint --json | field size)" "$(sed -n 2p "$folder/old")"
fails 'it never replaces another' 1 control checkpoint --out "$folder/old"
control settle "$id" head 'Jumberi H.' >/dev/null
printf 'village,key,head\n%s,1,Jumbri\n' "$village" >"$folder/again.csv"
control import family "$folder/again.csv" >/dev/null
control checkpoint >"$folder/new"

holds 'the live database is what its log says' verify --json
key=$(field key <"$folder/said")
holds 'nothing is left of the copy' equals "$(find "$server" -name 'sambung-verify*' | wc -l)" 0

# ---- proofs ----

control prove "$id" >"$folder/proof"
holds 'every entry of a record is proved to be in the log' proves record "$folder/proof" "$key"
holds 'that were its import, a settlement and another import' proved entries 3
holds 'another byte anywhere and the proof fails' proves record "$folder/proof" "$key" --alter
answers 'the log goes on from what it was' 200 GET \
	"/v1/proof/consistency?from=$(sed -n 2p "$folder/old")&to=$(sed -n 2p "$folder/new")"
cp "$folder/body" "$folder/consistency"
holds 'and a verifier says so' proves consistency "$folder/consistency" "$folder/old" "$folder/new" "$key"
sed 's/"proof":\["\(.\)/"proof":["f/; t; s/$/ /' "$folder/consistency" >"$folder/damaged"
if cmp -s "$folder/consistency" "$folder/damaged"; then
	sed 's/"proof":\["\(.\)/"proof":["0/' "$folder/consistency" >"$folder/damaged"
fi
fails 'with another hash it does not' 1 "$node" "$verifier" consistency "$folder/damaged" \
	"$folder/old" "$folder/new" "$key"
answers 'from nothing nothing follows' 400 GET /v1/proof/consistency
answers 'nor from more than there is' 422 GET '/v1/proof/consistency?from=99999'
holds 'who proves a record has read it' grep -q '"route":"/v1/proof/record/{id}"' <<EOT
$(control log --json)
EOT

# ---- who may see what ----

token=$(control token add --role supervisor --scope 6401 --name 'Jauh' --json | field token)
answers 'somebody elsewhere gets no proof of it' 404 GET "/v1/proof/record/$id"
cp "$folder/body" "$folder/elsewhere"
answers 'as little as of what is not there' 404 GET /v1/proof/record/r4000001r
holds 'and in the same words' cmp "$folder/elsewhere" "$folder/body"
answers 'a checkpoint tells nothing of anybody' 200 GET /v1/checkpoint
token=
answers 'without a token there is none' 401 GET /v1/checkpoint
token=$(cat "$server/admin.token")

# ---- fraud ----

holds 'checkpoints kept elsewhere fit' verify --checkpoint "$folder/old" --checkpoint "$folder/new"
holds 'a copy is taken' control backup "$folder/copy.db"
holds 'a copy is verified as well' verify --database "$folder/copy.db" --checkpoint "$folder/new"
sqlite3 "$folder/copy.db" "UPDATE record SET conflicts = 0 WHERE conflicts > 0"
fails 'a conflict that was hidden is found' 1 control verify --database "$folder/copy.db"
holds 'it names table, row and column' grep -q '^record [0-9]* conflicts: ' "$folder/said"
rm "$folder/copy.db"
control backup "$folder/copy.db" >/dev/null
sqlite3 "$folder/copy.db" "UPDATE token SET role = 3 WHERE role = 2;
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
	INSERT INTO move SELECT 6303072001, i, 7 FROM n"
fails 'a right that was given among much that is wrong is found' 1 control verify --database "$folder/copy.db"
holds 'and told' grep -q '^token .*role: ' "$folder/said"
holds 'of what there is most the first' equals "$(grep -c '^move .*the log knows no such row' "$folder/said")" 20
holds 'and how many more' grep -q '^move: 40 more' "$folder/said"
fails 'in JSON' 1 control verify --json --database "$folder/copy.db"
holds 'there are all of them' equals "$(grep -c '^{"table":"move".*"what":"the log knows no such row"}' "$folder/said")" 60
rm "$folder/copy.db"
control backup "$folder/copy.db" >/dev/null
sqlite3 "$folder/copy.db" "UPDATE log SET time = time + 1 WHERE seq = 5"
fails 'another time in the log is found' 1 control verify --database "$folder/copy.db"
rm "$folder/copy.db"
control backup "$folder/copy.db" >/dev/null
sqlite3 "$folder/copy.db" "CREATE TABLE t_spy (x);
	CREATE TRIGGER spying AFTER INSERT ON log BEGIN INSERT INTO t_spy VALUES (new.payload); END"
fails 'a trigger that copies is found' 1 control verify --database "$folder/copy.db"
holds 'by its name' grep -q '^sqlite_schema spying trigger: ' "$folder/said"
holds 'so is where it copies to' grep -q '^sqlite_schema t_spy table: ' "$folder/said"
control settle "$id" head 'Jumberi' >/dev/null
control checkpoint --out "$folder/newest"
rm "$folder/copy.db"
server_stop
holds 'a server that does not run is verified' verify --checkpoint "$folder/newest"
sqlite3 "$server/sambung.db" "CREATE TRIGGER spying AFTER INSERT ON log BEGIN DELETE FROM session; END"
got=0
timeout 20 "$SAMBUNGD" --dir "$server" --listen 127.0.0.1:0 >"$folder/refused" 2>&1 || got=$?
holds 'a daemon does not start with what would run in it' test "$got" -eq 1
holds 'and says what it is and what to do' \
	grep -q 'trigger spying of log .*sambungctl verify.*backup' "$folder/refused"
sqlite3 "$server/sambung.db" "DROP TRIGGER spying"
server_start
server_stop
# An older copy takes its place; its folder does not know.
sqlite3 "$server/sambung.db" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
cp "$server/sambung.db" "$folder/whole.db"
sqlite3 "$folder/whole.db" "DELETE FROM log WHERE seq = (SELECT max(seq) FROM log);
	DELETE FROM checkpoint WHERE place = (SELECT max(place) FROM checkpoint);
	UPDATE log_head SET seq = seq - 1"
fails 'a tail that was cut off with care is found' 1 control verify --checkpoint "$folder/newest" \
	--database "$folder/whole.db"
holds 'by the checkpoint that was kept' grep -q 'newest: what came after this is missing' "$folder/said"
rm -f "$server/sambung.db" "$server/sambung.db-wal" "$server/sambung.db-shm"
mv "$folder/whole.db" "$server/sambung.db"
fails 'also without one' 1 control verify
holds 'by what the daemon wrote down beside the database' grep -q 'head: what came after this is missing' \
	"$folder/said"
printf 'no checkpoint\n' >"$folder/nonsense"
fails 'what is no checkpoint is refused' 1 control verify --checkpoint "$folder/nonsense"
