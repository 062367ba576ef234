/* SPDX-License-Identifier: Apache-2.0 */
/* link_lane: one direction of a connection, and what is on its way there. */
#ifndef SAMBUNG_TESTS_LINK_LINK_LANE_H
#define SAMBUNG_TESTS_LINK_LINK_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_PACKET = 1448 /* bytes of a TCP segment on a link of 1500 */ };

/* What was read at one end and is on its way to the other; length 0: the end of it. */
struct link_packet {
	struct link_packet *next;
	int64_t arrives_ns;
	size_t length;
	size_t sent;
	bool cut; /* the connection ends when it has arrived */
	uint8_t bytes[LINK_PACKET];
};

/* One direction of a connection. */
struct link_lane {
	int from;
	int to;
	struct link_packet *first;
	struct link_packet *last;
	size_t queued;
	bool read_all;
	bool ended;
};

/* Takes the packet. */
void link_lane_append(struct link_lane *lane, struct link_packet *packet);
/* Hands over what has arrived by now; false: the connection is to end. */
bool link_lane_write(struct link_lane *lane, int64_t now_ns);
/* Forgets what is under way. */
void link_lane_drop(struct link_lane *lane);

#endif
