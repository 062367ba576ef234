/* SPDX-License-Identifier: Apache-2.0 */
#include "buckets.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* 8192 keys; 256 KiB. */
enum { ROWS = 1024, PLACES = 8, MINUTE_MS = 60000, SECOND_MS = 1000 };

/* Tokens are counted in parts, of which a token has MINUTE_MS: a millisecond brings `per_minute` of
 * them. */
struct bucket {
	uint8_t key[BUCKET_KEY_SIZE];
	int64_t parts; /* at at_ms */
	int64_t at_ms; /* 0: an empty place */
};

struct buckets {
	pthread_mutex_t mutex;
	int64_t most; /* parts */
	int64_t per_minute;
	uint64_t salt;
	struct bucket places[ROWS][PLACES];
};

enum status
buckets_create(unsigned most, unsigned per_minute, uint64_t salt, struct buckets **out,
	       struct error *err)
{
	struct buckets *buckets = calloc(1, sizeof *buckets);

	if (buckets == NULL || pthread_mutex_init(&buckets->mutex, NULL) != 0) {
		free(buckets);
		return fail(err, STATUS_MEMORY, "the rates");
	}
	buckets->most = (int64_t)most * MINUTE_MS;
	buckets->per_minute = per_minute;
	buckets->salt = salt;
	*out = buckets;
	return STATUS_OK;
}

void
buckets_free(struct buckets *buckets)
{
	if (buckets != NULL) {
		(void)pthread_mutex_destroy(&buckets->mutex);
		free(buckets);
	}
}

/* FNV-1a with a salt. */
static struct bucket *
row_of(struct buckets *buckets, const uint8_t key[BUCKET_KEY_SIZE])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ buckets->salt;

	for (size_t i = 0; i < BUCKET_KEY_SIZE; i++) {
		hash = (hash ^ key[i]) * UINT64_C(0x100000001b3);
	}
	hash ^= hash >> 29;
	return buckets->places[hash % ROWS];
}

static int64_t
parts_now(const struct buckets *buckets, const struct bucket *bucket, int64_t now_ms)
{
	int64_t passed_ms = now_ms - bucket->at_ms;
	int64_t lacking = buckets->most - bucket->parts;

	if (bucket->at_ms == 0 || passed_ms > lacking / buckets->per_minute) {
		return buckets->most;
	}
	return bucket->parts + passed_ms * buckets->per_minute;
}

static unsigned
draw(struct buckets *buckets, const uint8_t key[BUCKET_KEY_SIZE], int64_t now_ms, bool takes)
{
	struct bucket *row = row_of(buckets, key);
	struct bucket *place = NULL;
	struct bucket *fullest = row;
	int64_t parts = buckets->most;

	for (struct bucket *each = row; each < row + PLACES && place == NULL; each++) {
		if (each->at_ms != 0 && memcmp(each->key, key, BUCKET_KEY_SIZE) == 0) {
			place = each;
		} else if (parts_now(buckets, each, now_ms) > parts_now(buckets, fullest, now_ms)) {
			fullest = each;
		}
	}
	if (place != NULL) {
		parts = parts_now(buckets, place, now_ms);
	}
	if (parts < MINUTE_MS) {
		int64_t wait_ms = (MINUTE_MS - parts) / buckets->per_minute;

		return (unsigned)(wait_ms / SECOND_MS) + 1;
	}
	if (takes) {
		place = place == NULL ? fullest : place;
		memcpy(place->key, key, BUCKET_KEY_SIZE);
		place->parts = parts - MINUTE_MS;
		place->at_ms = now_ms;
	}
	return 0;
}

unsigned
buckets_take(struct buckets *buckets, const uint8_t key[BUCKET_KEY_SIZE], int64_t now_ms)
{
	unsigned wait_s;

	(void)pthread_mutex_lock(&buckets->mutex);
	wait_s = draw(buckets, key, now_ms, true);
	(void)pthread_mutex_unlock(&buckets->mutex);
	return wait_s;
}

unsigned
buckets_look(struct buckets *buckets, const uint8_t key[BUCKET_KEY_SIZE], int64_t now_ms)
{
	unsigned wait_s;

	(void)pthread_mutex_lock(&buckets->mutex);
	wait_s = draw(buckets, key, now_ms, false);
	(void)pthread_mutex_unlock(&buckets->mutex);
	return wait_s;
}
