/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change: one frozen edit and its canonical bytes (docs/protocol.md, "Change").
 *
 * Canonical CBOR map: 1 n, 2 kind, 3 record id, 4 record type, 5 schema version, 6 scope version,
 * 7 base [epoch, version], 8 own (n, or [stream, n]), 9 time, 10 clock quality, 11 fields {tag:
 * value}, 12 was [stream, n], 13 first hash. Absent: 2 when 0, 7 for a creation, 8 when n - 1 and
 * on server streams, 10 when 0, 12 and 13 unless the change was made again after a fork, or an
 * admin gives what was set aside to another record.
 */
#ifndef SAMBUNG_PROTOCOL_CHANGE_H
#define SAMBUNG_PROTOCOL_CHANGE_H

#include "arena.h"
#include "value.h"

enum {
	CHANGE_BYTES_MAX = 64 * 1024,
	CHANGE_FIELDS_MAX = 256,
	CHANGE_N_MAX = 0x7fffffff,
	CHANGE_STREAM_MAX = 0x7fffffff,
	CHANGE_TAG_MAX = 65535, /* of a record type, and of a field on either side of 0 */
};

/* Seconds to the end of the year 9999, either way: any clock fits, and milliseconds too. */
#define CHANGE_TIME_MAX INT64_C(253402300799)

/* Even kinds merge like an edit and only say why; an unknown odd kind must be understood to be
 * merged, so it is quarantined. */
enum change_kind {
	CHANGE_EDIT = 0,
	CHANGE_SETTLEMENT = 2,
	CHANGE_IMPORT = 4,
	CHANGE_GIVEN = 6, /* by an admin, of what `was` names and was set aside */
};

enum clock_quality {
	CLOCK_SYNCED = 0 /* last server time + uptime of the same boot */,
	CLOCK_WALL = 1
};

/* A version of a record as an author saw it. epoch 0: none (a creation). */
struct base {
	uint32_t epoch;
	uint64_t version;
};

struct change_field {
	int32_t tag; /* positive: of the schema; negative: TAG_VILLAGE … */
	struct value value;
};

struct change {
	uint32_t n; /* 1 to CHANGE_N_MAX */
	uint32_t kind;
	uint64_t record;
	uint32_t type;
	uint32_t schema_version;
	uint64_t scope_version; /* seq of the device's scope when the change was made */
	struct base base;
	uint32_t own_stream; /* 0: the change's own stream */
	uint32_t own_n;	     /* own changes up to here were in the form; server streams: 0 */
	bool has_own;	     /* false on server streams: written absent, and own covers nothing */
	int64_t time;	     /* UTC seconds as the author's clock told; within CHANGE_TIME_MAX */
	uint32_t quality;    /* enum clock_quality */
	struct change_field *fields; /* ascending: tags 1, 2, … then -1, -2, -3 */
	size_t field_count;	     /* 1 to CHANGE_FIELDS_MAX */
	uint32_t was_stream;	     /* 0: not made again after a fork, nor given */
	uint32_t was_n;
	uint8_t first_hash[32];
};

/* Order of tags in canonical bytes: <0, 0, >0. */
int tag_compare(int32_t a, int32_t b);

/* Appends the canonical bytes. A change that decode would refuse is a fault of the caller. */
void change_encode(const struct change *change, struct buffer *out);

/*
 * Reads exactly the canonical bytes of one change; anything else (order, bounds, a tail) is
 * MALFORMED, naming the part. Fields are taken from the arena, texts borrow from `bytes`.
 * `server_stream`: own is absent and means none instead of n - 1. LIMIT: the arena is exhausted.
 */
enum status change_decode(struct span bytes, bool server_stream, struct arena *arena,
			  struct change *out, struct error *err);

/* Its author can have seen nothing of the log from `seq` on: a base that says so counts up to
 * there. For a change that is merged later than it was logged; 0 is no seq. */
void change_bound_base(struct change *change, uint64_t seq);

/*
 * What is left of a change whose record was legally erased: canonical CBOR map {1 n, 3 record id,
 * 14 commitment}. It stands where the change stood, so that chain and queue go on without its
 * content (docs/protocol.md, 14.13). Costs the device library 0.4 KB of code; some 50 bytes on the
 * wire, only to a server that was restored.
 */
struct change_stub {
	uint32_t n;
	uint64_t record;
	uint8_t commitment[32];
};
void change_stub_encode(const struct change_stub *stub, struct buffer *out);
/* False unless the bytes are exactly a stub. */
bool change_stub_decode(struct span bytes, struct change_stub *out);

/* The field with that tag, or NULL. */
const struct change_field *change_field(const struct change *change, int32_t tag);

#endif
