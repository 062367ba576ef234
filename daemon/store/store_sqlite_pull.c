/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/id.h"
#include "store_sqlite.h"

#include <stdlib.h>

struct pull {
	struct store *store;
	struct pull_options options; /* its regions are in `villages` */
	struct villages villages;
	struct lanes *lanes;
	struct buffer state;
};

enum status
store_pull_open(struct store *store, const struct pull_options *options, struct pull **out,
		struct error *err)
{
	struct pull *pull = calloc(1, sizeof *pull);
	struct lanes_options lanes = {.with_moves = true,
				      .after = {options->after_key, options->after_id},
				      .own_stream = options->own_stream,
				      .own_n = options->own_n};
	enum status status;

	if (pull == NULL) {
		return store_exhausted("a pull", err);
	}
	pull->store = store;
	pull->options = *options;
	buffer_init(&pull->state, SIZE_MAX);
	lanes.villages = &pull->villages;
	status = villages_copy(options->regions, options->region_count, &pull->villages, err);
	if (status == STATUS_OK) {
		status = lanes_open(store, &lanes, &pull->lanes, err);
	}
	if (status != STATUS_OK) {
		store_pull_close(pull);
		return status;
	}
	*out = pull;
	return STATUS_OK;
}

void
store_pull_close(struct pull *pull)
{
	if (pull != NULL) {
		lanes_close(pull->lanes);
		villages_free(&pull->villages);
		buffer_finish(&pull->state);
		free(pull);
	}
}

/* A record that left one village of the scope for another is still in it. */
static enum status
take_left(struct pull *pull, struct pull_item *item, bool *wanted_out, struct error *err)
{
	uint64_t village = 0;
	bool found;
	enum status status = record_village(pull->store, item->id, &village, &found, err);

	item->evict = true;
	*wanted_out =
		!found || !villages_cover(pull->villages.regions, pull->villages.count, village);
	return status;
}

/* Most of what a sync finds is what it has just brought: told by the id, and by the row without its
 * state. */
static enum status
find_own(struct pull *pull, uint64_t id, bool *own_out, struct error *err)
{
	const struct pull_options *options = &pull->options;
	struct stored_record record;
	enum status status;

	*own_out = false;
	if (id_stream(id) != options->own_stream || id_n(id) > options->own_n) {
		return STATUS_OK;
	}
	status = store_records_place(pull->store, &id, 1, &record, err);
	*own_out = status == STATUS_OK && record.one_change && record.moved <= options->complete;
	return status;
}

/* A record that moved after its last change has its place further on, in the lane of the moved. */
static enum status
take_record(struct pull *pull, struct pull_item *item, bool *wanted_out, struct error *err)
{
	bool found;
	bool own;
	enum status status = find_own(pull, item->id, &own, err);

	if (status != STATUS_OK || own) {
		return status;
	}
	status = record_read(pull->store, item->id, &pull->state, &item->record, &found, err);
	*wanted_out =
		status == STATUS_OK && found &&
		(item->record.moved > item->record.version ? item->record.moved
							   : item->record.version) == item->key;
	return status;
}

enum status
store_pull_next(struct pull *pull, struct pull_item *out, bool *more_out, struct error *err)
{
	for (;;) {
		struct place_in_order at;
		struct pull_item item = {0};
		enum lane_kind kind;
		bool wanted = false;
		bool more;
		enum status status = lanes_next(pull->lanes, &at, &kind, &more, err);

		if (status != STATUS_OK) {
			return status;
		}
		if (!more) {
			*more_out = false;
			return STATUS_OK;
		}
		item.key = at.key;
		item.id = at.id;
		if (kind == LANE_ERASED) {
			item.evict = true;
			item.erased = true;
			wanted = true;
		} else {
			status = kind == LANE_LEFT ? take_left(pull, &item, &wanted, err)
						   : take_record(pull, &item, &wanted, err);
		}
		if (status != STATUS_OK) {
			return status;
		}
		if (wanted) {
			*out = item;
			*more_out = true;
			return STATUS_OK;
		}
	}
}
