/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forge: a device that says to a running daemon whatever a test wants, over HTTP.
 *
 * It has a key, enrols with a code and signs, but has no database and no scruples. What
 * tests/unit/forged_device.h is for the ingest alone, this is for the whole server.
 */
#ifndef SAMBUNG_TESTS_FAULTS_FORGE_H
#define SAMBUNG_TESTS_FAULTS_FORGE_H

#include "protocol/change.h"
#include "protocol/enrolment.h"
#include "protocol/id.h"

enum { FORGE_CHANGES_MAX = MESSAGE_CHANGES_MAX, FORGE_ROOM = 200 * 1024, FORGE_CARD_MAX = 1024 };

/* What came back: by HTTP, and if that was 200, from the sealed reply. */
struct answer {
	int http;	/* 0: no answer at all */
	char text[256]; /* body of an answer that is no parcel */
	bool opened;	/* the reply below was unsealed */
	struct reply reply;
};

struct forge {
	uint8_t secret[SIGN_SECRET_SIZE];
	uint8_t public_key[SIGN_PUBLIC_SIZE];
	struct enrolment_code code;

	/* what it is since it was enrolled */
	uint32_t device;
	uint32_t epoch;
	uint64_t scope_version;
	uint64_t r;
	uint32_t acked_n;
	uint8_t chain[HASH_SIZE];
	uint8_t card[FORGE_CARD_MAX]; /* its certificate */
	size_t card_length;

	/* the next request */
	struct request_head head;
	struct span changes[FORGE_CHANGES_MAX];
	size_t change_count;
	struct batch batch;
	struct buffer parcel;
	struct parcel_session session;

	struct buffer plain; /* what the last reply borrows */
	struct answer answer;
	struct arena arena;
};

/* `key` makes the device's key pair; two of the same number are one device. */
void forge_init(struct forge *forge, uint8_t key);
void forge_finish(struct forge *forge);
/* Ends the program with a message when the code is not taken. */
void forge_enrol(struct forge *forge, const char *code);

/* The next change of the device's row: a new family of that village, with one name in it. */
struct change forge_family(struct forge *forge, int64_t village, struct change_field fields[2]);
/* Puts a change, or any bytes, into the next request. */
void forge_add(struct forge *forge, const struct change *change);
void forge_add_bytes(struct forge *forge, const void *bytes, size_t length);
/* Forgets what was put there. */
void forge_drop(struct forge *forge);

/* An honest head for what is in the request. */
void forge_head(struct forge *forge);
/* Packs head and changes as they are into forge->parcel. */
void forge_seal(struct forge *forge);
/* The same with these bytes for a head, or a body; NULL: as forge_seal would. */
void forge_seal_raw(struct forge *forge, enum parcel_kind kind, const struct span *head,
		    const struct span *body);
/* Posts any bytes and reads the answer. */
const struct answer *forge_post(struct forge *forge, const char *path, struct span bytes);
/* forge_post of the parcel; after an OK the device goes on from there. */
const struct answer *forge_send(struct forge *forge);

/* One request by hand: a connection; a parcel posted on it, whose headers claim `length` bytes; the
 * HTTP status of the answer, 0 if there is none. */
int forge_connect(const struct forge *forge);
void forge_say(int connection, const char *path, struct span bytes, size_t length);
int forge_hear(int connection);

#endif
