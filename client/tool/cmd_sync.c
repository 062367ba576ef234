/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "print.h"
#include "protocol/status.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>

/* A sentence about so many changes, if there are any. */
static void
print_changes(const struct task *task, enum message message, uint32_t count)
{
	char *changes;

	if (count == 0) {
		return;
	}
	changes = print_count(task, count, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY);
	message_print(stdout, task->language, message, changes, NULL);
	(void)fputs("\n", stdout);
	free(changes);
}

/* Who was restored from a copy should hear what that means. */
static void
print_number(const struct task *task, uint32_t number)
{
	char *text;

	if (number == 0) {
		return;
	}
	text = text_format("%" PRIu32, number);
	message_print(stdout, task->language, MESSAGE_SYNC_CONTINUES, text, NULL);
	(void)fputs("\n", stdout);
	free(text);
}

void
print_result(const struct task *task, const struct sambung_result *result, enum message rest)
{
	/* What the server has, not what was sent on its way. */
	char *sent = print_count(task, result->acked, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY);
	char *received =
		print_count(task, result->received, MESSAGE_RECORDS_ONE, MESSAGE_RECORDS_MANY);

	message_print(stdout, task->language, MESSAGE_SYNC_COUNTS, sent, received);
	(void)fprintf(stdout, "%s\n",
		      message_text(result->synced ? MESSAGE_SYNC_DONE : rest, task->language));
	free(sent);
	free(received);
	print_changes(task, MESSAGE_SYNC_CONFLICTS, result->conflicts);
	print_changes(task, MESSAGE_SYNC_QUARANTINED, result->quarantined);
	print_changes(task, MESSAGE_SYNC_ERASED, result->erased);
	print_number(task, result->continues_as);
}

bool
sync_shut_out(int failed)
{
	return failed == STATUS_HELD || failed == STATUS_REVOKED || failed == STATUS_DESTROYED ||
	       failed == STATUS_NOT_ENROLLED;
}

enum exit_status
cmd_sync(struct task *task)
{
	struct sambung_error err = {0};
	struct sambung_result result = {0};
	enum exit_status status = task_open(task);
	int failed;

	if (status != EXIT_DONE) {
		return status;
	}
	failed = sambung_sync(task->device, NULL, NULL, &result, &err);
	if (task->json) {
		print_json(sync_json(&result));
	} else {
		print_result(task, &result,
			     sync_shut_out(failed) ? MESSAGE_NONE : MESSAGE_SYNC_REST);
	}
	if (failed != 0) {
		return task_error(task, &err);
	}
	if (!result.synced) {
		return task_failed(task, MESSAGE_SYNC_UNFINISHED, NULL, NULL);
	}
	return EXIT_DONE;
}
