/* SPDX-License-Identifier: Apache-2.0 */
/* init: a new server, made beside its place and put there whole. The one command that touches the
 * files itself. */
#include "ctl.h"
#include "daemon/config.h"
#include "daemon/folder.h"
#include "daemon/ingest/ingest.h"
#include "daemon/machine.h"
#include "protocol/crypto.h"
#include "shipped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN_RANDOM_SIZE = 24, NAME_MAX_BYTES = 200, CONFIG_MAX_BYTES = 64 * 1024 };

/* Everything that may stand in a folder whose making failed. */
static const char *const made[] = {
	FOLDER_KEYS,  FOLDER_DATABASE, FOLDER_DATABASE "-wal", FOLDER_DATABASE "-shm",
	FOLDER_TOKEN, FOLDER_CONFIG,   FOLDER_TOKEN ".new",    FOLDER_CONFIG ".new",
};

static void
remove_folder(const char *folder)
{
	char path[FOLDER_PATH_SIZE];

	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		if (folder_path(folder, made[i], path, NULL) == STATUS_OK) {
			(void)unlink(path);
		}
	}
	(void)rmdir(folder);
}

static enum status
write_config(const char *folder, struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	struct buffer text;
	enum status status = folder_path(folder, FOLDER_CONFIG, path, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&text, CONFIG_MAX_BYTES);
	buffer_printf(&text,
		      "; Settings of sambungd. A line that begins with ; is the default.\n\n");
	config_describe(&text);
	status = buffer_status(&text, "the settings", err);
	if (status == STATUS_OK) {
		status = folder_write(path, S_IRUSR | S_IWUSR, buffer_span(&text), err);
	}
	buffer_finish(&text);
	return status;
}

/* "sbt_" and 24 random bytes in base64url. */
static enum status
make_token(struct buffer *out, struct error *err)
{
	uint8_t random[TOKEN_RANDOM_SIZE];

	crypto_random(random, sizeof random);
	buffer_printf(out, "sbt_");
	base64url_encode(span_of(random, sizeof random), out);
	crypto_wipe(random, sizeof random);
	return buffer_status(out, "a token", err);
}

static enum status
write_token(const char *folder, struct span token, struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	struct buffer line;
	enum status status = folder_path(folder, FOLDER_TOKEN, path, err);

	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&line, TOKEN_TEXT_SIZE + 1);
	buffer_append_span(&line, token);
	buffer_append_byte(&line, '\n');
	status = folder_write(path, S_IRUSR | S_IWUSR, buffer_span(&line), err);
	crypto_wipe_buffer(&line);
	return status;
}

static enum status
found_database(const struct ctl *ctl, const char *folder, const struct server_keys *keys,
	       struct span token, struct error *err)
{
	const char *url = ctl_option(ctl, "url");
	struct server_birth birth = {
		.name = span_of_text(ctl_option(ctl, "name")),
		.url = span_of_text(url == NULL ? "" : url),
		.schema_json = span_of(shipped_schema, shipped_schema_length),
	};
	char path[FOLDER_PATH_SIZE];
	enum status status = folder_path(folder, FOLDER_DATABASE, path, err);

	if (status == STATUS_OK) {
		status = ingest_found_server(path, keys, &machine_platform, &birth, token, err);
	}
	return status;
}

static enum status
fill_folder(const struct ctl *ctl, const char *folder, struct error *err)
{
	uint8_t secret[KEYS_SECRET_SIZE];
	struct server_keys keys;
	struct buffer token;
	char path[FOLDER_PATH_SIZE];
	enum status status = folder_path(folder, FOLDER_KEYS, path, err);

	if (status == STATUS_OK) {
		crypto_random(secret, sizeof secret);
		status = keys_create(path, secret, &keys, err);
		crypto_wipe(secret, sizeof secret);
	}
	if (status != STATUS_OK) {
		return status;
	}
	buffer_init(&token, TOKEN_TEXT_SIZE);
	status = make_token(&token, err);
	if (status == STATUS_OK) {
		status = found_database(ctl, folder, &keys, buffer_span(&token), err);
	}
	if (status == STATUS_OK) {
		status = write_token(folder, buffer_span(&token), err);
	}
	if (status == STATUS_OK) {
		status = write_config(folder, err);
	}
	keys_wipe(&keys);
	crypto_wipe_buffer(&token);
	return status;
}

