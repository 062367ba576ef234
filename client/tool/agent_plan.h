/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_plan: when the agent syncs next. A function of what happened: no clock, no chance and no
 * network of its own.
 *
 * While all goes well: once a day, and at once when changes wait. After a failure: after 30
 * seconds, then twice as long each time up to an hour, spread by half either way, and as soon as a
 * network is there again; never before a full server said so. What a later try would not mend (a
 * revoked device, one that is held) is tried once a day, or after an hour if changes wait.
 */
#ifndef SAMBUNG_TOOL_AGENT_PLAN_H
#define SAMBUNG_TOOL_AGENT_PLAN_H

#include <stdint.h>

enum agent_outcome {
	AGENT_SYNCED,
	AGENT_FAILED,  /* worth trying again */
	AGENT_REFUSED, /* not before somebody did something */
};

/* A sync that has ended. */
struct agent_end {
	enum agent_outcome outcome;
	unsigned retry_after_s; /* that a full server asked for; 0: none */
};

/* Milliseconds of one clock that never goes back. */
struct agent_plan {
	int64_t next_ms;
	int64_t not_before_ms;
	unsigned failures; /* in a row */
};

/* The first sync is now: what was recorded before may wait. */
void agent_plan_start(struct agent_plan *plan, int64_t now_ms);
/* `random`: 32 bits. */
void agent_plan_end(struct agent_plan *plan, int64_t now_ms, const struct agent_end *end,
		    uint32_t random);
/* Changes wait. While syncs fail they wait for the next try. */
void agent_plan_changes(struct agent_plan *plan, int64_t now_ms);
/* A network has come; what failed without it is tried again soon, but not by all in one second. */
void agent_plan_network(struct agent_plan *plan, int64_t now_ms, uint32_t random);

#endif
