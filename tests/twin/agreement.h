/* SPDX-License-Identifier: Apache-2.0 */
/* agreement: how a test ends after which nobody has anything to say any more. */
#ifndef SAMBUNG_TESTS_TWIN_AGREEMENT_H
#define SAMBUNG_TESTS_TWIN_AGREEMENT_H

#include "tests/check/check_store.h"
#include "tests/testing.h"
#include "tests/twin/verified.h"
#include "tests/twin/world.h"

#include <stdio.h>

/* All sync, and sync again; then each shows what the server shows of its scope, and the log
 * accounts for the database, to an independent look and to verify. Frees the world. */
static inline void
end_in_agreement(struct world *world)
{
	static const char *const types[] = {"family", "person", "visit"};
	struct error err = {.status = STATUS_OK};

	for (size_t i = 0; i < 2 * world->device_count; i++) {
		world_sync(world, i % world->device_count);
	}
	for (size_t d = 0; d < world->device_count; d++) {
		for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
			struct buffer ours;
			struct buffer theirs;

			buffer_init(&ours, 1 << 22);
			buffer_init(&theirs, 1 << 22);
			world_dump_device(world, d, types[t], &ours);
			world_dump_scope(world, d, types[t], &theirs);
			buffer_append_byte(&ours, '\0');
			buffer_append_byte(&theirs, '\0');
			assert_string_equal((const char *)ours.at, (const char *)theirs.at);
			buffer_finish(&ours);
			buffer_finish(&theirs);
		}
	}
	if (check_store_database(world->folder, &err) != STATUS_OK) {
		(void)fprintf(stderr, "%s\n", err.detail);
	}
	assert_int_equal(err.status, STATUS_OK);
	assert_true(world_verified(world));
	world_free(world);
}

#endif
