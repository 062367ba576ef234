/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ingest/note.h"
#include "protocol/cbor.h"

#include <string.h>

enum { PAIRS_MAX = 24, TEXT_MAX = CHANGE_BYTES_MAX };

static bool
get_string(struct reader *in, struct arena *arena, const char **out)
{
	struct span text;
	char *copy;

	if (!cbor_get_text(in, &text)) {
		return false;
	}
	copy = arena_take(arena, text.length + 1, 1);
	if (copy == NULL) {
		return false;
	}
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	*out = copy;
	return true;
}

static bool
get_regions(struct reader *in, struct arena *arena, struct note *note)
{
	size_t count;
	size_t two;
	struct region *regions;

	if (!cbor_get_array(in, MESSAGE_SCOPE_MAX, &count)) {
		return false;
	}
	regions = ARENA_ARRAY(arena, struct region, count);
	if (regions == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!cbor_get_array(in, 2, &two) || two != 2 ||
		    !cbor_get_uint_max(in, INT64_MAX, &regions[i].low) ||
		    !cbor_get_uint_max(in, INT64_MAX, &regions[i].high)) {
			return false;
		}
	}
	note->scope = regions;
	note->scope_count = count;
	return true;
}

static bool
get_numbers(struct reader *in, struct arena *arena, const uint64_t **out, size_t *count_out)
{
	uint64_t *numbers;
	size_t count;

	if (!cbor_get_array(in, CHANGE_BYTES_MAX, &count)) {
		return false;
	}
	numbers = ARENA_ARRAY(arena, uint64_t, count);
	if (numbers == NULL) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!cbor_get_uint_max(in, INT64_MAX, &numbers[i])) {
			return false;
		}
	}
	*out = numbers;
	*count_out = count;
	return true;
}

static bool
get_moment(struct reader *in, int64_t *out)
{
	uint64_t moment;

	if (!cbor_get_uint_max(in, INT64_MAX, &moment)) {
		return false;
	}
	*out = (int64_t)moment;
	return true;
}

static bool
get_value(struct reader *in, uint32_t key, struct arena *arena, struct note *note)
{
	switch (key) {
	case 1:
		return get_string(in, arena, &note->action);
	case 2:
		return cbor_get_u32(in, &note->stream);
	case 3:
		return cbor_get_bytes(in, &note->key);
	case 4:
		return cbor_get_text(in, &note->name);
	case 5:
		return get_regions(in, arena, note);
	case 6:
		return cbor_get_u32(in, &note->version);
	case 7:
		return cbor_get_bytes(in, &note->hash);
	case 8:
		return get_string(in, arena, &note->route);
	case 9:
		return get_string(in, arena, &note->filter);
	case 10:
		return cbor_get_u32(in, &note->epoch);
	case 11:
		return cbor_get_u32(in, &note->parent);
	case 12:
		return cbor_get_uint(in, &note->cut);
	case 13:
		return cbor_get_u32(in, &note->role);
	case 14:
		return cbor_get_uint(in, &note->snapshot);
	case 15:
		return cbor_get_u32(in, &note->continued);
	case 16:
		return cbor_get_u32(in, &note->common_n);
	case 17:
		return cbor_get_u32(in, &note->n);
	case 18:
		return cbor_get_uint(in, &note->entry);
	case 19:
		return cbor_get_text(in, &note->reason);
	case 20:
		return get_numbers(in, arena, &note->records, &note->record_count);
	case 21:
		return get_numbers(in, arena, &note->entries, &note->entry_count);
	case 23:
		return cbor_get_bytes(in, &note->source);
	case 24:
		return get_moment(in, &note->expires_ms);
	case 25:
		return cbor_get_uint(in, &note->from);
	case 26:
		return cbor_get_uint(in, &note->to);
	case 27:
		return cbor_get_u32(in, &note->count);
	default:
		return false;
	}
}

/* What note_encode would not write so is refused, whatever it means. */
static bool
is_written_so(const struct note *note, struct span payload)
{
	struct buffer again;
	bool same;

	buffer_init(&again, TEXT_MAX);
	note_encode(note, &again);
	same = again.status == STATUS_OK && span_equal(buffer_span(&again), payload);
	buffer_finish(&again);
	return same;
}

bool
note_decode(struct span payload, struct arena *arena, struct note *out)
{
	const void *copy = arena_copy(arena, payload.at, payload.length);
	struct reader in = reader_of(span_of(copy, payload.length));
	struct note note = {.action = NULL};
	size_t pairs = 0;

	if (copy == NULL || !cbor_get_map(&in, PAIRS_MAX, &pairs)) {
		return false;
	}
	for (size_t i = 0; i < pairs; i++) {
		uint32_t key;

		if (!cbor_get_u32(&in, &key) || !get_value(&in, key, arena, &note)) {
			return false;
		}
	}
	if (note.action == NULL || !is_written_so(&note, payload)) {
		return false;
	}
	*out = note;
	return true;
}
