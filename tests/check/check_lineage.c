/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/check/check_lineage.h"

#include "protocol/cbor.h"

#include <stdlib.h>

enum { NOTE_STREAM = 2, NOTE_PARENT = 15, NOTE_PARENT_N = 16, NOTE_PAIRS_MAX = 23 };

void
check_lineages_free(struct check_lineages *lineages)
{
	free(lineages->at);
	lineages->at = NULL;
}

static bool
note_read(struct span note, struct lineage *out)
{
	struct reader in = reader_of(note);
	struct span other;
	size_t pairs;
	uint32_t key;

	if (!cbor_get_map(&in, NOTE_PAIRS_MAX, &pairs)) {
		return false;
	}
	for (size_t i = 0; i < pairs; i++) {
		bool read = cbor_get_u32(&in, &key);

		if (read && key == NOTE_STREAM) {
			read = cbor_get_u32(&in, &out->stream);
		} else if (read && key == NOTE_PARENT) {
			read = cbor_get_u32(&in, &out->parent);
		} else if (read && key == NOTE_PARENT_N) {
			read = cbor_get_u32(&in, &out->n);
		} else {
			read = read && cbor_get_any(&in, &other);
		}
		if (!read) {
			return false;
		}
	}
	return in.left == 0;
}

enum status
check_lineage_note(struct check_lineages *lineages, struct span note, struct error *err)
{
	struct lineage lineage = {.stream = 0};
	size_t before = lineages->count;
	struct lineage *grown;
	size_t at;

	if (!note_read(note, &lineage)) {
		return fail(err, STATUS_MALFORMED, "a note does not decode");
	}
	if (lineage.parent == 0) {
		return STATUS_OK;
	}
	at = lineage_place(lineages->at, before, lineage.stream);
	if (at < before && lineages->at[at].stream == lineage.stream &&
	    lineages->at[at].parent == lineage.parent && lineages->at[at].n == lineage.n) {
		/* An adopted number, for which a phone has come since. */
		return STATUS_OK;
	}
	grown = realloc(lineages->at, (before + 1) * sizeof *grown);
	if (grown == NULL) {
		return fail(err, STATUS_MEMORY, "lineages");
	}
	lineages->at = grown;
	lineage_add(lineages->at, &lineages->count, lineage);
	return lineages->count > before
		       ? STATUS_OK
		       : fail(err, STATUS_MALFORMED, "stream %u continues twice", lineage.stream);
}

enum status
check_lineage_row(struct check_lineages *lineages, struct lineage row, struct error *err)
{
	size_t at = lineage_place(lineages->at, lineages->count, row.stream);
	bool logged = at < lineages->count && lineages->at[at].stream == row.stream;

	lineages->seen += logged;
	if (logged ? row.parent != lineages->at[at].parent || row.n != lineages->at[at].n
		   : row.parent != 0) {
		return fail(err, STATUS_MALFORMED, "stream %u: the log has another parent",
			    row.stream);
	}
	return STATUS_OK;
}
