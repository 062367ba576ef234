/* SPDX-License-Identifier: Apache-2.0 */
/* user add, user list, user password, user disable, token list, token revoke */
#include "ctl.h"
#include "json_print.h"
#include "protocol/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 1024, PASSWORD_SIZE_MAX = 258 };

static const struct column user_columns[] = {
	{"number", "NUMBER", "NOMOR", 10}, {"name", "NAME", "NAMA", 24},
	{"role", "ROLE", "PERAN", 10},	   {"scope", "SCOPE", "WILAYAH", 10},
	{"state", "STATE", "STATUS", 8},   {"last_sign_in", "LAST SIGN-IN", "MASUK TERAKHIR", 0},
};

static const struct column token_columns[] = {
	{"number", "NUMBER", "NOMOR", 10},
	{"name", "NAME", "NAMA", 24},
	{"role", "ROLE", "PERAN", 10},
	{"scope", "SCOPE", "WILAYAH", 10},
	{"state", "STATE", "STATUS", 8},
	{"expires", "EXPIRES", "BERAKHIR", 24},
	{"last_used", "LAST USED", "TERAKHIR DIPAKAI", 0},
};

enum status
run_user_list(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, user_columns, COUNT_OF(user_columns), 0};

	return ctl_get_lines(ctl, "/v1/users", table_line, &table, err);
}

enum status
run_token_list(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, token_columns, COUNT_OF(token_columns), 0};

	return ctl_get_lines(ctl, "/v1/tokens", table_line, &table, err);
}

/* ---- passwords ---- */

/* One line, unbuffered so that no copy stays behind. */
static enum status
read_line(char out[PASSWORD_SIZE_MAX], struct error *err)
{
	size_t length = 0;
	char byte = 0;
	ssize_t got;

	while ((got = read(STDIN_FILENO, &byte, 1)) != 0 && byte != '\n') {
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return fail(err, STATUS_STORAGE, "standard input: %s", strerror(errno));
		}
		if (length + 1 == PASSWORD_SIZE_MAX) {
			return fail(err, STATUS_INVALID, "the password is too long");
		}
		out[length++] = byte;
	}
	if (length > 0 && out[length - 1] == '\r') {
		length--;
	}
	out[length] = '\0';
	return STATUS_OK;
}

static enum status
ask_line(const char *question, char out[PASSWORD_SIZE_MAX], struct error *err)
{
	struct termios shown;
	struct termios hidden;
	enum status status;

	(void)fprintf(stderr, "%s: ", question);
	if (tcgetattr(STDIN_FILENO, &shown) != 0) {
		return fail(err, STATUS_STORAGE, "the terminal: %s", strerror(errno));
	}
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	status = read_line(out, err);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	(void)fputc('\n', stderr);
	return status;
}

/* From a person twice, from a program the first line. */
static enum status
read_password(const struct ctl *ctl, char out[PASSWORD_SIZE_MAX], struct error *err)
{
	char again[PASSWORD_SIZE_MAX];
	enum status status;

	if (isatty(STDIN_FILENO) == 0) {
		return read_line(out, err);
	}
	status = ask_line(ctl_text(ctl, "New password", "Kata sandi baru"), out, err);
	if (status == STATUS_OK) {
		status = ask_line(ctl_text(ctl, "Once more", "Sekali lagi"), again, err);
	}
	if (status == STATUS_OK && strcmp(out, again) != 0) {
		status = fail(err, STATUS_INVALID, "the two passwords differ");
	}
	crypto_wipe(again, sizeof again);
	return status;
}

/* Of the options if `-` gave them, else of standard input. */
static enum status
add_password(const struct ctl *ctl, const char *key, json_t *object, struct error *err)
{
	const char *given = ctl_option(ctl, "password");
	char password[PASSWORD_SIZE_MAX];
	enum status status = STATUS_OK;

	if (given == NULL) {
		status = read_password(ctl, password, err);
		given = password;
	}
	if (status == STATUS_OK && json_object_set_new(object, key, json_string(given)) != 0) {
		status = fail(err, STATUS_INVALID, "the password is not UTF-8");
	}
	crypto_wipe(password, sizeof password);
	return status;
}

/* ---- requests ---- */

enum status
run_user_add(struct ctl *ctl, struct error *err)
{
	static const char *const names[] = {"role", "scope", "name"};
	struct table table = {ctl, user_columns, COUNT_OF(user_columns), 0};
	enum status status = ctl_options_from_input(ctl, err);
	json_t *object = json_object();

	for (size_t i = 0; i < COUNT_OF(names) && status == STATUS_OK; i++) {
		const char *value;

		status = ctl_needed(ctl, names[i], &value, err);
		if (status == STATUS_OK &&
		    json_object_set_new(object, names[i], json_string(value)) != 0) {
			status = fail(err, STATUS_INVALID, "--%s is not UTF-8", names[i]);
		}
	}
	if (status == STATUS_OK) {
		status = add_password(ctl, "password", object, err);
	}
	if (status == STATUS_OK) {
		status = ctl_post_object(ctl, "/v1/users", object, table_line, &table, err);
	}
	json_decref(object);
	return status;
}

