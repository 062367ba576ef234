/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: memory that is handed out piece by piece and given back all at once.
 *
 * One arena per parcel, request or form: decoding allocates from it without a free per field, and
 * the limit given at the start bounds what any input can make us hold.
 */
#ifndef SAMBUNG_PROTOCOL_ARENA_H
#define SAMBUNG_PROTOCOL_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;		    /* bytes taken from the newest block */
	size_t total;		    /* bytes handed out in all, paddings included */
	size_t limit;
};

/* No memory is taken before the first arena_take. `limit` in bytes. */
void arena_init(struct arena *arena, size_t limit);
/* Gives everything back; the arena may be used again with the same limit. */
void arena_reset(struct arena *arena);
/* Frees all memory. Zeroed memory counts as finished. */
void arena_finish(struct arena *arena);

/* Zeroed memory, aligned for any type; NULL when the limit or the memory is exhausted, or when
 * count * size overflows. A request of 0 bytes gives a valid pointer. */
void *arena_take(struct arena *arena, size_t count, size_t size);
/* A copy of the bytes; NULL like arena_take. */
void *arena_copy(struct arena *arena, const void *bytes, size_t length);

#define ARENA_NEW(arena, type) ((type *)arena_take((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_take((arena), (count), sizeof(type)))

#endif