static enum status
check_words(const struct ctl *ctl, struct error *err)
{
	const char *name = NULL;
	const char *url = ctl_option(ctl, "url");
	enum status status = ctl_needed(ctl, "name", &name, err);

	if (status != STATUS_OK) {
		return status;
	}
	if (ctl->directory == NULL) {
		return fail(err, STATUS_USAGE, "--dir is missing");
	}
	if (*name == '\0' || strlen(name) > NAME_MAX_BYTES || !utf8_valid(span_of_text(name))) {
		return fail(err, STATUS_USAGE, "--name takes 1 to %d bytes of text",
			    NAME_MAX_BYTES);
	}
	if (url != NULL && ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) ||
			    strlen(url) > CODE_URL_MAX)) {
		return fail(err, STATUS_USAGE, "--url takes http://… or https://…, %d bytes",
			    CODE_URL_MAX);
	}
	return STATUS_OK;
}

/* The folder without a slash at its end, so that ".new" stands beside it. */
static enum status
trim_folder(const char *directory, char out[FOLDER_PATH_SIZE], struct error *err)
{
	int wanted = snprintf(out, FOLDER_PATH_SIZE, "%s", directory);

	if (wanted <= 0 || wanted >= FOLDER_PATH_SIZE) {
		return fail(err, STATUS_LIMIT, "the path of the folder");
	}
	while (wanted > 1 && out[wanted - 1] == '/') {
		out[--wanted] = '\0';
	}
	return STATUS_OK;
}

/* rename replaces an empty folder only, so nothing that came meanwhile is lost. */
static enum status
put_in_place(const char *fresh, const char *folder, struct error *err)
{
	if (rename(fresh, folder) != 0) {
		return fail(err,
			    errno == ENOTEMPTY || errno == EEXIST ? STATUS_EXISTS : STATUS_STORAGE,
			    "%s: %s", folder, strerror(errno));
	}
	return STATUS_OK;
}

enum status
run_init(struct ctl *ctl, struct error *err)
{
	char folder[FOLDER_PATH_SIZE];
	char fresh[FOLDER_PATH_SIZE];
	struct stat about;
	enum status status = check_words(ctl, err);

	if (status == STATUS_OK) {
		status = trim_folder(ctl->directory, folder, err);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (lstat(folder, &about) == 0) {
		return fail(err, STATUS_EXISTS, "%s", folder);
	}
	if (snprintf(fresh, sizeof fresh, "%s.new-%ld", folder, (long)getpid()) >=
	    (int)sizeof fresh) {
		return fail(err, STATUS_LIMIT, "the path of the folder");
	}
	(void)umask(S_IRWXG | S_IRWXO);
	if (mkdir(fresh, S_IRWXU) != 0) {
		return fail(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_STORAGE, "%s: %s",
			    fresh, strerror(errno));
	}
	status = crypto_init(err);
	if (status == STATUS_OK) {
		status = fill_folder(ctl, fresh, err);
	}
	if (status == STATUS_OK) {
		status = put_in_place(fresh, folder, err);
	}
	if (status != STATUS_OK) {
		remove_folder(fresh);
		return status;
	}
	if (!ctl->json) {
		(void)printf("%s %s: sambungd --dir %s\n", folder,
			     ctl_text(ctl, "is ready; start it with", "siap; jalankan dengan"),
			     folder);
	} else {
		(void)puts("{\"created\":true}");
	}
	return STATUS_OK;
}
