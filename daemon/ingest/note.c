/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/note.h"

#include "daemon/ingest/workset.h"
#include "protocol/cbor.h"

enum { NOTE_PAIRS_MAX = 23 };

/* A map whose pairs are counted as they are written; at most 23, so its head is one byte. */
struct note_writer {
	struct buffer *out;
	size_t head;
	uint8_t pairs;
};

static void
note_key(struct note_writer *writer, unsigned key)
{
	writer->pairs++;
	cbor_put_uint(writer->out, key);
}

static void
note_number(struct note_writer *writer, unsigned key, uint64_t value)
{
	if (value != 0) {
		note_key(writer, key);
		cbor_put_uint(writer->out, value);
	}
}

static void
note_text(struct note_writer *writer, unsigned key, struct span text)
{
	if (text.length > 0) {
		note_key(writer, key);
		cbor_put_text(writer->out, text);
	}
}

static void
note_string(struct note_writer *writer, unsigned key, const char *text)
{
	if (text != NULL) {
		note_text(writer, key, span_of_text(text));
	}
}

static void
note_bytes(struct note_writer *writer, unsigned key, struct span bytes)
{
	if (bytes.length > 0) {
		note_key(writer, key);
		cbor_put_bytes(writer->out, bytes);
	}
}

static void
note_regions(struct note_writer *writer, unsigned key, const struct region *regions, size_t count)
{
	if (count == 0) {
		return;
	}
	note_key(writer, key);
	cbor_put_array(writer->out, count);
	for (size_t i = 0; i < count; i++) {
		cbor_put_array(writer->out, 2);
		cbor_put_uint(writer->out, regions[i].low);
		cbor_put_uint(writer->out, regions[i].high);
	}
}

static void
note_numbers(struct note_writer *writer, unsigned key, const uint64_t *numbers, size_t count)
{
	if (count == 0) {
		return;
	}
	note_key(writer, key);
	cbor_put_array(writer->out, count);
	for (size_t i = 0; i < count; i++) {
		cbor_put_uint(writer->out, numbers[i]);
	}
}

void
note_encode(const struct note *note, struct buffer *out)
{
	struct note_writer writer = {.out = out, .head = out->length};

	cbor_put_map(out, 0);
	note_string(&writer, 1, note->action);
	note_number(&writer, 2, note->stream);
	note_bytes(&writer, 3, note->key);
	note_text(&writer, 4, note->name);
	note_regions(&writer, 5, note->scope, note->scope_count);
	note_number(&writer, 6, note->version);
	note_bytes(&writer, 7, note->hash);
	note_string(&writer, 8, note->route);
	note_string(&writer, 9, note->filter);
	note_number(&writer, 10, note->epoch);
	note_number(&writer, 11, note->parent);
	note_number(&writer, 12, note->cut);
	note_number(&writer, 13, note->role);
	note_number(&writer, 14, note->snapshot);
	note_number(&writer, 15, note->continued);
	note_number(&writer, 16, note->common_n);
	note_number(&writer, 17, note->n);
	note_number(&writer, 18, note->entry);
	note_text(&writer, 19, note->reason);
	note_numbers(&writer, 20, note->records, note->record_count);
	note_numbers(&writer, 21, note->entries, note->entry_count);
	note_bytes(&writer, 23, note->source);
	note_number(&writer, 24, (uint64_t)note->expires_ms);
	note_number(&writer, 25, note->from);
	note_number(&writer, 26, note->to);
	note_number(&writer, 27, note->count);
	if (out->status == STATUS_OK) {
		out->at[writer.head] = (uint8_t)(out->at[writer.head] + writer.pairs);
	}
}

enum status
ingest_note(struct ingest *ingest, enum entry_kind kind, uint32_t user, const struct note *note,
	    uint64_t *seq_out, struct error *err)
{
	const struct entry entry = {.kind = kind, .user = user, .record = note->record};
	struct buffer payload;
	enum status status;

	buffer_init(&payload, CHANGE_BYTES_MAX);
	note_encode(note, &payload);
	status = buffer_status(&payload, "a log entry", err);
	if (status == STATUS_OK) {
		status = ingest_append_note(ingest, &entry, buffer_span(&payload), seq_out, err);
	}
	buffer_finish(&payload);
	return status;
}

bool
note_released_decode(struct span payload, struct note_released *out)
{
	struct reader in = reader_of(payload);
	struct note_released released = {.stream = 0};
	size_t pairs = 0;

	if (!cbor_get_map(&in, NOTE_PAIRS_MAX, &pairs)) {
		return false;
	}
	for (size_t i = 0; i < pairs; i++) {
		struct span skipped;
		uint32_t key;
		bool known = cbor_get_u32(&in, &key);

		if (known && key == 2) {
			known = cbor_get_u32(&in, &released.stream);
		} else if (known && key == 17) {
			known = cbor_get_u32(&in, &released.n);
		} else if (known && key == 18) {
			known = cbor_get_uint(&in, &released.entry);
		} else {
			known = known && cbor_get_any(&in, &skipped);
		}
		if (!known) {
			return false;
		}
	}
	*out = released;
	return in.left == 0 && released.entry != 0 && released.n != 0;
}

bool
note_read_decode(struct span payload, struct note_read *out)
{
	struct reader in = reader_of(payload);
	struct note_read read = {.route = {NULL, 0}};
	size_t pairs = 0;

	if (!cbor_get_map(&in, NOTE_PAIRS_MAX, &pairs)) {
		return false;
	}
	for (size_t i = 0; i < pairs; i++) {
		struct span skipped;
		uint32_t key;
		bool known = cbor_get_u32(&in, &key);

		if (known && key == 8) {
			known = cbor_get_text(&in, &read.route);
		} else if (known && key == 9) {
			known = cbor_get_text(&in, &read.filter);
		} else {
			known = known && cbor_get_any(&in, &skipped);
		}
		if (!known) {
			return false;
		}
	}
	*out = read;
	return in.left == 0 && read.route.length > 0;
}
