/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: what stands inside a sync parcel - a request's head and body, a reply.
 *
 * Numbers of the reply's keys: odd ones must be understood, even ones may be skipped by a reader
 * that does not know them. Layouts in docs/protocol.md, "Request" and "Reply".
 */
#ifndef SAMBUNG_PROTOCOL_MESSAGE_H
#define SAMBUNG_PROTOCOL_MESSAGE_H

#include "checkpoint.h"
#include "entry.h"
#include "merge.h"
#include "proof.h"
#include "receipt.h"
#include "region.h"

enum {
	MESSAGE_CHANGES_MAX = 4096, /* in one request */
	MESSAGE_BATCHES_MAX = 4096,
	MESSAGE_BODY_MAX = 1024 * 1024,	     /* of a request, unpacked */
	MESSAGE_REPLY_MAX = 2 * 1024 * 1024, /* unpacked */
	MESSAGE_RECORDS_MAX = 8192,	     /* in one reply; evictions and erasures likewise */
	MESSAGE_EXCEPTIONS_MAX = 8192,
	MESSAGE_SCOPE_MAX = 256,
	MESSAGE_STREAMS_MAX = 4096,
	MESSAGE_EPOCHS_MAX = 64,
	STREAM_NAME_MAX = 100, /* bytes */
};

/* How far a device has come: everything up to `complete`, and within the loop of pages now running
 * up to (key, id). A finished loop has key = complete and id = UINT64_MAX >> 1. */
struct cursor {
	uint64_t complete;
	uint64_t key;
	uint64_t id;
};
enum { CURSOR_ID_END_BITS = 63 };
#define CURSOR_ID_END ((uint64_t)INT64_MAX)

enum programme_bit {
	PROGRAMME_BASE = 1,	 /* this protocol */
	PROGRAMME_PROVE = 2,	 /* prove that the log of the witness goes on into the reply's */
	PROGRAMME_DESTROYED = 4, /* it was revoked, and what it held is destroyed */
	PROGRAMME_RECEIPT = 8,	 /* it asks for a receipt (receipt.h) */
	PROGRAMME_HEARSAY = 16	 /* with PROVE: the witness is what somebody else was shown */
};

struct request_head {
	uint32_t device;
	uint32_t epoch;
	uint64_t r; /* request counter: each new parcel has a greater one */
	struct cursor cursor;
	uint32_t first_n; /* of the changes in the body; count may be 0 */
	uint32_t count;
	uint32_t known_n;	   /* the device's own counter; at least first_n + count - 1 */
	uint8_t h_last[HASH_SIZE]; /* chain after the last change of the body (or before first_n if
				      none) */
	uint64_t witness_size;	   /* last checkpoint seen; 0: none */
	uint8_t witness_root[8];
	int64_t clock_wall;  /* UTC seconds of the wall clock */
	int64_t clock_shift; /* estimated minus wall, seconds */
	uint32_t clock_quality;
	uint64_t scope_version;
	uint32_t schema_version; /* complete on the device; 0: none */
	uint8_t schema_hash[8];	 /* first bytes of its hash; zeros when none */
	uint32_t schema_held;	 /* bytes held of the next schema */
	uint32_t room;		 /* bytes the reply may have, sealed */
	uint32_t programme;	 /* bits: enum programme_bit */
	struct span certificate; /* enrolment.h; empty: not shown */
	/* After a fork (fork.h): the installation asks to go on under another number, with this key
	 * and what it has up to n. Then the body has no changes. */
	bool continues;
	uint8_t continuing_key[32];
	uint32_t continuing_n;
	/* The server said that the witness is not of its log: here it is, whole. Its size is
	 * witness_size, and its root begins with witness_root. */
	bool shows;
	struct checkpoint shown;
};

/* CBOR array, positional. What is decoded borrows from `head`. */
void request_head_encode(const struct request_head *head, struct buffer *out);
bool request_head_decode(struct span head, struct request_head *out);

/* The changes recorded since the last parcel was cut share a seed. */
struct batch {
	uint32_t last_n;
	uint8_t seed[SEED_SIZE];
};

enum change_coding {
	CODING_PLAIN = 0,  /* canonical bytes, one after the other */
	CODING_COLUMNS = 1 /* columns.h */
};

struct request_body {
	struct batch *batches; /* ascending last_n; the last covers the last change */
	size_t batch_count;
	struct span *changes; /* canonical bytes, ascending n */
	size_t change_count;
};

/* Appends method, coding, dictionary and the packed body, in the coding and method that make it
 * smallest. */
enum status request_body_pack(const struct request_body *body, struct buffer *out,
			      struct error *err);
