/* SPDX-License-Identifier: Apache-2.0 */
/* note: the payload of a log entry that is no change: a CBOR map with the keys below
 * (docs/protocol.md, "Notes"). */
#ifndef SAMBUNG_DAEMON_INGEST_NOTE_H
#define SAMBUNG_DAEMON_INGEST_NOTE_H

#include "daemon/ingest/ingest.h"

/* Numbers are part of the log for ever. Absent members are not written. */
struct note {
	const char *action; /* 1: "found", "enrol", "scope", "code", "token", "schema", "revoke",
			       "import", "read", "restore", "readmit", "continue", "hold",
			       "allow", "release", "close", "destroyed", "erase", "user",
			       "password", "disable", "withdraw", "reassign", "adopt" */
	uint32_t stream;    /* 2: device, user or import that it is about */
	struct span key;    /* 3: a device's public key */
	struct span name;   /* 4: of the server, cadre or user */
	const struct region *scope; /* 5: [[low, high], …] */
	size_t scope_count;
	uint32_t version;	 /* 6: of a schema */
	struct span hash;	 /* 7: of a schema; of a token: SHA-256 of its text */
	const char *route;	 /* 8: what was read … */
	const char *filter;	 /* 9: … with which filter */
	uint32_t epoch;		 /* 10 */
	uint32_t parent;	 /* 11: epoch before */
	uint64_t cut;		 /* 12: entries of the parent that count */
	uint32_t role;		 /* 13: of a user or a token */
	uint64_t snapshot;	 /* 14: head that a read saw */
	uint32_t continued;	 /* 15: stream that this one continues … */
	uint32_t common_n;	 /* 16: … up to this change of it */
	uint32_t n;		 /* 17: of the change of `stream` that it is about … */
	uint64_t entry;		 /* 18: … and its place in the log */
	struct span reason;	 /* 19: why somebody did it */
	const uint64_t *records; /* 20: what is erased … */
	size_t record_count;
	const uint64_t *entries; /* 21: … and entries that do not say that they are of these */
	size_t entry_count;
	struct span source; /* 23: SHA-256 of the JSON that a schema was loaded from */
	int64_t expires_ms; /* 24: of a token; never negative */
	uint64_t from;	    /* 25: what a change in quarantine named: its record, or what that
			       hangs on … */
	uint64_t to;	    /* 26: … and the record that it is given to instead */
	uint32_t count;	    /* 27: changes of `stream` that follow because of it */
	uint64_t record;    /* in the entry's header; no key */
};

/* What a release says that it merges. */
struct note_released {
	uint32_t stream;
	uint32_t n;
	uint64_t entry;
};
/* Reads the payload of a release; false if it is none. */
bool note_released_decode(struct span payload, struct note_released *out);

/* The note that has this payload, all of it in the arena; false unless note_encode writes exactly
 * these bytes. */
bool note_decode(struct span payload, struct arena *arena, struct note *out);

/* What a read says that was read; borrowed from the payload. */
struct note_read {
	struct span route;
	struct span filter; /* empty: everything */
};
/* Reads the payload of a read; false if it is none. */
bool note_read_decode(struct span payload, struct note_read *out);

/* Appends the payload. */
void note_encode(const struct note *note, struct buffer *out);
/* Logs the note; seq_out may be NULL. */
enum status ingest_note(struct ingest *ingest, enum entry_kind kind, uint32_t user,
			const struct note *note, uint64_t *seq_out, struct error *err);

#endif
