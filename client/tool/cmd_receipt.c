/* SPDX-License-Identifier: Apache-2.0 */
/* A proof that what was recorded here is in the server's log. */
#include "commands.h"
#include "file.h"
#include "print.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What is shown. */
struct shown {
	struct sambung_receipt receipt;
	struct file text;
	uint32_t queued;
	bool fresh; /* the server has just said so */
};

static void
print_as_json(const struct shown *shown)
{
	const struct sambung_receipt *receipt = &shown->receipt;

	print_json(json_pack("{s:I, s:I, s:o, s:o, s:b, s:I, s:s, s:o, s:b, s:I, s:s}", "device",
			     (json_int_t)receipt->device, "changes", (json_int_t)receipt->changes,
			     "since", instant_json(receipt->since_ms), "newest",
			     instant_json(receipt->newest_ms), "set_aside", receipt->set_aside,
			     "log", (json_int_t)receipt->log_size, "root", receipt->root, "told",
			     instant_json(receipt->told_ms), "fresh", (int)shown->fresh, "queued",
			     (json_int_t)shown->queued, "receipt", (const char *)shown->text.at));
}

static void
print_sentence(const struct task *task, enum message message, char *first, char *second)
{
	message_print(stdout, task->language, message, first, second);
	(void)fputs("\n", stdout);
	free(first);
	free(second);
}

static void
print_times(const struct task *task, const struct sambung_receipt *receipt)
{
	if (receipt->since_ms != 0 && receipt->newest_ms != 0) {
		print_sentence(task, MESSAGE_RECEIPT_SINCE, print_time(receipt->since_ms),
			       print_time(receipt->newest_ms));
	} else if (receipt->since_ms != 0) {
		print_sentence(task, MESSAGE_RECEIPT_BEGUN, print_time(receipt->since_ms), NULL);
	} else if (receipt->newest_ms != 0) {
		print_sentence(task, MESSAGE_RECEIPT_NEWEST, print_time(receipt->newest_ms), NULL);
	}
}

static void
print_as_text(const struct task *task, const struct shown *shown)
{
	const struct sambung_receipt *receipt = &shown->receipt;

	if (!shown->fresh) {
		print_sentence(task, MESSAGE_RECEIPT_OLD, print_time(receipt->told_ms), NULL);
	}
	print_sentence(
		task, MESSAGE_RECEIPT_CHANGES,
		print_count(task, receipt->changes, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY),
		text_format("%" PRIu32, receipt->device));
	print_times(task, receipt);
	if (receipt->set_aside) {
		print_sentence(task, MESSAGE_RECEIPT_SET_ASIDE, NULL, NULL);
	}
	if (shown->queued > 0) {
		print_sentence(
			task, MESSAGE_RECEIPT_QUEUED,
			print_count(task, shown->queued, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY),
			NULL);
	}
	print_sentence(task, MESSAGE_RECEIPT_LOG, text_format("%" PRIu64, receipt->log_size),
		       text_copy(receipt->root));
	if (task->given[OPTION_OUT] == NULL) {
		(void)fprintf(stdout, "\n%s", (const char *)shown->text.at);
	}
}

static enum exit_status
show(const struct task *task, const struct shown *shown)
{
	const char *path = task->given[OPTION_OUT];
	enum exit_status status = EXIT_DONE;

	if (path != NULL) {
		status = file_write(task, path, &shown->text);
	}
	if (status == EXIT_DONE && task->json) {
		print_as_json(shown);
	} else if (status == EXIT_DONE) {
		print_as_text(task, shown);
	}
	return status;
}

/* Asks the server, or shows what is here: `kept_ms` is when the last one was told, 0 for none. */
static enum exit_status
receipt_get(const struct task *task, int64_t kept_ms, struct shown *shown)
{
	struct sambung_result result = {0};
	struct sambung_state state;
	struct sambung_error err = {0};
	int failed = sambung_receipt_sync(task->device, &result, &err);

	/* One that proves nothing is no reason to show an older one as if all were well. */
	if (failed != 0 &&
	    (kept_ms == 0 || strcmp(sambung_status_name(err.status), "signature") == 0)) {
		return task_error(task, &err);
	}
	if (failed != 0) {
		(void)task_error(task, &err);
	}
	if (sambung_receipt(task->device, file_keep, &shown->text, &shown->receipt, &err) != 0) {
		return strcmp(sambung_status_name(err.status), "not_found") == 0
			       ? task_failed(task, MESSAGE_RECEIPT_NONE, NULL, NULL)
			       : task_error(task, &err);
	}
	if (sambung_state(task->device, &state, &err) != 0) {
		return task_error(task, &err);
	}
	shown->queued = state.queued;
	shown->fresh = failed == 0 && shown->receipt.told_ms != kept_ms;
	return EXIT_DONE;
}

enum exit_status
cmd_receipt(struct task *task)
{
	const char *path = task->given[OPTION_OUT];
	struct shown shown = {.fresh = false};
	struct sambung_receipt kept = {0};
	enum exit_status status;

	if (path != NULL && file_is_there(path)) {
		return task_failed(task, MESSAGE_FILE_THERE, path, NULL);
	}
	status = task_open(task);
	if (status != EXIT_DONE) {
		return status;
	}
	if (sambung_receipt(task->device, NULL, NULL, &kept, NULL) != 0) {
		kept.told_ms = 0;
	}
	status = receipt_get(task, kept.told_ms, &shown);
	if (status == EXIT_DONE) {
		status = show(task, &shown);
	}
	free(shown.text.at);
	return status;
}
