/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 4096 };

struct arena_block {
	struct arena_block *next;
	size_t capacity;
	_Alignas(max_align_t) unsigned char bytes[];
};

void
arena_init(struct arena *arena, size_t limit)
{
	memset(arena, 0, sizeof *arena);
	arena->limit = limit;
}

void
arena_finish(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block != NULL) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->blocks = NULL;
	arena->used = 0;
	arena->total = 0;
}

void
arena_reset(struct arena *arena)
{
	arena_finish(arena);
}

static int
arena_grow(struct arena *arena, size_t size)
{
	/* Doubling keeps the number of blocks small without taking much more than is used. */
	size_t capacity = arena->blocks == NULL ? BLOCK_SIZE : arena->blocks->capacity * 2;
	struct arena_block *block;

	if (capacity > (size_t)BLOCK_SIZE * 256) {
		capacity = (size_t)BLOCK_SIZE * 256;
	}
	if (capacity < size) {
		capacity = size;
	}
	if (capacity > SIZE_MAX - sizeof *block) {
		return -1;
	}
	block = malloc(sizeof *block + capacity);
	if (block == NULL) {
		return -1;
	}
	block->next = arena->blocks;
	block->capacity = capacity;
	arena->blocks = block;
	arena->used = 0;
	return 0;
}

void *
arena_take(struct arena *arena, size_t count, size_t size)
{
	const size_t alignment = _Alignof(max_align_t);
	size_t wanted;
	void *memory;

	if (size != 0 && count > (SIZE_MAX - alignment) / size) {
		return NULL;
	}
	wanted = (count * size + alignment - 1) / alignment * alignment;
	if (wanted > arena->limit - arena->total) {
		return NULL;
	}
	if (arena->blocks == NULL || wanted > arena->blocks->capacity - arena->used) {
		if (arena_grow(arena, wanted) != 0) {
			return NULL;
		}
	}
	memory = arena->blocks->bytes + arena->used;
	arena->used += wanted;
	arena->total += wanted;
	memset(memory, 0, wanted);
	return memory;
}

void *
arena_copy(struct arena *arena, const void *bytes, size_t length)
{
	void *copy = arena_take(arena, length, 1);

	if (copy != NULL && length > 0) {
		memcpy(copy, bytes, length);
	}
	return copy;
}
