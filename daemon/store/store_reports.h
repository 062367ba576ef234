/* SPDX-License-Identifier: Apache-2.0 */
/* store_reports: who holds, and who read, what is known of somebody. As store.h. */
#ifndef SAMBUNG_DAEMON_STORE_STORE_REPORTS_H
#define SAMBUNG_DAEMON_STORE_STORE_REPORTS_H

#include "store.h"

/* Calls `each` for every entry of kind read after `since`, ascending; the row is borrowed. */
enum status store_reads_read(struct store *store, uint64_t since, log_row_fn each, void *context,
			     struct error *err);
/* Entry with the change that made the record, merged or set aside; 0: there is none. */
enum status store_created(struct store *store, uint64_t record, uint64_t *seq_out,
			  struct error *err);
typedef enum status (*import_key_fn)(void *context, uint32_t type, struct span key, uint64_t record,
				     struct error *err);
/* Every key that imports know. Reads the whole table. */
enum status store_import_keys(struct store *store, import_key_fn each, void *context,
			      struct error *err);

/* The syncs of a device that ended well. */
struct pulls {
	uint32_t device;
	uint64_t count;
	int64_t first_ms;
	int64_t last_ms;
	uint64_t pulled_to; /* of the log, at most */
};
typedef enum status (*pulls_fn)(void *context, const struct pulls *pulls, struct error *err);
/* Of every device those that brought it beyond `since` of the log, ascending. Reads all sessions.
 */
enum status store_pulls_read(struct store *store, uint64_t since, pulls_fn each, void *context,
			     struct error *err);

/* Each appends ids as uint64_t: records that left these villages after `since`; records that a
 * stream made; what was erased and a device has not said that it destroyed. */
enum status store_left_since(struct store *store, struct region region, uint64_t since,
			     struct buffer *out, struct error *err);
enum status store_made_by(struct store *store, uint32_t stream, struct buffer *out,
			  struct error *err);
enum status store_erased_outstanding(struct store *store, uint32_t device, struct buffer *out,
				     struct error *err);

#endif
