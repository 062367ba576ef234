/* SPDX-License-Identifier: Apache-2.0 */
#include "set_aside.h"

#include "daemon/ingest/aside.h"
#include "protocol/id.h"
#include "protocol/region.h"

#include <stdlib.h>

enum status
set_aside_open(struct set_aside *aside, struct store *store, const struct region *scope,
	       struct error *err)
{
	aside->store = store;
	aside->scope = scope;
	buffer_init(&aside->rows, SIZE_MAX);
	buffer_init(&aside->about, SIZE_MAX);
	return store_quarantine_kept(store, &aside->rows, err);
}

void
set_aside_close(struct set_aside *aside)
{
	buffer_finish(&aside->rows);
	buffer_finish(&aside->about);
}

static size_t
row_count(const struct set_aside *aside)
{
	return aside->rows.length / sizeof(struct quarantined);
}

static bool
is_seen(const struct set_aside *aside, const struct quarantined *row)
{
	return aside->scope == NULL || region_covers(*aside->scope, row->village);
}

enum status
set_aside_village(const struct set_aside *aside, uint64_t record, uint64_t *village_out,
		  struct error *err)
{
	const struct quarantined *row = (const void *)aside->rows.at;

	for (size_t i = 0; i < row_count(aside); i++) {
		if (row[i].record == record && row[i].reason != QUARANTINE_ERASED &&
		    is_seen(aside, &row[i])) {
			*village_out = row[i].village;
			return STATUS_OK;
		}
	}
	return fail(err, STATUS_NOT_FOUND, "no record has this id");
}

/* ---- what is about some records ---- */

struct marking {
	struct set_aside *aside;
	const struct schema *schema;
	const struct buffer *ids; /* of these records */
	struct buffer all;	  /* uint64_t, ascending: these, and what would be below them */
	struct arena *arena;
};

static bool
is_among(const struct buffer *ids, uint64_t id)
{
	return id_among(id, (const void *)ids->at, ids->length / sizeof id);
}

/* Changes of the records themselves are of their village; others are seen by their own. */
static enum status
is_about(struct marking *marking, const struct quarantined *row, bool *out, struct error *err)
{
	struct log_row logged;
	enum status status;

	*out = is_among(marking->ids, row->record);
	if (*out || !is_seen(marking->aside, row)) {
		return STATUS_OK;
	}
	*out = is_among(&marking->all, row->record) ||
	       (row->awaits != 0 && is_among(&marking->all, row->awaits));
	if (*out) {
		return STATUS_OK;
	}
	arena_reset(marking->arena);
	status = store_log_entry(marking->aside->store, row->seq, marking->arena, &logged, err);
	if (status == STATUS_OK) {
		*out = aside_hangs_on(marking->schema, logged.payload,
				      (const void *)marking->all.at,
				      marking->all.length / sizeof(uint64_t), marking->arena);
	}
	return status;
}

/* Goes once through the rows, and adds what they would make. */
static enum status
mark_once(struct marking *marking, struct error *err)
{
	const struct quarantined *row = (const void *)marking->aside->rows.at;
	bool *about = (void *)marking->aside->about.at;
	struct buffer *all = &marking->all;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < row_count(marking->aside) && status == STATUS_OK; i++) {
		if (about[i]) {
			continue;
		}
		status = is_about(marking, &row[i], &about[i], err);
		if (status == STATUS_OK && about[i] && !is_among(&marking->all, row[i].record) &&
		    row[i].record == id_make(row[i].stream, row[i].n)) {
			buffer_append(all, &row[i].record, sizeof row[i].record);
			status = buffer_status(all, "what was set aside", err);
			qsort(all->at, all->length / sizeof(uint64_t), sizeof(uint64_t),
			      id_compare);
		}
	}
	return status;
}

/* What was found may be what others hang on: until nothing more is. */
enum status
set_aside_mark(struct set_aside *aside, const struct schema *schema, const struct buffer *ids,
	       struct arena *arena, struct error *err)
{
	static const bool no;
	struct marking marking = {.aside = aside, .schema = schema, .ids = ids, .arena = arena};
	size_t before = 0;
	enum status status;

	buffer_clear(&aside->about);
	for (size_t i = 0; i < row_count(aside); i++) {
		buffer_append(&aside->about, &no, sizeof no);
	}
	buffer_init(&marking.all, SIZE_MAX);
	buffer_append_span(&marking.all, buffer_span(ids));
	status = buffer_status(&aside->about, "what was set aside", err);
	while (status == STATUS_OK && before != marking.all.length) {
		before = marking.all.length;
		status = mark_once(&marking, err);
	}
	buffer_finish(&marking.all);
	return status;
}

const struct quarantined *
set_aside_next(const struct set_aside *aside, size_t *at)
{
	const struct quarantined *row = (const void *)aside->rows.at;
	const bool *about = (const void *)aside->about.at;

	while (*at < aside->about.length / sizeof *about) {
		const size_t i = (*at)++;

		if (about[i]) {
			return &row[i];
		}
	}
	return NULL;
}

bool
set_aside_wrote(const struct set_aside *aside, uint32_t device)
{
	const struct quarantined *row;
	size_t at = 0;

	while ((row = set_aside_next(aside, &at)) != NULL) {
		if (row->stream == device && row->reason != QUARANTINE_ERASED) {
			return true;
		}
	}
	return false;
}
