/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl: what the commands of sambungctl share - the words of the command line, how it speaks to the
 * daemon, and how it prints.
 *
 * Every command returns a status; main turns it into one sentence on stderr and an exit status.
 */
#ifndef SAMBUNG_DAEMON_CTL_CTL_H
#define SAMBUNG_DAEMON_CTL_CTL_H

#include "protocol/bytes.h"

enum {
	CTL_WORDS_MAX = 8,
	CTL_OPTIONS_MAX = 300,
	CTL_INPUT_MAX = 16 * 1024 * 1024, /* read from a file or standard input */
};

/* ---- the command line ---- */

struct ctl_option {
	const char *name; /* without the dashes */
	const char *value;
};

struct ctl {
	const char *directory; /* NULL: not given */
	bool json;
	enum language language;
	const char *words[CTL_WORDS_MAX]; /* after the command */
	size_t word_count;
	struct ctl_option options[CTL_OPTIONS_MAX]; /* of the command */
	size_t option_count;
	bool nobody;	  /* asks without a token */
	const char *next; /* what to do about its failure; NULL: what the status says */
	bool failed;	  /* the command did its work, and what it found is an exit status of 1 */
	/* What `-` read; the options may borrow from it. */
	char *input;
	struct json_t *object;
};

struct command {
	const char *name;
	const char *arguments; /* as the usage shows them */
	const char *options;   /* words: those that take a value end in '=', '*' may be repeated */
	size_t least;	       /* words */
	size_t most;
	const char *english; /* what it does */
	const char *indonesian;
	enum status (*run)(struct ctl *ctl, struct error *err);
};

extern const struct command commands[];
extern const size_t command_count;

/* The text in the user's language. */
const char *ctl_text(const struct ctl *ctl, const char *english, const char *indonesian);
/* What was tried wants the folder for itself: after BUSY the admin is told to stop the daemon. */
void ctl_stop_first(struct ctl *ctl, enum status status);
/* The last value of an option; NULL if it was not given. */
const char *ctl_option(const struct ctl *ctl, const char *name);
/* The same, but USAGE without it. */
enum status ctl_needed(const struct ctl *ctl, const char *name, const char **out,
		       struct error *err);
/* The values of --village as a new JSON list; USAGE without one. */
enum status ctl_villages(const struct ctl *ctl, struct json_t **out, struct error *err);
/* If the last word is "-": takes it away and adds the name=value lines, or the members of the JSON
 * object, of standard input to the options. */
enum status ctl_options_from_input(struct ctl *ctl, struct error *err);
void ctl_finish(struct ctl *ctl);
/* Appends the whole file, or standard input for "-". */
enum status ctl_read_file(const char *path, struct buffer *out, struct error *err);

/* ---- the daemon ---- */

/* One line of an answer, without its line end; borrowed for the call. */
typedef enum status (*ctl_line_fn)(void *context, struct span line, struct error *err);

/* A GET whose answer comes line by line. */
enum status ctl_get_lines(const struct ctl *ctl, const char *path, ctl_line_fn each, void *context,
			  struct error *err);
/* A GET whose answer goes to a descriptor as it comes. */
enum status ctl_get_file(const struct ctl *ctl, const char *path, int fd, struct error *err);
/* The same into a new file beside it, which takes the name only when it is whole and on disk.
 * EXISTS. */
enum status ctl_download(const struct ctl *ctl, const char *route, const char *path,
			 struct error *err);
/* The newest checkpoint that the daemon shows; its signature is not looked at. */
struct checkpoint;
enum status ctl_checkpoint(const struct ctl *ctl, struct checkpoint *out, struct error *err);
/* The foot of what is printed on paper: how long the log is, and its mark. Off the server, it is a
 * witness against a log that is altered later. Nothing with --json. */
enum status ctl_print_foot(const struct ctl *ctl, const char *title, struct error *err);
/* A POST; lines as above. */
struct ctl_body {
	const char *content_type; /* NULL: there is no body */
	struct span bytes;
	const char *reason; /* of those whose body is a file as it is; NULL: none */
};
enum status ctl_post(const struct ctl *ctl, const char *path, const struct ctl_body *body,
		     ctl_line_fn each, void *context, struct error *err);
/* The same with a JSON object as the body, which it leaves alone; NULL: none. No copy of the text
 * stays in memory, as it may be a password. */
