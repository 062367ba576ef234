/* SPDX-License-Identifier: Apache-2.0 */
/* key list, key rotate, key retire: on the server's folder itself, while no daemon runs. */
#include "ctl.h"
#include "daemon/folder.h"
#include "daemon/machine.h"
#include "daemon/trust/keys.h"
#include "protocol/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAYS_DEFAULT = 400, DAYS_MOST = 3650, DAY_S = 86400, LINE_SIZE = 256 };

static const struct column key_columns[] = {
	{"key", "KEY", "KUNCI", 5},
	{"newest", "NEWEST", "TERBARU", 8},
	{"ends", "ENDS", "BERAKHIR", 0},
};

static int64_t
now_s(void)
{
	return machine_platform.now_ms(machine_platform.context) / 1000;
}

/* The keys of the folder; *path_out is their file. */
static enum status
open_keys(const struct ctl *ctl, char path_out[FOLDER_PATH_SIZE], struct server_keys *out,
	  struct error *err)
{
	enum status status;

	if (ctl->directory == NULL) {
		return fail(err, STATUS_USAGE, "--dir is missing");
	}
	status = crypto_init(err);
	if (status == STATUS_OK) {
		status = folder_path(ctl->directory, FOLDER_KEYS, path_out, err);
	}
	return status == STATUS_OK ? keys_load(path_out, out, err) : status;
}

static enum status
print_key(struct table *table, const struct server_keys *keys, size_t place, struct error *err)
{
	struct buffer line;
	struct json json;
	enum status status;

	buffer_init(&line, LINE_SIZE);
	json = json_start(&line);
	json_put_object(&json);
	json_put_key(&json, "key");
	json_put_uint(&json, keys->alive[place].id);
	json_put_key(&json, "newest");
	json_put_bool(&json, place == 0);
	json_put_key(&json, "ends");
	if (keys->ends_s[place] == 0) {
		json_put_null(&json);
	} else {
		json_put_instant(&json, keys->ends_s[place] * 1000);
	}
	json_put_object_end(&json);
	status = buffer_status(&line, "a line", err);
	if (status == STATUS_OK) {
		status = table_line(table, buffer_span(&line), err);
	}
	buffer_finish(&line);
	return status;
}

static enum status
print_keys(struct ctl *ctl, const struct server_keys *keys, struct error *err)
{
	struct table table = {ctl, key_columns, sizeof key_columns / sizeof key_columns[0], 0};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < keys->alive_count && status == STATUS_OK; i++) {
		status = print_key(&table, keys, i, err);
	}
	return status;
}

enum status
run_key_list(struct ctl *ctl, struct error *err)
{
	struct server_keys keys = {.alive_count = 0};
	char path[FOLDER_PATH_SIZE];
	enum status status = open_keys(ctl, path, &keys, err);

	if (status == STATUS_OK) {
		status = print_keys(ctl, &keys, err);
	}
	keys_wipe(&keys);
	return status;
}

/* A whole number from 0 to `most`. */
static enum status
number_of(const char *text, unsigned long most, unsigned long *out, struct error *err)
{
	char *end = NULL;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number > most) {
		return fail(err, STATUS_USAGE, "\"%s\" is no number from 0 to %lu", text, most);
	}
	*out = number;
	return STATUS_OK;
}

static enum status
rotate(const char *path, unsigned long days, struct server_keys *keys, struct error *err)
{
	uint8_t seed[SEED32_SIZE];
	enum status status;

	crypto_random(seed, sizeof seed);
	status =
		keys_rotate(path, seed, days == 0 ? 0 : now_s() + (int64_t)days * DAY_S, keys, err);
	crypto_wipe(seed, sizeof seed);
	return status;
}

/* Changes the keys while nobody else has them, and shows what there is then. */
static enum status
change_keys(struct ctl *ctl, unsigned long days, unsigned long retired, struct error *err)
{
	struct server_keys keys = {.alive_count = 0};
	char path[FOLDER_PATH_SIZE];
	int lock = -1;
	enum status status = open_keys(ctl, path, &keys, err);

	(void)umask(S_IRWXG | S_IRWXO);
	if (status == STATUS_OK) {
		status = folder_lock(ctl->directory, &lock, err);
		ctl_stop_first(ctl, status);
	}
	if (status == STATUS_OK) {
		/* Read again: it may have changed before the lock. */
		status = keys_load(path, &keys, err);
	}
	if (status == STATUS_OK) {
		status = retired > UINT8_MAX ? rotate(path, days, &keys, err)
					     : keys_retire(path, (uint8_t)retired, &keys, err);
	}
	if (status == STATUS_OK) {
		status = print_keys(ctl, &keys, err);
	}
	keys_wipe(&keys);
	if (lock >= 0) {
		(void)close(lock);
	}
	return status;
}

enum status
run_key_rotate(struct ctl *ctl, struct error *err)
{
	const char *text = ctl_option(ctl, "days");
	unsigned long days = DAYS_DEFAULT;
	enum status status = text == NULL ? STATUS_OK : number_of(text, DAYS_MOST, &days, err);

	return status == STATUS_OK ? change_keys(ctl, days, UINT8_MAX + 1UL, err) : status;
}

enum status
run_key_retire(struct ctl *ctl, struct error *err)
{
	unsigned long id;
	enum status status = number_of(ctl->words[0], UINT8_MAX, &id, err);

	return status == STATUS_OK ? change_keys(ctl, 0, id, err) : status;
}
