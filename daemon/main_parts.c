/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/main_parts.h"

#include "daemon/erased.h"
#include "daemon/eraser.h"
#include "daemon/folder.h"
#include "daemon/http/tls.h"
#include "daemon/log.h"
#include "daemon/machine.h"
#include "daemon/main_tls.h"
#include "protocol/crypto.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LAST_ANSWERS_S = 5, /* for requests under way when the end comes */
	MEGABYTE = 1024 * 1024,
	BACKUPS_WAIT = 4,
	PASSWORDS_WAIT = 16, /* 2 seconds' work */
	SETTING_MEMORY = 16 * 1024,
};

/* "url" is what enrolment codes lead devices to. Without one of its own the server writes there
 * where it listens, and remembers in this setting that it may do so again. */
static const char url_follows[] = "url_follows_listen";

/* ---- the folder ---- */

/* Copies that a daemon did not live to send. */
static void
remove_old_backups(const struct daemon *daemon)
{
	char folder[FOLDER_PATH_SIZE];
	char path[FOLDER_PATH_SIZE];
	struct dirent *entry;
	DIR *listing;

	if (folder_path(daemon->directory, FOLDER_BACKUPS, folder, NULL) != STATUS_OK) {
		return;
	}
	listing = opendir(folder);
	if (listing == NULL) {
		return;
	}
	while ((entry = readdir(listing)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length > 3 && strcmp(entry->d_name + length - 3, ".db") == 0 &&
		    folder_path(folder, entry->d_name, path, NULL) == STATUS_OK) {
			(void)unlink(path);
		}
	}
	(void)closedir(listing);
}

/* ---- where devices find the server ---- */

/* A wildcard address is none to connect to. */
static void
reachable_url(const char *url, char out[SERVER_URL_SIZE])
{
	static const char wildcard[] = "//0.0.0.0:";
	static const char wildcard_six[] = "//[::]:";
	const char *host = strstr(url, "//");
	int scheme = (int)(host - url);

	if (strncmp(host, wildcard, sizeof wildcard - 1) == 0) {
		(void)snprintf(out, SERVER_URL_SIZE, "%.*s//127.0.0.1:%s", scheme, url,
			       host + sizeof wildcard - 1);
	} else if (strncmp(host, wildcard_six, sizeof wildcard_six - 1) == 0) {
		(void)snprintf(out, SERVER_URL_SIZE, "%.*s//[::1]:%s", scheme, url,
			       host + sizeof wildcard_six - 1);
	} else {
		(void)snprintf(out, SERVER_URL_SIZE, "%s", url);
	}
}

static enum status
store_url(struct store *store, const char *url, bool follows, struct error *err)
{
	enum status status = store_begin(store, err);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_setting_put(store, "url", span_of_text(url), err);
	if (status == STATUS_OK && follows) {
		status = store_setting_put(store, url_follows, span_of_text("1"), err);
	}
	if (status == STATUS_OK) {
		status = store_commit(store, err);
	}
	if (status != STATUS_OK) {
		store_rollback(store);
	}
	return status;
}

static enum status
adopt_url(struct daemon *daemon, const char *reachable, struct error *err)
{
	const char *said = daemon->config.url;
	struct span url = span_of(NULL, 0);
	struct span follows;
	struct arena arena;
	enum status status;

	if (said[0] != '\0' &&
	    (!server_url_valid(span_of_text(said)) || strchr(said, '#') != NULL)) {
		return fail(err, STATUS_USAGE, "url takes http://... or https://...");
	}
	arena_init(&arena, SETTING_MEMORY);
	status = store_setting(daemon->store, "url", &arena, &url, err);
	if (status == STATUS_OK && said[0] != '\0') {
		status = span_equal(url, span_of_text(said))
				 ? STATUS_OK
				 : store_url(daemon->store, said, false, err);
		arena_finish(&arena);
		return status;
	}
	if (status == STATUS_OK && url.length > 0) {
		status = store_setting(daemon->store, url_follows, &arena, &follows, err);
	}
	if ((status == STATUS_OK && !span_equal(url, span_of_text(reachable))) ||
	    (status == STATUS_NOT_FOUND && url.length == 0)) {
		status = store_url(daemon->store, reachable, true, err);
	} else if (status == STATUS_NOT_FOUND) {
		status = STATUS_OK;
	}
	arena_finish(&arena);
	return status;
}

