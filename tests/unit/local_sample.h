/* SPDX-License-Identifier: Apache-2.0 */
/* local_sample: changes and records for the tests of client/local*.c. */
#ifndef SAMBUNG_TESTS_UNIT_LOCAL_SAMPLE_H
#define SAMBUNG_TESTS_UNIT_LOCAL_SAMPLE_H

#include "device_world.h"

/* A record id. */
#define R(n) id_make(1, (n))

static struct error error;

/* A change of so many bytes; nobody looks into it. */
static void
add_change(struct local *local, uint32_t n, uint64_t record, size_t length)
{
	static const uint8_t body[1000];

	assert_ok(local_change_add(local, n, record, span_of(body, length), &error));
}

#endif
