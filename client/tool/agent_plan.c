/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_plan.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)

enum {
	FIRST_DELAY_S = 30,
	DOUBLINGS_MAX = 7,
	NETWORK_SPREAD_S = 10,
	BREATH_S = 5, /* between two syncs at least */
	REFUSED_S = 3600,
	RETRY_AFTER_MAX_S = 3600,
};

/* A part of `whole` that is equally likely anywhere from 0 to it. */
static int64_t
part_of(int64_t whole, uint32_t random)
{
	return whole * (int64_t)(random >> 8) / (INT64_C(1) << 24);
}

void
agent_plan_start(struct agent_plan *plan, int64_t now_ms)
{
	*plan = (struct agent_plan){.next_ms = now_ms, .not_before_ms = now_ms};
}

/* A day, a tenth more or less: a district that was enrolled in one morning does not come back in
 * one minute for ever. */
static int64_t
day_delay(uint32_t random)
{
	return DAY_MS - DAY_MS / 10 + part_of(DAY_MS / 5, random);
}

static int64_t
failure_delay(unsigned failures, uint32_t random)
{
	unsigned doublings = failures <= DOUBLINGS_MAX ? failures - 1 : DOUBLINGS_MAX;
	int64_t delay = FIRST_DELAY_S * SECOND_MS << doublings;

	delay = delay < HOUR_MS ? delay : HOUR_MS;
	return delay / 2 + part_of(delay, random);
}

void
agent_plan_end(struct agent_plan *plan, int64_t now_ms, const struct agent_end *end,
	       uint32_t random)
{
	/* Whatever stands between may say so too; an hour is enough for a server. */
	int64_t asked_s =
		end->retry_after_s < RETRY_AFTER_MAX_S ? end->retry_after_s : RETRY_AFTER_MAX_S;

	plan->failures = end->outcome == AGENT_FAILED ? plan->failures + 1 : 0;
	plan->next_ms = now_ms + (plan->failures == 0 ? day_delay(random)
						      : failure_delay(plan->failures, random));
	if (asked_s > 0) {
		/* Later than asked by up to half as long again. */
		plan->not_before_ms =
			now_ms + asked_s * SECOND_MS + part_of(asked_s * SECOND_MS / 2, random);
	} else {
		plan->not_before_ms =
			now_ms + (end->outcome == AGENT_REFUSED ? REFUSED_S : BREATH_S) * SECOND_MS;
	}
	if (plan->next_ms < plan->not_before_ms) {
		plan->next_ms = plan->not_before_ms;
	}
}

/* Not later than at this time, if it may be. */
static void
plan_earlier(struct agent_plan *plan, int64_t at_ms)
{
	at_ms = at_ms < plan->not_before_ms ? plan->not_before_ms : at_ms;
	plan->next_ms = plan->next_ms < at_ms ? plan->next_ms : at_ms;
}

void
agent_plan_changes(struct agent_plan *plan, int64_t now_ms)
{
	if (plan->failures == 0) {
		plan_earlier(plan, now_ms);
	}
}

void
agent_plan_network(struct agent_plan *plan, int64_t now_ms, uint32_t random)
{
	if (plan->failures > 0) {
		plan_earlier(plan, now_ms + part_of(NETWORK_SPREAD_S * SECOND_MS, random));
	}
}
