/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pace.h"

enum {
	BUSY_TRIES = 2,
	BUSY_MS = 2000, /* where a full server does not say how long */
	CUT_MS = 50,
	CUT_SPREAD_MS = 200,
	SPREAD_MS = 1000,
};

static uint32_t
size_within(uint64_t size, uint64_t least, uint64_t most)
{
	return (uint32_t)(size < least ? least : size > most ? most : size);
}

uint32_t
pace_next(uint32_t size, const struct pace_seen *seen)
{
	uint64_t ms = seen->ms > 0 ? (uint64_t)seen->ms : 1;
	uint64_t fits = seen->bytes * PACE_TARGET_MS / ms;
	uint64_t next = size;

	if (!seen->arrived) {
		next = size / 2;
	} else if (ms > PACE_TARGET_MS || seen->bytes >= size / 2) {
		/* What is small and quick tells of the distance, not of the rate. */
		next = size_within(fits, size / 2, UINT64_C(2) * size);
	}
	return size_within(next, PACE_LEAST, PACE_MOST);
}

uint32_t
pace_room(uint32_t size, size_t sent, bool more_wait)
{
	if (more_wait || sent >= size) {
		return PACE_LEAST;
	}
	return size_within(size - sent, PACE_LEAST, PACE_MOST);
}

bool
pace_retry(const struct pace_failure *failure, uint32_t random, uint32_t *wait_ms_out)
{
	uint64_t wait_ms;

	if (failure->busy && failure->tries < BUSY_TRIES) {
		wait_ms = failure->retry_after_s == 0 ? BUSY_MS
						      : failure->retry_after_s * UINT64_C(1000);
		wait_ms += random % SPREAD_MS;
	} else if (failure->cut && failure->tries < PACE_TRIES) {
		wait_ms = (CUT_MS + random % CUT_SPREAD_MS) * (uint64_t)failure->tries;
	} else {
		return false;
	}
	if (failure->elapsed_ms < 0 || (uint64_t)failure->elapsed_ms + wait_ms > PACE_PATIENCE_MS) {
		return false;
	}
	*wait_ms_out = (uint32_t)wait_ms;
	return true;
}
