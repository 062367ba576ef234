/* SPDX-License-Identifier: Apache-2.0 */
#include "link_lane.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

void
link_lane_append(struct link_lane *lane, struct link_packet *packet)
{
	if (lane->last == NULL) {
		lane->first = packet;
	} else {
		lane->last->next = packet;
	}
	lane->last = packet;
	lane->queued += packet->length;
}

static void
drop_first(struct link_lane *lane)
{
	struct link_packet *packet = lane->first;

	lane->first = packet->next;
	if (lane->first == NULL) {
		lane->last = NULL;
	}
	lane->queued -= packet->length;
	free(packet);
}

bool
link_lane_write(struct link_lane *lane, int64_t now_ns)
{
	while (lane->first != NULL && lane->first->arrives_ns <= now_ns) {
		struct link_packet *packet = lane->first;
		ssize_t sent;

		if (packet->length == 0 && !packet->cut) {
			lane->ended = true;
			(void)shutdown(lane->to, SHUT_WR);
			drop_first(lane);
			return true;
		}
		sent = packet->length == 0
			       ? 0
			       : send(lane->to, packet->bytes + packet->sent,
				      packet->length - packet->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0) {
			return errno == EAGAIN || errno == EINTR;
		}
		packet->sent += (size_t)sent;
		if (packet->sent < packet->length) {
			return true;
		}
		if (packet->cut) {
			return false;
		}
		drop_first(lane);
	}
	return true;
}

void
link_lane_drop(struct link_lane *lane)
{
	while (lane->first != NULL) {
		drop_first(lane);
	}
}
