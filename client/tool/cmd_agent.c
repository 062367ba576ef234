/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's surroundings: clock, signals, the database's files, the network, and syncing. */
#include "agent.h"
#include "commands.h"
#include "pin.h"
#include "print.h"
#include "protocol/status.h"
#include "text.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MARKS = 2 };

/* What a file looks like from outside; zeros: it is not there. */
struct mark {
	ino_t number;
	off_t size;
	struct timespec changed;
};

struct surroundings {
	struct task *task;
	sigset_t ending;
	bool ends;
	struct mark marks[MARKS];
	/* the last sync */
	struct sambung_result result;
	struct sambung_error err;
};

static int64_t
agent_now_ms(void *context)
{
	struct timespec now = {0};

	(void)context;
#if defined(CLOCK_BOOTTIME)
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
#else
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
#endif
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint32_t
agent_random(void *context)
{
	uint32_t random;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random) {
		/* Only spreads. */
		random = (uint32_t)agent_now_ms(context) * UINT32_C(2654435761);
	}
	return random;
}

/* SIGTERM and SIGINT are blocked, and taken here only. */
static bool
agent_sleep(void *context, int64_t milliseconds)
{
	struct surroundings *around = context;
	struct timespec left = {.tv_sec = (time_t)(milliseconds / 1000),
				.tv_nsec = (long)(milliseconds % 1000) * 1000000};

	if (!around->ends && sigtimedwait(&around->ending, NULL, &left) > 0) {
		around->ends = true;
	}
	return !around->ends;
}

/* Between two tries of one exchange. */
static int
sync_wait(void *context, uint32_t milliseconds)
{
	return !agent_sleep(context, milliseconds);
}

static int
sync_progress(void *context, const struct sambung_result *so_far)
{
	(void)so_far;
	return !agent_sleep(context, 0);
}

static enum agent_outcome
outcome_of(const struct sambung_error *err)
{
	switch (err->status) {
	case STATUS_OK:
		return AGENT_SYNCED;
	case STATUS_DESTROYED:
	case STATUS_FOREIGN:
	case STATUS_FORK:
	case STATUS_HELD:
	case STATUS_NOT_ENROLLED:
	case STATUS_PIN_NEEDED:
	case STATUS_PIN_WRONG:
	case STATUS_REVOKED:
	case STATUS_UNSUPPORTED:
		return AGENT_REFUSED;
	default:
		return AGENT_FAILED;
	}
}

/* Between syncs the installation is not open. */
static bool
agent_open(struct surroundings *around)
{
	struct sambung_platform platform = {.context = around, .wait = sync_wait};
	struct sambung_options options = task_options(around->task);

	options.platform = &platform;
	around->err = (struct sambung_error){0};
	return sambung_open(&options, &around->task->device, &around->err) == 0;
}

static bool
agent_sync(void *context, struct agent_end *end_out)
{
	struct surroundings *around = context;

	around->result = (struct sambung_result){0};
	if (agent_open(around)) {
		(void)sambung_sync(around->task->device, sync_progress, around, &around->result,
				   &around->err);
	}
	task_close(around->task);
	*end_out = (struct agent_end){.outcome = outcome_of(&around->err),
				      .retry_after_s = around->result.retry_after_s};
	return !around->ends;
}

static void
agent_tell(void *context, int64_t wait_ms)
{
	struct surroundings *around = context;
	const struct task *task = around->task;
	const struct sambung_result *result = &around->result;
	char sentence[1024];
	char *when = print_time((int64_t)time(NULL) * 1000);
	char *wait = print_duration(task, wait_ms);
	char *sent = print_count(task, result->acked, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY);
	char *received =
		print_count(task, result->received, MESSAGE_RECORDS_ONE, MESSAGE_RECORDS_MANY);

	if (task->json) {
		print_json(sync_json(result));
		(void)fflush(stdout);
	}
	(void)fprintf(stderr, "%s ", when);
	message_print(stderr, task->language, MESSAGE_SYNC_COUNTS, sent, received);
	(void)fputs(" ", stderr);
	if (around->err.status != STATUS_OK) {
		text_print(stderr, sambung_error_sentence(&around->err, task->language, sentence,
							  sizeof sentence));
		(void)fputs(". ", stderr);
	}
	message_print(stderr, task->language, MESSAGE_AGENT_NEXT, wait, NULL);
	(void)fputs(".\n", stderr);
	free(received);
	free(sent);
	free(wait);
	free(when);
}

