/* SPDX-License-Identifier: Apache-2.0 */
#include "reads.h"

#include "protocol/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { READS_SETS = 128, READS_IN_SET = 8 };

struct read_row {
	uint8_t key[HASH_SIZE];
	int64_t ms; /* 0: free */
};

/* A key has one set; in that a newer one takes the oldest one's place. */
struct reads {
	struct read_row sets[READS_SETS][READS_IN_SET];
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
set_of(const uint8_t key[HASH_SIZE])
{
	return get_le32(key) % READS_SETS;
}

bool
reads_has(const struct reads *reads, const uint8_t key[HASH_SIZE], int64_t now_ms)
{
	const struct read_row *set = reads->sets[set_of(key)];

	for (size_t i = 0; i < READS_IN_SET; i++) {
		/* A clock that was set back remembers nothing. */
		if (set[i].ms != 0 && now_ms >= set[i].ms && now_ms - set[i].ms < READS_MS &&
		    memcmp(set[i].key, key, HASH_SIZE) == 0) {
			return true;
		}
	}
	return false;
}

void
reads_keep(struct reads *reads, const uint8_t key[HASH_SIZE], int64_t now_ms)
{
	struct read_row *set = reads->sets[set_of(key)];
	struct read_row *place = &set[0];

	for (size_t i = 1; i < READS_IN_SET; i++) {
		if (set[i].ms < place->ms) {
			place = &set[i];
		}
	}
	memcpy(place->key, key, HASH_SIZE);
	place->ms = now_ms;
}
