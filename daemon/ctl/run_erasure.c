/* SPDX-License-Identifier: Apache-2.0 */
/* erase, erased */
#include "ctl.h"
#include "json_print.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_MAX_BYTES = 1024, LOOK_EVERY_MS = 500 };

static const struct column erasure_columns[] = {
	{"record", "RECORD", "DATA", 16},
	{"asked", "ASKED FOR", "DIMINTA", 24},
	{"status", "STATUS", "STATUS", 8},
	{"devices", "PHONES", "HP", 6},
	{"outstanding", "OUTSTANDING", "BELUM", 11},
	{"next", "NEXT STEP", "LANGKAH BERIKUTNYA", 0},
};

static const struct column device_columns[] = {
	{"device", "DEVICE", "HP", 10},
	{"cadre", "CADRE", "KADER", 28},
	{"state", "STATE", "STATUS", 8},
	{"last_contact", "LAST CONTACT", "KONTAK TERAKHIR", 24},
	{"acknowledged", "DESTROYED", "DIHAPUS", 0},
};

/* ---- asked for ---- */

static void
print_erased(const struct ctl *ctl, const json_t *object)
{
	(void)printf("%s %lld; %s %lld\n", ctl_text(ctl, "records erased:", "data dihapus:"),
		     (long long)json_number(object, "erased"),
		     ctl_text(ctl, "phones that are told:", "HP yang diberi tahu:"),
		     (long long)json_number(object, "devices"));
	(void)puts(
		ctl_text(ctl,
			 "it is gone from every answer; run `sambungctl erase --finish` (or wait "
			 "for the night) to overwrite what is left in the file",
			 "data sudah hilang dari semua jawaban; jalankan `sambungctl erase "
			 "--finish` (atau tunggu malam) untuk menimpa sisanya di berkas"));
}

static enum status
erased_line(void *context, struct span line, struct error *err)
{
	return object_line(context, line, print_erased, err);
}

static enum status
post_erase(struct ctl *ctl, const char *reason, struct error *err)
{
	json_t *object = json_pack("{s:s}", "reason", reason);
	struct buffer path;
	enum status status;

	if (object == NULL) {
		return fail(err, STATUS_INVALID, "the reason is not UTF-8");
	}
	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/record/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_printf(&path, "/erase");
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = ctl_post_object(ctl, (const char *)path.at, object, erased_line, ctl, err);
	}
	buffer_finish(&path);
	json_decref(object);
	return status;
}

/* ---- finished ---- */

struct finishing {
	size_t unfinished; /* still in the file of the database */
	size_t kept;	   /* no more, but in another file */
};

/* Fails when the daemon has given up. */
static enum status
count_unfinished(void *context, struct span line, struct error *err)
{
	struct finishing *finishing = context;
	const char *state;
	const char *failed;
	json_t *object;
	enum status status = json_line(line, &object, err);

	if (status != STATUS_OK) {
		return status;
	}
	state = json_string_value(json_object_get(object, "status"));
	if (json_is_null(json_object_get(object, "finished"))) {
		finishing->unfinished++;
	} else if (state == NULL || strcmp(state, "erased") != 0) {
		finishing->kept++;
	}
	failed = json_string_value(json_object_get(object, "failed"));
	if (failed != NULL) {
		status = fail(err, status_named(failed), "overwriting what was erased");
	}
	json_decref(object);
	return status;
}

static enum status
no_line(void *context, struct span line, struct error *err)
{
	(void)context;
	(void)line;
	(void)err;
	return STATUS_OK;
}

static void
say_finished(struct ctl *ctl, const struct finishing *finishing)
{
	ctl->failed = finishing->kept > 0;
	if (ctl->json) {
		(void)printf("{\"finished\":%s,\"kept_in_copies\":%zu}\n",
			     ctl->failed ? "false" : "true", finishing->kept);
	}
	if (ctl->failed) {
		(void)fprintf(
			stderr, "sambungctl: %s\n",
			ctl_text(ctl,
				 "it is gone from the database, but a copy of it in the folder "
				 "(sambung.db.before-restore-... or the like) still has it. "
				 "Remove that file, then look with `sambungctl erased`.",
				 "sudah hilang dari basis data, tetapi salinannya di folder "
				 "(sambung.db.before-restore-... atau sejenisnya) masih "
				 "memuatnya. Hapus berkas itu, lalu periksa dengan "
				 "`sambungctl erased`."));
	} else if (!ctl->json) {
		(void)puts(ctl_text(ctl, "what was erased is gone from the server's files",
				    "yang dihapus sudah hilang dari berkas server"));
	}
}

/* Until all of it is gone from the file; a large database takes some minutes. */
static enum status
finish(struct ctl *ctl, struct error *err)
{
	const struct timespec pause = {0, LOOK_EVERY_MS * 1000000L};
	const struct ctl_body none = {.content_type = NULL};
	struct finishing finishing = {.unfinished = 1};
	enum status status = ctl_post(ctl, "/v1/erasures/finish", &none, no_line, NULL, err);

	while (status == STATUS_OK && finishing.unfinished > 0) {
		finishing = (struct finishing){.unfinished = 0};
		status = ctl_get_lines(ctl, "/v1/erasures", count_unfinished, &finishing, err);
		if (status == STATUS_OK && finishing.unfinished > 0) {
			(void)nanosleep(&pause, NULL);
		}
	}
	if (status == STATUS_OK) {
		say_finished(ctl, &finishing);
	}
	return status;
}

enum status
run_erase(struct ctl *ctl, struct error *err)
{
	const bool finishes = ctl_option(ctl, "finish") != NULL;
	const char *reason;
	enum status status = ctl->word_count > 1 || (ctl->word_count == 1 && finishes)
				     ? ctl_options_from_input(ctl, err)
				     : STATUS_OK;

	if (status != STATUS_OK) {
		return status;
	}
	if (ctl->word_count == 0) {
		return finishes ? finish(ctl, err)
				: fail(err, STATUS_USAGE, "the id of a record, or --finish");
	}
	status = ctl_needed(ctl, "reason", &reason, err);
	if (status == STATUS_OK) {
		status = post_erase(ctl, reason, err);
	}
	return status == STATUS_OK && finishes ? finish(ctl, err) : status;
}

/* ---- followed ---- */

struct followed {
	struct table erasure;
	struct table devices;
	bool first;
};

/* One line for the erasure, then one for each phone. */
static enum status
followed_line(void *context, struct span line, struct error *err)
{
	struct followed *followed = context;
	struct table *table = followed->first ? &followed->erasure : &followed->devices;

	followed->first = false;
	return table_line(table, line, err);
}

enum status
run_erased(struct ctl *ctl, struct error *err)
{
	struct followed followed = {
		.erasure = {ctl, erasure_columns, COUNT_OF(erasure_columns), 0},
		.devices = {ctl, device_columns, COUNT_OF(device_columns), 0},
		.first = true,
	};
	struct buffer path;
	enum status status;

	if (ctl->word_count == 0) {
		return ctl_get_lines(ctl, "/v1/erasures", table_line, &followed.erasure, err);
	}
	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/erasure/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = ctl_get_lines(ctl, (const char *)path.at, followed_line, &followed, err);
	}
	buffer_finish(&path);
	return status;
}
