/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "file.h"
#include "print.h"
#include "protocol/carry.h"
#include "text.h"

#include <stdlib.h>

static json_t *
carried_json(const struct sambung_carried *carried)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "parcels", (json_int_t)carried->parcels,
			 "answered", (json_int_t)carried->answered, "changes",
			 (json_int_t)carried->changes, "left", (json_int_t)carried->left);
}

/* A sentence about a file and so many of something. */
static void
print_file(const struct task *task, enum message message, const char *path, char *count)
{
	message_print(stdout, task->language, message, path, count);
	(void)fputs("\n", stdout);
	free(count);
}

static void
print_out(const struct task *task, const struct sambung_carried *carried)
{
	char *left;

	if (task->json) {
		print_json(carried_json(carried));
		return;
	}
	print_file(task, MESSAGE_CARRIED_OUT, task->arguments[0],
		   print_count(task, carried->changes, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY));
	if (carried->left > 0) {
		left = print_count(task, carried->left, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY);
		print_file(task, MESSAGE_CARRIED_LEFT, left, NULL);
		free(left);
	}
}

enum exit_status
cmd_carry_out(struct task *task)
{
	const char *path = task->arguments[0];
	struct sambung_carried carried = {0};
	struct sambung_error err = {0};
	struct file file = {NULL, 0};
	enum exit_status status;

	if (file_is_there(path)) {
		return task_failed(task, MESSAGE_FILE_THERE, path, NULL);
	}
	status = task_open(task);
	if (status != EXIT_DONE) {
		return status;
	}
	if (sambung_carry_out(task->device, file_keep, &file, &carried, &err) != 0) {
		status = task_error(task, &err);
	} else {
		status = file_write(task, path, &file);
	}
	free(file.at);
	if (status == EXIT_DONE) {
		print_out(task, &carried);
	}
	return status;
}

/* ---- deliver ---- */

static void
print_delivered(const struct task *task, const char *path, const struct sambung_carried *carried)
{
	if (task->json) {
		print_json(carried_json(carried));
	} else if (carried->answered > 0) {
		print_file(task, MESSAGE_DELIVERED, path,
			   print_count(task, carried->answered, MESSAGE_PARCELS_ONE,
				       MESSAGE_PARCELS_MANY));
	}
}

/* What was answered is kept, whatever became of the rest. */
static enum exit_status
delivery_run(const struct task *task, const char *reply_path, const struct sambung_delivery *parts)
{
	struct sambung_delivery delivery = *parts;
	struct sambung_carried carried;
	struct sambung_error err = {0};
	struct file answers = {NULL, 0};
	enum exit_status status = EXIT_DONE;
	int failed;

	delivery.take = file_keep;
	delivery.context = &answers;
	failed = sambung_carry_deliver(&delivery, &carried, &err);
	if (answers.length > 0) {
		status = file_write(task, reply_path, &answers);
	}
	if (status == EXIT_DONE) {
		print_delivered(task, reply_path, &carried);
	}
	free(answers.at);
	return failed != 0 ? task_error(task, &err) : status;
}

/* Who delivers may be enrolled herself; her folder is not made for it, and what is wrong with it
 * does not keep the file from going. */
static void
carrier_open(struct task *task)
{
	const char *directory = task->given[OPTION_DIR];
	char *database;

	if (directory == NULL) {
		directory = getenv("SAMBUNG_DIR");
	}
	if (directory == NULL || directory[0] == '\0') {
		return;
	}
	database = text_format("%s/device.db", directory);
	if (file_is_there(database)) {
		const struct sambung_options options = {.directory = directory};

		(void)sambung_open(&options, &task->device, NULL);
	}
	free(database);
}

enum exit_status
cmd_carry_deliver(struct task *task)
{
	struct sambung_delivery delivery = {.url = task->given[OPTION_TO]};
	struct file file = {NULL, 0};
	struct file before = {NULL, 0};
	char *reply_path;
	enum exit_status status;

	if (delivery.url == NULL) {
		return task_usage(task, MESSAGE_TO_MISSING, NULL);
	}
	reply_path = text_format("%s.reply", task->arguments[0]);
	status = file_read(task, task->arguments[0], CARRY_FILE_MAX, &file);
	if (status == EXIT_DONE &&
	    carry_begins((struct span){file.at, file.length}, CARRY_REPLIES_NAME)) {
		status = task_failed(task, MESSAGE_CARRY_NO_FILE, task->arguments[0], NULL);
	}
	if (status == EXIT_DONE && file_is_there(reply_path)) {
		status = file_read(task, reply_path, CARRY_REPLIES_MAX, &before);
	}
	if (status == EXIT_DONE) {
		delivery.file = (struct sambung_bytes){file.at, file.length};
		delivery.answers = (struct sambung_bytes){before.at, before.length};
		carrier_open(task);
		delivery.carrier = task->device;
		status = delivery_run(task, reply_path, &delivery);
	}
	free(before.at);
	free(file.at);
	free(reply_path);
	return status;
}

/* ---- in ---- */

enum exit_status
cmd_carry_in(struct task *task)
{
	struct sambung_result result = {0};
	struct sambung_error err = {0};
	struct file file = {NULL, 0};
	enum exit_status status = task_open(task);
	int failed;

	if (status == EXIT_DONE) {
		status = file_read(task, task->arguments[0], CARRY_REPLIES_MAX, &file);
	}
	if (status == EXIT_DONE &&
	    carry_begins((struct span){file.at, file.length}, CARRY_FILE_NAME)) {
		status = task_failed(task, MESSAGE_CARRY_NO_ANSWER, task->arguments[0], NULL);
	}
	if (status != EXIT_DONE) {
		free(file.at);
		return status;
	}
	failed = sambung_carry_in(task->device, (struct sambung_bytes){file.at, file.length},
				  &result, &err);
	free(file.at);
	if (failed == 0 && result.requests == 0) {
		return task_failed(task, MESSAGE_CARRY_FOREIGN, task->arguments[0], NULL);
	}
	if (task->json) {
		print_json(sync_json(&result));
	} else if (result.requests > 0) {
		print_result(task, &result,
			     sync_shut_out(failed) ? MESSAGE_NONE : MESSAGE_CARRY_REST);
	}
	return failed != 0 ? task_error(task, &err) : EXIT_DONE;
}
