/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers: the connections that read, kept open and lent out. Any thread.
 *
 * Brief loans last as long as a network thread works on one request, so there is one for each of
 * them and a brief loan never has to wait. Long lists keep theirs until the last line is sent;
 * these are counted apart, so that slow readers cannot starve the syncs.
 *
 * The snapshot of a long list keeps the write-ahead log from beginning anew, so lists that overlap
 * for ever would let it grow for ever: above a bound no new list begins until it has, and above
 * another those under way no longer step aside for syncs.
 */
#ifndef SAMBUNG_DAEMON_HTTP_READERS_H
#define SAMBUNG_DAEMON_HTTP_READERS_H

#include "daemon/store/store.h"

struct readers;

enum reader_use { READER_BRIEF, READER_LONG };

enum {
	LISTS_WAL_MAX = 256 * 1024 * 1024,
	LISTS_WAL_LONG = 1024 * 1024 * 1024, /* then those that are read hurry */
};

/* Copies the path. Connections are opened when first needed. Returns a new pool. */
enum status readers_create(const char *database, size_t brief, size_t longs, struct readers **out,
			   struct error *err);
/* Everything lent is back. */
void readers_free(struct readers *readers);
/* Lends a reader; BUSY when as many as may be are out, or for a long list when the write-ahead log
 * is above LISTS_WAL_MAX bytes. Give it back with the same use, outside any
 * snapshot; NULL gives back a loan that came to nothing. */
enum status readers_take(struct readers *readers, enum reader_use use, struct store **out,
			 struct error *err);
/* How many long lists are being read. */
size_t readers_lists(struct readers *readers);
void readers_give(struct readers *readers, enum reader_use use, struct store *reader);

#endif
