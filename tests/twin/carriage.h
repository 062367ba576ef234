/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carriage: a world with Ani, who was enrolled and then never again in a network, and Budi, who has
 * signal and whose network her files go through. What fails is a failed assertion of the test.
 */
#ifndef SAMBUNG_TESTS_TWIN_CARRIAGE_H
#define SAMBUNG_TESTS_TWIN_CARRIAGE_H

#include "client/device.h"
#include "protocol/carry.h"
#include "tests/twin/world.h"

extern const char carriage_village[];
extern const char carriage_head[];  /* of the family that she made */
extern const char carriage_child[]; /* and of the person */

struct carriage {
	struct world *world;
	size_t ani;
	size_t budi;
	char person[16];
	struct buffer file;
	struct buffer answers;
	struct sambung_error err;
};

struct sambung *carriage_phone(const struct carriage *all, size_t device);
/* Enrolled, and then never again in a network: she makes the family and the person herself. */
struct carriage *carriage_make(void);
void carriage_free(struct carriage *all);
/* Visits with a note that does not compress, so that many of them need several parcels. */
void carriage_visits(struct carriage *all, unsigned count, unsigned note_length);
/* A sambung_file_fn: into a struct buffer. */
int carriage_keep(void *context, struct sambung_bytes bytes);
/* Makes Ani's file. */
struct sambung_carried carriage_out(struct carriage *all);
struct sambung_bytes carriage_bytes(const struct buffer *buffer);
/* Over Budi's network, by a program that knows nobody. */
int carriage_deliver_with(struct carriage *all, const struct sambung_platform *platform,
			  struct sambung_bytes before, struct sambung_carried *out);
int carriage_deliver(struct carriage *all);
/* Takes the answers. */
struct sambung_result carriage_in(struct carriage *all);
uint32_t carriage_queued(struct carriage *all);
void carriage_dump_server(struct carriage *all, struct buffer *out);
/* Ani's phone shows what the server has of her village: so many records. */
void carriage_assert_same(struct carriage *all, size_t count);
/* All is acknowledged, but answers to several parcels do not make a loop of pages: one more file
 * does. */
void carriage_assert_next_syncs(struct carriage *all);
struct local_state carriage_state(struct carriage *all);

#endif