/* `plain` (cleared first) takes the unpacked changes; *out borrows from it and from the arena.
 * UNSUPPORTED: unknown method, coding or dictionary; MALFORMED, LIMIT. Changes are only split, not
 * decoded: each is one CBOR map of at most CHANGE_BYTES_MAX bytes. */
enum status request_body_unpack(struct span packed, struct buffer *plain, struct arena *arena,
				struct request_body *out, struct error *err);

/* Changes first_n … first_n + count - 1 were logged at seq … seq + count - 1. */
struct ack_run {
	uint32_t first_n;
	uint32_t count;
	uint64_t seq;
};

/* The graver the greater: of two that come in any order the greater one counts. */
enum exception_kind {
	EXCEPTION_CONFLICT = 1,
	EXCEPTION_QUARANTINED = 2,
	EXCEPTION_RELEASED = 3, /* was quarantined, and is merged since: a pull brings it */
	EXCEPTION_CLOSED = 4,	/* was quarantined, and will not be merged */
	EXCEPTION_ERASED = 5	/* its record was legally erased: nothing of it is kept, anywhere */
};

struct exception {
	uint32_t n;
	uint32_t kind;	 /* enum exception_kind */
	uint32_t reason; /* enum quarantine_reason; of other kinds than QUARANTINED: 0 */
	int32_t tag;	 /* conflict: the field; 0: none */
};

enum stream_kind { STREAM_DEVICE = 1, STREAM_USER = 2, STREAM_IMPORT = 3 };

struct stream_name {
	uint32_t number;
	uint32_t kind; /* enum stream_kind */
	struct span name;
};

struct schema_chunk {
	uint32_t version; /* 0: no chunk */
	uint8_t hash[HASH_SIZE];
	uint32_t size; /* of the whole canonical CBOR */
	uint32_t offset;
	struct span bytes;
};

/* The newest key of a server that still opens what is sealed to an older one. */
struct newer_key {
	uint8_t id;
	uint8_t key[32];
	struct span url; /* where the server is from now on; empty: where it was */
};

/* What a device may not do without for longer (client/lease.c). */
enum { LEASE_SHARE_SIZE = 16, LEASE_SIZE = 2 + LEASE_SHARE_SIZE };
struct lease {
	uint16_t days; /* 0: for ever */
	uint8_t share[LEASE_SHARE_SIZE];
};

struct reply {
	enum status status; /* OK, FORK, REVOKED, FOREIGN, GAP, UNSUPPORTED, MALFORMED … */
	uint32_t epoch;
	int64_t server_time_ms;
	struct cursor from; /* the cursor of the head it answers */
	struct cursor to;
	bool more;
	uint32_t acked_n;   /* all of the device's changes up to here are logged */
	uint32_t send_from; /* "send again from n"; 0: no; with FORK: the first n that differs
			     * from the log's, 0: not known */
	uint64_t r_seen;    /* highest r, when the head's was not new; 0: it was */
	bool has_lease;
	struct lease lease;
	struct ack_run *acks; /* ascending first_n, disjoint */
	size_t ack_count;
	struct exception *exceptions;
	size_t exception_count;
	struct stream_name *streams; /* of the dots in `records` */
	size_t stream_count;
	struct lineage *lineages; /* of those streams that went on after a fork, and of their
				   * ancestors; as in struct merge_context */
	size_t lineage_count;
	struct epoch *epochs; /* the server's histories, the present one last; none: not told */
	size_t epoch_count;
	struct span *records; /* each a record as record.h encodes it */
	bool *whole;	      /* per record: replaces what the device has */
	size_t record_count;
	uint64_t *evicted; /* record ids */
	size_t evicted_count;
	bool has_newer_key;
	struct newer_key newer_key;
	uint64_t *erased; /* record ids: the device destroys all it has of them */
	size_t erased_count;
	struct receipt receipt; /* of the newest logged change; with a checkpoint */
	bool has_checkpoint;
	struct checkpoint checkpoint;
	/* With PROGRAMME_PROVE: the consistency proof from the head's witness to the checkpoint,
	 * which is there, too: HASH_SIZE bytes for each hash; none if the sizes are equal. */
	bool has_proof;
	struct span proof;
	bool show_witness; /* the head's witness is not of this log: the next head shall show it */
	struct schema_chunk schema;
	bool has_scope;
	uint64_t scope_version;
	struct region *scope;
	size_t scope_count;
	/* With FORK: the number that the installation goes on under, and the version of its scope.
	 */
	struct span certificate;
	uint64_t certified_scope_version;
};

/* Appends method byte, dictionary byte and the packed CBOR map. */
enum status reply_pack(const struct reply *reply, struct buffer *out, struct error *err);
/* `plain` (cleared first) and the arena carry what *out borrows. */
enum status reply_unpack(struct span packed, struct buffer *plain, struct arena *arena,
			 struct reply *out, struct error *err);

#endif