/* Whom a word means: a number, or the name of one who is active. */
struct wanted {
	const char *word;
	long long number; /* 0: not found */
};

static enum status
each_person(void *context, struct span line, struct error *err)
{
	struct wanted *wanted = context;
	json_t *object;
	const char *name;
	const char *state;
	char digits[24];
	enum status status = json_line(line, &object, err);

	if (status != STATUS_OK) {
		return status;
	}
	name = json_string_value(json_object_get(object, "name"));
	state = json_string_value(json_object_get(object, "state"));
	(void)snprintf(digits, sizeof digits, "%lld", json_number(object, "number"));
	if (strcmp(digits, wanted->word) == 0 ||
	    (wanted->number == 0 && name != NULL && strcmp(name, wanted->word) == 0 &&
	     state != NULL && strcmp(state, "active") == 0)) {
		wanted->number = json_number(object, "number");
	}
	json_decref(object);
	return STATUS_OK;
}

/* Asks for something to be done with whom the first word means, among those of the list. */
struct deed {
	const char *list;
	const char *path; /* before the number … */
	const char *word; /* … and behind */
};

static enum status
do_with(struct ctl *ctl, const struct deed *deed, const json_t *object, struct table *table,
	struct error *err)
{
	struct wanted wanted = {.word = ctl->words[0]};
	char path[PATH_MAX_BYTES];
	enum status status = ctl_get_lines(ctl, deed->list, each_person, &wanted, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (wanted.number == 0) {
		return fail(err, STATUS_NOT_FOUND, "%s", ctl->words[0]);
	}
	(void)snprintf(path, sizeof path, "%s/%lld/%s", deed->path, wanted.number, deed->word);
	return ctl_post_object(ctl, path, object, table_line, table, err);
}

/* Adds the password that the person has now, asked for once. */
static enum status
add_present(const struct ctl *ctl, json_t *object, struct error *err)
{
	char password[PASSWORD_SIZE_MAX];
	enum status status =
		isatty(STDIN_FILENO) == 0
			? read_line(password, err)
			: ask_line(ctl_text(ctl, "Present password", "Kata sandi sekarang"),
				   password, err);

	if (status == STATUS_OK &&
	    json_object_set_new(object, "password", json_string(password)) != 0) {
		status = fail(err, STATUS_INVALID, "the password is not UTF-8");
	}
	crypto_wipe(password, sizeof password);
	return status;
}

static enum status
changed_line(void *context, struct span line, struct error *err)
{
	const struct ctl *ctl = context;

	(void)line;
	(void)err;
	if (ctl->json) {
		(void)puts("{\"changed\":true}");
	} else {
		(void)puts(ctl_text(ctl, "changed", "diganti"));
	}
	return STATUS_OK;
}

/* As the person herself, who needs no token for it. */
static enum status
change_mine(struct ctl *ctl, struct error *err)
{
	json_t *object = json_object();
	enum status status = STATUS_OK;

	if (json_object_set_new(object, "name", json_string(ctl->words[0])) != 0) {
		status = fail(err, STATUS_INVALID, "the name is not UTF-8");
	}
	if (status == STATUS_OK) {
		status = add_present(ctl, object, err);
	}
	if (status == STATUS_OK) {
		status = add_password(ctl, "new", object, err);
	}
	if (status == STATUS_OK) {
		ctl->nobody = true;
		status = ctl_post_object(ctl, "/v1/session/password", object, changed_line, ctl,
					 err);
	}
	json_decref(object);
	return status;
}

enum status
run_user_password(struct ctl *ctl, struct error *err)
{
	static const struct deed deed = {"/v1/users", "/v1/user", "password"};
	struct table table = {ctl, user_columns, COUNT_OF(user_columns), 0};
	json_t *object;
	enum status status;

	if (ctl_option(ctl, "mine") != NULL) {
		return change_mine(ctl, err);
	}
	object = json_object();
	status = add_password(ctl, "password", object, err);

	if (status == STATUS_OK) {
		status = do_with(ctl, &deed, object, &table, err);
	}
	json_decref(object);
	return status;
}

enum status
run_user_disable(struct ctl *ctl, struct error *err)
{
	static const struct deed deed = {"/v1/users", "/v1/user", "disable"};
	struct table table = {ctl, user_columns, COUNT_OF(user_columns), 0};

	return do_with(ctl, &deed, NULL, &table, err);
}

enum status
run_token_revoke(struct ctl *ctl, struct error *err)
{
	static const struct deed deed = {"/v1/tokens", "/v1/token", "revoke"};
	struct table table = {ctl, token_columns, COUNT_OF(token_columns), 0};

	return do_with(ctl, &deed, NULL, &table, err);
}
