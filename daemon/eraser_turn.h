/* SPDX-License-Identifier: Apache-2.0 */
/* eraser_turn: when the eraser works, and when it warns: a function of times, without a clock or a
 * thread. */
#ifndef SAMBUNG_DAEMON_ERASER_TURN_H
#define SAMBUNG_DAEMON_ERASER_TURN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ERASER_ONLY_ASKED = 24, /* as `hour`: no hour of the day */
	ERASER_WARN_HOURS = 48, /* of the 72 that the law gives */
};

/* What is kept between two looks. Moments are milliseconds since 1970; 0: never. */
struct eraser_turn {
	unsigned hour;	   /* of the local day in which the night's turn comes */
	int64_t tried_ms;  /* when it came last */
	int64_t warned_ms; /* when it was said last that an erasure waits too long */
};

/* One look, while something is unfinished. */
struct eraser_look {
	int64_t now_ms;
	unsigned hour;	  /* of the local day now; ERASER_ONLY_ASKED: nobody knows */
	int64_t asked_ms; /* when the oldest unfinished erasure was asked for */
	bool wanted;	  /* somebody asks for the end, or the last try left something */
};

enum eraser_step { ERASER_WAIT, ERASER_WARN, ERASER_FINISH };

/*
 * FINISH when it is wanted, and once a night in the turn's hour. Else WARN after 48 hours, once a
 * day; else WAIT. A clock that was set back delays neither: what lies in the future counts as long
 * ago. Keeps in `turn` what it decided.
 */
enum eraser_step eraser_turn(struct eraser_turn *turn, const struct eraser_look *look);

#endif
