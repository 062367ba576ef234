/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "pin.h"
#include "print.h"

#include <string.h>
#include <sys/random.h>

/* What Argon2id may cost on a phone of 2 GB: docs/decisions/0014-at-rest.md has the measurements.
 */
enum { LOCK_PASSES = 3, LOCK_MEMORY_KIB = 64 * 1024 };

static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++) {
		count += ((unsigned char)*text & 0xc0) != 0x80;
	}
	return count;
}

/* Twice from a person, who does not see what she types. */
static enum exit_status
new_pin_read(struct task *task, char pin[PIN_SIZE])
{
	char again[PIN_SIZE];
	bool same;

	if (!pin_read(task, MESSAGE_PIN_NEW, pin)) {
		return task_failed(task, MESSAGE_PIN_NONE, NULL, NULL);
	}
	if (characters(pin) < PIN_LEAST) {
		return task_failed(task, MESSAGE_PIN_SHORT, NULL, NULL);
	}
	if (task->pin_file != NULL) {
		return EXIT_DONE;
	}
	same = pin_read(task, MESSAGE_PIN_AGAIN, again) && strcmp(pin, again) == 0;
	pin_wipe(again, sizeof again);
	return same ? EXIT_DONE : task_failed(task, MESSAGE_PIN_DIFFERS, NULL, NULL);
}

static enum exit_status
pin_put(struct task *task, const char *pin)
{
	struct sambung_lock lock = {.passes = LOCK_PASSES, .memory_kib = LOCK_MEMORY_KIB};
	struct sambung_error err = {0};
	uint8_t key[32];
	int failed;

	if (getrandom(lock.salt, sizeof lock.salt, 0) != (ssize_t)sizeof lock.salt) {
		return task_failed(task, MESSAGE_PIN_NONE, NULL, NULL);
	}
	failed = sambung_pin_key(&lock, pin, key, &err);
	if (failed == 0) {
		failed = sambung_lock_set(task->device, &lock, key, &err);
	}
	pin_wipe(key, sizeof key);
	return failed == 0 ? EXIT_DONE : task_error(task, &err);
}

static void
pin_told(const struct task *task, enum message message)
{
	if (task->json) {
		print_json(json_pack("{s:b}", "locked", message == MESSAGE_PIN_SET));
	} else {
		(void)fprintf(stdout, "%s\n", message_text(message, task->language));
	}
}

static enum exit_status
pin_renew(struct task *task)
{
	char pin[PIN_SIZE];
	enum exit_status status = new_pin_read(task, pin);

	if (status == EXIT_DONE) {
		status = pin_put(task, pin);
	}
	pin_wipe(pin, sizeof pin);
	if (status == EXIT_DONE) {
		pin_told(task, MESSAGE_PIN_SET);
	}
	return status;
}

/* Opens what is locked already. */
static enum exit_status
pin_open(struct task *task)
{
	enum exit_status status = task_open(task);

	if (status == EXIT_DONE && !task->asked) {
		status = task_failed(task, MESSAGE_PIN_THERE_IS_NONE, NULL, NULL);
	}
	return status;
}

enum exit_status
cmd_pin_set(struct task *task)
{
	struct sambung_state state;
	struct sambung_error err = {0};
	enum exit_status status;

	/* The first line of --pin is the new one: nothing may take it to open a lock. */
	task->keyless = true;
	status = task_open(task);
	if (status != EXIT_DONE) {
		return status;
	}
	if (sambung_state(task->device, &state, &err) != 0) {
		return task_error(task, &err);
	}
	if (state.locked) {
		return task_failed(task, MESSAGE_PIN_THERE, NULL, NULL);
	}
	return pin_renew(task);
}

enum exit_status
cmd_pin_change(struct task *task)
{
	enum exit_status status = pin_open(task);

	return status == EXIT_DONE ? pin_renew(task) : status;
}

enum exit_status
cmd_pin_remove(struct task *task)
{
	struct sambung_error err = {0};
	enum exit_status status = pin_open(task);

	if (status != EXIT_DONE) {
		return status;
	}
	if (sambung_lock_set(task->device, NULL, NULL, &err) != 0) {
		return task_error(task, &err);
	}
	pin_told(task, MESSAGE_PIN_GONE);
	return EXIT_DONE;
}
