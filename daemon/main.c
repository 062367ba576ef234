/* SPDX-License-Identifier: Apache-2.0 */
/* sambungd: the server. Everything it keeps stands in one folder; see docs/operating.md. */
#include "daemon/folder.h"
#include "daemon/http/people_view.h"
#include "daemon/http/routes.h"
#include "daemon/http/server.h"
#include "daemon/log.h"
#include "daemon/machine.h"
#include "daemon/main_parts.h"
#include "daemon/main_tls.h"
#include "daemon/process.h"
#include "daemon/wiped.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, SENTENCE_SIZE = 600 };
enum { OTHER_FILES = 512 /* of the database's readers, inbox, backups */ };

static const char usage[] =
	"usage: sambungd --dir FOLDER [--listen ADDRESS:PORT]\n"
	"\n"
	"Serves the devices, people and programs of one server, in the foreground.\n"
	"\n"
	"  --dir FOLDER           what `sambungctl --dir FOLDER init` made\n"
	"  --listen ADDRESS:PORT  instead of the setting; port 0 takes a free one\n"
	"  --routes               lists what it answers: method, path, least role, scope\n"
	"  --version, --help\n"
	"\n"
	"Prints \"listening http://ADDRESS:PORT\", under TLS https, when it answers, and\n"
	"writes it to FOLDER/" FOLDER_URL ". Its log goes to standard error. SIGTERM and SIGINT\n"
	"end it; after SIGHUP it reads certificate and key again.\n"
	"\n"
	"Settings, in FOLDER/" FOLDER_CONFIG " as \"name = value\":\n"
	"\n";

struct arguments {
	const char *directory;
	const char *listen;
};

static int
print_usage(FILE *out, int exit_status)
{
	struct buffer settings;

	(void)fputs(usage, out);
	if (exit_status == EXIT_DONE) {
		buffer_init(&settings, 64 * 1024);
		config_describe(&settings);
		(void)fwrite(settings.at, 1, settings.length, out);
		buffer_finish(&settings);
	}
	return exit_status;
}

/* One line each, for tests and people: "GET /v1/log supervisor scope". */
static int
print_routes(void)
{
	const struct route *route;

	for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
		(void)printf("%s %s %s %s\n", route->method, route->path,
			     route->role == ROLE_NONE ? "none" : role_name(route->role),
			     route->role == ROLE_NONE ? "-"
			     : route->everywhere      ? "all"
						      : "scope");
	}
	return EXIT_DONE;
}

/* True if the program goes on; else *exit_out is its exit status. */
static bool
read_arguments(int count, char **words, struct arguments *out, int *exit_out)
{
	for (int i = 1; i < count; i++) {
		const char **value = NULL;

		if (strcmp(words[i], "--help") == 0) {
			*exit_out = print_usage(stdout, EXIT_DONE);
			return false;
		}
		if (strcmp(words[i], "--routes") == 0) {
			*exit_out = print_routes();
			return false;
		}
		if (strcmp(words[i], "--version") == 0) {
			(void)printf("sambungd %s\n", DAEMON_VERSION);
			*exit_out = EXIT_DONE;
			return false;
		}
		if (strcmp(words[i], "--dir") == 0) {
			value = &out->directory;
		} else if (strcmp(words[i], "--listen") == 0) {
			value = &out->listen;
		}
		if (value == NULL || i + 1 == count) {
			(void)fprintf(stderr, "sambungd: \"%s\" is not understood\n", words[i]);
			*exit_out = print_usage(stderr, EXIT_USAGE);
			return false;
		}
		*value = words[++i];
	}
	if (out->directory == NULL) {
		(void)fputs("sambungd: --dir is missing\n", stderr);
		*exit_out = print_usage(stderr, EXIT_USAGE);
		return false;
	}
	return true;
}

static enum status
load_config(const struct arguments *arguments, struct config *out, struct error *err)
{
	char path[FOLDER_PATH_SIZE];
	enum status status = folder_path(arguments->directory, FOLDER_CONFIG, path, err);

	config_default(out);
	if (status == STATUS_OK) {
		status = config_read(out, path, err);
	}
	if (status == STATUS_OK && arguments->listen != NULL) {
		status = config_set(out, "listen", arguments->listen, err);
	}
	return status;
}

static int
report(const struct error *err)
{
	char sentence[SENTENCE_SIZE];

	log_event(LOG_ERROR, "%s", error_sentence(err, LANGUAGE_EN, sentence, sizeof sentence));
	return EXIT_FAILED;
}

/* Blocks the signals in all threads to come; main waits for them. */
static void
block_signals(sigset_t *out)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigemptyset(out);
	(void)sigaddset(out, SIGTERM);
	(void)sigaddset(out, SIGINT);
	(void)sigaddset(out, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, out, NULL);
}

int
main(int count, char **words)
{
	struct arguments arguments = {0};
	struct daemon daemon = {.lock = -1};
	struct error err = {0};
	enum status status;
	sigset_t signals;
	int signal_number = 0;
	int exit_status = EXIT_DONE;

	if (!read_arguments(count, words, &arguments, &exit_status)) {
		return exit_status;
	}
	(void)umask(S_IRWXG | S_IRWXO);
	process_close();
	json_set_alloc_funcs(wiped_new, wiped_free);
	block_signals(&signals);
	/* Where the database has room a copy of it has, too. Before any thread is there. */
	(void)setenv("SQLITE_TMPDIR", arguments.directory, 0);
	store_process_start();
	daemon.directory = arguments.directory;
	status = load_config(&arguments, &daemon.config, &err);
	if (status == STATUS_OK && !machine_files(daemon.config.connections + OTHER_FILES)) {
		log_event(LOG_WARNING,
			  "fewer files may be open than `connections` needs; see ulimit -n");
	}
	if (status == STATUS_OK) {
		status = daemon_start(&daemon, &err);
	}
	if (status == STATUS_OK) {
		(void)printf("listening %s\n", daemon.url);
		(void)fflush(stdout);
		log_event(LOG_INFO, "listening on %s", daemon.url);
		process_notify("READY=1");
		while (sigwait(&signals, &signal_number) == 0 && signal_number == SIGHUP) {
			daemon_tls_reload(&daemon);
		}
		log_event(LOG_INFO, "ending");
		process_notify("STOPPING=1");
	}
	daemon_end(&daemon);
	if (status != STATUS_OK) {
		return report(&err);
	}
	log_event(LOG_INFO, "ended");
	return EXIT_DONE;
}