static bool
mark_same(const struct mark *a, const struct mark *b)
{
	return a->number == b->number && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool
agent_changed(void *context)
{
	static const char *const names[MARKS] = {"device.db", "device.db-wal"};
	struct surroundings *around = context;
	bool changed = false;

	for (size_t i = 0; i < MARKS; i++) {
		char *path = text_format("%s/%s", around->task->directory, names[i]);
		struct mark mark = {0};
		struct stat found;

		if (stat(path, &found) == 0) {
			mark = (struct mark){found.st_ino, found.st_size, found.st_mtim};
		}
		changed = changed || !mark_same(&mark, &around->marks[i]);
		around->marks[i] = mark;
		free(path);
	}
	return changed;
}

static bool
agent_waits(void *context)
{
	struct surroundings *around = context;
	struct sambung_error synced = around->err;
	struct sambung_state state;
	bool waits = agent_open(around) &&
		     sambung_state(around->task->device, &state, &around->err) == 0 &&
		     state.queued > 0;

	task_close(around->task);
	around->err = synced;
	return waits;
}

/* Is there a way to this address? Asks the kernel's table only: nothing is sent. */
static bool
way_to(const struct sockaddr *address, socklen_t size)
{
	int fd = socket(address->sa_family, SOCK_DGRAM, 0);
	bool way = fd >= 0 && connect(fd, address, size) == 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return way;
}

/* To addresses that are kept for examples (RFC 5737, RFC 3849) and lie on no network at hand. */
static bool
agent_network(void *context)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	static const uint8_t example[4] = {0x20, 0x01, 0x0d, 0xb8};

	(void)context;
	four.sin_addr.s_addr = htonl(UINT32_C(0xc0000201));
	memcpy(six.sin6_addr.s6_addr, example, sizeof example);
	return way_to((const struct sockaddr *)&four, sizeof four) ||
	       way_to((const struct sockaddr *)&six, sizeof six);
}

/* An agent for nobody would only wait. */
static enum exit_status
enrolled_check(struct task *task)
{
	struct sambung_error err = {0};
	struct sambung_state state;
	enum exit_status status = task_open(task);

	if (status == EXIT_DONE && sambung_state(task->device, &state, &err) != 0) {
		status = task_error(task, &err);
	} else if (status == EXIT_DONE && state.device == 0) {
		err.status = STATUS_NOT_ENROLLED;
		status = task_error(task, &err);
	} else if (status == EXIT_DONE && state.locked) {
		err.status = STATUS_PIN_NEEDED;
		status = task_error(task, &err);
	}
	task_close(task);
	/* It runs for days: who looks at its files in the meantime finds no PIN. */
	pin_close(task);
	return status;
}

enum exit_status
cmd_agent(struct task *task)
{
	struct surroundings around = {.task = task};
	const struct agent_world world = {
		.context = &around,
		.now_ms = agent_now_ms,
		.random = agent_random,
		.sleep = agent_sleep,
		.sync = agent_sync,
		.tell = agent_tell,
		.changed = agent_changed,
		.waits = agent_waits,
		.network = agent_network,
	};
	enum exit_status status = enrolled_check(task);

	if (status != EXIT_DONE) {
		return status;
	}
	(void)sigemptyset(&around.ending);
	(void)sigaddset(&around.ending, SIGTERM);
	(void)sigaddset(&around.ending, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &around.ending, NULL);
	agent_run(&world);
	return EXIT_DONE;
}