enum status ctl_post_object(const struct ctl *ctl, const char *path, const struct json_t *object,
			    ctl_line_fn each, void *context, struct error *err);
/* Posts a parcel as a phone does; its answer is appended. */
enum status ctl_post_parcel(const struct ctl *ctl, struct span parcel, struct buffer *reply,
			    struct error *err);
/* Appends text to a path or a query, its special characters as %XX. */
void ctl_path_text(struct buffer *path, const char *text);
/* Appends "?name=value" or "&name=value" for an option that was given. */
void ctl_path_option(const struct ctl *ctl, struct buffer *path, const char *name);

/* ---- printing ---- */

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

struct column {
	const char *key;
	const char *english; /* title */
	const char *indonesian;
	int width; /* columns of the terminal; longer values are not cut */
};

/* Prints JSON lines as they are (--json), or as rows of a table under one line of titles. */
struct table {
	const struct ctl *ctl;
	const struct column *columns;
	size_t column_count;
	size_t rows;
};
enum status table_line(void *context, struct span line, struct error *err);
/* Prints the line as it is. */
enum status plain_line(void *ctl, struct span line, struct error *err);

/* ---- commands, one file per group ---- */

enum status run_init(struct ctl *ctl, struct error *err);
enum status run_enrol(struct ctl *ctl, struct error *err);
enum status run_token_add(struct ctl *ctl, struct error *err);
enum status run_token_list(struct ctl *ctl, struct error *err);
enum status run_token_revoke(struct ctl *ctl, struct error *err);
enum status run_user_add(struct ctl *ctl, struct error *err);
enum status run_user_list(struct ctl *ctl, struct error *err);
enum status run_user_password(struct ctl *ctl, struct error *err);
enum status run_user_disable(struct ctl *ctl, struct error *err);
enum status run_devices(struct ctl *ctl, struct error *err);
enum status run_device_allow(struct ctl *ctl, struct error *err);
enum status run_device_handover(struct ctl *ctl, struct error *err);
enum status run_device_replace(struct ctl *ctl, struct error *err);
enum status run_device_revoke(struct ctl *ctl, struct error *err);
enum status run_device_scope(struct ctl *ctl, struct error *err);
enum status run_records(struct ctl *ctl, struct error *err);
enum status run_export(struct ctl *ctl, struct error *err);
enum status run_import(struct ctl *ctl, struct error *err);
enum status run_count(struct ctl *ctl, struct error *err);
enum status run_record(struct ctl *ctl, struct error *err);
enum status run_history(struct ctl *ctl, struct error *err);
enum status run_conflicts(struct ctl *ctl, struct error *err);
enum status run_settle(struct ctl *ctl, struct error *err);
enum status run_quarantine(struct ctl *ctl, struct error *err);
enum status run_quarantine_close(struct ctl *ctl, struct error *err);
enum status run_quarantine_reassign(struct ctl *ctl, struct error *err);
enum status run_quarantine_release(struct ctl *ctl, struct error *err);
enum status run_syncs(struct ctl *ctl, struct error *err);
enum status run_log(struct ctl *ctl, struct error *err);
enum status run_checkpoint(struct ctl *ctl, struct error *err);
enum status run_prove(struct ctl *ctl, struct error *err);
enum status run_verify(struct ctl *ctl, struct error *err);
enum status run_schema_check(struct ctl *ctl, struct error *err);
enum status run_schema_load(struct ctl *ctl, struct error *err);
enum status run_schema_show(struct ctl *ctl, struct error *err);
enum status run_backup(struct ctl *ctl, struct error *err);
enum status run_carry_in(struct ctl *ctl, struct error *err);
enum status run_carry_adopt(struct ctl *ctl, struct error *err);
enum status run_restore(struct ctl *ctl, struct error *err);
enum status run_access_report(struct ctl *ctl, struct error *err);
enum status run_breach_report(struct ctl *ctl, struct error *err);
enum status run_erase(struct ctl *ctl, struct error *err);
enum status run_erased(struct ctl *ctl, struct error *err);
enum status run_epochs(struct ctl *ctl, struct error *err);
enum status run_key_list(struct ctl *ctl, struct error *err);
enum status run_key_rotate(struct ctl *ctl, struct error *err);
enum status run_key_retire(struct ctl *ctl, struct error *err);

#endif
