/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "print.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static json_t *
state_json(const struct sambung_state *state)
{
	json_t *object =
		json_pack("{s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:I}", "device",
			  (json_int_t)state->device, "cadre", state->cadre, "queued",
			  (json_int_t)state->queued, "last_n", (json_int_t)state->last_n, "acked_n",
			  (json_int_t)state->acked_n, "epoch", (json_int_t)state->epoch, "cursor",
			  (json_int_t)state->cursor, "last_sync", instant_json(state->last_sync_ms),
			  "quarantined", (json_int_t)state->quarantined);

	/* Only where there is something to tell: the others are the contract of scripts. */
	if (state->locked) {
		(void)json_object_set_new(object, "locked", json_true());
	}
	if (state->lease_until_ms != 0) {
		(void)json_object_set_new(object, "lease_until",
					  instant_json(state->lease_until_ms));
		(void)json_object_set_new(object, "lease_over", json_boolean(state->lease_over));
	}
	if (state->log_size != 0) {
		(void)json_object_set_new(object, "log_size",
					  json_integer((json_int_t)state->log_size));
		(void)json_object_set_new(object, "log_root", json_string(state->log_root));
	}
	if (state->contradiction_ms != 0) {
		(void)json_object_set_new(object, "contradiction", json_true());
		(void)json_object_set_new(object, "contradiction_since",
					  instant_json(state->contradiction_ms));
	}
	if (state->destroyed_ms != 0) {
		(void)json_object_set_new(object, "destroyed", instant_json(state->destroyed_ms));
	}
	return object;
}

static void
add_row(const struct task *task, struct table *table, enum message label, char *value)
{
	table_add(table, message_text(label, task->language));
	table_take(table, value);
}

/* The phone was revoked: what happened here, and when. */
static void
print_destroyed(const struct task *task, const struct sambung_state *state)
{
	char *when = print_time(state->destroyed_ms);
	char *count = print_count(task, state->acked_n, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY);

	message_print(stdout, task->language, MESSAGE_STATUS_DESTROYED, when, count);
	(void)fprintf(
		stdout, "\n%s\n",
		message_text(state->device == 0 ? MESSAGE_STATUS_ENROL_ANEW : MESSAGE_STATUS_TELL,
			     task->language));
	free(count);
	free(when);
}

/* The size in groups, and the mark that printed reports have, too: "1 234 567 · aB3dE5fG7hI9". */
static char *
log_text(const struct sambung_state *state)
{
	char *size = text_format("%" PRIu64, state->log_size);
	char *text = text_copy("");
	size_t length = strlen(size);

	for (size_t at = 0; at < length;) {
		size_t group = (length - at - 1) % 3 + 1;
		char *digits = text_format("%.*s", (int)group, size + at);

		text_join(&text, " ", digits);
		free(digits);
		at += group;
	}
	text_join(&text, " · ", state->log_root);
	free(size);
	return text;
}

/* What a cadre does about it. */
static void
print_contradiction(const struct task *task, const struct sambung_state *state)
{
	char *when;

	if (state->contradiction_ms == 0) {
		return;
	}
	when = print_time(state->contradiction_ms);
	message_print(stdout, task->language, MESSAGE_STATUS_CONTRADICTION, when, NULL);
	(void)fputs("\n", stdout);
	free(when);
}

static void
print_state(const struct task *task, const struct sambung_state *state)
{
	struct table table = {.columns = 2};

	if (state->destroyed_ms != 0) {
		print_destroyed(task, state);
		return;
	}
	if (state->device == 0) {
		(void)fprintf(stdout, "%s\n", message_text(MESSAGE_NOT_ENROLLED, task->language));
		return;
	}
	add_row(task, &table, MESSAGE_STATUS_DEVICE, text_format("%" PRIu32, state->device));
	add_row(task, &table, MESSAGE_STATUS_CADRE,
		text_copy(state->locked ? message_text(MESSAGE_STATUS_LOCKED, task->language)
					: state->cadre));
	add_row(task, &table, MESSAGE_STATUS_QUEUED,
		print_count(task, state->queued, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY));
	add_row(task, &table, MESSAGE_STATUS_SYNCED,
		state->last_sync_ms == 0 ? text_copy(message_text(MESSAGE_NEVER, task->language))
					 : print_time(state->last_sync_ms));
	add_row(task, &table, MESSAGE_STATUS_CONFLICTS,
		print_count(task, state->conflicts, MESSAGE_RECORDS_ONE, MESSAGE_RECORDS_MANY));
	add_row(task, &table, MESSAGE_STATUS_QUARANTINED,
		print_count(task, state->quarantined, MESSAGE_CHANGES_ONE, MESSAGE_CHANGES_MANY));
	if (state->lease_until_ms != 0) {
		add_row(task, &table, MESSAGE_STATUS_LEASE, print_time(state->lease_until_ms));
	}
	if (state->log_size != 0) {
		add_row(task, &table, MESSAGE_STATUS_LOG, log_text(state));
	}
	table_print(&table, stdout);
	table_finish(&table);
	print_contradiction(task, state);
	if (state->lease_over) {
		(void)fprintf(stdout, "%s\n",
			      message_text(MESSAGE_STATUS_LEASE_OVER, task->language));
	}
}

enum exit_status
cmd_status(struct task *task)
{
	struct sambung_error err = {0};
	struct sambung_state state;
	enum exit_status status;

	/* Nobody is asked for a PIN to see numbers. */
	task->keyless = task->given[OPTION_PIN] == NULL && getenv("SAMBUNG_PIN_FILE") == NULL;
	status = task_open(task);
	if (status != EXIT_DONE) {
		return status;
	}
	if (sambung_state(task->device, &state, &err) != 0) {
		return task_error(task, &err);
	}
	if (task->json) {
		print_json(state_json(&state));
	} else {
		print_state(task, &state);
	}
	return EXIT_DONE;
}
