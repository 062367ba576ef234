/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forged_device: a device that says to the real ingest whatever a test wants.
 *
 * It has a key and signs, but no database and no scruples: a test fills in changes and may twist
 * the head before it is sent. The world is the twin's (tests/twin/world.h), with its clock.
 *
 * CASE_WITH(…, forged_open, forged_close): *state is a struct forged, enrolled as "Ani" for
 * VILLAGE_A in a new world. forged_open_new: not enrolled yet.
 */
#ifndef SAMBUNG_TESTS_UNIT_FORGED_DEVICE_H
#define SAMBUNG_TESTS_UNIT_FORGED_DEVICE_H

#include "protocol/id.h"
#include "tests/testing.h"
#include "tests/twin/world.h"

#define VILLAGE_A "6303072001"
#define VILLAGE_B "6303072002"
#define VILLAGE_A_NUMBER INT64_C(6303072001)
#define VILLAGE_B_NUMBER INT64_C(6303072002)

/* Of the shipped schema. */
enum { FAMILY = 1, PERSON = 2, VISIT = 3 };
enum { FAMILY_HEAD = 2, FAMILY_ADDRESS = 3, FAMILY_AID = 21, PERSON_FAMILY = 1, PERSON_NAME = 2 };

/* Of every change, so that one made again has the same bytes. */
#define FORGED_TIME INT64_C(1795000000)

enum { FORGED_CHANGES_MAX = 1100, FORGED_PLENTY = 200 * 1024 /* room for any reply */ };

struct forged {
	struct world *world;
	uint8_t secret[SIGN_SECRET_SIZE];
	uint8_t public_key[SIGN_PUBLIC_SIZE];
	struct enrolment_code code;
	uint32_t room; /* bytes that it gives to a reply; FORGED_PLENTY at first */

	/* what it is since it was enrolled */
	uint32_t device;
	uint32_t epoch;
	uint64_t scope_version;
	struct cursor cursor;
	uint64_t r;
	uint32_t acked_n;
	uint8_t chain[HASH_SIZE];

	/* the next request */
	struct request_head head;
	struct span changes[FORGED_CHANGES_MAX];
	size_t change_count;
	struct batch batch;
	struct buffer parcel; /* the last one sent */
	struct parcel_session session;

	/* the last answer */
	struct buffer plain;
	struct enrolment_reply enrolled;
	struct reply reply;
	size_t reply_bytes; /* sealed */
	struct arena arena;
	struct error err;
};

int forged_open_new(void **state);
int forged_open(void **state);
int forged_close(void **state);

/* Another device in the same world; end it with forged_finish. */
struct forged *forged_another(struct world *world, uint8_t key);
void forged_finish(struct forged *forged);

/* Asks the admin for a code into forged->code. */
void forged_code(struct forged *forged, const char *cadre, const char *village);
/* Enrols with the code that it has; the reply's status, or that of a server which gave none. On OK
 * the device is what the reply says. */
enum status forged_enrol(struct forged *forged);

/* A change by the device, the next in its row: n, time and schema version filled in. */
struct change forged_change(const struct forged *forged, uint32_t type, uint64_t record,
			    struct change_field *fields, size_t field_count);
/* Puts a change, or any bytes, into the next request. */
void forged_add(struct forged *forged, const struct change *change);
void forged_add_bytes(struct forged *forged, const void *bytes, size_t length);
/* Forgets what was put there. */
void forged_drop(struct forged *forged);
/* The device forgets its acknowledgements, as when replies were lost: the next change is number 1.
 */
void forged_forget(struct forged *forged);
/* A new family, or person of one, in the next request; its id. */
uint64_t forged_family(struct forged *forged, int64_t village);
uint64_t forged_person(struct forged *forged, uint64_t family);
/* An edit of one field by one who saw `base` and, of her own changes, those up to `own`. */
void forged_edit(struct forged *forged, uint64_t record, uint32_t type, int32_t tag,
		 struct value value, uint64_t base, uint32_t own);

/* Fills in an honest head for what is in the request. */
void forged_head(struct forged *forged);
/* Head and changes as they are become forged->parcel. */
void forged_seal(struct forged *forged);
/* Sends head and changes as they are; fills in the reply and returns its status. After an OK the
 * device goes on from there, and the next request is empty. */
enum status forged_send(struct forged *forged);
/* forged_head, then forged_send. */
enum status forged_sync(struct forged *forged);
/* The same bytes as last time; the reply is read, but the device stays as it is. */
enum status forged_send_again(struct forged *forged);

/* The reply's record with that id decoded; false if it is not there. */
bool forged_record(struct forged *forged, uint64_t id, struct record *out);
bool forged_evicted(const struct forged *forged, uint64_t id);
/* As the server has it now. A failed assertion if there is none. */
struct record forged_stored(struct forged *forged, uint64_t id);
/* The text shown there in a field; empty if there is none. */
struct span forged_stored_text(struct forged *forged, uint64_t id, int32_t tag);

#endif
