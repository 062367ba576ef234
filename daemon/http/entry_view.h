/* SPDX-License-Identifier: Apache-2.0 */
/* entry_view: a log entry as the command contract prints it. */
#ifndef SAMBUNG_DAEMON_HTTP_ENTRY_VIEW_H
#define SAMBUNG_DAEMON_HTTP_ENTRY_VIEW_H

#include "view.h"

/* The entry's change and its stream; of a release the one that it merges. False if it has none, or
 * it does not decode. Borrows from the payload and the arena. */
bool entry_change(const struct log_row *row, struct view *view, struct arena *arena,
		  struct change *out, uint32_t *stream_out);
/* Appends {"seq","kind","device","n","cadre","user","record","type","time","received","fields"}
 * and a line end; of quarantined changes also "quarantined", of entries that are no change "about".
 * `before` (may be NULL): the record without the change, for "was". */
void entry_show(struct view *view, const struct log_row *row, const struct record *before,
		struct buffer *out);

#endif
