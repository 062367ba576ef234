/* SPDX-License-Identifier: Apache-2.0 */
/* syncs, log, devices, device allow, revoke, scope and handover, backup */
#include "ctl.h"
#include "json_print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4096 };

static const struct column sync_columns[] = {
	{"time", "TIME", "WAKTU", 24},	   {"cadre", "CADRE", "KADER", 24},
	{"sent", "SENT", "KIRIM", 5},	   {"acked", "NEW", "BARU", 5},
	{"conflicts", "CONF", "KONF", 4},  {"quarantined", "QUAR", "SISIH", 5},
	{"bytes_up", "UP", "NAIK", 7},	   {"bytes_down", "DOWN", "TURUN", 7},
	{"result", "RESULT", "HASIL", 30}, {"next", "NEXT STEP", "LANGKAH BERIKUTNYA", 0},
};

static const struct column log_columns[] = {
	{"seq", "SEQ", "SEQ", 6},
	{"received", "RECEIVED", "DITERIMA", 24},
	{"kind", "KIND", "MACAM", 8},
	{"device", "DEVICE", "HP", 10},
	{"n", "N", "N", 5},
	{"cadre", "CADRE", "KADER", 20},
	{"user", "USER", "PENGGUNA", 10},
	{"type", "TYPE", "JENIS", 8},
	{"record", "RECORD", "CATATAN", 15},
	{"fields", "FIELDS", "ISIAN", 40},
	{"about", "ABOUT", "TENTANG", 0},
};

static const struct column device_columns[] = {
	{"device", "DEVICE", "HP", 10},
	{"cadre", "CADRE", "KADER", 28},
	{"state", "STATE", "STATUS", 9},
	{"destroyed", "DESTROYED", "DIHAPUS", 24},
	{"acked_n", "CHANGES", "UBAHAN", 7},
	{"last_contact", "LAST CONTACT", "KONTAK AKHIR", 24},
	{"parent", "CONTINUES", "LANJUTAN", 10},
	{"villages", "VILLAGES", "DESA", 10},
	{"next", "NEXT STEP", "LANGKAH BERIKUTNYA", 0},
};

/* Prints the line with other texts in it; takes the object. */
static enum status
translated_line(struct table *table, json_t *object, struct error *err)
{
	char *text = json_dumps(object, JSON_COMPACT);
	enum status status;

	json_decref(object);
	if (text == NULL) {
		return fail(err, STATUS_MEMORY, "a line");
	}
	status = table_line(table, span_of_text(text), err);
	free(text);
	return status;
}

/* The daemon's sentences are English; the status says the same in either language. */
static enum status
sync_line(void *context, struct span line, struct error *err)
{
	struct table *table = context;
	enum language language = table->ctl->language;
	enum status result;
	enum status status;
	json_t *object;

	if (table->ctl->json || language == LANGUAGE_EN) {
		return table_line(table, line, err);
	}
	status = json_line(line, &object, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (!json_is_string(json_object_get(object, "status"))) {
		json_decref(object);
		return table_line(table, line, err);
	}
	result = status_named(json_string_value(json_object_get(object, "status")));
	(void)json_object_set_new(object, "result", json_pack("s", status_what(result, language)));
	(void)json_object_set_new(object, "next", json_pack("s", status_next(result, language)));
	return translated_line(table, object, err);
}

enum status
run_syncs(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, sync_columns, COUNT_OF(sync_columns), 0};

	return ctl_get_lines(ctl, "/v1/syncs", sync_line, &table, err);
}

enum status
run_log(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, log_columns, COUNT_OF(log_columns), 0};
	struct buffer path;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/log");
	ctl_path_option(ctl, &path, "since");
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = ctl_get_lines(ctl, (const char *)path.at, table_line, &table, err);
	}
	buffer_finish(&path);
	return status;
}

/* What to do about the state of a device, for those who read Indonesian. */
static enum status
device_line(void *context, struct span line, struct error *err)
{
	static const struct {
		const char *state;
		const char *next;
	} steps[] = {
		{"former", "Tidak perlu apa-apa: HP itu lanjut dengan nomor lain."},
		{"held", "Tanyakan kepada kader HP mana yang dipakai; lalu izinkan atau cabut."},
	};
	struct table *table = context;
	const char *state;
	json_t *object;
	enum status status;

	if (table->ctl->json || table->ctl->language == LANGUAGE_EN) {
		return table_line(table, line, err);
	}
	status = json_line(line, &object, err);
	if (status != STATUS_OK) {
		return status;
	}
	if (json_is_true(json_object_get(object, "adopted"))) {
		(void)json_object_set_new(object, "next",
					  json_string("Tidak perlu apa-apa: nomor ini tanpa HP, "
						      "diambil dari berkas."));
		return translated_line(table, object, err);
	}
	state = json_string_value(json_object_get(object, "state"));
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		if (state != NULL && strcmp(state, steps[i].state) == 0) {
			(void)json_object_set_new(object, "next", json_string(steps[i].next));
		}
	}
	return translated_line(table, object, err);
}

