/* SPDX-License-Identifier: Apache-2.0 */
/* What shows others that the log is what it was: checkpoints and proofs (docs/ledger.md). */
#include "daemon/ledger/proof.h"
#include "handle.h"
#include "protocol/json.h"

#include <stdlib.h>

enum { ENTRY_MEMORY = 256 * 1024 };

static enum status
newest_checkpoint(struct store *reader, struct checkpoint *out, struct error *err)
{
	bool found = false;
	enum status status = store_checkpoint_last(reader, out, &found, err);

	return status == STATUS_OK && !found ? fail(err, STATUS_STORAGE, "there is no checkpoint")
					     : status;
}

static void
put_hex(struct json *json, struct span bytes)
{
	struct buffer digits;
	uint8_t *at;

	buffer_init(&digits, SIZE_MAX);
	at = buffer_extend(&digits, 2 * bytes.length + 1);
	if (at == NULL) {
		json->out->status = STATUS_MEMORY;
	} else {
		hex_encode(bytes, (char *)at);
		json_put_text(json, span_of(at, 2 * bytes.length));
	}
	buffer_finish(&digits);
}

static void
put_proof(struct json *json, const struct proof *proof)
{
	json_put_key(json, "proof");
	json_put_array(json);
	for (size_t i = 0; i < proof->count; i++) {
		put_hex(json, span_of(proof->hashes[i], HASH_SIZE));
	}
	json_put_array_end(json);
}

static void
put_checkpoint(struct json *json, const struct call *call, const struct checkpoint *checkpoint)
{
	char text[CHECKPOINT_TEXT_MAX];

	checkpoint_text(checkpoint, call->service->keys->log_public, text);
	json_put_key(json, "checkpoint");
	json_put_string(json, text);
}

enum status
checkpoint_answer(struct call *call, struct store *reader, struct error *err)
{
	struct checkpoint newest;
	char text[CHECKPOINT_TEXT_MAX];
	enum status status = newest_checkpoint(reader, &newest, err);

	if (status == STATUS_OK) {
		checkpoint_text(&newest, call->service->keys->log_public, text);
		buffer_append_span(&call->out, span_of_text(text));
		call->media = MEDIA_TEXT;
	}
	return status;
}

/* ---- consistency ---- */

struct consistency {
	uint64_t from;
	struct prover *prover;
	struct checkpoint newest;
	uint8_t from_root[HASH_SIZE];
	uint8_t to_root[HASH_SIZE];
	struct proof proof;
};

static enum status
consistency_make(struct consistency *asked, struct store *reader, struct error *err)
{
	struct prover *older = NULL;
	enum status status = prover_consistency(asked->prover, asked->from, &asked->proof, err);

	if (status == STATUS_OK) {
		status = prover_root(asked->prover, asked->to_root, err);
	}
	if (status == STATUS_OK) {
		status = prover_open(reader, asked->from, &older, err);
	}
	if (status == STATUS_OK) {
		status = prover_root(older, asked->from_root, err);
		prover_close(older);
	}
	return status;
}

static void
consistency_show(const struct consistency *asked, struct call *call)
{
	struct json json = json_start(&call->out);
	const uint64_t to = prover_size(asked->prover);

	json_put_object(&json);
	json_put_key(&json, "from");
	json_put_uint(&json, asked->from);
	json_put_key(&json, "from_root");
	put_hex(&json, span_of(asked->from_root, HASH_SIZE));
	json_put_key(&json, "to");
	json_put_uint(&json, to);
	json_put_key(&json, "to_root");
	put_hex(&json, span_of(asked->to_root, HASH_SIZE));
	put_proof(&json, &asked->proof);
	if (to == asked->newest.size) {
		put_checkpoint(&json, call, &asked->newest);
	}
	json_put_object_end(&json);
	json_put_line_end(&json);
}

