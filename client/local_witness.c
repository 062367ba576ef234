/* SPDX-License-Identifier: Apache-2.0 */
#include "client/local_parts.h"

#include <string.h>

enum status
local_witness(struct local *local, enum local_witness_place place, struct local_witness *out,
	      struct error *err)
{
	static const char text[] = "SELECT checkpoint, server_ms, wall_ms, proof FROM witness"
				   " WHERE place = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);
	uint8_t checkpoint[CHECKPOINT_SIZE];
	struct span proof;
	bool row;
	enum status status;

	memset(out, 0, sizeof *out);
	sql_bind_int(s, 1, place);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK || !row) {
		return status;
	}
	out->kept = true;
	out->server_ms = sql_int(s, 1);
	out->wall_ms = sql_int(s, 2);
	out->proved = !sql_is_null(s, 3);
	proof = sql_blob(s, 3);
	if (sql_blob_exact(s, 0, checkpoint, sizeof checkpoint) && proof_read(proof, &out->proof)) {
		checkpoint_decode(checkpoint, &out->checkpoint);
	} else {
		status = fail(err, STATUS_STORAGE, "device.db: witness");
	}
	sql_reset(s);
	return status;
}

enum status
local_witness_save(struct local *local, enum local_witness_place place,
		   const struct local_witness *witness, struct error *err)
{
	static const char text[] =
		"INSERT OR REPLACE INTO witness (place, checkpoint, server_ms, wall_ms, proof)"
		" VALUES (?1, ?2, ?3, ?4, ?5)";
	struct statement *s = sql_prepare(local->sql, text, err);
	uint8_t checkpoint[CHECKPOINT_SIZE];

	checkpoint_encode(&witness->checkpoint, checkpoint);
	sql_bind_int(s, 1, place);
	sql_bind_blob(s, 2, span_of(checkpoint, sizeof checkpoint));
	sql_bind_int(s, 3, witness->server_ms);
	sql_bind_int(s, 4, witness->wall_ms);
	if (witness->proved) {
		sql_bind_blob(s, 5,
			      span_of(witness->proof.hashes, witness->proof.count * HASH_SIZE));
	}
	return sql_run(s, err);
}

enum status
local_witness_forget(struct local *local, struct error *err)
{
	enum status status = local_begin(local, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = sql_exec(local->sql,
			  "DELETE FROM witness; UPDATE device SET witness = zeroblob(112)", err);
	if (status == STATUS_OK) {
		return local_commit(local, err);
	}
	local_rollback(local);
	return status;
}
