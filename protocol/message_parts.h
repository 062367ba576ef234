/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_parts: what heads, replies and the enrolment messages have in common.
 *
 * Inside the protocol library only. A reply of either kind is
 *     method | dictionary | packed(CBOR map with unsigned integer keys, ascending)
 * A key is written only when its value is not the default, and a reader refuses it otherwise, so
 * that there is one way to write a reply. An unknown odd key makes the whole reply UNSUPPORTED; an
 * unknown even key is passed over.
 */
#ifndef SAMBUNG_PROTOCOL_MESSAGE_PARTS_H
#define SAMBUNG_PROTOCOL_MESSAGE_PARTS_H

#include "arena.h"
#include "message.h"

/* The largest seq, session, request counter or id that a store can hold. */
#define STORED_MAX ((uint64_t)INT64_MAX)

enum { REPLY_KEYS_MAX = 64 };

/* Keys that a sync reply and an enrolment reply share; message_reply_put.c has the table of all. */
enum {
	REPLY_STATUS = 1,
	REPLY_TIME = 2,
	REPLY_EPOCH = 3,
	REPLY_SCHEMA = 27,
	REPLY_CERTIFICATE = 31,
	REPLY_SCOPE_VERSION = 35,
};

/* Keys of a sync reply alone. */
enum {
	REPLY_STREAMS = 4,
	REPLY_FROM = 5,
	REPLY_CHECKPOINT = 6,
	REPLY_TO = 7,
	REPLY_EPOCHS = 8,
	REPLY_MORE = 9,
	REPLY_LINEAGES = 10,
	REPLY_ACKED = 11,
	REPLY_PROOF = 12,
	REPLY_ACKS = 13,
	REPLY_LEASE = 14,
	REPLY_SEND_FROM = 15,
	REPLY_SERVER_KEY = 16,
	REPLY_R_SEEN = 17,
	REPLY_ERASED = 18,
	REPLY_EXCEPTIONS = 19,
	REPLY_SHOW_WITNESS = 20,
	REPLY_RECORDS = 21,
	REPLY_WHOLE = 23,
	REPLY_RECEIPT = 24,
	REPLY_EVICTED = 25,
	REPLY_SCOPE = 29,
	REPLY_BITS = 39,
};
enum {
	ACK_ITEMS = 3,
	EPOCH_ITEMS = 3,
	EXCEPTION_ITEMS = 4,
	LINEAGE_ITEMS = 3,
	RECEIPT_ITEMS = 3,
	SERVER_KEY_ITEMS = 3,
	STREAM_ITEMS = 3,
	REGION_ITEMS = 2,
};

/* A cursor is an unsigned integer (`complete`) after a finished loop, else [complete, key, id]. */
bool cursor_finished(const struct cursor *cursor);
bool cursor_equal(const struct cursor *a, const struct cursor *b);
void cursor_put(const struct cursor *cursor, struct buffer *out);
bool cursor_get(struct reader *in, struct cursor *out);

/* Two items a region: low, high - low. */
void regions_put(const struct region *regions, size_t count, struct buffer *out);
enum status regions_get(struct reader *in, size_t count, struct arena *arena, struct region **out);

/* [version, hash, size, offset, bytes] */
void schema_chunk_put(const struct schema_chunk *chunk, struct buffer *out);
bool schema_chunk_get(struct reader *in, struct schema_chunk *out);

/* A status by its number on the wire; what has none travels as INTERNAL. */
void status_put(enum status status, struct buffer *out);
/* UNSUPPORTED for a number that is not known, MALFORMED for OK (the default, never written). */
enum status status_get(struct reader *in, enum status *out);

/* False also for 0, which is the default. */
bool positive_get(struct reader *in, uint64_t limit, uint64_t *out);
bool positive_u32_get(struct reader *in, uint32_t limit, uint32_t *out);
/* Bytes that are left out when there are none. */
bool some_bytes_get(struct reader *in, struct span *out);
/* A server's time, after 1970. */
bool time_get(struct reader *in, int64_t *out);

struct map_writer {
	struct buffer items;
	size_t pairs;
	size_t noise;  /* bytes at the end of the last item that will not compress */
	size_t random; /* bytes in all that will not */
};

void map_writer_init(struct map_writer *map, size_t limit);
void map_writer_finish(struct map_writer *map);
/* Begins a pair (keys ascending); the value is to be appended to what is returned. */
struct buffer *map_key(struct map_writer *map, uint64_t key);
void map_put_positive(struct map_writer *map, uint64_t key, uint64_t value); /* 0: left out */
/* Appends method, dictionary and the packed map. */
enum status map_pack(struct map_writer *map, struct buffer *out, struct error *err);

struct map_reader {
	struct reader in;
	size_t left;
	uint64_t key; /* the last one read */
	bool started;
};

/* Unpacks to `plain` (cleared first). */
enum status map_unpack(struct span packed, struct buffer *plain, struct map_reader *out,
		       struct error *err);
/* Moves past the next key; false at the end, or when it is no key or not ascending. */
bool map_next(struct map_reader *map);
/* An unknown key: passes over the value if the key is even, else UNSUPPORTED. */
enum status map_pass(struct map_reader *map);
/* True if the map was read to its end and nothing follows. */
bool map_ended(const struct map_reader *map);

#endif
