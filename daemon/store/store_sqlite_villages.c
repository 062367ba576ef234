/* SPDX-License-Identifier: Apache-2.0 */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

enum status
villages_copy(const struct region *regions, size_t count, struct villages *out, struct error *err)
{
	struct region *copy;

	if (regions == NULL) {
		*out = (struct villages){NULL, 0};
		return STATUS_OK;
	}
	/* One more, so that a scope of nothing has memory too and stays apart from everything. */
	copy = calloc(count + 1, sizeof *copy);
	if (copy == NULL) {
		return store_exhausted("a list of villages", err);
	}
	if (count > 0) {
		memcpy(copy, regions, count * sizeof *copy);
	}
	out->regions = copy;
	out->count = count;
	return STATUS_OK;
}

void
villages_free(struct villages *villages)
{
	free(villages->regions);
	*villages = (struct villages){NULL, 0};
}

bool
villages_cover(const struct region *regions, size_t count, uint64_t village)
{
	return regions == NULL || regions_cover(regions, count, village);
}

/* Places of one range, but for those of earlier ranges, which may overlap. */
static enum status
places_of_range(struct statement *s, const struct villages *earlier, place_fn each, void *context,
		struct error *err)
{
	bool row = true;

	for (;;) {
		struct place place;
		enum status status = sql_row(s, &row, err);

		if (status != STATUS_OK || !row) {
			return status;
		}
		place = (struct place){sql_uint(s, 0), store_u32(s, 1), sql_uint(s, 2),
				       sql_uint(s, 3)};
		if (regions_cover(earlier->regions, earlier->count, place.village)) {
			continue;
		}
		status = each(context, &place, err);
		if (status != STATUS_OK) {
			sql_reset(s);
			return status;
		}
	}
}

enum status
places_read(struct store *store, const struct villages *villages, uint32_t type, place_fn each,
	    void *context, struct error *err)
{
	static const char text[] =
		"SELECT village, type, records, conflicts FROM place"
		" WHERE village BETWEEN ?1 AND ?2 AND (?3 = 0 OR type = ?3) ORDER BY village, type";
	static const struct region everything = {0, INT64_MAX};
	const struct region *ranges = villages->regions == NULL ? &everything : villages->regions;
	size_t count = villages->regions == NULL ? 1 : villages->count;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		const struct villages earlier = {villages->regions, i};
		struct statement *s = sql_prepare(store->sql, text, err);

		sql_bind_uint(s, 1, ranges[i].low);
		sql_bind_uint(s, 2, ranges[i].high);
		sql_bind_uint(s, 3, type);
		status = places_of_range(s, &earlier, each, context, err);
	}
	return status;
}
