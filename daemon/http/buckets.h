/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buckets: how often somebody may do something. Each key has a bucket of tokens that fills up
 * again with time; what is done takes one. Any thread.
 *
 * The table has a fixed size. A full bucket is the same as none, so a key that comes anew takes
 * the place of the fullest of eight: only who draws on more than some thousand keys at a time finds
 * one forgotten, and starts afresh.
 */
#ifndef SAMBUNG_DAEMON_HTTP_BUCKETS_H
#define SAMBUNG_DAEMON_HTTP_BUCKETS_H

#include "protocol/bytes.h"

struct buckets;

enum { BUCKET_KEY_SIZE = 16 };

/* Holds `most` tokens and gains `per_minute`, both at least 1. The salt keeps others from choosing
 * keys that push each other out. */
enum status buckets_create(unsigned most, unsigned per_minute, uint64_t salt, struct buckets **out,
			   struct error *err);
void buckets_free(struct buckets *buckets);

/* Takes a token; 0 if there was one, else the seconds until there is. now_ms never goes back. */
unsigned buckets_take(struct buckets *buckets, const uint8_t key[BUCKET_KEY_SIZE], int64_t now_ms);
/* The same, but takes none. */
unsigned buckets_look(struct buckets *buckets, const uint8_t key[BUCKET_KEY_SIZE], int64_t now_ms);

#endif
