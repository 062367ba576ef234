/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parcels: what is wrong, sealed and signed by an enrolled device or not at all, and what has to
 * come back.
 *
 * Two kinds of wrong. Where it is certain by construction (an item of another kind, a count that
 * lies, a seal that does not fit) it stands around a change that the server would merge with
 * pleasure. Where bytes are altered at random, which may well be a change again, they are of
 * changes that no server may merge: of a village far away, or of a record that nobody knows. So a
 * change of this device that is merged is always a fault.
 */
#ifndef SAMBUNG_TESTS_MALFORMED_PARCELS_H
#define SAMBUNG_TESTS_MALFORMED_PARCELS_H

#include "craft.h"
#include "judge.h"
#include "protocol/message.h"
#include "tests/faults/forge.h"

struct sender {
	struct forge *forge;
	struct forge *other; /* another enrolled device, which is honest */
	struct wire wire;
	struct dice dice;
	int64_t village;
	unsigned signed_count; /* sealed and signed by the device */
	unsigned other_count;
	unsigned aside;	 /* changes that were set aside */
	unsigned honest; /* changes of the other that were merged */
};

/* What has to come back. */
enum fate {
	FATE_PLAIN,   /* 400 in plain text: malformed, or the seal does not fit */
	FATE_REFUSED, /* under seal, with one of these statuses; nothing is acknowledged */
	FATE_ASIDE,   /* under seal: all is acknowledged, and set aside */
	FATE_NOTHING, /* under seal, ok: there was nothing in it */
	FATE_ANY,     /* one of these */
};
struct wanted {
	const char *what;
	enum fate fate;
	uint64_t refusals; /* REFUSAL(…) */
	uint32_t reason;   /* of FATE_ASIDE; 0: any */
};
#define REFUSAL(name) (UINT64_C(1) << STATUS_##name)

/* Posts what is sealed in sender->forge, and judges the answer. */
void sender_post(struct sender *sender, const struct wanted *wanted);
/* The same with any bytes; a reply, if there is one, opens with the last session. */
void sender_post_bytes(struct sender *sender, const char *path, struct span bytes,
		       const struct wanted *wanted);
/* A change of the other device goes through: the server is none the worse. */
void sender_goes_on(struct sender *sender);
/* Seals head and body (NULL: as the forge makes them) and posts them. */
void sender_seal(struct sender *sender, const struct span *head, const struct span *body,
		 const struct wanted *wanted);

/* One change that would be merged, and an honest head for it. */
void sender_honest(struct sender *sender);
/* One to three that must not be. */
void sender_hopeless(struct sender *sender);
/* Head and chain for what a body holds, as it will be cut; false if it cannot be. */
bool sender_follow(struct sender *sender, struct span body);

/* ---- each makes one parcel and posts it ---- */

void wrong_head(struct sender *sender);	  /* parcels_head.c */
void wrong_body(struct sender *sender);	  /* parcels_body.c */
void wrong_change(struct sender *sender); /* parcels_change.c */
void altered_body(struct sender *sender); /* parcels_body.c */
void unsealed(struct sender *sender);	  /* parcels_raw.c */

/* The last parcels of the device, with all bits of the programme: it is revoked, which is one entry
 * of the log, and has destroyed what it held, which is another; once, however often it says so. */
enum { FAREWELL_ENTRIES = 2 };
void farewell(struct sender *sender);

/* ---- by file ---- */

/* Writes carry files that are wrong, or have wrong parcels in them, into the folder. Returns how
 * many files; *aside_out is how many changes in them are to be set aside. */
unsigned wrong_files(struct sender *sender, const char *folder, unsigned count,
		     unsigned *aside_out);

#endif
