/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands: the table of commands, which is the program: parsing, usage and help follow it.
 */
#ifndef SAMBUNG_TOOL_COMMANDS_H
#define SAMBUNG_TOOL_COMMANDS_H

#include "task.h"

enum { ARGUMENTS_MANY = 1000 };

/* How many arguments, both ends included; most < least: not at all. */
struct argument_range {
	unsigned least;
	unsigned most;
};

struct command {
	const char *name;
	enum exit_status (*run)(struct task *task);
	enum message arguments;
	enum message summary;
	enum message details;
	unsigned options; /* bits 1u << enum option, beside the global ones */
	struct argument_range alone;
	struct argument_range with_input; /* when the last argument is `-`, not counting it */
};

/* By the first word, or by the first two, as *taken_out tells. NULL: there is none of that name. */
const struct command *command_find(char *const *words, size_t count, size_t *taken_out);
/* The usage line of a command, or of the program (NULL). */
void command_usage(FILE *out, const struct command *command, enum sambung_language language);
/* The whole help of a command, or of the program (NULL). */
void command_help(FILE *out, const struct command *command, enum sambung_language language);

enum exit_status cmd_agent(struct task *task);
enum exit_status cmd_enrol(struct task *task);
enum exit_status cmd_evidence(struct task *task);
enum exit_status cmd_form(struct task *task);
enum exit_status cmd_record(struct task *task);
enum exit_status cmd_edit(struct task *task);
enum exit_status cmd_archive(struct task *task);
enum exit_status cmd_list(struct task *task);
enum exit_status cmd_show(struct task *task);
enum exit_status cmd_status(struct task *task);
enum exit_status cmd_pin_change(struct task *task);
enum exit_status cmd_pin_remove(struct task *task);
enum exit_status cmd_pin_set(struct task *task);
enum exit_status cmd_records(struct task *task);
enum exit_status cmd_sync(struct task *task);
enum exit_status cmd_receipt(struct task *task);
enum exit_status cmd_carry_out(struct task *task);
enum exit_status cmd_carry_deliver(struct task *task);
enum exit_status cmd_carry_in(struct task *task);

#endif
