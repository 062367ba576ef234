/* SPDX-License-Identifier: Apache-2.0 */
/* wait4 is not POSIX */
#define _DEFAULT_SOURCE
#include "tests/bench/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_SIZE = 256, CORE_SIZE = 16 };

/* The daemon that runs, so that none outlives a benchmark that dies. */
static pid_t running;
static bool watched;

static void
end_running(void)
{
	if (running > 0) {
		(void)kill(running, SIGKILL);
	}
}

static void
become_daemon(const char *folder, int core, int out)
{
	const char *build = getenv("BUILD");
	char program[HOST_PATH_SIZE];
	char log[HOST_PATH_SIZE];
	char core_text[CORE_SIZE];
	int errors;

	host_path(build != NULL ? build : BENCH_BUILD, "daemon/sambungd", program);
	host_path(folder, "daemon.log", log);
	(void)snprintf(core_text, sizeof core_text, "%d", core);
	errors = open(log, O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
	if (errors >= 0 && dup2(errors, STDERR_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0) {
		(void)close(errors);
		(void)close(out);
		if (core == HOST_CORE_ANY) {
			(void)execl(program, program, "--dir", folder, "--listen", "127.0.0.1:0",
				    (char *)NULL);
		} else {
			(void)execlp("taskset", "taskset", "-c", core_text, program, "--dir",
				     folder, "--listen", "127.0.0.1:0", (char *)NULL);
		}
	}
	_exit(127);
}

/* The line that says where it listens. */
static uint16_t
read_port(int in)
{
	char line[LINE_SIZE];
	FILE *lines = fdopen(in, "r");
	const char *colon = NULL;

	if (lines != NULL && fgets(line, sizeof line, lines) != NULL &&
	    strncmp(line, "listening ", 10) == 0) {
		colon = strrchr(line, ':');
	}
	if (lines != NULL) {
		(void)fclose(lines);
	}
	return colon == NULL ? 0 : (uint16_t)strtoul(colon + 1, NULL, 10);
}

void
host_daemon_start(const char *folder, int core, struct host_daemon *out)
{
	int ends[2];

	if (pipe(ends) != 0) {
		host_die("a pipe: %s", strerror(errno));
	}
	if (!watched && atexit(end_running) != 0) {
		host_die("a daemon could not be watched");
	}
	watched = true;
	out->pid = fork();
	if (out->pid == 0) {
		(void)close(ends[0]);
		become_daemon(folder, core, ends[1]);
	}
	(void)close(ends[1]);
	running = out->pid;
	out->port = read_port(ends[0]);
	if (out->pid < 0 || out->port == 0) {
		host_die("sambungd did not start; see %s/daemon.log", folder);
	}
}

static int
compare_threads(const void *a, const void *b)
{
	unsigned long left = ((const struct host_thread *)a)->id;
	unsigned long right = ((const struct host_thread *)b)->id;

	return (left > right) - (left < right);
}

static void
read_thread(const char *folder, const char *name, struct host_thread *out)
{
	char path[HOST_PATH_SIZE];
	char line[LINE_SIZE] = "";
	char *end = line;
	FILE *file;
	int length = snprintf(path, sizeof path, "%s/%s/schedstat", folder, name);

	file = length < 0 || (size_t)length >= sizeof path ? NULL : fopen(path, "r");
	if (file == NULL || fgets(line, sizeof line, file) == NULL) {
		host_die("the times of the daemon's threads cannot be read");
	}
	(void)fclose(file);
	out->id = strtoul(name, NULL, 10);
	out->cpu_s = strtod(line, &end) / 1e9;
	out->wait_s = strtod(end, NULL) / 1e9;
}

size_t
host_daemon_threads(const struct host_daemon *daemon, struct host_thread out[HOST_THREADS_MAX])
{
	char folder[64];
	const struct dirent *entry;
	size_t count = 0;
	DIR *listing;

	(void)snprintf(folder, sizeof folder, "/proc/%ld/task", (long)daemon->pid);
	listing = opendir(folder);
	while (listing != NULL && (entry = readdir(listing)) != NULL) {
		if (entry->d_name[0] == '.') {
			continue;
		}
		if (count == HOST_THREADS_MAX) {
			host_die("the daemon has more than %d threads", HOST_THREADS_MAX);
		}
		read_thread(folder, entry->d_name, &out[count++]);
	}
	if (listing != NULL) {
		(void)closedir(listing);
	}
	qsort(out, count, sizeof out[0], compare_threads);
	return count;
}

double
host_daemon_peak_mib(const struct host_daemon *daemon)
{
	char path[64];
	char line[LINE_SIZE];
	double kib = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)daemon->pid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "VmHWM:", 6) == 0) {
			kib = strtod(line + 6, NULL);
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return kib / 1024;
}

void
host_daemon_stop(struct host_daemon *daemon, struct host_usage *out)
{
	struct rusage usage = {0};
	int ended = 0;

	out->peak_rss_mib = host_daemon_peak_mib(daemon);
	(void)kill(daemon->pid, SIGTERM);
	if (wait4(daemon->pid, &ended, 0, &usage) != daemon->pid || !WIFEXITED(ended) ||
	    WEXITSTATUS(ended) != 0) {
		host_die("sambungd did not end well");
	}
	daemon->pid = 0;
	running = 0;
	out->cpu_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
		     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}
