/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view: what it takes to show records and entries from one snapshot - the newest schema, the
 * epochs, who stands behind a stream number, and the day for the rules.
 */
#ifndef SAMBUNG_DAEMON_HTTP_VIEW_H
#define SAMBUNG_DAEMON_HTTP_VIEW_H

#include "call.h"
#include "protocol/json.h"

enum { VIEW_NAMES = 256 }; /* remembered; the rest is looked up again */

struct view_name {
	uint32_t number; /* 0: free */
	uint32_t kind;	 /* enum stream_kind; 0: there is no such stream */
	uint32_t parent;
	uint32_t parent_n;
	size_t length;
	char name[STREAM_NAME_MAX];
};

struct view {
	struct store *store; /* borrowed, inside a snapshot */
	struct catalogue *catalogue;
	const struct schema *schema;
	struct epoch *epochs;
	size_t epoch_count;
	int64_t today;
	struct stream_names names;
	struct arena lasting;
	struct arena scratch; /* of the record shown last */
	struct view_name *known;
};

enum status view_init(struct view *view, const struct call *call, struct store *store,
		      struct error *err);
void view_finish(struct view *view);

/* The stream; false if there is none. Borrowed until the next call. */
bool view_stream(struct view *view, uint32_t number, const struct view_name **out);
/* Decodes a stored record into the view's scratch, which it empties first. */
enum status view_record(struct view *view, const struct stored_record *row, struct record *out,
			struct error *err);
/* The context for a record's merges: policies, epochs, and the lineage of those who wrote it. */
enum status view_context(struct view *view, const struct record *record, struct arena *arena,
			 struct merge_context *out, struct error *err);
/* Appends the record as the command contract prints it, without a line end. */
enum status view_show(struct view *view, const struct stored_record *row, struct buffer *out,
		      struct error *err);

#endif