enum status
run_devices(struct ctl *ctl, struct error *err)
{
	struct table table = {ctl, device_columns, COUNT_OF(device_columns), 0};

	return ctl_get_lines(ctl, "/v1/devices", device_line, &table, err);
}

/* Asks for something to be done with the device of the first word, and shows what it is then. */
static enum status
post_device(struct ctl *ctl, const char *deed, const json_t *object, struct error *err)
{
	struct table table = {ctl, device_columns, COUNT_OF(device_columns), 0};
	struct buffer path;
	enum status status;

	buffer_init(&path, PATH_MAX_BYTES);
	buffer_printf(&path, "/v1/device/");
	ctl_path_text(&path, ctl->words[0]);
	buffer_printf(&path, "/%s", deed);
	buffer_append_byte(&path, '\0');
	status = buffer_status(&path, "the request", err);
	if (status == STATUS_OK) {
		status = ctl_post_object(ctl, (const char *)path.at, object, device_line, &table,
					 err);
	}
	buffer_finish(&path);
	return status;
}

enum status
run_device_allow(struct ctl *ctl, struct error *err)
{
	return post_device(ctl, "allow", NULL, err);
}

enum status
run_device_revoke(struct ctl *ctl, struct error *err)
{
	return post_device(ctl, "revoke", NULL, err);
}

enum status
run_device_scope(struct ctl *ctl, struct error *err)
{
	json_t *villages;
	json_t *object;
	enum status status = ctl_villages(ctl, &villages, err);

	if (status != STATUS_OK) {
		return status;
	}
	object = json_pack("{s:o}", "villages", villages);
	status = post_device(ctl, "scope", object, err);
	json_decref(object);
	return status;
}

enum status
run_device_handover(struct ctl *ctl, struct error *err)
{
	char *end = NULL;
	unsigned long to = strtoul(ctl->words[1], &end, 10);
	json_t *object;
	enum status status;

	if (*ctl->words[1] < '0' || *ctl->words[1] > '9' || *end != '\0' || to > INT32_MAX) {
		return fail(err, STATUS_USAGE, "%s", ctl->words[1]);
	}
	object = json_pack("{s:I}", "to", (json_int_t)to);
	status = post_device(ctl, "handover", object, err);
	json_decref(object);
	return status;
}

/* ---- backup ---- */

static enum status
download(const struct ctl *ctl, const char *route, const char *fresh, const char *path,
	 struct error *err)
{
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	enum status status;

	if (fd < 0) {
		return fail(err, STATUS_STORAGE, "%s: %s", fresh, strerror(errno));
	}
	status = ctl_get_file(ctl, route, fd, err);
	if (status == STATUS_OK && fsync(fd) != 0) {
		status = fail(err, STATUS_STORAGE, "%s: %s", fresh, strerror(errno));
	}
	if (close(fd) != 0 && status == STATUS_OK) {
		status = fail(err, STATUS_STORAGE, "%s: %s", fresh, strerror(errno));
	}
	/* link, not rename: it never replaces what is there. */
	if (status == STATUS_OK && link(fresh, path) != 0) {
		status = fail(err, errno == EEXIST ? STATUS_EXISTS : STATUS_STORAGE, "%s: %s", path,
			      strerror(errno));
	}
	(void)unlink(fresh);
	return status;
}

enum status
ctl_download(const struct ctl *ctl, const char *route, const char *path, struct error *err)
{
	struct stat about;
	struct buffer fresh;
	enum status status;

	if (lstat(path, &about) == 0) {
		return fail(err, STATUS_EXISTS, "%s", path);
	}
	buffer_init(&fresh, PATH_MAX_BYTES);
	buffer_printf(&fresh, "%s.part-%ld", path, (long)getpid());
	buffer_append_byte(&fresh, '\0');
	status = buffer_status(&fresh, "the file's name", err);
	if (status == STATUS_OK) {
		status = download(ctl, route, (const char *)fresh.at, path, err);
	}
	buffer_finish(&fresh);
	return status;
}

enum status
run_backup(struct ctl *ctl, struct error *err)
{
	const char *path = ctl->words[0];
	enum status status = ctl_download(ctl, "/v1/backup", path, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (ctl->json) {
		(void)puts("{\"backup\":true}");
	} else {
		(void)printf("%s: %s\n", path,
			     ctl_text(ctl, "written; keep a copy of server.key too, elsewhere",
				      "ditulis; simpan juga server.key, di tempat lain"));
	}
	return STATUS_OK;
}
