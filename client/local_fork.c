/* SPDX-License-Identifier: Apache-2.0 */
/* What an installation keeps, under another number. */
#include "client/local_parts.h"
#include "protocol/id.h"

/* So far apart are the changes of two generations. */
#define GENERATION_STEP (INT64_C(1) << 31)

static enum status
common_leave(struct local *local, const struct fork *fork, size_t generation, struct error *err)
{
	static const char go_text[] = "DELETE FROM change WHERE n > 0 AND n <= ?1"
				      " AND (exception <> ?2 OR seq = 0)";
	/* Without acked_ms they would keep newer changes from being forgotten. */
	static const char stay_text[] = "UPDATE change SET n = n - ?2,"
					" acked_ms = coalesce(acked_ms, 0) WHERE n > 0 AND n <= ?1";
	struct statement *s = sql_prepare(local->sql, go_text, err);
	enum status status;

	sql_bind_uint(s, 1, fork->n);
	sql_bind_uint(s, 2, EXCEPTION_QUARANTINED);
	status = sql_run(s, err);
	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, stay_text, err);
	sql_bind_uint(s, 1, fork->n);
	sql_bind_int(s, 2, GENERATION_STEP * (int64_t)generation);
	return sql_run(s, err);
}

/* ---- batches ---- */

struct kept_batch {
	uint32_t first_n; /* 0: none */
	uint32_t last_n;
	uint8_t seed[SEED_SIZE];
};

static enum status
batches_leave(struct local *local, const struct fork *fork, uint32_t last_n, struct error *err)
{
	static const char text[] = "DELETE FROM batch WHERE coalesce(last_n, ?2) <= ?1";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, fork->n);
	sql_bind_uint(s, 2, last_n);
	return sql_run(s, err);
}

static enum status
batch_next(struct local *local, uint32_t after_n, uint32_t last_n, struct kept_batch *out,
	   struct error *err)
{
	static const char text[] = "SELECT first_n, coalesce(last_n, ?2), seed FROM batch"
				   " WHERE first_n > ?1 ORDER BY first_n LIMIT 1";
	struct statement *s = sql_prepare(local->sql, text, err);
	bool row;
	enum status status;

	sql_bind_uint(s, 1, after_n);
	sql_bind_uint(s, 2, last_n);
	status = sql_row(s, &row, err);
	if (status != STATUS_OK || !row) {
		out->first_n = 0;
		return status;
	}
	out->first_n = (uint32_t)sql_uint(s, 0);
	out->last_n = (uint32_t)sql_uint(s, 1);
	status = local_unseal_exact(local, (struct seal_place){SEAL_BATCH, out->first_n},
				    sql_blob(s, 2), out->seed, SEED_SIZE, err);
	sql_reset(s);
	return status;
}

static enum status
batch_again(struct local *local, const struct fork *fork, const struct kept_batch *batch,
	    struct error *err)
{
	static const char text[] =
		"UPDATE batch SET first_n = ?2, last_n = ?3, seed = ?4 WHERE first_n = ?1";
	const uint32_t first_n = batch->first_n > fork->n ? batch->first_n - fork->n : 1;
	struct statement *s = sql_prepare(local->sql, text, err);
	uint8_t seed[SEED_SIZE];
	struct span sealed;
	enum status status;

	fork_batch_seed(batch->seed, fork->heir, seed);
	status = local_seal(local, (struct seal_place){SEAL_BATCH, first_n},
			    span_of(seed, SEED_SIZE), &sealed, err);
	crypto_wipe(seed, sizeof seed);
	if (status != STATUS_OK) {
		return status;
	}
	sql_bind_uint(s, 1, batch->first_n);
	sql_bind_uint(s, 2, first_n);
	sql_bind_uint(s, 3, batch->last_n - fork->n);
	sql_bind_blob(s, 4, sealed);
	return sql_run(s, err);
}

/* They ascend, and none comes to stand where one stands that is still to be moved. */
static enum status
batches_again(struct local *local, const struct fork *fork, uint32_t last_n, struct error *err)
{
	struct kept_batch batch = {.first_n = 0};
	enum status status = batches_leave(local, fork, last_n, err);

	while (status == STATUS_OK) {
		status = batch_next(local, batch.first_n, last_n, &batch, err);
		if (status != STATUS_OK || batch.first_n == 0) {
			break;
		}
		status = batch_again(local, fork, &batch, err);
	}
	crypto_wipe(&batch, sizeof batch);
	return status;
}

/* ---- the rest ---- */

static enum status
leaving_again(struct local *local, const struct fork *fork, struct error *err)
{
	static const char text[] =
		"UPDATE leaving SET record = record + ?3 WHERE record BETWEEN ?1 AND ?2";
	const uint64_t first = id_make(fork->stream, fork->n + 1);
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, first);
	sql_bind_uint(s, 2, id_make(fork->stream, CHANGE_N_MAX));
	sql_bind_int(s, 3, (int64_t)id_make(fork->heir, 1) - (int64_t)first);
	return sql_run(s, err);
}

enum status
local_fork_begin(struct local *local, const struct fork *fork, size_t generation, uint32_t last_n,
		 struct error *err)
{
	enum status status = common_leave(local, fork, generation, err);

	if (status == STATUS_OK) {
		status = batches_again(local, fork, last_n, err);
	}
	if (status == STATUS_OK) {
		status = leaving_again(local, fork, err);
	}
	return status == STATUS_OK ? sql_exec(local->sql, "DROP TABLE IF EXISTS carried", err)
				   : status;
}

enum status
local_change_again(struct local *local, uint32_t n, const struct local_change *again,
		   struct error *err)
{
	static const char text[] =
		"UPDATE change SET n = ?2, record = ?3, body = ?4, seq = 0, exception = 0,"
		" reason = 0, chain = NULL, acked_ms = NULL WHERE n = ?1";
	struct statement *s;
	struct span sealed;
	enum status status = local_seal(local, (struct seal_place){SEAL_CHANGE, again->n},
					again->bytes, &sealed, err);

	if (status != STATUS_OK) {
		return status;
	}
	s = sql_prepare(local->sql, text, err);
	sql_bind_uint(s, 1, n);
	sql_bind_uint(s, 2, again->n);
	sql_bind_uint(s, 3, again->record);
	sql_bind_blob(s, 4, sealed);
	return sql_run(s, err);
}

enum status
local_record_drop(struct local *local, uint64_t id, struct error *err)
{
	static const char text[] = "DELETE FROM record WHERE id = ?1";
	struct statement *s = sql_prepare(local->sql, text, err);

	sql_bind_uint(s, 1, id);
	return sql_run(s, err);
}
