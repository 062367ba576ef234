/* SPDX-License-Identifier: Apache-2.0 */
#include "pin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

void
pin_wipe(void *secret, size_t size)
{
	volatile uint8_t *at = secret;

	for (size_t i = 0; i < size; i++) {
		at[i] = 0;
	}
}

/* A line without its end; false if there is none, or it does not fit. */
static bool
line_read(FILE *stream, char out[PIN_SIZE])
{
	size_t length;

	if (fgets(out, PIN_SIZE, stream) == NULL) {
		return false;
	}
	length = strcspn(out, "\r\n");
	if (out[length] == '\0' && length == PIN_SIZE - 1) {
		return false;
	}
	out[length] = '\0';
	return length > 0;
}

enum exit_status
pin_begin(struct task *task)
{
	const char *name = task->given[OPTION_PIN];

	if (name == NULL) {
		name = getenv("SAMBUNG_PIN_FILE");
	}
	if (name == NULL) {
		return EXIT_DONE;
	}
	task->pin_file = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	if (task->pin_file == NULL) {
		return task_failed(task, MESSAGE_FILE_UNREADABLE, name, strerror(errno));
	}
	/* Unbuffered, so that what is behind its lines is still there for the command, and no copy
	 * stays in memory. */
	(void)setvbuf(task->pin_file, NULL, _IONBF, 0);
	if (task->reads_input && task->pin_file == stdin &&
	    !line_read(task->pin_file, task->pin_ahead)) {
		task->pin_ahead[0] = '\0';
	}
	return EXIT_DONE;
}

/* From the terminal, wherever standard input and output lead. */
static bool
terminal_read(const struct task *task, enum message question, char out[PIN_SIZE])
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	FILE *terminal = fd < 0 ? NULL : fdopen(fd, "r+");
	struct termios before;
	struct termios quiet;
	bool got;

	if (terminal == NULL || tcgetattr(fd, &before) != 0) {
		if (terminal != NULL) {
			(void)fclose(terminal);
		}
		return false;
	}
	(void)setvbuf(terminal, NULL, _IONBF, 0);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(fd, TCSAFLUSH, &quiet);
	(void)fprintf(terminal, "%s: ", message_text(question, task->language));
	got = line_read(terminal, out);
	(void)fputs("\n", terminal);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)fclose(terminal);
	return got;
}

bool
pin_read(struct task *task, enum message question, char out[PIN_SIZE])
{
	if (task->pin_closed) {
		return false;
	}
	if (task->pin_file != NULL) {
		if (task->pin_ahead[0] != '\0') {
			memcpy(out, task->pin_ahead, PIN_SIZE);
			pin_wipe(task->pin_ahead, PIN_SIZE);
			return true;
		}
		return line_read(task->pin_file, out);
	}
	return terminal_read(task, question, out);
}

static bool
lock_same(const struct sambung_lock *a, const struct sambung_lock *b)
{
	return a->passes == b->passes && a->memory_kib == b->memory_kib &&
	       memcmp(a->salt, b->salt, sizeof a->salt) == 0;
}

int
pin_key(void *context, const struct sambung_lock *lock, uint8_t key_out[32])
{
	struct task *task = context;
	struct task_key *key = &task->key;
	char pin[PIN_SIZE];

	task->asked = true;
	if (!key->known || !lock_same(&key->lock, lock)) {
		key->known = false;
		if (!pin_read(task, MESSAGE_PIN_ASK, pin)) {
			return 1;
		}
		(void)mlock(key, sizeof *key);
		key->known = sambung_pin_key(lock, pin, key->bytes, NULL) == 0;
		key->lock = *lock;
		pin_wipe(pin, sizeof pin);
	}
	memcpy(key_out, key->bytes, sizeof key->bytes);
	return !key->known;
}

void
pin_close(struct task *task)
{
	pin_wipe(task->pin_ahead, sizeof task->pin_ahead);
	if (task->pin_file != NULL && task->pin_file != stdin) {
		(void)fclose(task->pin_file);
	}
	task->pin_file = NULL;
	task->pin_closed = true;
}

void
pin_finish(struct task *task)
{
	pin_wipe(&task->key, sizeof task->key);
	pin_close(task);
}
