/* SPDX-License-Identifier: Apache-2.0 */
/* follow: a record changes its village, and what hangs below it follows. */
#include "daemon/ingest/workset.h"

#include <string.h>

static enum status
move_record(struct ingest *ingest, struct slot *slot, uint64_t village, uint64_t seq,
	    struct error *err)
{
	uint64_t left = slot->record.village;

	slot->record.village = village;
	slot->row.moved = seq;
	slot->dirty = true;
	return store_move_append(ingest->options.store, seq, slot->id, left, err);
}

/* Reads what hangs on others in the village, unless the last move has: many families may leave one
 * village in one transaction. */
static enum status
read_hanging(struct ingest *ingest, uint64_t village, struct error *err)
{
	struct workset *work = &ingest->work;
	enum status status;

	if (village != 0 && work->hanging_village == village) {
		return STATUS_OK;
	}
	work->hanging_village = 0;
	work->scans++;
	/* First what is only in memory yet. */
	status = workset_flush(ingest, err);
	if (status == STATUS_OK) {
		status = store_hanging(ingest->options.store, village, &work->hanging, err);
	}
	if (status == STATUS_OK) {
		work->hanging_village = village;
	}
	return status;
}

/* The first that hangs on `parent`, or on one after it. */
static size_t
first_below(const struct hanging *hanging, size_t count, uint64_t parent)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (hanging[middle].parent < parent) {
			low = middle + 1;
		} else {
			count = middle;
		}
	}
	return low;
}

/* Appends the children of `parent` that have not followed yet: a circle of references ends. */
static void
take_children(struct workset *work, uint64_t parent, struct buffer *ids)
{
	struct hanging *hanging = (void *)work->hanging.at;
	size_t count = work->hanging.length / sizeof *hanging;

	for (size_t i = first_below(hanging, count, parent);
	     i < count && hanging[i].parent == parent; i++) {
		if (hanging[i].id != 0) {
			buffer_append(ids, &hanging[i].id, sizeof hanging[i].id);
			hanging[i].id = 0;
		}
	}
}

static uint64_t
id_at(const struct buffer *ids, size_t at)
{
	uint64_t id;

	memcpy(&id, ids->at + at, sizeof id);
	return id;
}

/* Everything below the record follows: children, their children … */
static enum status
move_below(struct ingest *ingest, uint64_t id, uint64_t village, uint64_t seq, struct buffer *ids,
	   struct error *err)
{
	enum status status = STATUS_OK;

	take_children(&ingest->work, id, ids);
	for (size_t at = 0; at < ids->length && status == STATUS_OK; at += sizeof id) {
		struct slot *slot;

		take_children(&ingest->work, id_at(ids, at), ids);
		status = workset_record(ingest, id_at(ids, at), &slot, err);
		if (status == STATUS_OK && slot->record.village != village) {
			status = move_record(ingest, slot, village, seq, err);
		}
	}
	return status == STATUS_OK ? buffer_status(ids, "what hangs below", err) : status;
}

enum status
ingest_below(struct ingest *ingest, uint64_t id, uint64_t village, struct buffer *ids,
	     struct error *err)
{
	size_t at = ids->length;
	enum status status = read_hanging(ingest, village, err);

	if (status != STATUS_OK) {
		return status;
	}
	take_children(&ingest->work, id, ids);
	for (; at < ids->length; at += sizeof id) {
		take_children(&ingest->work, id_at(ids, at), ids);
	}
	/* What was taken counts as having followed. */
	ingest->work.hanging_village = 0;
	return buffer_status(ids, "what hangs below", err);
}

enum status
ingest_move(struct ingest *ingest, struct slot *slot, uint64_t village, uint64_t seq,
	    struct error *err)
{
	uint64_t left = slot->record.village;
	struct buffer ids;
	enum status status = move_record(ingest, slot, village, seq, err);

	if (status == STATUS_OK) {
		status = read_hanging(ingest, left, err);
	}
	buffer_init(&ids, SIZE_MAX);
	if (status == STATUS_OK) {
		status = move_below(ingest, slot->id, village, seq, &ids, err);
	}
	buffer_finish(&ids);
	return status;
}
