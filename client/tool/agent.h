/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: the loop of `sambung agent`, over functions, so that a test lives through months of it in
 * a moment.
 *
 * Between syncs it looks every AGENT_LOOK_MS whether the database's files have changed, and while
 * syncs fail whether there is a network. A look is four system calls on files that are in memory,
 * some 10 microseconds: a tenth of a second of processor a day. It does not wake a telephone that
 * sleeps. (inotify would save these looks, but it loses its file when a database is put in its
 * place, and is not in POSIX.)
 */
#ifndef SAMBUNG_TOOL_AGENT_H
#define SAMBUNG_TOOL_AGENT_H

#include "agent_plan.h"

#include <stdbool.h>

enum { AGENT_LOOK_MS = 10000 };

struct agent_world {
	void *context;
	int64_t (*now_ms)(void *context); /* also counts the time asleep */
	uint32_t (*random)(void *context);
	/* False: the agent is to end. */
	bool (*sleep)(void *context, int64_t milliseconds);
	/* Opens the installation, syncs, closes it. False: the agent is to end. */
	bool (*sync)(void *context, struct agent_end *end_out);
	/* Tells people when the next sync is planned. */
	void (*tell)(void *context, int64_t wait_ms);
	/* Have the database's files changed since this was asked last? */
	bool (*changed)(void *context);
	/* Opens the installation and looks whether changes wait; false also if it cannot be read.
	 */
	bool (*waits)(void *context);
	bool (*network)(void *context);
};

/* Returns when the agent is to end. */
void agent_run(const struct agent_world *world);

#endif
