/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry: the header of a log entry, that is what the tree's leaves hash.
 *
 * Canonical CBOR array [1, kind, seq, received, session, stream, n, time, user, record, verdict,
 * reason, schema version, C].
 */
#ifndef SAMBUNG_PROTOCOL_ENTRY_H
#define SAMBUNG_PROTOCOL_ENTRY_H

#include "commitment.h"

/* Numbers are part of the log for ever. */
enum entry_kind {
	ENTRY_CHANGE = 1,  /* payload: the change's canonical bytes */
	ENTRY_RELEASE = 2, /* refers to a quarantined change */
	ENTRY_SCHEMA = 3,
	ENTRY_SCOPE = 4,
	ENTRY_ADMIN = 5,
	ENTRY_EPOCH = 6,
	ENTRY_ERASURE = 7,
	ENTRY_READ = 8,
};

enum verdict { VERDICT_MERGED = 0, VERDICT_QUARANTINED = 1 };

/* Why a change was set aside. Numbers are part of the log for ever; texts may change. */
#define QUARANTINE_TABLE(X)                                                                        \
	X(1, MALFORMED, "its bytes do not decode", "Update the phone's program, then release it")  \
	X(2, UNKNOWN_TYPE, "its record type is not in the schema",                                 \
	  "Load the schema that has this type, then release it")                                   \
	X(3, UNKNOWN_KIND, "its kind is newer than this server",                                   \
	  "Update the server, then release it")                                                    \
	X(4, UNKNOWN_SCHEMA, "its schema version is not known here",                               \
	  "Load that schema version, then release it")                                             \
	X(5, INVALID, "a value does not fit the schema",                                           \
	  "Ask the cadre, correct it in the console, then close it")                               \
	X(6, INCOMPLETE, "a required field is missing",                                            \
	  "Ask the cadre to record it again, then close it")                                       \
	X(7, OUT_OF_SCOPE, "the record is outside the device's villages",                          \
	  "Check it with the cadre, then release or close it")                                     \
	X(8, UNKNOWN_RECORD, "the record or its family is not known here",                         \
	  "Let the phone that recorded it sync; if none did, reassign this to the right record")   \
	X(9, JOINED, "it belongs to a record that is in quarantine",                               \
	  "Release that record; this follows by itself")                                           \
	X(10, REVOKED, "the device was revoked",                                                   \
	  "Check it with the cadre, then release or close it")                                     \
	X(11, TOO_MANY, "the record has too many rival values",                                    \
	  "Settle the record, then release it")                                                    \
	X(12, ERASED, "the record was legally erased",                                             \
	  "Nothing is left to do: only its place in the log is kept")

enum quarantine_reason {
	QUARANTINE_NONE = 0,
#define QUARANTINE_ENUM(number, name, why, next) QUARANTINE_##name = (number),
	QUARANTINE_TABLE(QUARANTINE_ENUM)
#undef QUARANTINE_ENUM
};

struct entry {
	enum entry_kind kind;
	uint64_t seq;
	int64_t received_ms; /* never decreases along the log */
	uint64_t session;    /* sync session; 0: none */
	uint32_t stream;
	uint32_t n;
	int64_t time;  /* as in the change; entries that are none: received in seconds */
	uint32_t user; /* number of the console user or token that acted; 0: a device */
	uint64_t record;
	enum verdict verdict;
	uint32_t reason; /* enum quarantine_reason */
	uint32_t schema_version;
	uint8_t commitment[HASH_SIZE];
};

enum { ENTRY_HEADER_MAX = 160 };

const char *entry_kind_name(enum entry_kind kind);
/* Plain sentences for the admin; "" for none. */
const char *quarantine_why(uint32_t reason);
const char *quarantine_next(uint32_t reason);

void entry_encode(const struct entry *entry, struct buffer *out);
/* False unless the header is exactly what entry_encode writes for it; seq, session and record fit
 * an int64_t. */
bool entry_decode(struct span header, struct entry *out);
void entry_leaf(const struct entry *entry, uint8_t leaf_out[HASH_SIZE]);

#endif
