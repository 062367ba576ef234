/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: the merged state of one record, and the one encoding of it.
 *
 * The same bytes are the server's members blob, a reply's record and the body that a device keeps.
 *
 * A `dot` is one change as far as its values still live in the record; members point to dots. The
 * state borrows from its arena and from the bytes it was decoded from.
 *
 * Invariants: 1. fields ascend by tag_compare, each with at least one member. 2. dots ascend by
 * (stream, n), so members ascend by dot; every dot is used by a member. 3. on a server version is
 * the highest field version. 4. a member's value of a set field is an integer: the mask of choices
 * that its change added and nobody who saw it has cleared.
 *
 * CBOR: [id, type, village, version, dots, fields]; layout above record_encode in
 * record_codec.c and in docs/protocol.md, "Record".
 */
#ifndef SAMBUNG_PROTOCOL_RECORD_H
#define SAMBUNG_PROTOCOL_RECORD_H

#include "change.h"
#include "schema.h"

enum {
	RECORD_DOTS_MAX = 4096,
	RECORD_MEMBERS_MAX = 1024,     /* of one field */
	RECORD_FIELDS_MAX = 1024,      /* those unknown to the schema included */
	RECORD_BYTES_MAX = 256 * 1024, /* so that any one record fits a reply, packed or not */
	RECORD_BYTES_MERGED_MAX =
		RECORD_BYTES_MAX - 64, /* leaves room for another village's number */
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
	uint64_t version;	/* seq of the last logged change of this field; 0: none (device) */
	struct member *members; /* ascending (stream, n) of their dots */
	size_t member_count;
};

struct record {
	uint64_t id;
	uint32_t type;
	uint64_t village; /* that of the root, or its own; 0: unknown */
	/* Everybody's changes up to here are in the fields. On a device: as the last reply that
	 * carried the record told, so a form may take it as its base; its own acknowledged changes
	 * may be newer. 0: no reply has carried it. */
	uint64_t version;
	struct dot *dots;
	size_t dot_count;
	struct record_field *fields;
	size_t field_count;
};

/* Which fields travel. */
struct record_filter {
	uint64_t newer_than; /* only fields with a greater version */
	/* And not those whose last logged change, the only member, is this stream's with n up to
	 * this: its author has the value. withhold_n 0: withhold nothing. */
	uint32_t withhold_stream;
	uint32_t withhold_n;
};

bool record_filter_passes(const struct record_filter *filter, const struct record *record,
			  const struct record_field *field);

const struct record_field *record_field(const struct record *record, int32_t tag);

/* The number of fields that pass the filter (NULL: all). */
size_t record_filter_count(const struct record *record, const struct record_filter *filter);
/* Appends the encoding with the fields that pass (NULL: all) and the dots that these use. */
void record_encode(const struct record *record, const struct record_filter *filter,
		   struct buffer *out);
/* Is the whole encoding at most RECORD_BYTES_MAX long? */
bool record_fits(const struct record *record);
/* Reads one record; values and texts borrow from the input. False on anything malformed (what
 * record_encode would not write) or when the arena is exhausted. */
bool record_decode(struct reader *in, struct arena *arena, struct record *out);

/*
 * Device: puts the fields of `update` (from a reply) over `record`: a field is replaced unless the
 * record's own is of a greater version (equal versions have equal members, but for what is pending
 * here). With `whole` fields absent from the update go as well, unless they are newer than it or
 * pending members are all they hold. Pending dots (seq 0) in replaced fields are dropped; the
 * caller merges all pending changes of the record again in the order of their n (merge_change of a
 * change that is still there replaces it).
 *
 * The record takes over the update's version only if no field was passed over: else it would claim
 * to hold what it does not. After a change of epoch seqs do not compare: overlay an empty record.
 *
 * False, and the record untouched, when the arena or a limit is exhausted. The result borrows from
 * the arena and from what both borrowed.
 */
bool record_overlay(struct record *record, const struct record *update, bool whole,
		    struct arena *arena);

/*
 * Device: change (stream, n) was acknowledged with `seq`: its dot, ranks and field versions learn
 * it. The record's version does not: an acknowledgement says nothing about the changes that others
 * made before it, and a base that claims them would bury their values.
 */
void record_acknowledge(struct record *record, uint32_t stream, uint32_t n, uint64_t seq);

/* For those who build a new state: (stream, n) order of dots, and the removal, in place, of dots
 * that no member points to any more. At most 2 * RECORD_DOTS_MAX dots. */
int dot_compare(const struct dot *a, const struct dot *b);
void record_prune(struct record *record);

#endif
