/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: the merged state of one record, and the one encoding of it.
 *
 * The same bytes are the server's members blob, a reply's record and the body that a device keeps.
 *
 * A `dot` is one change as far as its values still live in the record; members point to dots. The
 * state borrows from its arena and from the bytes it was decoded from.
 *
 * Invariants: 1. fields ascend by tag_compare, each with at least one member. 2. every dot is used
 * by a member. 3. version is the highest field version. 4. a member's value of a set field is an
 * integer: the mask of choices that its change added and nobody who saw it has cleared.
 *
 * CBOR: [id, type, village, version, dots, fields, root?]; layout in docs/protocol.md, "Record".
 */
#ifndef SAMBUNG_PROTOCOL_RECORD_H
#define SAMBUNG_PROTOCOL_RECORD_H

#include "change.h"
#include "schema.h"

enum {
	RECORD_DOTS_MAX = 4096,
	RECORD_MEMBERS_MAX = 1024, /* of one field */
	RECORD_BYTES_MAX = 1024 * 1024,
};

struct dot {
	uint64_t seq; /* 0: not acknowledged yet (device only) */
	uint32_t stream;
	uint32_t n;
	int64_t time;
	struct base base;
	uint32_t own_stream; /* 0: same stream */
	uint32_t own_n;
};

struct member {
	uint32_t dot; /* index into the record's dots */
	bool top; /* false: only a rest of a set's mask is left of a change that was seen since */
	uint64_t rank; /* once: place in the log that it inherited; 0: not acknowledged */
	struct value value;
};

struct record_field {
	int32_t tag;
	uint64_t version; /* seq of the last logged change of this field; 0 on a device: none logged
			   */
	struct member *members; /* ascending (stream, n) of their dots */
	size_t member_count;
};

struct record {
	uint64_t id;
	uint32_t type;
	uint64_t village; /* that of the root, or its own; 0: unknown */
	uint64_t root;	  /* record id of the root (family) it hangs on; 0: none or itself */
	uint64_t version; /* 0: never acknowledged */
	struct dot *dots;
	size_t dot_count;
	struct record_field *fields;
	size_t field_count;
};

/* Which fields travel. */
struct record_filter {
	uint64_t newer_than;	  /* only fields with a greater version */
	uint32_t withhold_stream; /* and not those whose last change, the only member, is this
				     stream's … */
	uint32_t withhold_n;	  /* … with n up to this; 0: withhold nothing */
};

const struct record_field *record_field(const struct record *record, int32_t tag);

/* The number of fields that pass the filter (NULL: all). */
size_t record_filter_count(const struct record *record, const struct record_filter *filter);
/* Appends the encoding with the fields that pass (NULL: all). */
void record_encode(const struct record *record, const struct record_filter *filter,
		   struct buffer *out);
/* Reads one record; values and texts borrow from the input. False on anything malformed. */
bool record_decode(struct reader *in, struct arena *arena, struct record *out);

/*
 * Device: puts the fields of `update` (from a reply) over `record`: a field is replaced unless the
 * record's own is of a greater version. With `whole` fields absent from the update go as well,
 * unless pending members are all they hold. Pending dots (seq 0) in replaced fields are dropped;
 * the caller merges the pending changes again. False when the arena is exhausted.
 */
bool record_overlay(struct record *record, const struct record *update, bool whole,
		    struct arena *arena);

/* Device: change (stream, n) was acknowledged with `seq`: its dot, ranks and field versions learn
 * it. */
void record_acknowledge(struct record *record, uint32_t stream, uint32_t n, uint64_t seq);

#endif
