/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/main_tls.h"

#include "daemon/folder.h"
#include "daemon/http/tls.h"
#include "daemon/log.h"
#include "daemon/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SENTENCE_SIZE = 600, WARN_DAYS = 14, PINS_SIZE = 2 * TLS_PIN_SIZE, SETTING_MEMORY = 1024 };

static const char pins_setting[] = "pins";

/* ---- the files ---- */

static enum status
path_of(const struct daemon *daemon, const char *name, char out[FOLDER_PATH_SIZE],
	struct error *err)
{
	if (name[0] != '/') {
		return folder_path(daemon->directory, name, out, err);
	}
	(void)snprintf(out, FOLDER_PATH_SIZE, "%s", name);
	return STATUS_OK;
}

static int64_t
now_ms(void)
{
	return machine_platform.now_ms(machine_platform.context);
}

struct pair_paths {
	char certificate[FOLDER_PATH_SIZE];
	char key[FOLDER_PATH_SIZE];
};

static enum status
paths_of(const struct daemon *daemon, struct pair_paths *out, struct error *err)
{
	enum status status = path_of(daemon, daemon->config.tls_certificate, out->certificate, err);

	return status == STATUS_OK ? path_of(daemon, daemon->config.tls_key, out->key, err)
				   : status;
}

static void
log_days(struct daemon *daemon)
{
	int days = tls_days_left(daemon->tls, now_ms());

	log_event(days < WARN_DAYS ? LOG_WARNING : LOG_INFO, "the certificate ends in %d days",
		  days);
}

enum status
daemon_tls_open(struct daemon *daemon, struct error *err)
{
	const struct config *config = &daemon->config;
	bool certificate = config->tls_certificate[0] != '\0';
	struct pair_paths paths;
	const struct tls_files files = {paths.certificate, paths.key};
	enum status status;

	if (strcmp(config->tls_pin, "auto") != 0 && strcmp(config->tls_pin, "yes") != 0 &&
	    strcmp(config->tls_pin, "no") != 0) {
		return fail(err, STATUS_USAGE, "tls_pin takes yes, no or auto");
	}
	if (certificate != (config->tls_key[0] != '\0')) {
		return fail(err, STATUS_USAGE, "tls_certificate and tls_key go together");
	}
	if (!certificate) {
		return STATUS_OK;
	}
	status = paths_of(daemon, &paths, err);
	if (status == STATUS_OK) {
		status = tls_create(&files, now_ms(), &daemon->tls, err);
	}
	if (status != STATUS_OK) {
		return fail_context(err, "TLS");
	}
	log_days(daemon);
	return STATUS_OK;
}

/* ---- what phones are told ---- */

/* The key in use first. */
static void
pins_of(const struct daemon *daemon, char out[PINS_SIZE])
{
	const struct config *config = &daemon->config;
	char pin[TLS_PIN_SIZE];

	out[0] = '\0';
	if (daemon->tls == NULL || strcmp(config->tls_pin, "no") == 0 ||
	    (strcmp(config->tls_pin, "auto") == 0 && tls_trusted(daemon->tls))) {
		return;
	}
	tls_pin(daemon->tls, pin);
	(void)snprintf(out, PINS_SIZE, "%s%s%.*s", pin, config->tls_pin_next[0] == '\0' ? "" : ";",
		       TLS_PIN_SIZE - 1, config->tls_pin_next);
}

static enum status
put_pins(struct store *store, const char *pins, struct error *err)
{
	enum status status = store_begin(store, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_setting_put(store, pins_setting, span_of_text(pins), err);
	if (status == STATUS_OK) {
		status = store_commit(store, err);
	}
	if (status != STATUS_OK) {
		store_rollback(store);
	}
	return status;
}

enum status
daemon_tls_keep_pins(struct daemon *daemon, struct error *err)
{
	char pins[PINS_SIZE];
	struct span kept = span_of(NULL, 0);
	struct arena arena;
	enum status status;

	if (daemon->config.tls_pin_next[0] != '\0' &&
	    !pin_valid(span_of_text(daemon->config.tls_pin_next))) {
		return fail(err, STATUS_USAGE, "tls_pin_next takes sha256// and 44 characters");
	}
	pins_of(daemon, pins);
	arena_init(&arena, SETTING_MEMORY);
	status = store_setting(daemon->store, pins_setting, &arena, &kept, err);
	if (status == STATUS_NOT_FOUND) {
		status = STATUS_OK;
	}
	if (status == STATUS_OK && !span_equal(kept, span_of_text(pins))) {
		status = put_pins(daemon->store, pins, err);
	}
	arena_finish(&arena);
	return status;
}

/* One pin, or two with a ; between them. */
static enum status
write_pins(const struct daemon *daemon, const char *pin, const char *other, struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	char line[PINS_SIZE + 1];
	enum status status = folder_path(daemon->directory, FOLDER_PIN, path, err);

	(void)snprintf(line, sizeof line, "%s%s%s\n", pin, other == NULL ? "" : ";",
		       other == NULL ? "" : other);
	return status == STATUS_OK ? folder_write(path, S_IRUSR | S_IWUSR, span_of_text(line), err)
				   : status;
}

enum status
daemon_tls_announce(struct daemon *daemon, struct error *err)
{
	char pin[TLS_PIN_SIZE];

	if (daemon->tls == NULL) {
		daemon_tls_withdraw(daemon);
		return STATUS_OK;
	}
	tls_pin(daemon->tls, pin);
	return write_pins(daemon, pin, NULL, err);
}

void
daemon_tls_withdraw(struct daemon *daemon)
{
	char path[FOLDER_PATH_SIZE];

	if (folder_path(daemon->directory, FOLDER_PIN, path, NULL) == STATUS_OK) {
		(void)unlink(path);
	}
}

/* ---- again ---- */

struct pins_job {
	struct job job;
	char pins[PINS_SIZE];
};

static enum status
run_pins(struct job *job, struct ingest *ingest, struct error *err)
{
	const struct pins_job *pins = (const struct pins_job *)job;

	return ingest_setting_put(ingest, pins_setting, span_of_text(pins->pins), err);
}

/* Who asks while it happens meets the former key or the next. */
static enum status
reload(struct daemon *daemon, struct error *err)
{
	struct pins_job pins = {.job.run = run_pins};
	char next[TLS_PIN_SIZE];
	char former[TLS_PIN_SIZE];
	struct pair_paths paths;
	const struct tls_files files = {paths.certificate, paths.key};
	enum status status = paths_of(daemon, &paths, err);

	if (status == STATUS_OK) {
		status = tls_prepare(daemon->tls, &files, now_ms(), next, err);
	}
	if (status == STATUS_OK) {
		tls_pin(daemon->tls, former);
		status = write_pins(daemon, next, former, err);
	}
	if (status == STATUS_OK) {
		tls_take(daemon->tls);
		pins_of(daemon, pins.pins);
		status = writer_run(daemon->service.writer, &pins.job, err);
	}
	return status;
}

void
daemon_tls_reload(struct daemon *daemon)
{
	struct error err = {.status = STATUS_OK};
	char sentence[SENTENCE_SIZE];

	if (daemon->tls == NULL) {
		log_event(LOG_INFO, "SIGHUP: there is no certificate to be read again");
		return;
	}
	if (reload(daemon, &err) != STATUS_OK) {
		log_event(LOG_ERROR, "the certificate was not taken: %s",
			  error_sentence(&err, LANGUAGE_EN, sentence, sizeof sentence));
		return;
	}
	log_event(LOG_INFO, "the certificate was read again");
	log_days(daemon);
}
