/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device_world: one device in a folder of its own, with a clock, a boot and
 * randomness that the test holds, and the server's keys, so that a test can read its requests and
 * write the answers by hand.
 *
 * CASE_WITH(…, world_open, world_close): enrolled as device 77 of Siti in VILLAGE_A, with the forms
 * of schema_sample.h (version 3), epoch 7, and an empty scope. world_open_new: not enrolled yet.
 */
#ifndef SAMBUNG_TESTS_UNIT_DEVICE_WORLD_H
#define SAMBUNG_TESTS_UNIT_DEVICE_WORLD_H

#include "client/device.h"
#include "protocol/enrolment.h"
#include "protocol/id.h"
#include "schema_sample.h"
#include "tests/testing.h"

#define VILLAGE_A UINT64_C(6303072001)
#define VILLAGE_B UINT64_C(6303072002)
/* 2026-11-20T03:00:00Z */
#define WORLD_TIME_MS INT64_C(1795143600000)
#define WORLD_DAY INT64_C(20777)

enum {
	WORLD_PATH_SIZE = 128,
	WORLD_DEVICE = 77,
	WORLD_OTHER = 500, /* another cadre's device */
	WORLD_EPOCH = 7,
	WORLD_LINES_MAX = 64,
};
enum { FAMILY = 1, PERSON = 2, VISIT = 3 };
enum { FAMILY_HEAD = 1, PERSON_FAMILY = 1, PERSON_NAME = 2 };

struct world {
	char folder[WORLD_PATH_SIZE];
	struct sambung *device;
	struct sambung_error err;
	sambung_key_fn unlock; /* with which it is opened next; NULL: without */

	/* the machine */
	int64_t wall_ms;
	int64_t uptime_ms;
	uint8_t boot;
	uint64_t random;

	/* the server */
	struct server_key key;
	uint8_t log_public[SIGN_PUBLIC_SIZE];
	uint8_t log_secret[SIGN_SECRET_SIZE];
	struct enrolment_code code;
	char code_text[CODE_TEXT_MAX];
	struct region scope[2];
	size_t scope_count;
	struct sample sample;
	struct buffer schema; /* canonical CBOR of the sample */
	uint8_t schema_hash[HASH_SIZE];
	uint32_t schema_chunk; /* bytes of it that enrolment delivers */
	enum status enrol_status;

	/* the last request that the device made */
	struct buffer plain;
	struct buffer inflated;
	struct arena arena;
	struct opened_parcel opened;
	struct request_head head;
	struct request_body body;

	/* what post does: by default it answers an enrolment */
	int (*answer)(struct world *w, struct buffer *reply); /* returns the HTTP status; 0: none */
	uint32_t posts;
	bool answers_lost;
	unsigned retry_after_s; /* that an answer asks for */
	bool patient;		/* a sync may wait, */
	int64_t waited_ms;	/* … and has waited so long */

	/* what a reply was taken for */
	int again;
	struct sambung_result result;

	/* lines of JSON */
	char *lines[WORLD_LINES_MAX];
	size_t line_count;
};

int world_open_new(void **state);
int world_open(void **state);
int world_close(void **state);
/* Closes and opens the device, as after a crash. */
void world_reopen(struct world *w);

/* What the device keeps now. */
struct local_state world_state(struct world *w);

/* Makes a record or an edit from up to three name, value pairs (NULL ends them); its id. A failed
 * assertion if it is refused. */
uint64_t world_record(struct world *w, const char *type, const char *const *pairs);
uint32_t world_edit(struct world *w, uint64_t id, const char *field, const char *text);
#define FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* The change with that n as the device keeps it, in the world's arena. */
struct change world_change(struct world *w, uint32_t n);

/* Lets the device make a request, and opens it into head and body. */
void world_request(struct world *w);
/* An answer that says nothing, from the head's cursor to itself. */
struct reply world_reply(const struct world *w);
/* Seals an answer to the request opened last, or to `session`; hands it to the device. */
int world_answer(struct world *w, const struct reply *reply);
int world_answer_to(struct world *w, const struct parcel_session *session,
		    const struct reply *reply);
/* The request's changes merged into `record` from seq on, as the server does it. */
void world_merge(struct world *w, struct record *record, uint64_t first_seq);
/* One field of one record changed by the other device at `seq`, having seen `base`. */
void world_other(struct world *w, struct record *record, uint64_t id, uint32_t type, int32_t tag,
		 struct value value, uint64_t seq, uint64_t base);
/* The encoding, in the world's arena. */
struct span world_encode(struct world *w, const struct record *record);

/* JSON lines go to w->lines. */
int world_line(void *context, const char *line, size_t length);
void world_lines_clear(struct world *w);
/* The record's line. */
const char *world_show(struct world *w, uint64_t id);

#endif
