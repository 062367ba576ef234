/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

enum setting_kind { SETTING_TEXT, SETTING_NUMBER };

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t offset;	   /* in struct config */
	const char *value; /* default */
	unsigned least;
	unsigned most;
	const char *help;
};

#define AT(member) offsetof(struct config, member)

static const struct setting settings[] = {
	{"listen", SETTING_TEXT, AT(listen), "127.0.0.1:8420", 0, 0,
	 "Address and port to listen on; port 0 takes a free one."},
	{"connections", SETTING_NUMBER, AT(connections), "1000", 8, 20000,
	 "Connections at one time; more wait in the system's queue."},
	{"idle_s", SETTING_NUMBER, AT(idle_s), "60", 5, 3600,
	 "Seconds after which a silent connection is closed."},
	{"receive_s", SETTING_NUMBER, AT(receive_s), "300", 10, 3600,
	 "Seconds in which a request must have arrived whole."},
	{"queue", SETTING_NUMBER, AT(queue), "1000", 1, 100000,
	 "Requests that may wait for the writer; more are told to come again."},
	{"lease_days", SETTING_NUMBER, AT(lease_days), "30", 0, 3650,
	 "Days without contact after which a phone shuts its records; 0: never."},
	{"streams", SETTING_NUMBER, AT(streams), "16", 1, 256,
	 "Long lists that may be read at one time."},
	{"memory_mb", SETTING_NUMBER, AT(memory_mb), "128", 16, 65536,
	 "Megabytes that all requests under way may take."},
	{"threads", SETTING_NUMBER, AT(threads), "4", 1, 64,
	 "Network threads; they also open and check parcels."},
	{"url", SETTING_TEXT, AT(url), "", 0, 0,
	 "Address that codes lead phones to; without one that of sambungctl init."},
	{"tls_certificate", SETTING_TEXT, AT(tls_certificate), "", 0, 0,
	 "PEM file with the certificate and those above it; without one there is no TLS."},
	{"tls_key", SETTING_TEXT, AT(tls_key), "", 0, 0, "PEM file with its private key."},
	{"tls_pin", SETTING_TEXT, AT(tls_pin), "auto", 0, 0,
	 "Phones trust this key alone: yes, no, or auto: if no authority vouches for it."},
	{"tls_pin_next", SETTING_TEXT, AT(tls_pin_next), "", 0, 0,
	 "Pin (sha256//...) of the key that will follow, for phones to know beforehand."},
	{"head_s", SETTING_NUMBER, AT(head_s), "30", 2, 300,
	 "Seconds in which a request's head must have arrived, with TLS's handshake."},
	{"address_connections", SETTING_NUMBER, AT(address_connections), "500", 8, 20000,
	 "Connections that one other address may hold."},
	{"address_attempts", SETTING_NUMBER, AT(address_attempts), "60", 1, 100000,
	 "Failed logins, codes and seals a minute from one address; twice as many at once."},
	{"device_requests", SETTING_NUMBER, AT(device_requests), "1200", 10, 1000000,
	 "Requests a minute of one phone; as many at once."},
	{"vacuum_at", SETTING_NUMBER, AT(vacuum_at), "2", 0, 24,
	 "Hour of the day at which erased records are overwritten in the database's file, for which "
	 "nothing is written meanwhile; 24: only when asked (sambungctl erase --finish)."},
	{"proxy", SETTING_NUMBER, AT(proxy), "0", 0, 1,
	 "1 if a proxy with TLS stands in front that sets Host and X-Forwarded-For: then cookies\n"
	 "; are for TLS alone, and failed tries to sign in count by the address that it names."},
};
enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

static const struct setting *
setting_named(const char *name)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (strcmp(settings[i].name, name) == 0) {
			return &settings[i];
		}
	}
	return NULL;
}

static enum status
set_number(const struct setting *setting, struct config *config, const char *value,
	   struct error *err)
{
	char *end = NULL;
	unsigned long number;
	unsigned stored;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || number < setting->least ||
	    number > setting->most) {
		return fail(err, STATUS_USAGE, "%s takes a number from %u to %u", setting->name,
			    setting->least, setting->most);
	}
	stored = (unsigned)number;
	memcpy((char *)config + setting->offset, &stored, sizeof stored);
	return STATUS_OK;
}

static enum status
set_text(const struct setting *setting, struct config *config, const char *value, struct error *err)
{
	size_t length = strlen(value);

	if ((length == 0 && *setting->value != '\0') || length >= CONFIG_TEXT_SIZE) {
		return fail(err, STATUS_USAGE, "%s takes 1 to %d bytes", setting->name,
			    CONFIG_TEXT_SIZE - 1);
	}
	memcpy((char *)config + setting->offset, value, length + 1);
	return STATUS_OK;
}

enum status
config_set(struct config *config, const char *name, const char *value, struct error *err)
{
	const struct setting *setting = setting_named(name);

	if (setting == NULL) {
		return fail(err, STATUS_USAGE, "there is no setting \"%s\"", name);
	}
	if (setting->kind == SETTING_NUMBER) {
		return set_number(setting, config, value, err);
	}
	return set_text(setting, config, value, err);
}

void
config_default(struct config *out)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		(void)config_set(out, settings[i].name, settings[i].value, NULL);
	}
}

struct config_file {
	struct config *config;
	FILE *stream;
	int line;	 /* being read */
	int failed_line; /* of the first setting that was refused; 0: none */
	struct error err;
};

static char *
next_line(char *text, int size, void *context)
{
	struct config_file *file = context;

	file->line++;
	return fgets(text, size, file->stream);
}

/* inih goes on after a refusal; the first one is the one to tell. */
static int
take_setting(void *context, const char *section, const char *name, const char *value)
{
	struct config_file *file = context;
	struct error err = {.status = STATUS_OK};
	enum status status;

	if (*section != '\0') {
		status = fail(&err, STATUS_USAGE, "there are no sections, but [%s]", section);
	} else {
		status = config_set(file->config, name, value, &err);
	}
	if (status != STATUS_OK && file->failed_line == 0) {
		file->failed_line = file->line;
		file->err = err;
	}
	return status == STATUS_OK;
}

enum status
config_read(struct config *config, const char *path, struct error *err)
{
	struct config_file file = {.config = config, .stream = fopen(path, "r")};
	int line;
	bool broken;

	if (file.stream == NULL) {
		return errno == ENOENT ? STATUS_OK
				       : fail(err, STATUS_STORAGE, "%s: %s", path, strerror(errno));
	}
	line = ini_parse_stream(next_line, &file, take_setting, &file);
	broken = ferror(file.stream) != 0;
	(void)fclose(file.stream);
	if (broken || line < 0) {
		return fail(err, STATUS_STORAGE, "%s cannot be read", path);
	}
	if (line == 0) {
		return STATUS_OK;
	}
	return fail(err, STATUS_USAGE, "%s, line %d: %s", path, line,
		    line == file.failed_line ? file.err.detail : "expected name = value");
}

void
config_describe(struct buffer *out)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		buffer_printf(out, "%s; %s\n", i == 0 ? "" : "\n", settings[i].help);
		if (settings[i].kind == SETTING_NUMBER) {
			buffer_printf(out, "; %u to %u\n", settings[i].least, settings[i].most);
		}
		buffer_printf(out, "; %s = %s\n", settings[i].name, settings[i].value);
	}
}
