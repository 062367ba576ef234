/* SPDX-License-Identifier: Apache-2.0 */
/* query: what the files query*.c share. */
#ifndef SAMBUNG_CLIENT_QUERY_H
#define SAMBUNG_CLIENT_QUERY_H

#include "client/device.h"

/*
 * A record is due when somebody should act on it. It goes by the names of fields, so a schema can
 * make any type take part:
 *   - a date `next_date` has come, unless the same type has a record with a later `date` under the
 *     same root reference (the visit that was announced has been made);
 *   - a date `due_date` has come, unless a choice `status` is `done` or `dropped`.
 * Archived records are never due.
 */
enum status query_due(struct sambung *device, const struct record *record, int64_t today,
		      bool *due_out, struct error *err);

/* Some text that is shown holds `match`, letters A to Z of either case alike. */
bool query_matches(const struct record_type *type, const struct record *record, struct span match);

#endif
