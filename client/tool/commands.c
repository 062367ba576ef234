/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "options.h"
#include "print.h"

#include <string.h>

#define TEXTS(NAME) MESSAGE_##NAME##_ARGUMENTS, MESSAGE_##NAME##_SUMMARY, MESSAGE_##NAME##_DETAILS
#define SEEN (1u << OPTION_BASE | 1u << OPTION_OWN)
#define CHOSEN (1u << OPTION_MATCH | 1u << OPTION_DUE)
#define TO (1u << OPTION_TO)
#define OUT (1u << OPTION_OUT)
#define GIVEN (1u << OPTION_OUT | 1u << OPTION_FORGET)

/* {1, 0} is no number of arguments: such a command does not read standard input. */
static const struct command commands[] = {
	{"enrol", cmd_enrol, TEXTS(ENROL), 0, {1, 1}, {0, 0}},
	{"form", cmd_form, TEXTS(FORM), 0, {1, 1}, {1, 0}},
	{"record", cmd_record, TEXTS(RECORD), 0, {2, ARGUMENTS_MANY}, {1, ARGUMENTS_MANY}},
	{"edit", cmd_edit, TEXTS(EDIT), SEEN, {2, ARGUMENTS_MANY}, {1, ARGUMENTS_MANY}},
	{"archive", cmd_archive, TEXTS(ARCHIVE), 1u << OPTION_REASON, {1, 1}, {1, 1}},
	{"list", cmd_list, TEXTS(LIST), CHOSEN, {1, 1}, {1, 1}},
	{"show", cmd_show, TEXTS(SHOW), 0, {1, 1}, {1, 0}},
	{"status", cmd_status, TEXTS(STATUS), 0, {0, 0}, {1, 0}},
	{"records", cmd_records, TEXTS(RECORDS), 0, {1, 1}, {1, 0}},
	{"sync", cmd_sync, TEXTS(SYNC), 0, {0, 0}, {1, 0}},
	{"receipt", cmd_receipt, TEXTS(RECEIPT), OUT, {0, 0}, {1, 0}},
	{"carry out", cmd_carry_out, TEXTS(CARRY_OUT), 0, {1, 1}, {1, 0}},
	{"carry deliver", cmd_carry_deliver, TEXTS(CARRY_DELIVER), TO, {1, 1}, {1, 0}},
	{"carry in", cmd_carry_in, TEXTS(CARRY_IN), 0, {1, 1}, {1, 0}},
	{"evidence", cmd_evidence, TEXTS(EVIDENCE), GIVEN, {0, 0}, {1, 0}},
	{"agent", cmd_agent, TEXTS(AGENT), 0, {0, 0}, {1, 0}},
	{"pin set", cmd_pin_set, TEXTS(PIN_SET_COMMAND), 0, {0, 0}, {1, 0}},
	{"pin change", cmd_pin_change, TEXTS(PIN_CHANGE), 0, {0, 0}, {1, 0}},
	{"pin remove", cmd_pin_remove, TEXTS(PIN_REMOVE), 0, {0, 0}, {1, 0}},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

/* Is it that name, of one word or of two? */
static bool
name_fits(const char *name, char *const *words, size_t count)
{
	size_t first = strcspn(name, " ");

	if (strncmp(words[0], name, first) != 0 || words[0][first] != '\0') {
		return false;
	}
	return name[first] == '\0' || (count > 1 && strcmp(words[1], name + first + 1) == 0);
}

const struct command *
command_find(char *const *words, size_t count, size_t *taken_out)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (name_fits(commands[i].name, words, count)) {
			*taken_out = strchr(commands[i].name, ' ') == NULL ? 1 : 2;
			return &commands[i];
		}
	}
	return NULL;
}

void
command_usage(FILE *out, const struct command *command, enum sambung_language language)
{
	const char *arguments = command == NULL ? "…" : message_text(command->arguments, language);

	(void)fprintf(out, "%s: sambung --dir %s %s%s%s\n", message_text(MESSAGE_USAGE, language),
		      message_text(MESSAGE_FOLDER, language),
		      command == NULL ? message_text(MESSAGE_COMMAND, language) : command->name,
		      arguments[0] == '\0' ? "" : " ", arguments);
}

static void
print_commands(FILE *out, enum sambung_language language)
{
	struct table table = {.columns = 2, .indent = 2};

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		table_add(&table, commands[i].name);
		table_add(&table, message_text(commands[i].summary, language));
	}
	(void)fprintf(out, "\n%s:\n", message_text(MESSAGE_COMMANDS, language));
	table_print(&table, out);
	table_finish(&table);
}

void
command_help(FILE *out, const struct command *command, enum sambung_language language)
{
	enum message summary = command == NULL ? MESSAGE_PROGRAM_SUMMARY : command->summary;
	enum message details = command == NULL ? MESSAGE_PROGRAM_DETAILS : command->details;

	command_usage(out, command, language);
	(void)fprintf(out, "\n%s\n", message_text(summary, language));
	if (command == NULL) {
		print_commands(out, language);
		options_print(out, 0, language);
		(void)fprintf(out, "\n%s\n", message_text(details, language));
		return;
	}
	(void)fprintf(out, "\n%s\n", message_text(details, language));
	options_print(out, command->options, language);
}