/* How people and phones come in, whatever stands in front of this server. */
static enum status
look_at_url(struct daemon *daemon, struct error *err)
{
	static const char scheme[] = "https://";
	struct span url;
	struct arena arena;
	enum status status;

	arena_init(&arena, SETTING_MEMORY);
	status = store_setting(daemon->store, "url", &arena, &url, err);
	if (status == STATUS_OK) {
		daemon->service.secure = url.length >= sizeof scheme - 1 &&
					 memcmp(url.at, scheme, sizeof scheme - 1) == 0;
		if (daemon->tls != NULL && !daemon->service.secure) {
			log_event(LOG_WARNING, "codes lead phones to an http:// address, but this "
					       "server speaks TLS: set url in " FOLDER_CONFIG);
		}
	}
	daemon->service.secure = daemon->service.secure || daemon->tls != NULL;
	arena_finish(&arena);
	return status;
}

static enum status
announce(struct daemon *daemon, const char *reachable, struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	char line[SERVER_URL_SIZE + 1];
	enum status status = folder_path(daemon->directory, FOLDER_URL, path, err);

	if (status == STATUS_OK) {
		(void)snprintf(line, sizeof line, "%s\n", reachable);
		status = folder_write(path, S_IRUSR | S_IWUSR, span_of_text(line), err);
	}
	daemon->announced = status == STATUS_OK;
	return status;
}

/* ---- start ---- */

/* Somebody copied an older database back? Nobody else has the store yet. */
static enum status
notice_copy(const struct daemon *daemon, struct error *err)
{
	struct epoch epoch;
	enum status status = head_notice(daemon->directory, daemon->store, &daemon->keys,
					 &machine_platform, &epoch, err);

	if (status == STATUS_OK && epoch.epoch != 0) {
		log_event(LOG_WARNING,
			  "this database is an older copy, of %" PRIu64 " entries: epoch %" PRIu32
			  " begins, and phones send again what they keep (sambungctl epochs)",
			  epoch.cut, epoch.epoch);
	}
	return status;
}

/* What a copy brought back, or a crash left undone, is erased before anybody is answered. */
static enum status
erase_again(const struct daemon *daemon, struct error *err)
{
	size_t count = 0;
	enum status status = erased_apply(daemon->directory, daemon->store, &daemon->keys,
					  &machine_platform, &count, err);

	if (status == STATUS_OK && count > 0) {
		log_event(LOG_WARNING, "%zu records were erased again, as %s names them", count,
			  FOLDER_ERASED);
	}
	return status;
}

static enum status
open_store(struct daemon *daemon, const char *database, struct error *err)
{
	struct ingest_options options = {.keys = &daemon->keys,
					 .platform = machine_platform,
					 .erased_keep = erased_append,
					 .directory = daemon->directory};
	char path[FOLDER_PATH_SIZE];
	enum status status = folder_path(daemon->directory, FOLDER_KEYS, path, err);

	if (status == STATUS_OK) {
		status = keys_load(path, &daemon->keys, err);
	}
	if (status == STATUS_OK) {
		size_t ended = keys_end(&daemon->keys,
					machine_platform.now_ms(machine_platform.context) / 1000);

		if (ended > 0) {
			log_event(LOG_INFO, "%zu former keys have ended (sambungctl key list)",
				  ended);
		}
	}
	if (status == STATUS_OK) {
		status = store_open(database, STORE_WRITER, &daemon->store, err);
	}
	if (status == STATUS_OK) {
		status = store_triggers_refuse(daemon->store, err);
	}
	if (status == STATUS_OK) {
		status = notice_copy(daemon, err);
	}
	if (status == STATUS_OK) {
		status = erase_again(daemon, err);
	}
	if (status == STATUS_OK) {
		status = catalogue_create(daemon->store, &daemon->catalogue, err);
	}
	if (status == STATUS_OK) {
		options.store = daemon->store;
		options.catalogue = daemon->catalogue;
		status = ingest_create(&options, &daemon->ingest, err);
	}
	return status;
}

static enum status
start_rates(struct service *service, const struct config *config, struct error *err)
{
	uint8_t random[16];
	enum status status;

	machine_platform.random(machine_platform.context, random, sizeof random);
	status = buckets_create(2 * config->address_attempts, config->address_attempts,
				get_le64(random), &service->attempts, err);
	if (status == STATUS_OK) {
		status = buckets_create(config->device_requests, config->device_requests,
					get_le64(random + 8), &service->devices, err);
	}
	return status;
}

