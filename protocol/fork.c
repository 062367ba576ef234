/* SPDX-License-Identifier: Apache-2.0 */
#include "fork.h"

#include "id.h"

#include <string.h>

enum { LABEL_SIZE = 16, NUMBER_SIZE = 4 };

static const char key_label[LABEL_SIZE + 1] = "sambung/fork/1\0";
static const char batch_label[LABEL_SIZE + 1] = "sambung/again/1";

static void
number_write(uint32_t number, uint8_t out[NUMBER_SIZE])
{
	for (size_t i = 0; i < NUMBER_SIZE; i++) {
		out[i] = (uint8_t)(number >> 8 * i);
	}
}

void
fork_key(const uint8_t seed[SEED32_SIZE], uint32_t stream, uint32_t n,
	 uint8_t seed_out[SEED32_SIZE])
{
	uint8_t numbers[2 * NUMBER_SIZE];
	struct span parts[] = {
		span_of(key_label, LABEL_SIZE),
		span_of(seed, SEED32_SIZE),
		span_of(numbers, sizeof numbers),
	};

	number_write(stream, numbers);
	number_write(n, numbers + NUMBER_SIZE);
	sha256(parts, 3, seed_out);
}

void
fork_batch_seed(const uint8_t seed[SEED_SIZE], uint32_t heir, uint8_t seed_out[SEED_SIZE])
{
	uint8_t number[NUMBER_SIZE];
	uint8_t hash[HASH_SIZE];
	struct span parts[] = {
		span_of(batch_label, LABEL_SIZE),
		span_of(seed, SEED_SIZE),
		span_of(number, sizeof number),
	};

	number_write(heir, number);
	sha256(parts, 3, hash);
	memcpy(seed_out, hash, SEED_SIZE);
	crypto_wipe(hash, sizeof hash);
}

uint64_t
fork_id(const struct fork *fork, uint64_t id)
{
	return id_stream(id) == fork->stream && id_n(id) > fork->n
		       ? id_make(fork->heir, id_n(id) - fork->n)
		       : id;
}

static bool
is_reference(const struct record_type *type, int32_t tag)
{
	const struct field *field = type == NULL ? NULL : type_field(type, tag);

	return tag == TAG_SAME_AS || (field != NULL && field->type == FIELD_REFERENCE);
}

/* What the form had shown of the own changes: those up to the fork stay the old stream's. */
static void
renumber_own(const struct fork *fork, struct change *change)
{
	if (change->own_stream != 0) {
		return;
	}
	if (change->own_n >= fork->n) {
		change->own_n -= fork->n;
	} else {
		change->own_stream = fork->stream;
	}
}

static void
remember_first(const struct fork *fork, struct span bytes, struct change *change)
{
	if (change->was_stream != 0) {
		return; /* made again before */
	}
	change->was_stream = fork->stream;
	change->was_n = change->n;
	sha256(&bytes, 1, change->first_hash);
}

enum status
fork_change(const struct fork *fork, const struct record_type *type, struct span bytes,
	    struct arena *arena, struct buffer *out, struct error *err)
{
	const size_t before = out->length;
	struct change change;
	enum status status = change_decode(bytes, false, arena, &change, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (change.n <= fork->n) {
		return fail(err, STATUS_INVALID, "n %u", change.n);
	}
	remember_first(fork, bytes, &change);
	renumber_own(fork, &change);
	change.n -= fork->n;
	change.record = fork_id(fork, change.record);
	for (size_t i = 0; i < change.field_count; i++) {
		struct value *value = &change.fields[i].value;

		if (value->form == VALUE_INTEGER && value->integer > 0 &&
		    is_reference(type, change.fields[i].tag)) {
			value->integer = (int64_t)fork_id(fork, (uint64_t)value->integer);
		}
	}
	change_encode(&change, out);
	if (out->status == STATUS_OK && out->length - before > CHANGE_BYTES_MAX) {
		return fail(err, STATUS_LIMIT, "n %u", change.was_n);
	}
	return buffer_status(out, "change", err);
}
