/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reads: which reads of somebody who is signed in are in the log already.
 *
 * A page that is looked at asks for the same again and again; one entry of the log for each
 * session, route and filter in ten minutes says as much. What is not remembered any more is logged
 * once more, so the memory is small and forgets at will, at a restart too. One thread (the
 * writer's).
 */
#ifndef SAMBUNG_DAEMON_HTTP_READS_H
#define SAMBUNG_DAEMON_HTTP_READS_H

#include "protocol/commitment.h"

enum { READS_MS = 10 * 60 * 1000 };

struct reads;

/* Returns a new memory. */
enum status reads_create(struct reads **out, struct error *err);
/* Takes NULL. */
void reads_free(struct reads *reads);

/* What stands for one session's reading. */
void reads_key(const uint8_t session[HASH_SIZE], const char *route, const char *filter,
	       uint8_t key_out[HASH_SIZE]);
/* Was it kept, less than READS_MS ago? */
bool reads_has(const struct reads *reads, const uint8_t key[HASH_SIZE], int64_t now_ms);
/* Its entry is durable. */
void reads_keep(struct reads *reads, const uint8_t key[HASH_SIZE], int64_t now_ms);

#endif
