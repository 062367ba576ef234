/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

struct agent {
	const struct agent_world *world;
	struct agent_plan plan;
	bool network; /* there was one at the last look */
};

static void
changes_note(struct agent *agent)
{
	const struct agent_world *world = agent->world;

	if (world->waits(world->context)) {
		agent_plan_changes(&agent->plan, world->now_ms(world->context));
	}
}

static bool
sync_run(struct agent *agent)
{
	const struct agent_world *world = agent->world;
	struct agent_end end = {.outcome = AGENT_FAILED};

	if (!world->sync(world->context, &end)) {
		return false;
	}
	agent_plan_end(&agent->plan, world->now_ms(world->context), &end,
		       world->random(world->context));
	agent->network = world->network(world->context);
	/* The files as they are from here on; a change that came during the sync is seen by looking
	 * into them once, after that. */
	(void)world->changed(world->context);
	changes_note(agent);
	world->tell(world->context, agent->plan.next_ms - world->now_ms(world->context));
	return true;
}

static void
look(struct agent *agent)
{
	const struct agent_world *world = agent->world;
	bool network;

	if (world->changed(world->context)) {
		changes_note(agent);
	}
	if (agent->plan.failures > 0) {
		network = world->network(world->context);
		if (network && !agent->network) {
			agent_plan_network(&agent->plan, world->now_ms(world->context),
					   world->random(world->context));
		}
		agent->network = network;
	}
}

void
agent_run(const struct agent_world *world)
{
	struct agent agent = {.world = world};
	bool going = true;

	agent_plan_start(&agent.plan, world->now_ms(world->context));
	while (going) {
		int64_t left = agent.plan.next_ms - world->now_ms(world->context);

		if (left <= 0) {
			going = sync_run(&agent);
			continue;
		}
		going = world->sleep(world->context, left < AGENT_LOOK_MS ? left : AGENT_LOOK_MS);
		if (going) {
			look(&agent);
		}
	}
}
