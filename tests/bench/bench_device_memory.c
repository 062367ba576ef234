/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes take, read when they have done all their work and are held: their standard output
 * is a pipe that is full, so they stop at the first line they say.
 *
 * Each is run twice. As it is: the peak of its resident memory. And with a malloc that gives
 * nothing back, so that every page of heap that was ever written is still there to be counted.
 */
#include "bench_device_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 512, STILL_MS = 300, LOOK_MS = 10, LOOKS_MAX = 3000 };

struct process {
	pid_t pid;
	int out; /* the reading end of its standard output */
};

struct memory {
	double peak_rss_mib;
	double dirty_mib;
	double cpu_ms;
};

static void
pipe_fill(int end)
{
	static const char nothing[4096];

	(void)fcntl(end, F_SETFL, O_NONBLOCK);
	while (write(end, nothing, sizeof nothing) > 0) {
	}
	while (write(end, nothing, 1) > 0) {
	}
	(void)fcntl(end, F_SETFL, 0);
}

static struct process
process_start(const char *path, const char *const arguments[], bool keeping)
{
	struct process process;
	int ends[2];

	if (pipe(ends) != 0) {
		host_die("a pipe: %s", strerror(errno));
	}
	pipe_fill(ends[1]);
	process.out = ends[0];
	process.pid = fork();
	if (process.pid == 0) {
		char *words[8] = {strdup(path)};

		for (size_t i = 1; arguments[i - 1] != NULL && i < 7; i++) {
			words[i] = strdup(arguments[i - 1]);
		}
		if (keeping) {
			(void)setenv("MALLOC_TRIM_THRESHOLD_", "1000000000", 1);
			(void)setenv("MALLOC_MMAP_MAX_", "0", 1);
		}
		if (dup2(ends[1], STDOUT_FILENO) >= 0) {
			(void)close(ends[0]);
			(void)close(ends[1]);
			(void)execv(path, words);
		}
		_exit(127);
	}
	(void)close(ends[1]);
	return process;
}

/* ---- /proc ---- */

/* The number behind a word at the beginning of a line of /proc/PID/<name>; -1: none. */
static double
proc_number(pid_t pid, const char *name, const char *word)
{
	char path[64];
	char line[LINE_SIZE];
	double number = -1;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, word, strlen(word)) == 0) {
			number = strtod(line + strlen(word), NULL);
			break;
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return number;
}

static void
sleep_ms(long ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&pause, NULL);
}

/* Until it has waited for a while without having been on a processor. */
static void
process_hold(const struct process *process)
{
	double switches = -1;
	int still = 0;

	for (int look = 0; look < LOOKS_MAX && still < STILL_MS / LOOK_MS; look++) {
		double now = proc_number(process->pid, "status", "voluntary_ctxt_switches:");
		bool sleeps = proc_number(process->pid, "status", "State:\tS") >= 0;

		still = sleeps && now == switches ? still + 1 : 0;
		switches = now;
		sleep_ms(LOOK_MS);
	}
	if (still < STILL_MS / LOOK_MS) {
		host_die("a process did not come to its end");
	}
}

static double
children_cpu_ms(void)
{
	struct rusage usage = {0};

	(void)getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

static void
process_end(const struct process *process)
{
	char piece[4096];
	int ended = -1;

	while (read(process->out, piece, sizeof piece) > 0) {
	}
	(void)close(process->out);
	if (waitpid(process->pid, &ended, 0) != process->pid || !WIFEXITED(ended) ||
	    WEXITSTATUS(ended) != 0) {
		host_die("a process did not end well");
	}
}

static struct memory
process_measure(const char *path, const char *const arguments[], bool keeping)
{
	double cpu_ms = children_cpu_ms();
	struct process process = process_start(path, arguments, keeping);
	struct memory memory;

	process_hold(&process);
	memory.peak_rss_mib = proc_number(process.pid, "status", "VmHWM:") / 1024;
	memory.dirty_mib = proc_number(process.pid, "smaps_rollup", "Private_Dirty:") / 1024;
	process_end(&process);
	memory.cpu_ms = children_cpu_ms() - cpu_ms;
	return memory;
}

/* ---- the two programs ---- */

static struct memory
sync_measure(const struct bench_phone *phone, bool keeping)
{
	const char *const arguments[] = {"--dir", phone->place, "--json", "sync", NULL};
	char path[HOST_PATH_SIZE];

	bench_program("client/tool/sambung", path);
	return process_measure(path, arguments, keeping);
}

static struct memory
bare_measure(bool keeping)
{
	const char *const arguments[] = {NULL};
	char path[HOST_PATH_SIZE];

	bench_program("tests/bench/bench_device_bare", path);
	return process_measure(path, arguments, keeping);
}

void
bench_memory(const struct bench_phone phones[2], struct figures *figures)
{
	struct memory sync = sync_measure(&phones[0], false);
	struct memory bare = bare_measure(false);
	struct memory sync_kept = sync_measure(&phones[1], true);
	struct memory bare_kept = bare_measure(true);

	figures_add(figures, "command_cpu_ms", sync.cpu_ms);
	figures_add(figures, "bare_cpu_ms", bare.cpu_ms);
	figures_add(figures, "peak_rss_mib", sync.peak_rss_mib);
	figures_add(figures, "bare_peak_rss_mib", bare.peak_rss_mib);
	figures_add(figures, "dirty_mib", sync_kept.dirty_mib);
	figures_add(figures, "bare_dirty_mib", bare_kept.dirty_mib);
	figures_add(figures, "dirty_above_bare_mib", sync_kept.dirty_mib - bare_kept.dirty_mib);
	figures_add(figures, "dirty_at_end_above_bare_mib", sync.dirty_mib - bare.dirty_mib);
}
