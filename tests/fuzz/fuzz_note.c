/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a log entry that is no change, as verify and a restore read it from a database
 * that anybody may have altered. */
#include "daemon/ingest/note.h"
#include "fuzz.h"
#include "protocol/arena.h"

enum { MEMORY = 1024 * 1024 };

static void
check_text(const char *text)
{
	PROPERTY(text == NULL || (*text != '\0' && utf8_valid(span_of_text(text))));
}

static void
check_note(struct span bytes)
{
	struct note note = {.action = NULL};
	struct arena arena;
	struct buffer again;

	arena_init(&arena, MEMORY);
	buffer_init(&again, FUZZ_BUFFER_MAX);
	if (note_decode(bytes, &arena, &note)) {
		PROPERTY(note.action != NULL && note.expires_ms >= 0);
		check_text(note.action);
		check_text(note.route);
		check_text(note.filter);
		PROPERTY(utf8_valid(note.name) && utf8_valid(note.reason));
		note_encode(&note, &again);
		PROPERTY(span_equal(buffer_span(&again), bytes));
	} else {
		PROPERTY(note.action == NULL);
	}
	buffer_finish(&again);
	arena_finish(&arena);
}

FUZZ(data, size)
{
	struct note_released released;
	struct note_read read;

	check_note(span_of(data, size));
	(void)note_released_decode(span_of(data, size), &released);
	if (note_read_decode(span_of(data, size), &read)) {
		PROPERTY(utf8_valid(read.route) && utf8_valid(read.filter));
	}
	return 0;
}
