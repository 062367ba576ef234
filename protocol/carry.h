/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carry: parcels in a file, for a phone without signal, and the answers to them in another.
 *
 *   file    = "sambung/carry/1\0" | CBOR array of request parcels         | check
 *   answers = "sambung/reply/1\0" | CBOR array of tag, reply, tag, reply …, checkpoint? | check
 *   check   = SHA-256(all before)[0..16]
 *
 * The check shows damage on the way and nothing else: what is inside is sealed and signed by
 * itself. A tag is the session tag of the request that is answered (parcel_tag). The checkpoint is
 * the newest that the carrier was shown: against a server that shows two people two logs.
 */
#ifndef SAMBUNG_PROTOCOL_CARRY_H
#define SAMBUNG_PROTOCOL_CARRY_H

#include "checkpoint.h"
#include "parcel.h"

#include <string.h>

/* With which the two begin, in later forms as well. */
#define CARRY_FILE_NAME "sambung/carry/"
#define CARRY_REPLIES_NAME "sambung/reply/"

/* Do the bytes begin as one of these two, whatever follows? */
static inline bool
carry_begins(struct span bytes, const char *name)
{
	const size_t length = sizeof CARRY_FILE_NAME - 1;

	return bytes.length >= length && memcmp(bytes.at, name, length) == 0;
}

enum {
	CARRY_PARCELS_MAX = 64, /* in a file, and answers in one */
	CARRY_MARK_SIZE = 16,
	CARRY_CHECK_SIZE = 16,
	CARRY_FRAME_MAX = CARRY_MARK_SIZE + CARRY_CHECK_SIZE + 3,
	CARRY_SEEN_MAX = CHECKPOINT_SIZE + 2,
	CARRY_FILE_MAX = CARRY_FRAME_MAX + CARRY_PARCELS_MAX * (PARCEL_REQUEST_MAX + 5),
	CARRY_REPLIES_MAX = CARRY_FRAME_MAX + CARRY_SEEN_MAX +
			    CARRY_PARCELS_MAX * (PARCEL_REPLY_MAX + 5 + PARCEL_TAG_SIZE + 1),
};

/* At least one. Decoded they borrow from the file's bytes. */
struct carry_file {
	struct span parcels[CARRY_PARCELS_MAX];
	size_t count;
};

struct carry_reply {
	uint8_t tag[PARCEL_TAG_SIZE];
	struct span bytes;
};

struct carry_replies {
	struct carry_reply at[CARRY_PARCELS_MAX];
	size_t count;
	bool has_seen;
	struct checkpoint seen; /* not verified */
};

/* Appends; the bounds of the parcels are the caller's to keep. */
void carry_file_encode(const struct carry_file *file, struct buffer *out);
void carry_replies_encode(const struct carry_replies *replies, struct buffer *out);
/* MALFORMED: no such file, cut off, or damaged; UNSUPPORTED: a later form of it. */
enum status carry_file_decode(struct span bytes, struct carry_file *out, struct error *err);
enum status carry_replies_decode(struct span bytes, struct carry_replies *out, struct error *err);
/* Does it look like an answer, as far as whoever cannot open it can see? A login page does not. */
bool carry_reply_fits(struct span bytes);
/* The answer with this tag; NULL: there is none. */
const struct carry_reply *carry_reply_find(const struct carry_replies *replies,
					   const uint8_t tag[PARCEL_TAG_SIZE]);

/* ---- delivering (carry_deliver.c) ---- */

/* Gets the answer to a parcel: appends it to `reply`, which is empty. */
typedef enum status (*carry_post_fn)(void *context, struct span parcel, struct buffer *reply,
				     struct error *err);

/* The newest checkpoint that the carrier was shown; false: none. */
typedef bool (*carry_seen_fn)(void *context, struct checkpoint *out);

struct carry_delivery {
	struct span file;
	struct span before; /* the answers of an earlier delivery of it; empty: none */
	carry_post_fn post;
	carry_seen_fn seen; /* asked after the last answer, if there is any; NULL: nobody */
	void *context;
};

struct carry_count {
	size_t parcels;
	size_t answered;
};

/* Posts the parcels that have no answer yet, in order, until one gets none: a parcel counts on
 * those before it. Appends the file of all answers, if there is any, also when it fails; *count_out
 * is written either way. */
enum status carry_deliver(const struct carry_delivery *delivery, struct buffer *answers,
			  struct carry_count *count_out, struct error *err);

#endif