enum status
consistency_answer(struct call *call, struct store *reader, struct error *err)
{
	struct consistency asked = {.prover = NULL};
	uint64_t to = 0;
	enum status status = call_number(call, "from", &asked.from, err);

	if (status == STATUS_OK) {
		status = call_number(call, "to", &to, err);
	}
	if (status == STATUS_OK && asked.from == 0) {
		return fail(err, STATUS_USAGE, "from is missing");
	}
	if (status == STATUS_OK) {
		status = newest_checkpoint(reader, &asked.newest, err);
	}
	if (status == STATUS_OK) {
		status = prover_open(reader, to, &asked.prover, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	status = consistency_make(&asked, reader, err);
	if (status == STATUS_OK) {
		consistency_show(&asked, call);
	}
	prover_close(asked.prover);
	return status;
}

/* ---- all entries of a record ---- */

struct proof_lines {
	struct lines lines;
	struct store *store;
	struct prover *prover;
	struct log_filter filter;
	struct arena arena; /* of the entry under way */
	struct log_row row;
	bool found;
};

static void
proof_close(struct lines *lines)
{
	struct proof_lines *proving = (struct proof_lines *)lines;

	prover_close(proving->prover);
	arena_finish(&proving->arena);
	free(proving);
}

/* The prover reads the log itself, so the row is kept until this reading is over. */
static enum status
keep_row(void *context, const struct log_row *row, struct error *err)
{
	struct proof_lines *proving = context;
	struct span *payload = &proving->row.payload;

	proving->row = *row;
	proving->found = true;
	if (payload->at != NULL) {
		payload->at = arena_copy(&proving->arena, payload->at, payload->length);
		if (payload->at == NULL) {
			return fail(err, STATUS_MEMORY, "an entry");
		}
	}
	return STATUS_OK;
}

static void
entry_line(const struct log_row *row, const struct proof *proof, struct buffer *out)
{
	struct json json = json_start(out);
	struct buffer header;

	buffer_init(&header, ENTRY_HEADER_MAX);
	entry_encode(&row->entry, &header);
	json_put_object(&json);
	json_put_key(&json, "seq");
	json_put_uint(&json, row->entry.seq);
	json_put_key(&json, "header");
	put_hex(&json, buffer_span(&header));
	json_put_key(&json, "salt");
	if (row->payload.at == NULL) {
		json_put_null(&json);
	} else {
		put_hex(&json, span_of(row->salt, SALT_SIZE));
	}
	json_put_key(&json, "payload");
	if (row->payload.at == NULL) {
		json_put_null(&json);
	} else {
		put_hex(&json, row->payload);
	}
	put_proof(&json, proof);
	json_put_object_end(&json);
	json_put_line_end(&json);
	buffer_finish(&header);
}

static enum status
proof_next(struct lines *lines, struct buffer *out, bool *more_out, struct error *err)
{
	struct proof_lines *proving = (struct proof_lines *)lines;
	struct proof proof;
	enum status status;

	arena_reset(&proving->arena);
	proving->found = false;
	status = store_log_read(proving->store, &proving->filter, keep_row, proving, err);
	if (status == STATUS_OK && proving->found) {
		status = prover_inclusion(proving->prover, proving->row.entry.seq, &proof, err);
	}
	if (status == STATUS_OK && proving->found) {
		entry_line(&proving->row, &proof, out);
		proving->filter.since = proving->row.entry.seq;
	}
	if (status == STATUS_OK) {
		*more_out = proving->found;
	}
	return status;
}

/* The first line: what the proofs of all others lead to. */
static enum status
first_line(struct call *call, struct store *reader, uint64_t record, struct checkpoint *newest,
	   struct error *err)
{
	struct json json = json_start(&call->out);
	char key[CHECKPOINT_KEY_TEXT_MAX];
	enum status status = newest_checkpoint(reader, newest, err);

	if (status == STATUS_OK) {
		json_put_object(&json);
		json_put_key(&json, "record");
		json_put_id(&json, record);
		checkpoint_key_text(newest, call->service->keys->log_public, key);
		json_put_key(&json, "key");
		json_put_string(&json, key);
		put_checkpoint(&json, call, newest);
		json_put_object_end(&json);
		json_put_line_end(&json);
	}
	return status;
}

enum status
proof_answer(struct call *call, struct store *reader, struct error *err)
{
	struct proof_lines *proving;
	struct checkpoint newest;
	uint64_t id;
	enum status status = call_find_record_id(call, reader, &id, err);

	if (status == STATUS_OK) {
		status = first_line(call, reader, id, &newest, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	proving = calloc(1, sizeof *proving);
	if (proving == NULL) {
		return fail(err, STATUS_MEMORY, "a proof");
	}
	arena_init(&proving->arena, ENTRY_MEMORY);
	proving->lines.next = proof_next;
	proving->lines.close = proof_close;
	proving->store = reader;
	proving->filter.record = id;
	proving->filter.limit = 1;
	status = prover_open(reader, newest.size, &proving->prover, err);
	if (status != STATUS_OK) {
		proof_close(&proving->lines);
		return status;
	}
	call->media = MEDIA_LINES;
	call->lines = &proving->lines;
	return STATUS_OK;
}
