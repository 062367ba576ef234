/* SPDX-License-Identifier: Apache-2.0 */
#include "reads.h"

#include "protocol/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { READS_KEPT = 512 };

/* A newer one takes the place of an older one with the same last bits. */
struct reads {
	struct {
		uint8_t key[HASH_SIZE];
		int64_t ms; /* 0: free */
	} rows[READS_KEPT];
};

enum status
reads_create(struct reads **out, struct error *err)
{
	struct reads *reads = calloc(1, sizeof *reads);

	if (reads == NULL) {
		return fail(err, STATUS_MEMORY, "the service");
	}
	*out = reads;
	return STATUS_OK;
}

void
reads_free(struct reads *reads)
{
	free(reads);
}

void
reads_key(const uint8_t session[HASH_SIZE], const char *route, const char *filter,
	  uint8_t key_out[HASH_SIZE])
{
	/* A NUL ends the route, so that it does not run into the filter. */
	const struct span parts[] = {span_of(session, HASH_SIZE), span_of(route, strlen(route) + 1),
				     span_of_text(filter)};

	sha256(parts, sizeof parts / sizeof parts[0], key_out);
}

static size_t
place_of(const uint8_t key[HASH_SIZE])
{
	return get_le32(key) % READS_KEPT;
}

bool
reads_has(const struct reads *reads, const uint8_t key[HASH_SIZE], int64_t now_ms)
{
	size_t at = place_of(key);

	/* A clock that was set back remembers nothing. */
	return reads->rows[at].ms != 0 && now_ms >= reads->rows[at].ms &&
	       now_ms - reads->rows[at].ms < READS_MS &&
	       memcmp(reads->rows[at].key, key, HASH_SIZE) == 0;
}

void
reads_keep(struct reads *reads, const uint8_t key[HASH_SIZE], int64_t now_ms)
{
	size_t at = place_of(key);

	memcpy(reads->rows[at].key, key, HASH_SIZE);
	reads->rows[at].ms = now_ms;
}
