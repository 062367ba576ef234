/* SPDX-License-Identifier: Apache-2.0 */
/* sambungctl: the server's command. Makes a server (init) and restores one; all else asks the
 * daemon over HTTP. */
#include "ctl.h"
#include "daemon/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, SENTENCE_SIZE = 600, NAME_SIZE = 40 };

static enum language
language_of_surroundings(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0') {
			return strncmp(value, "id", 2) == 0 ? LANGUAGE_ID : LANGUAGE_EN;
		}
	}
	return LANGUAGE_EN;
}

static void
print_usage(const struct ctl *ctl, FILE *out)
{
	(void)fprintf(out, "%s: sambungctl [--dir D] [--json] [--lang id|en] %s\n\n",
		      ctl_text(ctl, "usage", "cara pakai"),
		      ctl_text(ctl, "COMMAND …", "PERINTAH …"));
	for (size_t i = 0; i < command_count; i++) {
		(void)fprintf(out, "  %-18s %s\n", commands[i].name,
			      ctl_text(ctl, commands[i].english, commands[i].indonesian));
	}
	(void)fprintf(out, "\n%s\n",
		      ctl_text(ctl,
			       "The daemon is found through D/daemon.url and D/admin.token, or\n"
			       "SAMBUNG_URL and SAMBUNG_TOKEN_FILE. COMMAND --help tells more.",
			       "Server ditemukan lewat D/daemon.url dan D/admin.token, atau\n"
			       "SAMBUNG_URL dan SAMBUNG_TOKEN_FILE. Lihat juga PERINTAH --help."));
}

static void
print_command(const struct ctl *ctl, const struct command *command, FILE *out)
{
	(void)fprintf(out, "%s: sambungctl %s%s%s\n%s\n", ctl_text(ctl, "usage", "cara pakai"),
		      command->name, *command->arguments == '\0' ? "" : " ", command->arguments,
		      ctl_text(ctl, command->english, command->indonesian));
}

static int
usage_error(const struct ctl *ctl, const struct command *command, const char *what)
{
	(void)fprintf(stderr, "sambungctl: %s: %s\n", status_what(STATUS_USAGE, ctl->language),
		      what);
	if (command == NULL) {
		print_usage(ctl, stderr);
	} else {
		print_command(ctl, command, stderr);
	}
	return EXIT_USAGE;
}

/* ---- options ---- */

/* What stands in the table behind an option's name: "", "=" or "=*"; NULL: no such option. */
static const char *
option_kind(const struct command *command, const char *name, size_t length)
{
	const char *word = command->options;

	while (*word != '\0') {
		size_t whole = strcspn(word, " ");

		if (whole >= length && strncmp(word, name, length) == 0 &&
		    (whole == length || word[length] == '=')) {
			return word + length;
		}
		word += whole;
		word += strspn(word, " ");
	}
	return NULL;
}

static bool
add_option(struct ctl *ctl, const struct command *command, const char *name, const char *value)
{
	const char *kind = option_kind(command, name, strlen(name));
	bool repeatable = kind != NULL && strncmp(kind, "=*", 2) == 0;

	if (kind == NULL || ctl->option_count == CTL_OPTIONS_MAX ||
	    (!repeatable && ctl_option(ctl, name) != NULL)) {
		return false;
	}
	ctl->options[ctl->option_count].name = name;
	ctl->options[ctl->option_count].value = value;
	ctl->option_count++;
	return true;
}

/* Options that every command has; returns how many words they took, 0 if it is another one. */
static int
global_option(struct ctl *ctl, char **words, int left)
{
	if (strcmp(words[0], "--json") == 0) {
		ctl->json = true;
		return 1;
	}
	if (strcmp(words[0], "--dir") == 0 && left > 1) {
		ctl->directory = words[1];
		return 2;
	}
	if (strcmp(words[0], "--lang") == 0 && left > 1) {
		if (strcmp(words[1], "id") == 0 || strcmp(words[1], "en") == 0) {
			ctl->language = words[1][0] == 'i' ? LANGUAGE_ID : LANGUAGE_EN;
			return 2;
		}
	}
	return 0;
}

/* ---- the command ---- */

static const struct command *
find_command(char **words, int left, int *taken_out)
{
	char name[NAME_SIZE];

	for (int count = left > 1 ? 2 : 1; count > 0; count--) {
		if (count == 2) {
			(void)snprintf(name, sizeof name, "%s %s", words[0], words[1]);
		} else {
			(void)snprintf(name, sizeof name, "%s", words[0]);
		}
		for (size_t i = 0; i < command_count; i++) {
			if (strcmp(commands[i].name, name) == 0) {
				*taken_out = count;
				return &commands[i];
			}
		}
	}
	return NULL;
}

