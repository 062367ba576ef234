/* SPDX-License-Identifier: Apache-2.0 */
#include "read_cover.h"

#include "daemon/ingest/note.h"
#include "daemon/store/store_people.h"
#include "protocol/id.h"
#include "protocol/region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILTER_SIZE = 400, WORD_SIZE = 80, READER_MEMORY = 16 * 1024 };

static const struct region everything = {0, UINT64_MAX};

/* The reader's user or token. */
static enum status
reader_scope(struct store *store, uint32_t number, struct region *out, struct error *err)
{
	struct arena arena;
	struct user user = {.number = 0};
	struct token token = {.user = 0};
	enum status status;

	arena_init(&arena, READER_MEMORY);
	status = store_user(store, number, NULL, &arena, &user, err);
	if (status == STATUS_NOT_FOUND) {
		status = store_token_numbered(store, number, NULL, &arena, &token, err);
		user.scope = token.scope;
	}
	arena_finish(&arena);
	if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
		*out = user.scope;
		return STATUS_OK;
	}
	return status;
}

/* Is one of the villages in both? */
static bool
villages_in(const struct read_cover *cover, struct region scope, struct region asked)
{
	for (size_t i = 0; i < cover->village_count; i++) {
		if (region_covers(scope, cover->villages[i]) &&
		    region_covers(asked, cover->villages[i])) {
			return true;
		}
	}
	return false;
}

/* The region in the filter's words; false: it is none, and nothing was answered. */
static bool
asked_region(const char *filter, struct region *out)
{
	const char *village = strstr(filter, "village=");
	char code[WORD_SIZE];

	*out = everything;
	if (village == NULL) {
		return true;
	}
	village += strlen("village=");
	(void)snprintf(code, sizeof code, "%.*s", (int)strcspn(village, " "), village);
	return region_parse(code, out, NULL) == STATUS_OK;
}

static bool
has_id(const struct read_cover *cover, const char *word)
{
	uint64_t id = 0;

	if (id_parse(word, &id, NULL) != STATUS_OK) {
		return false;
	}
	for (size_t i = 0; i < cover->id_count; i++) {
		if (cover->ids[i] == id) {
			return true;
		}
	}
	return false;
}

static bool
has_device(const struct read_cover *cover, const char *word)
{
	const unsigned long number = strtoul(word, NULL, 10);

	for (size_t i = 0; i < cover->device_count; i++) {
		if (cover->devices[i] == number) {
			return true;
		}
	}
	return false;
}

/* Is any of the records of that type? */
static bool
has_type(const struct read_cover *cover, const char *word)
{
	const struct record_type *type = schema_type_named(cover->schema, span_of_text(word));

	for (size_t i = 0; type != NULL && i < cover->id_count; i++) {
		struct stored_record row;

		if (store_records_place(cover->store, &cover->ids[i], 1, &row, NULL) == STATUS_OK &&
		    row.type == type->tag) {
			return true;
		}
	}
	return false;
}

/* What stood in the path is the filter's first word. */
static bool
path_covers(const struct read_cover *cover, const char *route, const char *filter)
{
	char word[WORD_SIZE];

	(void)snprintf(word, sizeof word, "%.*s", (int)strcspn(filter, " "), filter);
	if (strstr(route, "{id}") != NULL) {
		return has_id(cover, word);
	}
	if (strstr(route, "{n}") != NULL) {
		return has_device(cover, word);
	}
	return strstr(route, "{type}") == NULL || has_type(cover, word);
}

enum status
read_covers(const struct read_cover *cover, const struct log_row *row, bool *out,
	    struct region *scope_out, struct error *err)
{
	char route[FILTER_SIZE];
	char filter[FILTER_SIZE];
	struct note_read note;
	struct region scope = {0, 0};
	struct region asked;
	enum status status;

	if (!note_read_decode(row->payload, &note)) {
		*out = false;
		return STATUS_OK;
	}
	status = reader_scope(cover->store, row->entry.user, &scope, err);
	if (status != STATUS_OK) {
		return status;
	}
	(void)snprintf(route, sizeof route, "%.*s", (int)note.route.length,
		       (const char *)note.route.at);
	(void)snprintf(filter, sizeof filter, "%.*s", (int)note.filter.length,
		       (const char *)note.filter.at);
	*scope_out = scope;
	*out = asked_region(filter, &asked) &&
	       villages_in(cover, scope.low == 0 ? everything : scope, asked) &&
	       path_covers(cover, route, filter);
	return STATUS_OK;
}
