/* SPDX-License-Identifier: Apache-2.0 */
#include "held.h"

struct holding {
	struct store *store;
	const struct held_query *query;
	const struct pulls *pulls;
	bool last; /* the scope of its last sync was looked at */
	struct held held;
};

static uint64_t
later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

static uint64_t
earlier(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* Was it in that scope between these moments? */
static enum status
was_in(const struct holding *holding, const struct scope_period *period, uint64_t since,
       uint64_t until, bool *out, struct error *err)
{
	const struct stay_query stay = {.record = holding->query->record,
					.since = later(since, holding->query->created),
					.until = until,
					.village = holding->query->village,
					.regions = period->regions,
					.region_count = period->region_count};
	uint64_t village = 0;
	enum status status = STATUS_OK;

	if (stay.since < stay.until && period->region_count > 0) {
		status = store_stay_find(holding->store, &stay, &village, err);
	}
	if (status == STATUS_OK && village != 0) {
		*out = true;
	}
	return status;
}

/* The newest scope first. */
static enum status
look_at_scope(void *context, const struct scope_period *period, struct error *err)
{
	struct holding *holding = context;
	const uint64_t last = holding->pulls->pulled_to;
	enum status status = was_in(holding, period, period->version,
				    earlier(period->until, last + 1), &holding->held.ever, err);

	if (status == STATUS_OK && !holding->last && period->version <= last) {
		holding->last = true;
		status = was_in(holding, period, last, last + 1, &holding->held.now, err);
	}
	return status;
}

enum status
held_find(struct store *store, const struct held_query *query, const struct pulls *pulls,
	  const struct device *device, struct held *out, struct error *err)
{
	struct holding holding = {.store = store, .query = query, .pulls = pulls};
	enum status status =
		store_scopes_read(store, pulls->device, 0, look_at_scope, &holding, err);

	if (status != STATUS_OK) {
		return status;
	}
	/* What it wrote and the server did not take, or took after its last sync, it has. */
	holding.held.ever = holding.held.ever || query->made || query->aside;
	holding.held.now = holding.held.now || query->aside ||
			   (query->made && query->created > pulls->pulled_to);
	if (device->state == DEVICE_FORMER || device->destroyed_ms != 0) {
		holding.held.now = false;
	}
	*out = holding.held;
	return STATUS_OK;
}