static enum status
start_service(struct daemon *daemon, const char *database, struct error *err)
{
	const struct config *config = &daemon->config;
	struct service *service = &daemon->service;
	enum status status =
		service_init(service, (size_t)config->memory_mb * MEGABYTE, config->queue, err);

	if (status != STATUS_OK) {
		return status;
	}
	daemon->has_service = true;
	service->directory = daemon->directory;
	service->catalogue = daemon->catalogue;
	service->keys = &daemon->keys;
	service->platform = machine_platform;
	service->proxy = config->proxy != 0;
	service->secure = service->secure || service->proxy;
	service->lease_days = (uint16_t)config->lease_days;
	status = start_rates(service, config, err);
	if (status != STATUS_OK) {
		return status;
	}
	/* One for each network thread, and one for the inbox. */
	status = readers_create(database, (size_t)config->threads + 1, config->streams,
				&service->readers, err);
	if (status == STATUS_OK) {
		status = waiting_start(&service->waiting, err);
	}
	if (status == STATUS_OK) {
		status = errands_start(BACKUPS_WAIT, &service->errands, err);
	}
	if (status == STATUS_OK) {
		status = errands_start(PASSWORDS_WAIT, &service->passwords, err);
	}
	if (status == STATUS_OK) {
		status = reads_create(&service->reads, err);
	}
	if (status == STATUS_OK) {
		status = mover_start(database, &daemon->mover, err);
	}
	if (status == STATUS_OK) {
		status = writer_start(daemon->ingest, daemon->store, daemon->mover, config->queue,
				      &service->writer, err);
	}
	if (status == STATUS_OK) {
		status = eraser_start(database, config->vacuum_at, &machine_platform,
				      &service->eraser, err);
	}
	if (status == STATUS_OK) {
		status = head_keeper_start(database, daemon->directory, &daemon->head, err);
	}
	return status;
}

enum status
daemon_start(struct daemon *daemon, struct error *err)
{
	char database[FOLDER_PATH_SIZE];
	char reachable[SERVER_URL_SIZE];
	enum status status = crypto_init(err);

	if (status == STATUS_OK) {
		status = folder_path(daemon->directory, FOLDER_DATABASE, database, err);
	}
	if (status == STATUS_OK) {
		status = folder_lock(daemon->directory, &daemon->lock, err);
	}
	if (status == STATUS_OK) {
		/* A `sambungctl restore` that was killed left all of a backup, perhaps with people
		 * who were erased since. */
		folder_remove_database(daemon->directory, FOLDER_RESTORING);
		remove_old_backups(daemon);
		status = open_store(daemon, database, err);
	}
	if (status == STATUS_OK) {
		status = daemon_tls_open(daemon, err);
	}
	if (status == STATUS_OK) {
		status = server_bind(&daemon->config, daemon->tls, &daemon->server, daemon->url,
				     err);
	}
	if (status == STATUS_OK) {
		reachable_url(daemon->url, reachable);
		status = adopt_url(daemon, reachable, err);
	}
	if (status == STATUS_OK) {
		status = daemon_tls_keep_pins(daemon, err);
	}
	if (status == STATUS_OK) {
		status = look_at_url(daemon, err);
	}
	if (status == STATUS_OK) {
		status = start_service(daemon, database, err);
	}
	if (status == STATUS_OK) {
		status = inbox_start(&daemon->service, &daemon->inbox, err);
	}
	if (status == STATUS_OK) {
		status = server_start(daemon->server, &daemon->service, err);
	}
	if (status == STATUS_OK) {
		status = daemon_tls_announce(daemon, err);
	}
	return status == STATUS_OK ? announce(daemon, reachable, err) : status;
}

/* ---- end ---- */

static void
end_service(struct daemon *daemon)
{
	struct service *service = &daemon->service;

	inbox_stop(daemon->inbox);
	if (service->writer != NULL && service->errands != NULL) {
		server_quiesce(daemon->server);
		service_close(service);
		service_wait_idle(service, LAST_ANSWERS_S);
		service_detach(service);
		/* Both wake whoever still waits. */
		writer_stop(service->writer);
		errands_stop(service->errands);
		errands_stop(service->passwords);
		service_wait_idle(service, 1);
	} else {
		errands_stop(service->errands);
		errands_stop(service->passwords);
	}
	server_free(daemon->server);
	daemon->server = NULL;
	eraser_stop(service->eraser);
	head_keeper_stop(daemon->head);
	waiting_stop(service->waiting);
	errands_free(service->errands);
	errands_free(service->passwords);
	reads_free(service->reads);
	mover_stop(daemon->mover);
	readers_free(service->readers);
	buckets_free(service->attempts);
	buckets_free(service->devices);
	service_finish(service);
}

void
daemon_end(struct daemon *daemon)
{
	char path[FOLDER_PATH_SIZE];

	if (daemon->announced &&
	    folder_path(daemon->directory, FOLDER_URL, path, NULL) == STATUS_OK) {
		(void)unlink(path);
		daemon_tls_withdraw(daemon);
	}
	if (daemon->has_service) {
		end_service(daemon);
	}
	server_free(daemon->server);
	tls_free(daemon->tls);
	ingest_free(daemon->ingest);
	catalogue_free(daemon->catalogue);
	store_close(daemon->store);
	keys_wipe(&daemon->keys);
	if (daemon->lock >= 0) {
		(void)close(daemon->lock);
	}
}
