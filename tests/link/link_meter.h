/* SPDX-License-Identifier: Apache-2.0 */
/* link_meter: finds the heads of HTTP requests in what a client sends. */
#ifndef SAMBUNG_TESTS_LINK_LINK_METER_H
#define SAMBUNG_TESTS_LINK_LINK_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_HEAD_MAX = 8192 /* bytes of the head of a request */ };

/* Starts as zeros. */
struct link_meter {
	char head[LINK_HEAD_MAX];
	size_t length;
	uint64_t body_left;
};

/* Returns how many heads ended in these bytes. */
uint32_t link_meter_take(struct link_meter *meter, const uint8_t *bytes, size_t length);
/* The next byte begins a request. */
bool link_meter_between(const struct link_meter *meter);

#endif
