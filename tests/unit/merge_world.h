/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge_world: a tiny server, a few devices and one record, for tests with random schedules.
 *
 * Every change that anybody saves is kept with the set of changes that its author had seen. This is
 * the oracle: merge_oracle.c works out from these sets alone what the record must look like.
 */
#ifndef SAMBUNG_TESTS_MERGE_WORLD_H
#define SAMBUNG_TESTS_MERGE_WORLD_H

#include "protocol/merge.h"

enum {
	DEVICES_MAX = 4,
	SLOTS = 2,
	MADE_MAX = 128,
	FORKS_MAX = 64,
	WORLD_ERROR_SIZE = 400,
};

enum action_kind {
	ACTION_OPEN,	    /* device opens a form in a slot */
	ACTION_SAVE,	    /* and saves it, perhaps much later */
	ACTION_SYNC,	    /* pushes up to `count` changes and pulls */
	ACTION_PUSH,	    /* as sync, but the reply is lost */
	ACTION_ACKNOWLEDGE, /* as sync, but only the acknowledgements come back */
	ACTION_SERVER_OPEN,
	ACTION_SERVER_SAVE,
	ACTION_FORK, /* the installation goes on under a new number */
	ACTION_KINDS,
};

struct action {
	enum action_kind kind;
	uint32_t device;
	uint32_t slot;
	uint32_t count;
	int64_t time;
	size_t field_count;
	struct {
		int32_t tag;
		bool empty;
		int64_t value; /* a set: the mask that the form shall have */
	} fields[2];	       /* in the order of tags */
};

/* A set of changes, by their index in world.made. */
struct seen {
	uint64_t bits[MADE_MAX / 64];
};

struct made {
	struct change change; /* with n and own as they are now: a fork changes them */
	struct change_field fields[2];
	uint32_t stream;
	uint64_t seq; /* 0: not logged */
	struct seen seen;
};

struct form {
	bool open;
	struct base base;
	uint32_t own_stream;
	uint32_t own_n;
	struct seen known;
	int64_t mask; /* of the set field */
};

struct device {
	uint32_t stream;
	uint32_t n;
	uint32_t acked;	       /* as the device knows */
	uint32_t server_acked; /* as the server knows */
	uint64_t cursor;
	struct record record;
	struct seen known;
	struct form forms[SLOTS];
	uint16_t kept[MADE_MAX]; /* the stream's changes, kept[n - 1] */
};

struct world {
	struct arena arena;
	struct merge_context context;
	struct lineage lineages[FORKS_MAX];
	uint32_t next_stream;
	struct made made[MADE_MAX];
	size_t made_count;
	uint16_t log[MADE_MAX]; /* in the order of seq, from 1 */
	size_t log_count;
	struct record record; /* the server's */
	uint32_t server_n;
	struct form server_forms[SLOTS];
	struct device devices[DEVICES_MAX];
	uint32_t device_count;
	char error[WORLD_ERROR_SIZE]; /* the first thing found wrong */
};

extern const int32_t world_tags[];
extern const size_t world_tag_count;

void world_init(struct world *world, uint32_t device_count);
void world_finish(struct world *world);
/* Does one action (or nothing if it makes no sense now) and checks the server's state. */
void world_act(struct world *world, const struct action *action);
/* Lets every device sync until nothing is left to say, and compares them with the server. */
void world_settle(struct world *world);
PRINTF_LIKE(2, 3) void world_fail(struct world *world, const char *format, ...);

bool seen_has(const struct seen *seen, size_t made);
void seen_add(struct seen *seen, size_t made);

/* Fails the world if the server's record is not what the oracle says. */
void oracle_check(struct world *world);
/* What must not depend on the order of arrival, as text. */
void world_describe(const struct world *world, const struct record *record, char *out, size_t size);

#endif
