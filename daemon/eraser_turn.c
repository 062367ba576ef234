/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/eraser_turn.h"

#define HOUR_MS (INT64_C(3600) * 1000)

/* Is it so long ago? Of what lies in the future nobody knows how long. */
static bool
is_past(int64_t then_ms, int64_t hours, int64_t now_ms)
{
	return then_ms == 0 || then_ms > now_ms || now_ms - then_ms >= hours * HOUR_MS;
}

enum eraser_step
eraser_turn(struct eraser_turn *turn, const struct eraser_look *look)
{
	const bool night = turn->hour < ERASER_ONLY_ASKED && look->hour == turn->hour &&
			   is_past(turn->tried_ms, 12, look->now_ms);

	if (look->wanted) {
		return ERASER_FINISH;
	}
	if (night) {
		turn->tried_ms = look->now_ms;
		return ERASER_FINISH;
	}
	if (look->now_ms - look->asked_ms < ERASER_WARN_HOURS * HOUR_MS ||
	    !is_past(turn->warned_ms, 24, look->now_ms)) {
		return ERASER_WAIT;
	}
	turn->warned_ms = look->now_ms;
	return ERASER_WARN;
}