/* What a status tells a cadre to do next is not always what helps here. */
static const char *
admin_next(const struct ctl *ctl, enum status status)
{
	if (ctl->next != NULL) {
		return ctl->next;
	}
	return status != STATUS_UNREACHABLE
		       ? NULL
		       : ctl_text(ctl, "Look whether sambungd runs there, and start it if not",
				  "Periksa apakah sambungd berjalan di sana; bila tidak, jalankan");
}

static const char *
admin_sentence(const struct ctl *ctl, const struct error *err, char out[SENTENCE_SIZE])
{
	const char *next = admin_next(ctl, err->status);

	if (next == NULL) {
		return error_sentence(err, ctl->language, out, SENTENCE_SIZE);
	}
	(void)snprintf(out, SENTENCE_SIZE, "%s%s%s. %s", status_what(err->status, ctl->language),
		       err->detail[0] == '\0' ? "" : ": ", err->detail, next);
	return out;
}

static int
run_command(struct ctl *ctl, const struct command *command)
{
	struct error err = {.status = STATUS_OK};
	char sentence[SENTENCE_SIZE];
	enum status status = command->run(ctl, &err);

	if (fflush(stdout) != 0 && status == STATUS_OK) {
		status = fail(&err, STATUS_FULL, "standard output");
	}
	ctl_finish(ctl);
	if (status == STATUS_OK) {
		return ctl->failed ? EXIT_FAILED : EXIT_DONE;
	}
	err.status = status;
	if (status == STATUS_USAGE) {
		return usage_error(ctl, command, err.detail);
	}
	(void)fprintf(stderr, "sambungctl %s: %s\n", command->name,
		      admin_sentence(ctl, &err, sentence));
	return EXIT_FAILED;
}

/* One word after the command; returns how many it took, 0 if it is not understood. */
static int
read_word(struct ctl *ctl, const struct command *command, char **words, int left)
{
	const char *kind;
	int taken = global_option(ctl, words, left);

	if (taken > 0) {
		return taken;
	}
	if (strncmp(words[0], "--", 2) != 0) {
		if (ctl->word_count == CTL_WORDS_MAX) {
			return 0;
		}
		ctl->words[ctl->word_count++] = words[0];
		return 1;
	}
	kind = option_kind(command, words[0] + 2, strlen(words[0] + 2));
	if (kind == NULL || (*kind == '=' && left < 2)) {
		return 0;
	}
	if (!add_option(ctl, command, words[0] + 2, *kind == '=' ? words[1] : "")) {
		return 0;
	}
	return *kind == '=' ? 2 : 1;
}

static int
read_and_run(struct ctl *ctl, const struct command *command, char **words, int left)
{
	bool no_more_options = false;

	while (left > 0) {
		int taken = 1;

		if (!no_more_options && strcmp(words[0], "--help") == 0) {
			print_command(ctl, command, stdout);
			return EXIT_DONE;
		}
		if (!no_more_options && strcmp(words[0], "--") == 0) {
			no_more_options = true;
		} else if (no_more_options && ctl->word_count < CTL_WORDS_MAX) {
			ctl->words[ctl->word_count++] = words[0];
		} else {
			taken = read_word(ctl, command, words, left);
		}
		if (taken == 0) {
			return usage_error(ctl, command, words[0]);
		}
		words += taken;
		left -= taken;
	}
	if (ctl->word_count < command->least || ctl->word_count > command->most) {
		return usage_error(ctl, command,
				   ctl_text(ctl, "too few or too many words",
					    "terlalu sedikit atau terlalu banyak kata"));
	}
	return run_command(ctl, command);
}

int
main(int count, char **words)
{
	struct ctl ctl = {.language = language_of_surroundings()};
	const struct command *command;
	int at = 1;
	int taken = 1;

	process_close();
	while (at < count && (taken = global_option(&ctl, words + at, count - at)) > 0) {
		at += taken;
	}
	if (at == count) {
		return usage_error(&ctl, NULL, ctl_text(&ctl, "no command", "tidak ada perintah"));
	}
	if (strcmp(words[at], "--help") == 0) {
		print_usage(&ctl, stdout);
		return EXIT_DONE;
	}
	if (strcmp(words[at], "--version") == 0) {
		(void)printf("sambungctl %s\n", DAEMON_VERSION);
		return EXIT_DONE;
	}
	command = find_command(words + at, count - at, &taken);
	if (command == NULL) {
		return usage_error(&ctl, NULL, words[at]);
	}
	return read_and_run(&ctl, command, words + at + taken, count - at - taken);
}
